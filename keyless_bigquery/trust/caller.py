"""Who comes: what AWS says of a caller, and so all that a mapping can read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Asserted(Protocol):
    """Anyone for whom a mapping and a condition can be evaluated."""

    @property
    def arn(self) -> str:
        """The ARN by which the caller is known."""

    @property
    def assertion(self) -> Mapping[str, Any]:
        """What expressions read as ``assertion``."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who AWS says signed a GetCallerIdentity request.

    Args:
        account: The 12 digits of the caller's account.
        arn: The caller's ARN; an assumed role's ends in ``/SESSION``.
        user_id: The unique id; an assumed role's ends in ``:SESSION``.
    """

    account: str
    arn: str
    user_id: str

    @property
    def assertion(self) -> Mapping[str, Any]:
        """What an AWS provider's expressions read."""
        return {"account": self.account, "arn": self.arn, "userid": self.user_id}


@dataclass(frozen=True, kw_only=True)
class TokenHolder:
    """Who a signed token names, such as the one that AWS answers to GetWebIdentityToken.

    Args:
        claims: The token's claims. Source: AWS IAM, "Understanding token claims".
    """

    claims: Mapping[str, Any]

    @property
    def arn(self) -> str:
        """The token's ``sub``: in a token of AWS's the role's own ARN, not a session's."""
        return str(self.claims.get("sub", ""))

    @property
    def assertion(self) -> Mapping[str, Any]:
        """What an OIDC provider's expressions read."""
        return self.claims
