"""Where an issuer's public keys come from: the provider, the local AWS for its own issuer, a file, or this machine.

Sources: OpenID Connect Discovery 1.0, sections 4.1 and 4.3; IAM v1 API, ``Oidc.issuerUri`` and ``Oidc.jwksJson``. For
how long Google keeps what it fetched is not published; the times and limits here are the local cloud's own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn

from federation_emulator.core.errors import OAuthError
from federation_emulator.core.trace import Part, refuse
from federation_emulator.core.upstream import Upstream, UpstreamError
from federation_emulator.ports.issuers import FILE, IssuersProblem, published_keys
from federation_emulator.ports.web_identity import ISSUER, ISSUER_HOST, KEY_SET
from federation_emulator.services.iam.key_set import KeySetProblem, PublicKey, read_key_set
from federation_emulator.services.iam.model import Oidc
from federation_emulator.services.iam.oidc_rules import on_this_machine
from federation_emulator.services.sts.published_keys import PublishedProblem, discover, read_text

KEPT = timedelta(minutes=5)
"""For how long a fetched key set serves, by the local Google's clock."""

MOST_REFETCHES, REFETCH_PERIOD = 10, timedelta(minutes=1)
"""How often an unknown key id may have an issuer asked again, by the same clock."""

_MOST_ISSUERS = 100
Fetch = Callable[[], Awaitable[Mapping[str, PublicKey]]]
_EXPECTED = f"jwksJson of the provider, an issuer in {FILE} or on this machine, or the local AWS's, {ISSUER}"


@dataclass
class _Published:
    """What an issuer has published, and when it was asked."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    keys: Mapping[str, PublicKey] = field(default_factory=dict)
    fetched: datetime | None = None
    refetches: deque[datetime] = field(default_factory=lambda: deque(maxlen=MOST_REFETCHES))

    def serves(self, key_id: str, now: datetime) -> bool:
        """Whether the issuer need not be asked for this key; an unknown one has it asked, though not for ever."""
        if self.fetched is None or now >= self.fetched + KEPT:
            return False
        if key_id in self.keys:
            return True
        if len(self.refetches) == MOST_REFETCHES and now < self.refetches[0] + REFETCH_PERIOD:
            return True
        self.refetches.append(now)
        return False


class IssuerKeys:
    """The keys with which providers' tokens are verified.

    Args:
        aws: The client of the local AWS.
        now: The local Google's clock.
        limit_seconds: For all that is fetched at one exchange.
        issuers: A file with key sets of issuers on the internet.
    """

    def __init__(
        self, aws: Upstream, now: Callable[[], datetime], *, limit_seconds: float, issuers: Path | None = None
    ) -> None:
        self._aws = aws
        self._issuers = issuers
        self._now = now
        self._limit = limit_seconds
        self._published: dict[str, _Published] = {}

    async def of(self, oidc: Oidc, key_id: str) -> Mapping[str, PublicKey]:
        """Get a provider's keys, by id.

        Google fetches them from where the issuer's discovery document says. Here nothing leaves the machine: a key set
        was uploaded; the issuer is the local AWS's, whose set is asked for at each exchange, so that a key that has
        left it counts no more; the issuer is in the file; or it is on this machine, and its set is kept for a while.

        Args:
            oidc: What the provider accepts.
            key_id: The token's.

        Raises:
            Refused: The issuer is another one, or did not answer with a key set.
        """
        if oidc.jwks_json:
            return read_key_set(oidc.jwks_json)
        if oidc.issuer_uri == ISSUER:
            return await self._within_limit(self._of_aws, "use the AWS that the local cloud starts")
        if (listed := self._listed(oidc.issuer_uri)) is not None:
            return listed
        if not on_this_machine(oidc.issuer_uri):
            _refuse(
                f"{oidc.issuer_uri}, without jwksJson",
                f"upload the issuer's key set as the provider's oidc.jwksJson, or write it into {FILE} in the local"
                " cloud's folder: nothing is fetched from elsewhere",
            )
        if oidc.issuer_uri not in self._published and len(self._published) >= _MOST_ISSUERS:
            self._published.pop(next(iter(self._published)))
        published = self._published.setdefault(oidc.issuer_uri, _Published())
        async with published.lock:
            if not published.serves(key_id, self._now()):
                # A set that can't be had again is not used any longer, whatever it held.
                published.fetched = None
                published.keys = await self._within_limit(
                    lambda: discover(oidc.issuer_uri), "start the issuer, and have it publish its key set"
                )
                published.fetched = self._now()
        return published.keys

    def _listed(self, issuer: str) -> Mapping[str, PublicKey] | None:
        try:
            found = published_keys(self._issuers, issuer) if self._issuers else None
            return None if found is None else read_key_set(found)
        except (IssuersProblem, KeySetProblem) as problem:
            _refuse(f"no key set of {issuer}: {problem}", f"write {FILE} in the local cloud's folder anew")

    async def _within_limit(self, fetch: Fetch, fix: str) -> Mapping[str, PublicKey]:
        try:
            async with asyncio.timeout(self._limit):
                return await fetch()
        except TimeoutError:
            _refuse(f"no whole key set within {self._limit:g} s", fix)
        except (UpstreamError, PublishedProblem) as problem:
            _refuse(str(problem), fix)
        except KeySetProblem as problem:
            _refuse(f"no key set: {problem}", fix)

    async def _of_aws(self) -> Mapping[str, PublicKey]:
        return read_key_set(await read_text(self._aws, KEY_SET, host=ISSUER_HOST))


def _refuse(actual: str, fix: str) -> NoReturn:
    refuse(
        Part.ID_TOKEN,
        rule="the issuer's keys must be within reach",
        actual=actual,
        expected=_EXPECTED,
        fix=fix,
        answer=OAuthError("invalid_grant", "Error connecting to the given credential's issuer."),
    )
