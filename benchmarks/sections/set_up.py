"""How long set-up takes from nothing: a fresh clone and empty caches, on this machine's network."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from benchmarks.commands import run
from benchmarks.figures import Figure, Goal
from benchmarks.report import Figures, Result
from pulumi_offline.engine.pins import ROOT

_LIMIT_SECONDS = 1800.0
_CLONE_SECONDS = 60.0
_CACHES = ("KEYLESS_CACHE", "XDG_CACHE_HOME", "PIP_CACHE_DIR", "UV_CACHE_DIR", "GOCACHE", "GOMODCACHE")


def measure() -> Result:
    """Sets a clone up once. Whether an engine is on PATH decides what it is held to."""
    there = shutil.which("pulumi") is not None
    with tempfile.TemporaryDirectory(prefix="keyless-bench-") as name:
        folder = Path(name)
        clone = folder / "clone"
        run(["git", "clone", "--quiet", str(ROOT), str(clone)], folder=folder, limit_seconds=_CLONE_SECONDS)
        empty = {variable: str(folder / variable.lower()) for variable in _CACHES}
        seconds = run(
            ["make", "setup"], folder=clone, environment={**os.environ, **empty}, limit_seconds=_LIMIT_SECONDS
        ).seconds
        for cache in empty.values():
            _make_writable(Path(cache))
    figure = Figure(
        name="make setup" + (", engine on PATH" if there else ""),
        unit="s",
        runs=(seconds,),
        goal=Goal(bound=120 if there else 420),
    )
    return Result(tables=(Figures(title="A fresh clone, empty caches", figures=(figure,)),))


def _make_writable(folder: Path) -> None:
    """Go writes its module cache read-only; it must go with the rest."""
    for path in folder.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
