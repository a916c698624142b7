"""How long set-up takes from nothing: a fresh clone and empty caches, on this machine's network."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from benchmarks.commands import run
from benchmarks.figures import Figure, Goal
from benchmarks.report import Table
from pulumi_offline.engine.pins import ROOT

_LIMIT_SECONDS = 1800.0
_CACHES = ("KEYLESS_CACHE", "XDG_CACHE_HOME", "PIP_CACHE_DIR", "UV_CACHE_DIR", "GOCACHE", "GOMODCACHE")


def measure() -> tuple[Table, ...]:
    """Sets a clone up once. Whether an engine is on PATH decides what it is held to."""
    there = shutil.which("pulumi") is not None
    with tempfile.TemporaryDirectory(prefix="keyless-bench-") as name:
        folder = Path(name)
        clone = folder / "clone"
        run(["git", "clone", "--quiet", str(ROOT), str(clone)], folder=folder, limit_seconds=60)
        # Go would write its module cache read-only, and it must go with the rest.
        empty = {variable: str(folder / variable.lower()) for variable in _CACHES} | {"GOFLAGS": "-modcacherw"}
        seconds = run(
            ["make", "setup"], folder=clone, environment={**os.environ, **empty}, limit_seconds=_LIMIT_SECONDS
        )
    name = f"make setup{', engine on PATH' if there else ''}"
    figure = Figure(name=name, unit="s", runs=(seconds,), goal=Goal(bound=120 if there else 420))
    return (Table(title="A fresh clone, empty caches", figures=(figure,)),)
