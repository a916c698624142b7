"""Tries until an invocation succeeds: truncated exponential back-off with jitter, within a limit. Time is handed in.

Source of the back-off: Google, "Retry failed requests" of IAM.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from keyless_bigquery.attempt import Attempt, Failure

LIMIT_SECONDS = 600.0
"""A change of an allow policy takes 2 minutes as a rule, and 7 or more at times. Source: Google, "Access change
propagation"."""

_FIRST_SECONDS = 1.0
_LONGEST_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How it ended.

    Args:
        attempt: The last attempt.
        tries: How many there were.
        seconds: From the beginning of the first to the end of the last.
    """

    attempt: Attempt
    tries: int
    seconds: float


class Time(Protocol):
    """Time, as the module ``time`` has it."""

    def monotonic(self) -> float:
        """Seconds that only ever grow."""

    def sleep(self, seconds: float, /) -> None:
        """Waits so many seconds."""


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How to wait.

    Args:
        limit_seconds: After this much no further attempt is begun.
        time: By which it is waited.
        jitter: Picks a share of each pause from one half to the whole.
    """

    limit_seconds: float
    time: Time
    jitter: random.Random = field(default_factory=random.Random)


def pauses(jitter: random.Random) -> Iterator[float]:
    """Seconds before each further try: doubled each time up to half a minute, then shortened by up to a half."""
    pause = _FIRST_SECONDS
    while True:
        yield pause * jitter.uniform(0.5, 1.0)
        pause = min(pause * 2, _LONGEST_SECONDS)


def wait_for_success(
    invoke: Callable[[], Attempt], policy: RetryPolicy, report: Callable[[int, float, Failure, float], None]
) -> Outcome:
    """Invokes until it succeeds, fails with what is not transient, or the limit is reached.

    Args:
        invoke: Makes one attempt.
        policy: How to wait.
        report: Called before each pause: number of the try, seconds so far, what it failed with, seconds to wait.
    """
    began = policy.time.monotonic()
    for tries, pause in enumerate(pauses(policy.jitter), start=1):
        attempt = invoke()
        seconds = policy.time.monotonic() - began
        left = policy.limit_seconds - seconds
        if attempt.failure is None or not attempt.failure.may_pass or left <= 0:
            return Outcome(attempt=attempt, tries=tries, seconds=seconds)
        # The last try comes with the limit itself.
        pause = min(pause, left)
        report(tries, seconds, attempt.failure, pause)
        policy.time.sleep(pause)
    raise AssertionError("the pauses never end")
