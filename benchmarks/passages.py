"""What other pages say of the latest reports, between two marks: ``python -m benchmarks.passages`` writes it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks import cost_page, goals
from benchmarks.page import FOLDER, reports
from engine.pins import ROOT


def main() -> int:
    """Writes each passage into its page."""
    for page, passage in passages().items():
        page.write_text(with_passage(page.read_text(), passage))
    return 0


def passages() -> Mapping[Path, str]:
    """Each page that has one, and what it has to say."""
    found = reports(FOLDER)
    return {
        ROOT / "README.md": goals.table(found),
        ROOT / "docs" / "cost.md": cost_page.estimate(next(one for one in found if one.section == cost_page.SECTION)),
    }


BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def with_passage(page: str, passage: str) -> str:
    """The page with the passage in place of the one that is there.

    Raises:
        ValueError: The page lacks a mark.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"a page must have the lines {BEGIN} and {END}: what was measured goes between them")
    return f"{before}{BEGIN}\n\n{passage}\n{END}{after}"


if __name__ == "__main__":
    sys.exit(main())
