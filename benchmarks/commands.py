"""A command, run to its end, and how long that took."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.errors import BenchmarkError

_LAST_WORDS = 1500


def run(
    command: Sequence[str], *, folder: Path, limit_seconds: float, environment: Mapping[str, str] | None = None
) -> float:
    """Runs a command, and returns how many seconds it took. ``environment`` is all of it; ``None``: this process's.

    Raises:
        BenchmarkError: It failed, or was not done in time. The text has the end of what it printed.
    """
    what = " ".join(command)
    began = time.monotonic()
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=limit_seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise BenchmarkError(f"{what}: not done after {limit_seconds:.0f} s") from None
    if done.returncode != 0:
        raise BenchmarkError(f"{what}: {(done.stdout + done.stderr)[-_LAST_WORDS:]}")
    return time.monotonic() - began
