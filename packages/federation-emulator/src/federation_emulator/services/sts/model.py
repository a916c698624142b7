"""The values of a token exchange: the request parsed once, the signed AWS request inside it, the caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105  (a type's name)
AWS_TOKEN_TYPE = "urn:ietf:params:aws:token-type:aws4_request"  # noqa: S105  (a type's name)

JWT_TYPES = ("urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token")
"""Types of an OIDC token. Source: STS v1 API, ``token``."""

QUERY = "Action=GetCallerIdentity&Version=2011-06-15"
"""Of the request that a subject token holds, signed."""

TARGET_HEADER = "x-goog-cloud-target-resource"
"""The header that holds the audience in that request."""

LIFETIME_SECONDS = 3600
"""How long a federated token lives."""


@dataclass(frozen=True, kw_only=True)
class ExchangeRequest:
    """The form or JSON of ``POST /v1/token``; a missing field is an empty string."""

    grant_type: str
    audience: str
    scope: str
    requested_token_type: str
    subject_token_type: str
    subject_token: str = field(repr=False)
    options: str

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes asked for."""
        return tuple(self.scope.split())


@dataclass(frozen=True, kw_only=True)
class SignedRequest:
    """A GetCallerIdentity request that a workload signed but never sent: the subject token, decoded.

    Attributes:
        host: The AWS STS host that it was signed for.
        region: Region of the credential scope.
        headers: What to send on, by lower-case name: the signed headers and ``authorization``.
    """

    host: str
    region: str
    access_key_id: str
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class IdentityToken:
    """An OIDC token, decoded and not yet believed.

    Attributes:
        algorithm: ``alg`` of its header.
        key_id: ``kid`` of its header.
        claims: Its payload.
        signed: What the signature is over: header and payload, as they were sent.
    """

    algorithm: str
    key_id: str
    claims: Mapping[str, Any]
    signed: bytes = field(repr=False)
    signature: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class AwsRefusal:
    """AWS's own refusal of the signed request."""

    code: str
    message: str
