"""Waiting for an API that this run enabled. Pure.

Service Usage reports an API as enabled before the API takes calls. Until then it answers 403 ``SERVICE_DISABLED``: wait
a few minutes for the action to propagate. The Google provider gives up at the first such answer
(terraform-provider-google-beta, ``transport/error_retry_predicates.go``, has no rule for it), and ``depends_on`` orders
without waiting. So whatever is refused for that reason is tried again, within a bound.
"""

from __future__ import annotations

import asyncio
import dataclasses
import re
import time
from collections.abc import Awaitable, Callable

from keyless_bigquery.command_line import command_line

LIMIT_SECONDS = 300.0
"""How long after its enabling an API may refuse. Google says "a few minutes" in the refusal itself."""

SHORTEST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 30.0

_IS_REFUSAL = re.compile(r"has not been used in project|SERVICE_DISABLED|accessNotConfigured")
_API = re.compile(r'/apis/api/([a-z0-9.-]+)/overview|"service": ?"([a-z0-9.-]+)"')
_PROJECT = re.compile(r'overview\?project=([a-z0-9.:-]+)|"consumer": ?"projects/([a-z0-9.:-]+)"')
"""Google names both twice: in the message's address, and in ``ErrorInfo``, which BigQuery may leave out."""

_MADE = ("Error when reading or editing", "Error waiting to create")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Refusal:
    """An answer of an API that is off, or not on yet.

    Args:
        api: Its service name.
        project: The project in which it must be on, as Google names it: mostly by number.
    """

    api: str
    project: str

    @classmethod
    def read(cls, error: str) -> Refusal | None:
        """The refusal in a provider's error text; ``None`` for any other error, a missing permission among them.

        Source: https://google.aip.dev/193 for ``ErrorInfo`` with the reason ``SERVICE_DISABLED``. BigQuery sends the
        same message with the reason ``accessNotConfigured``.
        """
        api, project = _API.search(error), _PROJECT.search(error)
        if not _IS_REFUSAL.search(error) or api is None or project is None:
            return None
        return cls(api=api[1] or api[2], project=project[1] or project[2])


def is_made(error: str) -> bool:
    """Whether a create failed after its first request had succeeded, so that a second create would find a namesake.

    The engine would create it again, and forget the first (pulumi/pulumi#24683). Source:
    terraform-provider-google-beta, ``HandleNotFoundError`` in ``transport/transport.go``, and the create
    functions, which prefix a refused first request with ``Error creating``.
    """
    return any(text in error for text in _MADE)


def pause_seconds(elapsed_seconds: float) -> float:
    """How long to wait before the next try: a quarter of the time so far, within bounds."""
    return min(max(elapsed_seconds / 4, SHORTEST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)


class Propagation:
    """The APIs that this run enabled, and the waiting for each.

    Args:
        report: Shows a line to the person who deploys.
        now: A clock that only moves forward, in seconds.
        sleep: Waits for that many seconds.
    """

    def __init__(
        self,
        *,
        report: Callable[[str], None],
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._report = report
        self._enabled: dict[str, float] = {}
        self._pauses: dict[Refusal, asyncio.Future[None]] = {}
        self._given_up: set[Refusal] = set()

    def enabled(self, api: str) -> None:
        """Notes that an API was enabled in this moment."""
        self._enabled[api] = self._now()

    async def wait(self, error: str, *, creates: bool) -> bool:
        """Waits before a failed call is made again, if an API refused it that this run enabled.

        Calls that fail at the same time share one pause and one line.

        Returns:
            Whether to make the call again.

        Raises:
            TimeoutError: The API has refused for :data:`LIMIT_SECONDS`.
        """
        refusal = Refusal.read(error)
        if refusal is None or refusal.api not in self._enabled or (creates and is_made(error)):
            return False
        elapsed = self._now() - self._enabled[refusal.api]
        if elapsed >= LIMIT_SECONDS:
            raise TimeoutError(self._give_up(refusal, elapsed))
        if refusal not in self._pauses:
            self._pauses[refusal] = asyncio.ensure_future(self._pause(refusal, elapsed))
        await self._pauses[refusal]
        return True

    async def _pause(self, refusal: Refusal, elapsed: float) -> None:
        seconds = min(pause_seconds(elapsed), LIMIT_SECONDS - elapsed)
        self._report(
            f"waiting for {refusal.api} in project {refusal.project}: enabled {elapsed:.0f} s ago, it does not take"
            f" calls yet; next try in {seconds:.0f} s, for {LIMIT_SECONDS:.0f} s in all"
        )
        try:
            await self._sleep(seconds)
        finally:
            del self._pauses[refusal]

    def _give_up(self, refusal: Refusal, elapsed: float) -> str:
        api, project = refusal.api, refusal.project
        if refusal in self._given_up:
            return f"{api} does not take calls yet in project {project}; the other error for it has the fix"
        self._given_up.add(refusal)
        enable = command_line("gcloud", "services", "enable", api, f"--project={project}")
        return (
            f"{api} was enabled {elapsed:.0f} s ago, and in project {project} it still answers that it is off"
            " (SERVICE_DISABLED). Fix: wait some minutes and run `pulumi up` again; it goes on with what is missing."
            f" Check: is {project} a project of this stack? If it is the deployer's own, the API must be on there, too:"
            f" {enable}"
        )
