"""The request of ``generateAccessToken``, parsed once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class AccessTokenRequest:
    """What an access token should be able to do, for how long, and through whom it is asked for.

    Attributes:
        scopes: OAuth scopes, at least one.
        lifetime_seconds: 1 to 3600.
        delegates: E-mails or unique ids of the service accounts between the caller and the account, in order.
    """

    scopes: tuple[str, ...]
    lifetime_seconds: int
    delegates: tuple[str, ...]
