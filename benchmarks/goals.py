"""Every figure that has a goal, reached or not, in one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.figures import TIMES, Figure, number
from benchmarks.report import Figures, Report


def table(reports: Sequence[Report]) -> str:
    """The table, in Markdown: a median, and the lowest and highest of several runs."""
    rows = [_row(report.section, figure) for report in reports for figure in _with_goal(report)]
    return "\n".join(["| section | figure | measured | goal | reached |", "| --- | --- | --- | --- | --- |", *rows, ""])


def _with_goal(report: Report) -> Iterator[Figure]:
    for found in report.tables:
        if isinstance(found, Figures):
            yield from (figure for figure in found.figures if figure.goal is not None)


def _row(section: str, figure: Figure) -> str:
    unit = "" if figure.unit == TIMES else f" {figure.unit}"
    measured = f"{number(figure.median)}{unit}"
    if len(figure.runs) > 1:
        measured += f" ({number(figure.lowest)} to {number(figure.highest)})"
    reached = "yes" if figure.reached else "**NO**"
    return f"| {section} | {figure.name} | {measured} | {figure.goal}{unit} | {reached} |"
