"""The estimate as ``docs/cost.md`` tells it."""

from __future__ import annotations

from benchmarks.report import Listing, Report

SECTION = "cost"
"""The section whose report it tells."""


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
