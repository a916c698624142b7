"""How big packages are, zipped and unzipped: ours with and without bytecode, next to what pip installs."""

from __future__ import annotations

import dataclasses
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.figures import Figure, Goal, number
from benchmarks.packaging import ours, usual, zipped
from benchmarks.report import Figures, Listing, Result, Table
from keyless_bigquery.packaging import Bytecode, PackageError, Target
from keyless_bigquery.packaging.target import RUNTIMES

_MEGABYTE = 1_000_000
_LISTED = 14
_METADATA = "metadata and licences"
_OTHERS = "everything else"
_GOALS = {Bytecode.NONE: Goal(bound=3.5), Bytecode.REQUIRED: Goal(bound=6.6)}
_SAID = {Bytecode.NONE: "without bytecode", Bytecode.REQUIRED: "with bytecode"}
PRODUCTION = Target(runtime="python3.14", architecture="arm64")
"""The runtime and architecture that the program takes by default."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Weights:
    """What the files of a zip weigh, in bytes.

    Args:
        size: The zip itself.
        compressed: By top-level package, in the zip.
        plain: By top-level package, unpacked.
    """

    size: int
    compressed: Mapping[str, int]
    plain: Mapping[str, int]


def measure() -> Result:
    """Builds the packages, and weighs them."""
    targets = (PRODUCTION, Target.host())
    zips: list[Figure] = []
    unpacked: list[Figure] = []
    for target in targets:
        for what, archive, goal in _packages(target):
            weights = weigh(archive)
            zips.append(Figure(name=what, unit="MB", runs=(weights.size / _MEGABYTE,), goal=goal))
            plain = sum(weights.plain.values()) / _MEGABYTE
            unpacked.append(Figure(name=what, unit="MB", runs=(plain,)))
    tables: list[Table] = [
        Figures(title="Zip", figures=tuple(zips), caption=_without_interpreter(targets)),
        Figures(title="Unzipped", figures=tuple(unpacked), caption="Lambda takes 250 MB (262 million bytes) at most."),
    ]
    tables += [_by_package(target) for target in targets]
    return Result(
        tables=tuple(tables),
    )


def weigh(archive: Path) -> Weights:
    """What the files of a zip weigh, by top-level package; those below ``google`` by theirs."""
    compressed: Counter[str] = Counter()
    plain: Counter[str] = Counter()
    with zipfile.ZipFile(archive) as opened:
        for listed in opened.infolist():
            package = _package(listed.filename)
            compressed[package] += listed.compress_size
            plain[package] += listed.file_size
    return Weights(size=archive.stat().st_size, compressed=compressed, plain=plain)


def _package(path: str) -> str:
    parts = path.split("/")
    if re.search(r"\.(dist|egg)-info$", parts[0]):
        return _METADATA
    kept = parts[:2] if parts[0] == "google" else parts[:1]
    return ".".join(part.partition(".")[0] for part in kept)


def _packages(target: Target) -> Iterator[tuple[str, Path, Goal | None]]:
    """Each package for a target, with its name and goal."""
    for bytecode, goal in _GOALS.items():
        fitting = target if bytecode is Bytecode.NONE else _compiled(target)
        yield f"ours, {_SAID[bytecode]}, {fitting}", ours(fitting, bytecode=bytecode), goal
    yield f"naive, {target}", zipped(usual("naive", target, bytecode=False)), None
    if target == Target.host():
        yield f"naive, with bytecode, {target}", zipped(usual("naive", target, bytecode=True)), None
    yield f"pandas, {target}", zipped(usual("pandas", target, bytecode=False)), None


def _compiled(target: Target) -> Target:
    """The target, or where nothing here can compile for it, the newest runtime that something can."""
    runtimes = [target.runtime, *reversed(tuple(RUNTIMES))]
    return next(
        found for runtime in runtimes if _can_be_compiled(found := dataclasses.replace(target, runtime=runtime))
    )


def _can_be_compiled(target: Target) -> bool:
    try:
        ours(target, bytecode=Bytecode.REQUIRED)
    except PackageError:
        return False
    return True


def _without_interpreter(targets: Sequence[Target]) -> str:
    missing = [str(target) for target in targets if _compiled(target) != target]
    return f"No interpreter of {', '.join(missing)} is here to compile: the next older is shown." if missing else ""


def _by_package(target: Target) -> Listing:
    """A row for each package that weighs most, in either."""
    fitting = _compiled(target)
    own = weigh(ours(fitting, bytecode=Bytecode.REQUIRED))
    naive = weigh(zipped(usual("naive", target, bytecode=False)))
    total = {name: own.compressed.get(name, 0) + naive.compressed.get(name, 0) for name in {**own.plain, **naive.plain}}
    listed = sorted(total, key=lambda name: -total[name])[:_LISTED]

    def row(name: str, names: Sequence[str]) -> tuple[str, ...]:
        columns = (own.compressed, own.plain, naive.compressed, naive.plain)
        return (name, *(number(sum(column.get(one, 0) for one in names) / _MEGABYTE) for column in columns))

    return Listing(
        title=f"By top-level package, in MB: ours with bytecode ({fitting}), naive without ({target})",
        columns=("package", "ours, zipped", "ours, unzipped", "naive, zipped", "naive, unzipped"),
        rows=(
            *(row(name, [name]) for name in listed),
            row(_OTHERS, sorted(set(total) - set(listed))),
            row("all", sorted(total)),
        ),
    )
