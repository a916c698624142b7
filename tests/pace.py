"""How long work takes on a machine of known speed: the one that runs a test may be half as fast tomorrow."""

from __future__ import annotations

import time
from collections.abc import Callable

REFERENCE_SECONDS = 0.0025
"""What the reference work takes on the machine for which the tests' limits are written."""
_ATTEMPTS = 10


def paced_seconds(work: Callable[[], object], *, limit: float) -> float:
    """Measure work in the time of the reference machine.

    The machine's speed changes within a minute, so that the reference work is measured in turns with it. What else
    runs can only make either slower: the quickest of each counts.

    Args:
        work: What is measured, a few times at most.
        limit: Seconds. The first result under it is returned.

    Returns:
        Seconds of processor time.
    """
    work_seconds = reference_seconds = float("inf")
    seconds = limit
    for _ in range(_ATTEMPTS):
        reference_seconds = min(reference_seconds, _processor_seconds(_reference_work))
        work_seconds = min(work_seconds, _processor_seconds(work))
        seconds = work_seconds / reference_seconds * REFERENCE_SECONDS
        if seconds < limit:
            break
    return seconds


def slowness() -> float:
    """How many times as long as on the reference machine work takes here, for what another process measures."""
    return min(_processor_seconds(_reference_work) for _ in range(_ATTEMPTS)) / REFERENCE_SECONDS


def _processor_seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _reference_work() -> int:
    parts = 0
    for number in range(6000):
        parts += len(str(number).split("1")) + len({number: str(number)})
    return parts
