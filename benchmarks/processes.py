"""What a process takes of the machine, as Linux reports it."""

from __future__ import annotations

from pathlib import Path

from benchmarks.errors import BenchmarkError


def resident_bytes(pid: int) -> int:
    """Memory of a process that is not swapped out.

    Raises:
        BenchmarkError: The system does not report it.
    """
    return _size(pid, "status", "VmRSS")


def proportional_bytes(pid: int) -> int:
    """Memory of a process, with what it shares counted by share.

    Raises:
        BenchmarkError: The system does not report it.
    """
    return _size(pid, "smaps_rollup", "Pss")


def _size(pid: int, file: str, name: str) -> int:
    for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise BenchmarkError(f"the system does not report the memory of process {pid}; this benchmark needs Linux")
