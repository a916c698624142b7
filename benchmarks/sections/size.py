"""How big the function's package is, for the target in production and for this machine."""

from __future__ import annotations

from pathlib import Path

from benchmarks.figures import Figure, Goal
from benchmarks.report import Figures, Result
from infra import package
from infra.program import ROOT, package_cache

_MEGABYTE = 1_000_000


def measure() -> Result:
    """Builds the packages, and weighs them."""
    targets = (package.Target(runtime="python3.14", architecture="arm64"), package.Target.host())
    figures = tuple(
        Figure(
            name=f"zip, {target}", unit="MB", runs=(_build(target).stat().st_size / _MEGABYTE,), goal=Goal(bound=6.6)
        )
        for target in targets
    )
    return Result(tables=(Figures(title="The function's package", figures=figures),))


def _build(target: package.Target) -> Path:
    source = ROOT / "lambda_src"
    return package.build(target=target, source=source, lock=source / "requirements.txt", cache=package_cache())
