"""The request by which AWS signs a token for the role, and so what the role's policy has to allow. Standard library.

Source: AWS STS API, GetWebIdentityToken.
"""

from __future__ import annotations

from urllib.parse import urlencode

ACTION = "sts:GetWebIdentityToken"
"""The action in a policy."""

ALGORITHM = "RS256"
"""Of the two that AWS signs with, RS256 and ES384, the one that Google takes. Source: Google, "Configure Workload
Identity Federation with other identity providers", which takes RS256 and ES256."""

SECONDS = 300
"""How long the token is good, AWS's default. It is exchanged at once."""


def token_audience(audience: str) -> str:
    """Whom the token is for: the provider's full name, which Google takes where a provider lists no audience.

    Source: IAM API, ``WorkloadIdentityPoolProvider.oidc.allowedAudiences``.

    Args:
        audience: The audience of the exchange, as in the credential configuration.
    """
    return f"https:{audience}"


def body(audience: str) -> str:
    """The request's body, for the audience of an exchange."""
    return urlencode(
        {
            "Action": ACTION.partition(":")[2],
            "Version": "2011-06-15",
            "Audience.member.1": token_audience(audience),
            "DurationSeconds": str(SECONDS),
            "SigningAlgorithm": ALGORITHM,
        }
    )
