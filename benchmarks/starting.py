"""One fresh process: started, its handler imported and invoked, and how long each took."""

from __future__ import annotations

import contextlib
import dataclasses
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from benchmarks.bootstrap import DONE
from benchmarks.errors import BenchmarkError
from benchmarks.packaging import Program

_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
_LIMIT_SECONDS = 900.0
_NANOSECONDS = 1_000_000_000
_LAST_WORDS = 1000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Start:
    """What one process took, in seconds.

    Args:
        ready: From the start of the process until its handler was imported.
        row: Until the first row was printed; ``None``: it prints none.
        peak_bytes: Most memory that was resident.
        invocations: Each invocation.
    """

    ready: float
    row: float | None
    peak_bytes: int
    invocations: tuple[float, ...]


class Paced:
    """A process whose handler is invoked on request."""

    def __init__(self, name: str, requests: IO[str], answers: IO[str]) -> None:
        self._name, self._requests, self._answers = name, requests, answers

    def invoke(self) -> float:
        """Invokes the handler once, and returns how many seconds that took.

        Raises:
            BenchmarkError: It ended.
        """
        # A write to a process that is gone may break or not; then nothing is read.
        with contextlib.suppress(BrokenPipeError):
            self._requests.write("\n")
            self._requests.flush()
        for line in self._answers:
            if line.startswith(DONE):
                return int(line.removeprefix(DONE)) / _NANOSECONDS
        raise BenchmarkError(f"{self._name} ended instead of answering")


def start(program: Program, variables: Mapping[str, str], *, invocations: int = 1) -> Start:
    """Starts a process as Lambda does, with the standard library and the package and nothing else to import.

    Bytecode is read where there is some, and never written. ``variables`` is the whole environment; with no invocation
    the handler is only imported.

    Raises:
        BenchmarkError: It failed, or printed no row although it should.
    """
    with tempfile.TemporaryDirectory(prefix="keyless-bench-") as folder, tempfile.TemporaryFile("w+") as printed:
        report = Path(folder) / "report"
        began = time.monotonic_ns()
        try:
            done = subprocess.run(
                _command(program, report, invocations),
                env=dict(variables),
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                timeout=_LIMIT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise BenchmarkError(f"{program.name} was not done after {_LIMIT_SECONDS:.0f} s") from None
        if done.returncode != 0:
            raise BenchmarkError(f"{program.name}: {_last_words(printed)}")
        lines = [line.split() for line in report.read_text().splitlines()]
        values = {name: int(value) for name, value in lines if name != "took"}
        if program.reads and invocations and not values["row"]:
            raise BenchmarkError(f"{program.name} printed no row: {_last_words(printed)}")
    return Start(
        ready=(values["ready"] - began) / _NANOSECONDS,
        row=(values["row"] - began) / _NANOSECONDS if values["row"] else None,
        peak_bytes=values["peak"],
        invocations=tuple(int(value) / _NANOSECONDS for name, value in lines if name == "took"),
    )


@contextlib.contextmanager
def paced(program: Program, variables: Mapping[str, str], *, invocations: int) -> Iterator[Paced]:
    """A process that waits for a line before each invocation, and ends with the context, or after fifteen minutes."""
    with tempfile.TemporaryDirectory(prefix="keyless-bench-") as folder:
        process = subprocess.Popen(
            _command(program, Path(folder) / "report", invocations),
            env=dict(variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None  # noqa: S101 (it is a pipe)
        assert process.stdout is not None  # noqa: S101 (it is a pipe)
        # Reading from a pipe has no time limit; a process that is gone ends it.
        alarm = threading.Timer(_LIMIT_SECONDS, process.kill)
        alarm.start()
        try:
            with process:
                try:
                    yield Paced(program.name, process.stdin, process.stdout)
                finally:
                    process.kill()
                    # What the process did not take may be left in the pipe.
                    with contextlib.suppress(BrokenPipeError):
                        process.stdin.close()
        finally:
            alarm.cancel()


def _command(program: Program, report: Path, invocations: int) -> list[str]:
    # The interpreter itself: a virtual environment's would look for its own first.
    interpreter = str(Path(sys.executable).resolve())
    return [
        *(interpreter, "-I", "-S", "-B", str(_BOOTSTRAP)),
        *(str(program.folder), program.handler, str(report), str(invocations)),
    ]


def _last_words(printed: IO[str]) -> str:
    printed.seek(0)
    return printed.read()[-_LAST_WORDS:]
