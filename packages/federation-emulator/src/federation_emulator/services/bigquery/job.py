"""The jobs that the gateway knows, and how each ended."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from federation_emulator.core.errors import ApiError
from federation_emulator.core.tokens import Token

if TYPE_CHECKING:
    from federation_emulator.services.bigquery.admission import Admitted

MOST_JOBS = 2000
MOST_RUNNING = 64
"""Jobs that run or wait at a time: BigQuery queues a thousand, this is one machine."""


_SAME_REQUEST_MILLISECONDS = 15 * 60 * 1000


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a job ended: the first page of its rows, with what else the emulator said of them; or what went wrong."""

    page: dict[str, Any] = field(default_factory=dict)
    error: ApiError | None = None


@dataclass(kw_only=True)
class Job:
    """A query job.

    Attributes:
        settings: Those of its query, as it was asked.
        created: When, in milliseconds since 1970.
        ended: Likewise; ``None`` while it runs.
        cancelled: It was asked to stop.
    """

    job_id: str
    admitted: Admitted
    labels: dict[str, str]
    settings: dict[str, Any]
    created: int
    ended: int | None = None
    cancelled: bool = False
    task: asyncio.Task[Ended] = field(init=False)

    @property
    def creator(self) -> str:
        """Who created it. The unique id too: an account made later under the same e-mail is another one."""
        return creator_of(self.admitted.creator)

    @property
    def member(self) -> str:
        """The creator as an IAM member."""
        return self.admitted.creator.principal.member

    @property
    def project(self) -> str:
        """The project that it runs in and that pays for it."""
        return self.admitted.payer.project

    def __str__(self) -> str:
        return f"{self.project}:{self.admitted.location}.{self.job_id}"

    async def end(self, *, within_seconds: float) -> Ended | None:
        """Wait for its end; ``None`` if it still runs then."""
        done, _ = await asyncio.wait([self.task], timeout=within_seconds)
        return self.task.result() if done else None


class Jobs:
    """The jobs, oldest first; the oldest that have ended are forgotten."""

    def __init__(self) -> None:
        self._known: dict[str, Job] = {}
        self._running: list[Job] = []
        self._requests: dict[tuple[str, str, str], Job] = {}

    def __iter__(self) -> Iterator[Job]:
        return iter(list(self._known.values()))

    def get(self, job_id: str) -> Job | None:
        """Return a job; ``None`` if there is none of that id."""
        return self._known.get(job_id)

    def requested(self, admitted: Admitted, request_id: str, *, now: int) -> Job | None:
        """Return the job that the same request made less than 15 minutes ago.

        Source: Google, BigQuery REST, ``QueryRequest.requestId``.
        """
        job = self._requests.get(_request(admitted, request_id))
        return job if job is not None and now - job.created < _SAME_REQUEST_MILLISECONDS else None

    def remember(self, job: Job, request_id: str) -> None:
        """Remember which request made a job."""
        if len(self._requests) >= MOST_JOBS:
            self._requests.clear()
        self._requests[_request(job.admitted, request_id)] = job

    def add(self, job: Job) -> None:
        """Add a job.

        Raises:
            ApiError: 429, too many run already.
        """
        self._running = [each for each in self._running if each.ended is None]
        if len(self._running) >= MOST_RUNNING:
            message = f"Exceeded rate limits: too many concurrent queries; {MOST_RUNNING} run already."
            raise ApiError(429, "RESOURCE_EXHAUSTED", message, reason="rateLimitExceeded")
        if len(self._known) >= MOST_JOBS:
            oldest = next(each for each in self._known.values() if each.ended is not None)
            del self._known[oldest.job_id]
        self._running.append(job)
        self._known[job.job_id] = job


def _request(admitted: Admitted, request_id: str) -> tuple[str, str, str]:
    return creator_of(admitted.creator), admitted.sql, request_id


def creator_of(token: Token) -> str:
    """Name the caller behind a token, so that no other has the same name."""
    return f"{token.principal.member} {token.principal.unique_id}".strip()
