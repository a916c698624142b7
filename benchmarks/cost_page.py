"""The estimate in ``docs/cost.md``, as the latest report has it: ``python -m benchmarks.cost_page`` writes it anew."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.page import FOLDER
from benchmarks.report import Listing, Report, from_json
from engine.pins import ROOT

PAGE = ROOT / "docs" / "cost.md"
"""Where the estimate stands, between two marks."""

BEGIN, END = "<!-- estimate: begin -->", "<!-- estimate: end -->"
_SECTION = "cost"


def main() -> int:
    """Writes the estimate into the page."""
    PAGE.write_text(with_estimate(PAGE.read_text(), report(FOLDER)))
    return 0


def report(folder: Path) -> Report:
    """The report of the section in this folder."""
    return from_json(folder / f"{_SECTION}.json")


def with_estimate(page: str, found: Report) -> str:
    """The page with the report's tables in place of those that are there.

    Raises:
        ValueError: The page lacks a mark.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{PAGE.name} must have the lines {BEGIN} and {END}: the estimate goes between them")
    return f"{before}{BEGIN}\n\n{estimate(found)}\n{END}{after}"


def estimate(found: Report) -> str:
    """The tables of dollars, in Markdown, and what they stand on."""
    lines = [f"Measured {found.measured[:10]} on {found.machine['processor']}, {found.machine['kernel']}.", ""]
    for table in found.tables:
        if isinstance(table, Listing):
            lines += [f"### {table.title}", "", table.caption, "", *_rows(table), ""]
    return "\n".join(lines)


def _rows(table: Listing) -> list[str]:
    shown = (table.columns, ("---:",) * len(table.columns), *table.rows)
    return [f"| {' | '.join(row)} |" for row in shown]


if __name__ == "__main__":
    sys.exit(main())
