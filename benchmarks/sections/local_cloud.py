"""How soon the local cloud is there, what it takes of the machine, and how fast it answers."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.deployment import Deployment, deployed
from benchmarks.errors import BenchmarkError
from benchmarks.exchange import Load, a_day, exchanges
from benchmarks.figures import Figure, Goal, percentile
from benchmarks.gateway import overhead
from benchmarks.processes import proportional_bytes
from benchmarks.report import Table
from federation_emulator.client.cloud import LocalCloud
from federation_emulator.servers.process import command_line, family

_MEGABYTE = 1_000_000
_EXCHANGE_RUNS = 3
_EXCHANGE_SECONDS = 5.0
_RATE = 200.0
"""Half of what one core has to do: fifty clients that never paused would each wait for the other forty-nine."""

_START_RUNS = 5
_FUNCTION = "ministack-lambda"
"""What is in the command of a process that runs a function, and in none of the cloud itself."""
_CAPTION = (
    "Exchanges are measured on one core, each with its impersonation and without the forwarded call to AWS; the load"
    " comes from the others. Memory is counted by share (PSS), after the function has read its rows."
)


def measure() -> tuple[Table, ...]:
    """Starts local clouds, invokes the function on one of them, and loads the token exchange."""
    starts = Figure(name="start", unit="s", runs=tuple(_timed_start() for _ in range(_START_RUNS)), goal=Goal(bound=2))
    return (Table(title="The local cloud", figures=(starts, *_deployed(), *_exchange()), caption=_CAPTION),)


def _timed_start() -> float:
    with tempfile.TemporaryDirectory(prefix="keyless-bench-") as folder:
        began = time.monotonic()
        with LocalCloud.start(state_directory=Path(folder)):
            return time.monotonic() - began


def _deployed() -> tuple[Figure, ...]:
    with deployed() as deployment:
        function, of_cloud = _memory(deployment)
        added = overhead(deployment.stack)
    return (
        Figure(name="what the gateway adds to a query", unit="ms", runs=added, goal=Goal(bound=2)),
        Figure(name="memory of the local cloud", unit="MB", runs=(of_cloud,), goal=Goal(bound=400)),
        Figure(name="memory of the running function", unit="MB", runs=(function,)),
    )


def _memory(deployment: Deployment) -> tuple[float, float]:
    """Of the function's processes, and of all others, in megabytes."""
    if deployment.stack.invoke().failed:
        raise BenchmarkError("the function failed on the local cloud; `make demo` shows why")
    held = {pid: proportional_bytes(pid) / _MEGABYTE for pid in family(deployment.cloud.pid)}
    function = sum(size for pid, size in held.items() if _FUNCTION in command_line(pid))
    return function, sum(held.values()) - function


def _exchange() -> tuple[Figure, ...]:
    most = [exchanges(Load(clients=4, seconds=_EXCHANGE_SECONDS)) for _ in range(_EXCHANGE_RUNS)]
    paced = [exchanges(Load(clients=50, seconds=_EXCHANGE_SECONDS, rate=_RATE)) for _ in range(_EXCHANGE_RUNS)]
    day = a_day()
    return (
        Figure(
            name="exchanges with impersonation",
            unit="1/s",
            runs=tuple(len(taken) / _EXCHANGE_SECONDS for taken in most),
            goal=Goal(bound=400, more=True),
        ),
        Figure(
            name=f"both, {_RATE:.0f}/s from 50 clients, 99 of 100 within",
            unit="ms",
            runs=tuple(percentile(taken, 99) for taken in paced),
            goal=Goal(bound=25),
        ),
        Figure(
            name="memory that a day adds",
            unit="MB",
            runs=((day.late - day.early) / _MEGABYTE,),
            goal=Goal(bound=2),
        ),
    )
