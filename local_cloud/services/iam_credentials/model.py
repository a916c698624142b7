"""The request of ``generateAccessToken``, parsed once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class AccessTokenRequest:
    """What an access token should be able to do, and for how long."""

    scopes: tuple[str, ...]
    lifetime_seconds: int
