"""Opaque bearer tokens: issued once, kept only as a hash, expired by the injected clock."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from federation_emulator.core.clock import Clock, rfc3339
from federation_emulator.core.store import Collection
from keyless_bigquery.trust.principals import Principal

MOST_LIVE_TOKENS = 5000
"""When more are alive the oldest go first, so that a loop of exchanges can't fill the memory."""

_FIRST_PURGE = 128
_SLACK = 500
"""So many more may be alive before the oldest go: at the limit, looking at all of them each time takes too long."""


class TokenKind(Enum):
    """How a token came to be; they are refused in different places."""

    DEPLOYER = "deployer"
    FEDERATED = "federated"
    ACCESS = "access"


@dataclass(frozen=True, kw_only=True)
class Token:
    """What is known of an issued token. The token itself is not part of it.

    Attributes:
        scopes: OAuth scopes; empty means unrestricted (the deployer's).
        expires: RFC 3339, UTC.
        fingerprint: ``#`` and eight hex digits of its hash, for traces.
    """

    kind: TokenKind
    principal: Principal
    scopes: tuple[str, ...]
    issued: str
    expires: str
    decision: str | None
    fingerprint: str


def digest(token: str) -> str:
    """Hash a token for the store. Tokens are 256 random bits, so a plain hash can't be searched backwards."""
    return hashlib.sha256(token.encode()).hexdigest()


def fingerprint(token: str) -> str:
    """Name a token in a trace without giving it away."""
    return "#" + digest(token)[:8]


class Tokens:
    """Issues tokens and says what a presented one stands for."""

    def __init__(self, *, clock: Clock, records: Collection[Token], deployer: tuple[str, Principal]) -> None:
        self._clock = clock
        self._records = records
        self._deployer_digest = digest(deployer[0])
        self._deployer = Token(
            kind=TokenKind.DEPLOYER,
            principal=deployer[1],
            scopes=(),
            issued="",
            expires="9999-12-31T23:59:59Z",
            decision=None,
            fingerprint=fingerprint(deployer[0]),
        )
        self._purge_at = _FIRST_PURGE

    def issue(
        self, kind: TokenKind, *, principal: Principal, scopes: tuple[str, ...], lifetime_seconds: int, decision: str
    ) -> tuple[str, Token]:
        """Make a token.

        Returns:
            The token for the client, and the record that stays. Only the record is kept.
        """
        if len(self._records) >= self._purge_at:
            self._purge()
        token = "local." + secrets.token_urlsafe(32)
        now = self._clock.now()
        record = Token(
            kind=kind,
            principal=principal,
            scopes=scopes,
            issued=rfc3339(now),
            expires=rfc3339(now + timedelta(seconds=lifetime_seconds)),
            decision=decision,
            fingerprint=fingerprint(token),
        )
        self._records.put(digest(token), record)
        return token, record

    def find(self, token: str) -> Token | None:
        """Return the record of a known, unexpired token, else ``None``."""
        presented = digest(token)
        if secrets.compare_digest(presented, self._deployer_digest):
            return self._deployer
        record = self._records.get(presented)
        if record is None or record.expires <= rfc3339(self._clock.now()):
            return None
        return record

    def live(self) -> int:
        """Count the issued tokens that have not expired."""
        now = rfc3339(self._clock.now())
        return sum(record.expires > now for record in self._records.values())

    def _purge(self) -> None:
        now = rfc3339(self._clock.now())
        gone = [key for key, record in self._records.items() if record.expires <= now]
        surplus = len(self._records) - len(gone) - MOST_LIVE_TOKENS + 1
        if surplus > 0:
            expired = set(gone)
            gone += [key for key in self._records if key not in expired][:surplus]
        self._records.remove(*gone)
        # Twice as many as are left, so that looking through them costs each new one the same however many there are.
        self._purge_at = min(max(_FIRST_PURGE, 2 * len(self._records)), MOST_LIVE_TOKENS + _SLACK)
