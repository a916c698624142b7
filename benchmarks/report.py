"""What a section found: tables for people, JSON for machines."""

from __future__ import annotations

import dataclasses
from typing import Final

from pydantic import TypeAdapter
from rich.table import Table as RichTable
from rich.text import Text

from benchmarks.figures import Figure


@dataclasses.dataclass(frozen=True, kw_only=True)
class Table:
    """A table of figures; the caption is how they were measured, as far as one must know to read it."""

    title: str
    figures: tuple[Figure, ...]
    caption: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Report:
    """What is written down of one run of a section.

    ``measured`` is when it began, RFC 3339 in UTC; ``machine`` and ``versions`` are those of :mod:`benchmarks.machine`.
    """

    section: str
    measured: str
    seconds: float
    machine: dict[str, str]
    versions: dict[str, str]
    tables: tuple[Table, ...]


REPORT: Final[TypeAdapter[Report]] = TypeAdapter(Report)
"""Writes reports as JSON, and reads them back."""


def rendered(table: Table) -> RichTable:
    """The table for a terminal; a goal that is missed stands out."""
    drawn = RichTable(title=table.title, caption=table.caption or None, title_justify="left", caption_justify="left")
    for heading in ("figure", "measured", "runs", "goal", "reached"):
        drawn.add_column(heading, justify="right" if heading == "runs" else "left", overflow="fold")
    for figure in table.figures:
        reached = {True: "yes", False: "NO", None: ""}[figure.reached]
        cells = (figure.name, str(figure), str(len(figure.runs)), str(figure.goal or ""), reached)
        drawn.add_row(*(Text(cell, style="bold red" if cell == "NO" else "") for cell in cells))
    return drawn
