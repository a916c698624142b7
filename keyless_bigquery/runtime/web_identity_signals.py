"""What refusals mean where AWS signs the subject token: AWS's of the token, and Google's of the one it signed. Pure.

Sources: AWS STS API, GetWebIdentityToken and "Common Error Types"; AWS IAM, "Troubleshoot access denied error
messages"; Google, "Troubleshoot Workload Identity Federation"; public reports of Google's texts, in
``tests/runtime/answers.md``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from keyless_bigquery.runtime.environment import AWS_REGIONS, STS_ENDPOINT
from keyless_bigquery.runtime.errors import SubjectTokenError, TokenExchangeError
from keyless_bigquery.runtime.signals import AGAIN, Signal
from keyless_bigquery.runtime.token_request import ACTION
from keyless_bigquery.runtime.token_signals import AWS

_ISSUER = "the provider's issuer, which must be the account's: `aws iam get-outbound-web-identity-federation-info`"


def _token(text: str, cause: str, check: str, *, passes: str = "") -> Signal:
    return Signal(text=text, link=SubjectTokenError, cause=cause, check=check, passes=passes)


TOKEN: Sequence[Signal] = (
    _token(
        r"OutboundWebIdentityFederationDisabled|\bFeatureDisabled",
        "outbound identity federation is not enabled in the AWS account",
        "with the account's administrator: `aws iam enable-outbound-web-identity-federation`, once for the account",
    ),
    _token(
        r"SessionDurationEscalation",
        "the role's session ends before the token would",
        "what renews the session: Lambda itself does, so that a copied session may be in its place",
        passes=AGAIN,
    ),
    _token(
        r"explicit deny|boundary|session policy|control policy|endpoint policy",
        "a policy besides the role's own denies the token",
        f"{ACTION} in what AWS's message names: permissions boundary, service control policy, endpoint policy",
    ),
    _token(
        r"AccessDenied|NotAuthorized|UnauthorizedOperation|not authorized to perform",
        "the role may not get this token",
        f"the role's policy that allows {ACTION} for the provider's own audience, RS256 and 300 s",
        passes=AGAIN,
    ),
    _token(
        r"InvalidAction|UnknownOperation|not valid for this (?:web service|endpoint)",
        "this address of AWS STS does not sign tokens: regional endpoints alone do",
        f"{AWS_REGIONS[0]}, and {STS_ENDPOINT} where it is set",
    ),
    _token(
        r"should be scoped to|MissingAuthenticationToken|IncompleteSignature|Malformed(?:HttpRequest|QueryString|Input)"
        r"|ValidationError|(?:Missing|Invalid|Unknown)\w*(?:Operation|Parameter)",
        "the request is not whole",
        f"{AWS_REGIONS[0]}, {STS_ENDPOINT} where it is set, and what else may have changed the request",
    ),
    *(dataclasses.replace(row, reasons=(), link=SubjectTokenError) for row in AWS),
    Signal(link=SubjectTokenError, check="AWS's code and message"),
)
"""AWS STS, ``GetWebIdentityToken``."""

EXCHANGE: Sequence[Signal] = tuple(
    Signal(reasons={"invalid_grant"}, text=text, link=TokenExchangeError, cause=cause, check=check, passes=passes)
    for text, cause, check, passes in (
        (
            r"audience in ID Token",
            "the token is for another audience than the provider's own name",
            "that the provider lists no allowed audiences, and the audience in credential-configuration.json",
            "",
        ),
        (r"issuer in ID Token", "the token's issuer is not the provider's", _ISSUER, ""),
        (
            r"connecting to the given credential's issuer",
            "Google can't get the issuer's keys, or has no key of the token's",
            f"{_ISSUER}; and keys that were uploaded to the provider",
            AGAIN,
        ),
        (
            r"ID Token issued at .* is stale|ID Token .*expired|expired .*ID Token",
            "the token has expired on its way, or begins in the future by Google's clock",
            "the clock of the machine, and how long the exchange takes",
            AGAIN,
        ),
        (
            r"ID Token .*(?:not yet|future)",
            "the token begins in the future by Google's clock",
            "run it again in a moment",
            AGAIN,
        ),
        (
            r"ID Token|\bJWT\b|\bJWKs?\b",
            "Google refuses the token that AWS signed",
            f"Google's message; {_ISSUER}",
            "",
        ),
    )
)
"""Google STS, of a token that AWS signed."""
