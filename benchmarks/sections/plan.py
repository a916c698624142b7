"""How long Pulumi takes with this program, compared with an empty one, and what its package takes to build and find."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks import machine
from benchmarks.commands import Took
from benchmarks.figures import Figure, Goal, ratio
from benchmarks.packaging import ours
from benchmarks.projects import Project, Projects, in_turn, projects
from benchmarks.report import Figures, Result, Table
from keyless_bigquery import packaging as package
from pulumi_offline.engine.pins import CLI

_PREVIEWS = 7
_UPS = 5
_FOUND = 9
_GOAL = Goal(bound=1.4)

_PREVIEW = ("preview",)
_UP = ("up", "--yes")
"""What people type: with its preview."""

Measured = Mapping[str, Sequence[Took]]


def measure() -> Result:
    """Previews each project in turn, deploys, brings each up again without a change, and builds packages."""
    with projects() as compared:
        first = in_turn(compared.all(), _PREVIEWS, *_PREVIEW)
        for project in (compared.empty, compared.ours):
            project.run(*_UP, "--skip-preview")
        deployed = (compared.empty, compared.ours)
        again = in_turn(deployed, _PREVIEWS, *_PREVIEW)
        second = in_turn(deployed, _UPS, *_UP)
        compared.ours.run("destroy", "--yes", "--skip-preview")
    return Result(
        tables=(
            Figures(
                title="How many times longer than an empty Python stack",
                figures=tuple(_ratios(compared, first, again, second)),
                caption="Each ratio is of two runs of one round: engine, language host and virtual environment are the"
                " same. With plugins that run already, so that what is compared is the program.",
            ),
            *_times(first, again, second),
            Figures(title="The function's package", figures=tuple(_packages()), caption=_WHEELS),
        ),
        versions={"pulumi (engine)": str(CLI.version), **machine.versions("pulumi", "pulumi-aws", "pulumi-gcp")},
    )


_WHEELS = "Built with pip's own cache of downloads as it is. Found: the cached zip's digest is compared each time."


def _ratios(compared: Projects, first: Measured, again: Measured, second: Measured) -> Iterator[Figure]:
    for what, measured in (
        ("preview, nothing deployed", first),
        ("preview, nothing to change", again),
        ("up, nothing to change", second),
    ):
        yield _ratio(what, measured, compared.ours, compared.empty, goal=_GOAL)
    yield _ratio("preview, nothing deployed", first, compared.sdks, compared.empty)
    yield _ratio("preview, nothing deployed", first, compared.ours_from_nothing, compared.empty)
    name = f"{compared.ours.name} / {compared.empty.name}, processor time of a preview, nothing deployed"
    yield ratio(name, [one.cpu for one in first[compared.ours.name]], [one.cpu for one in first[compared.empty.name]])


def _ratio(what: str, measured: Measured, above: Project, below: Project, goal: Goal | None = None) -> Figure:
    return ratio(
        f"{above.name} / {below.name}, {what}",
        [one.seconds for one in measured[above.name]],
        [one.seconds for one in measured[below.name]],
        goal=goal,
    )


def _times(first: Measured, again: Measured, second: Measured) -> Iterator[Table]:
    yield Figures(title="pulumi preview, nothing deployed", figures=tuple(_seconds(first)))
    yield Figures(
        title="The same, processor time",
        figures=tuple(
            Figure(name=name, unit="s", runs=tuple(took.cpu for took in runs)) for name, runs in first.items()
        ),
        caption="Engine, language host and program, and the stand-ins where the engine starts them.",
    )
    yield Figures(title="pulumi preview, nothing to change", figures=tuple(_seconds(again)))
    yield Figures(title="pulumi up with its preview, nothing to change", figures=tuple(_seconds(second)))


def _seconds(measured: Measured) -> Iterator[Figure]:
    for name, runs in measured.items():
        yield Figure(name=name, unit="s", runs=tuple(took.seconds for took in runs))


def _packages() -> Iterator[Figure]:
    """For what production and this machine use: how long a build takes, and a preview's look into the cache."""
    for target in (package.Target(runtime="python3.14", architecture="arm64"), package.Target.host()):
        with tempfile.TemporaryDirectory(prefix="keyless-bench-") as folder:

            def build(target: package.Target = target, cache: Path = Path(folder)) -> Path:
                return ours(target, cache=cache)

            yield Figure(name=f"build it, {target}", unit="s", runs=(_timed(build),))
            yield Figure(name=f"find it, {target}", unit="ms", runs=tuple(_timed(build) * 1000 for _ in range(_FOUND)))


def _timed(action: Callable[[], object]) -> float:
    began = time.monotonic()
    action()
    return time.monotonic() - began
