"""A command, run to its end, and what it took."""

from __future__ import annotations

import dataclasses
import resource
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.errors import CommandFailedError

_LAST_WORDS = 1500


@dataclasses.dataclass(frozen=True, kw_only=True)
class Took:
    """What a command took, in seconds.

    Args:
        seconds: By the clock.
        cpu: Processor time of the command and all that it started and waited for.
    """

    seconds: float
    cpu: float


def run(
    command: Sequence[str], *, folder: Path, limit_seconds: float, environment: Mapping[str, str] | None = None
) -> Took:
    """Runs a command.

    Args:
        command: Program and arguments.
        folder: Where it runs.
        limit_seconds: How long it may take.
        environment: Its whole environment; ``None``: this process's own.

    Raises:
        CommandFailedError: It failed, or was not done in time.
    """
    what = " ".join(command)
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=limit_seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise CommandFailedError(f"{what}: not done after {limit_seconds:.0f} s") from None
    seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise CommandFailedError(f"{what}: {(done.stdout + done.stderr)[-_LAST_WORDS:]}")
    return Took(seconds=seconds, cpu=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
