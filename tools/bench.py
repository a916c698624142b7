"""The figures that this project promises, measured: ``make bench``; set-up from nothing: ``make bench-setup``.

Each is a median of several runs with its spread, beside the goal. Nothing is asserted: a noisy machine must not fail a
build, and a figure that misses its goal is shown as it is.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from infra import package
from infra.program import ROOT
from local_cloud.cloud import LocalCloud
from local_cloud.demo.story import ROWS
from local_cloud.process import command_line, family
from local_cloud.stage import Stage
from tools.exchange_bench import measure_exchange
from tools.gateway_bench import measure_gateway

_MEGABYTE = 1_000_000
_DEMO_RUNS = 3
_EXCHANGE_RUNS = 3
_START_RUNS = 5
_LIMIT_SECONDS = 1800.0
_CACHES = ("KEYLESS_CACHE", "XDG_CACHE_HOME", "PIP_CACHE_DIR", "UV_CACHE_DIR", "GOCACHE", "GOMODCACHE")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured figure.

    Args:
        name: What was measured.
        unit: Its unit.
        goal: The most it should be, or with ``more`` the least; ``None``: it has no goal.
        runs: Every run's value.
        more: More is better.
    """

    name: str
    unit: str
    goal: float | None
    runs: Sequence[float]
    more: bool = False

    @property
    def reached(self) -> str:
        """Whether the median reaches the goal, in a word."""
        if self.goal is None:
            return ""
        median = statistics.median(self.runs)
        return "yes" if (median >= self.goal if self.more else median <= self.goal) else "NO"


def main() -> int:
    """Measures, and prints a table."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("--setup", action="store_true", help="measure set-up from nothing instead; takes minutes")
    figures = [_set_up()] if parser.parse_args().setup else [*_packages(), *_exchange(), *_cloud(), _demo()]
    table = Table(title=f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {platform.platform()}")
    for heading in ("figure", "unit", "median", "min", "max", "runs", "goal", "reached"):
        table.add_column(heading)
    for figure in figures:
        median = statistics.median(figure.runs)
        spread = (f"{value:.2f}" for value in (median, min(figure.runs), max(figure.runs)))
        goal = "" if figure.goal is None else f"{'≥' if figure.more else '≤'} {figure.goal:g}"
        table.add_row(figure.name, figure.unit, *spread, str(len(figure.runs)), goal, figure.reached)
    Console(width=120).print(table)
    return 0


def _timed(action: Callable[[], object]) -> float:
    began = time.monotonic()
    action()
    return time.monotonic() - began


def _packages() -> list[Figure]:
    """The function's package: size for what production and this machine use, and how long a preview waits for it."""
    source = ROOT / "lambda_src"
    figures = []
    for target in (package.Target(runtime="python3.14", architecture="arm64"), package.Target.host()):
        with tempfile.TemporaryDirectory() as folder:

            def build(target: package.Target = target, cache: Path = Path(folder)) -> Path:
                return package.build(target=target, source=source, lock=source / "requirements.txt", cache=cache)

            cold = _timed(build)
            cached = [_timed(build) for _ in range(5)]
            size = build().stat().st_size / _MEGABYTE
        figures += [
            Figure(name=f"zip, {target}", unit="MB", goal=10, runs=[size]),
            Figure(name=f"build it, {target}", unit="s", goal=None, runs=[cold]),
            Figure(name=f"find it in the cache, {target}", unit="s", goal=None, runs=cached),
        ]
    return figures


def _exchange() -> list[Figure]:
    """Exchanges with impersonation on one core, without the forwarded AWS call."""
    runs = [measure_exchange() for _ in range(_EXCHANGE_RUNS)]
    return [
        Figure(
            name="exchange and impersonation, one core",
            unit="1/s",
            goal=200,
            runs=[run.pairs_per_second for run in runs],
            more=True,
        ),
        Figure(name="both together, 99 of 100 within", unit="ms", goal=50, runs=[run.p99 for run in runs]),
    ]


def _cloud() -> list[Figure]:
    """How soon the local cloud is ready, what its gateway costs, and its memory after the function has run on it."""
    with tempfile.TemporaryDirectory() as folder:
        starts = [_timed_start(Path(folder) / f"cloud-{number}") for number in range(_START_RUNS)]
        with (
            LocalCloud.start(state_directory=Path(folder) / "cloud") as cloud,
            Stage(cloud, Path(folder) / "stage") as stage,
        ):
            stage.up()
            stage.put_rows(ROWS)
            if stage.invoke().failed:
                raise RuntimeError("the function failed; `make demo` tells why")
            held = {pid: _proportional_bytes(pid) / _MEGABYTE for pid in family(cloud.pid)}
            overhead = measure_gateway(stage).overhead
            function = {pid for pid in held if "ministack-lambda" in command_line(pid)}
            stage.destroy()
    of_cloud = sum(size for pid, size in held.items() if pid not in function)
    return [
        Figure(name="start of the local cloud", unit="s", goal=2, runs=starts),
        Figure(name="what the gateway adds to a query", unit="ms", goal=3, runs=overhead),
        Figure(name="memory of the local cloud", unit="MB", goal=400, runs=[of_cloud]),
        Figure(name="memory of the running function", unit="MB", goal=None, runs=[sum(held[pid] for pid in function)]),
    ]


def _timed_start(folder: Path) -> float:
    began = time.monotonic()
    with LocalCloud.start(state_directory=folder):
        return time.monotonic() - began


def _demo() -> Figure:
    def demo() -> None:
        subprocess.run(
            [sys.executable, "-m", "local_cloud", "demo"],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=_LIMIT_SECONDS,
        )

    return Figure(name="make demo, once set up", unit="s", goal=30, runs=[_timed(demo) for _ in range(_DEMO_RUNS)])


def _set_up() -> Figure:
    """A fresh clone and empty caches, on this machine's network."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True, timeout=60)
        empty = {name: str(Path(folder) / name.lower()) for name in _CACHES}
        seconds = _timed(
            lambda: subprocess.run(
                ["make", "setup"], cwd=clone, check=True, env={**os.environ, **empty}, timeout=_LIMIT_SECONDS
            )
        )
        for cache in empty.values():
            _make_writable(Path(cache))
    here = shutil.which("pulumi") is not None
    return Figure(
        name="set-up from nothing" + (", engine on PATH" if here else ""),
        unit="s",
        goal=120 if here else 420,
        runs=[seconds],
    )


def _make_writable(folder: Path) -> None:
    """Go writes its module cache read-only; it must go with the rest."""
    for path in folder.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)


def _proportional_bytes(pid: int) -> int:
    """Memory of a process, with what it shares counted by share."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"the system does not tell the memory of process {pid}; this benchmark needs Linux")


if __name__ == "__main__":
    sys.exit(main())
