"""How long Pulumi takes with this program, compared with an empty one."""

from __future__ import annotations

from benchmarks.figures import Figure, Goal, ratio
from benchmarks.projects import in_turn, projects
from benchmarks.report import Table

_PREVIEWS = 7
_UPS = 5
_GOAL = Goal(bound=1.4)
_CAPTION = (
    "Each ratio is of two runs of one round: engine, language host and virtual environment are the same. With plugins"
    " that run already, so that what is compared is the program. An up is what people type: with its preview."
)


def measure() -> tuple[Table, ...]:
    """Previews both projects in turn, deploys them, and previews and brings each up again without a change."""
    with projects() as compared:
        measured = {"preview, nothing deployed": in_turn(compared, _PREVIEWS, "preview")}
        for project in compared.values():
            project.run("up", "--yes", "--skip-preview")
        measured["preview, nothing to change"] = in_turn(compared, _PREVIEWS, "preview")
        measured["up, nothing to change"] = in_turn(compared, _UPS, "up", "--yes")
        compared["ours"].run("destroy", "--yes", "--skip-preview")
    return (
        Table(
            title="How many times longer than an empty Python stack",
            figures=tuple(
                ratio(f"ours / empty, {what}", runs["ours"], runs["empty"], goal=_GOAL)
                for what, runs in measured.items()
            ),
            caption=_CAPTION,
        ),
        Table(
            title="The same, in seconds",
            figures=tuple(
                Figure(name=f"{name}, {what}", unit="s", runs=tuple(seconds))
                for what, runs in measured.items()
                for name, seconds in runs.items()
            ),
        ),
    )
