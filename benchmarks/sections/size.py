"""How big packages are, zipped and unzipped: ours with and without bytecode, next to what pip installs."""

from __future__ import annotations

import dataclasses
import zipfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure, Goal
from benchmarks.packaging import ours, usual, zipped
from benchmarks.report import Table
from keyless_bigquery.packaging import Bytecode, PackageError, Target
from keyless_bigquery.packaging.target import RUNTIMES

_MEGABYTE = 1_000_000
_PRODUCTION = Target(runtime="python3.14", architecture="arm64")
"""The runtime and architecture that the program takes by default."""

_OURS = (("without bytecode", Bytecode.NONE, Goal(bound=3.5)), ("with bytecode", Bytecode.REQUIRED, Goal(bound=6.6)))


def measure() -> tuple[Table, ...]:
    """Builds the packages, and weighs them."""
    made = [one for target in (_PRODUCTION, Target.host()) for one in _packages(target)]
    return (
        Table(
            title="Zip",
            figures=tuple(_size(name, path.stat().st_size, goal) for name, path, goal in made),
            caption="With bytecode, of the newest runtime that an interpreter here compiles for.",
        ),
        Table(
            title="Unzipped",
            figures=tuple(_size(name, _unzipped(path)) for name, path, _ in made),
            caption="Lambda takes 250 MB (262 million bytes) at most.",
        ),
    )


def _size(name: str, size: int, goal: Goal | None = None) -> Figure:
    return Figure(name=name, unit="MB", runs=(size / _MEGABYTE,), goal=goal)


def _unzipped(archive: Path) -> int:
    with zipfile.ZipFile(archive) as opened:
        return sum(listed.file_size for listed in opened.infolist())


def _packages(target: Target) -> Iterator[tuple[str, Path, Goal | None]]:
    """Each package for a target, with its name and goal."""
    for how, bytecode, goal in _OURS:
        fitting = target if bytecode is Bytecode.NONE else _compiled(target)
        yield f"ours, {how}, {fitting}", ours(fitting, bytecode=bytecode), goal
    yield f"naive, {target}", zipped(usual("naive", target, bytecode=False)), None
    if target == Target.host():
        yield f"naive, with bytecode, {target}", zipped(usual("naive", target, bytecode=True)), None
    yield f"pandas, {target}", zipped(usual("pandas", target, bytecode=False)), None


def _compiled(target: Target) -> Target:
    """The target, or where nothing here can compile for it, the newest runtime that something can.

    Raises:
        PackageError: There is none.
    """
    found = [dataclasses.replace(target, runtime=runtime) for runtime in (target.runtime, *reversed(tuple(RUNTIMES)))]
    for fitting in found[:-1]:
        try:
            ours(fitting, bytecode=Bytecode.REQUIRED)
        except PackageError:
            continue
        return fitting
    return found[-1]
