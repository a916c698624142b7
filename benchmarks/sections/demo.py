"""How long ``make demo`` takes, once set up."""

from __future__ import annotations

import sys

from benchmarks.commands import run
from benchmarks.figures import Figure, Goal
from benchmarks.report import Table
from pulumi_offline.engine.pins import ROOT

_RUNS = 3
_LIMIT_SECONDS = 300.0


def measure() -> tuple[Table, ...]:
    """Runs the demo a few times."""
    # The goal is of the stand-ins: official plugins take about four times as long.
    demo = [sys.executable, "-m", "keyless_tools", "demo", "--plugins", "stand-in"]
    runs = tuple(run(demo, folder=ROOT, limit_seconds=_LIMIT_SECONDS) for _ in range(_RUNS))
    figure = Figure(name="make demo, once set up", unit="s", runs=runs, goal=Goal(bound=25))
    return (Table(title="The whole chain: deployed, read, refused, taken down", figures=(figure,)),)
