"""One fresh process: started, its handler imported and invoked, and how long each took."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
_LIMIT_SECONDS = 120.0
_NANOSECONDS = 1_000_000_000
_LAST_WORDS = 1000


class HandlerError(Exception):
    """A candidate's handler failed, or printed no row. The text is the end of what it printed."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Program:
    """A candidate, ready to be started.

    Args:
        name: What it is called in tables.
        folder: Its unpacked package.
        handler: The module in it that has ``lambda_handler``.
        reads: It prints rows.
    """

    name: str
    folder: Path
    handler: str = "handler"
    reads: bool = True


@dataclasses.dataclass(frozen=True, kw_only=True)
class Start:
    """What one process took, in seconds.

    Args:
        ready: From the start of the process until its handler was imported.
        row: Until the first row was printed; ``None``: it prints none.
        ready_cpu: Processor time, all threads, until the handler was imported.
        cpu: Processor time in all.
        invocations: Each invocation.
    """

    ready: float
    row: float | None
    ready_cpu: float
    cpu: float
    invocations: tuple[float, ...]


def start(program: Program, variables: Mapping[str, str], *, invocations: int = 1) -> Start:
    """Starts a process as Lambda does, with the standard library and the package and nothing else to import.

    Bytecode is read where there is some, and never written, as where the package can't be written.

    Args:
        program: What to start.
        variables: Its whole environment.
        invocations: How often the handler is invoked; 0: it is only imported.

    Raises:
        HandlerError: It failed, or printed no row although it should.
    """
    # The interpreter itself: a virtual environment's would look for its own first.
    interpreter = str(Path(sys.executable).resolve())
    with tempfile.TemporaryDirectory(prefix="keyless-bench-") as folder:
        report = Path(folder) / "report"
        command = [interpreter, "-I", "-S", "-B", str(_BOOTSTRAP), str(program.folder), program.handler, str(report)]
        began = time.monotonic_ns()
        try:
            done = subprocess.run(
                [*command, str(invocations)],
                env=dict(variables),
                capture_output=True,
                text=True,
                timeout=_LIMIT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise HandlerError(f"{program.name} was not done after {_LIMIT_SECONDS:.0f} s") from None
        if done.returncode != 0:
            raise HandlerError(f"{program.name}: {(done.stdout + done.stderr)[-_LAST_WORDS:]}")
        told = [line.split() for line in report.read_text().splitlines()]
    values = {name: int(value) for name, value in told if name != "took"}
    if program.reads and invocations and not values["row"]:
        raise HandlerError(f"{program.name} printed no row: {(done.stdout + done.stderr)[-_LAST_WORDS:]}")
    return Start(
        ready=(values["ready"] - began) / _NANOSECONDS,
        row=(values["row"] - began) / _NANOSECONDS if values["row"] else None,
        ready_cpu=values["ready_cpu"] / _NANOSECONDS,
        cpu=values["done_cpu"] / _NANOSECONDS,
        invocations=tuple(int(value) / _NANOSECONDS for name, value in told if name == "took"),
    )
