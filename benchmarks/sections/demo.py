"""How long ``make demo`` takes, once set up."""

from __future__ import annotations

import sys

from benchmarks.commands import run
from benchmarks.figures import Figure, Goal
from benchmarks.report import Figures, Result
from pulumi_offline.engine.pins import ROOT

_RUNS = 3
_LIMIT_SECONDS = 300.0


def measure() -> Result:
    """Runs the demo a few times."""
    figure = Figure(
        name="make demo, once set up", unit="s", runs=tuple(_demo() for _ in range(_RUNS)), goal=Goal(bound=25)
    )
    return Result(tables=(Figures(title="The whole chain: deployed, read, refused, taken down", figures=(figure,)),))


def _demo() -> float:
    # The goal is of the stand-ins: official plugins take about four times as long.
    demo = [sys.executable, "-m", "keyless_tools", "demo", "--plugins", "stand-in"]
    return run(demo, folder=ROOT, limit_seconds=_LIMIT_SECONDS).seconds
