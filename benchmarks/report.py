"""What a section found: tables for people, JSON for machines."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter
from rich.table import Table as RichTable
from rich.text import Text

from benchmarks.figures import Figure, number

_SIGNIFICANT_DIGITS = 5
_HEADINGS = ("figure", "median", "min", "max", "unit", "runs", "goal", "reached")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Figures:
    """A table of figures.

    Args:
        title: What it is about.
        figures: A row each.
        caption: How it was measured, as far as one must know to read it.
    """

    title: str
    figures: tuple[Figure, ...]
    caption: str = ""
    kind: Literal["figures"] = "figures"

    @property
    def columns(self) -> tuple[str, ...]:
        """The headings."""
        return _HEADINGS

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The cells, as people read them."""
        return tuple(_cells(figure) for figure in self.figures)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Listing:
    """A table of anything else.

    Args:
        title: What it is about.
        columns: The headings.
        rows: The cells, as many in each row as there are headings.
        caption: As for :class:`Figures`.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    kind: Literal["listing"] = "listing"


Table = Figures | Listing


@dataclasses.dataclass(frozen=True, kw_only=True)
class Result:
    """What a section gives back.

    Args:
        tables: In the order in which they are read.
        versions: What was compared, each with its version.
    """

    tables: tuple[Table, ...]
    versions: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Report:
    """What is written down of one run of a section.

    Args:
        section: Its name.
        measured: When it began, RFC 3339 in UTC.
        seconds: How long it took.
        machine: Where, as :func:`benchmarks.machine.describe` returns it.
        versions: As for :class:`Result`.
        tables: As for :class:`Result`.
    """

    section: str
    measured: str
    seconds: float
    machine: dict[str, str]
    versions: dict[str, str]
    tables: tuple[Table, ...]


_REPORT: TypeAdapter[Report] = TypeAdapter(Report)


def to_json(report: Report) -> dict[str, Any]:
    """The report as JSON values. Next to its runs each figure has what follows from them."""
    return {
        "section": report.section,
        "measured": report.measured,
        "seconds": round(report.seconds, 1),
        "machine": report.machine,
        "versions": dict(sorted(report.versions.items())),
        "tables": [_table_json(table) for table in report.tables],
    }


def from_json(path: Path) -> Report:
    """The report that was written to ``path``.

    Raises:
        pydantic.ValidationError: It is no such report; the text names each place.
    """
    return _REPORT.validate_json(path.read_bytes())


def rendered(table: Table) -> RichTable:
    """The table for a terminal; a goal that is missed stands out."""
    drawn = RichTable(title=table.title, caption=table.caption or None, title_justify="left", caption_justify="left")
    right = {"median", "min", "max", "runs"}
    for heading in table.columns:
        drawn.add_column(heading, justify="right" if heading in right else "left", overflow="fold")
    for row in table.rows:
        drawn.add_row(*(Text(cell, style="bold red" if cell == "NO" else "") for cell in row))
    return drawn


def _cells(figure: Figure) -> tuple[str, ...]:
    reached = {True: "yes", False: "NO", None: ""}[figure.reached]
    values = (number(value) for value in (figure.median, figure.lowest, figure.highest))
    return (figure.name, *values, figure.unit, str(len(figure.runs)), str(figure.goal or ""), reached)


def _table_json(table: Table) -> dict[str, Any]:
    head = {"kind": table.kind, "title": table.title, "caption": table.caption}
    if isinstance(table, Listing):
        return {**head, "columns": list(table.columns), "rows": [list(row) for row in table.rows]}
    return {**head, "figures": [_figure_json(figure) for figure in table.figures]}


def _figure_json(figure: Figure) -> dict[str, Any]:
    # What follows from the runs follows from them as they are written, so that it can be computed from them again.
    written = dataclasses.replace(figure, runs=tuple(map(_rounded, figure.runs)))
    return {
        "name": written.name,
        "unit": written.unit,
        "median": _rounded(written.median),
        "min": written.lowest,
        "max": written.highest,
        "goal": None if written.goal is None else {"bound": written.goal.bound, "more": written.goal.more},
        "reached": written.reached,
        "runs": list(written.runs),
    }


def _rounded(value: float) -> float:
    return float(f"{value:.{_SIGNIFICANT_DIGITS}g}")
