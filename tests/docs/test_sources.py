"""Each of Google's and AWS's errors on the page has a public source, or is held by a file of this project."""

from __future__ import annotations

import re

import pytest

from keyless_bigquery.components.program import ROOT
from tests.docs.pages import Page, Table, page_of, read

PAGE = read(ROOT / "docs" / "troubleshooting.md")
HEAD = ["cause", "fix", "source"]
FEWEST_ROWS = 50
"""Two and a half times as many as before there were sources."""

_PUBLIC = re.compile(r"https://(cloud\.google\.com|docs\.aws\.amazon\.com|support\.google\.com|github\.com)/\S+")


def sourced() -> list[Table]:
    """The tables that have a column for sources."""
    return [table for table in PAGE.tables if table.rows[0][1:] == HEAD]


ROWS = [row for table in sourced() for row in table.rows[1:]]


def source_of(cell: str) -> str | None:
    """Where a cell leads: an address that is public, or a file of this project; ``None``: nowhere."""
    cited: Page = page_of(f"{cell}\n\n{definitions()}", path=PAGE.path)
    if any(_PUBLIC.fullmatch(link) for link in cited.links):
        return cited.links[0]
    return next((span for span in cited.spans if (ROOT / span).is_file()), None)


def definitions() -> str:
    """What the page's references stand for."""
    return "\n".join(line for line in PAGE.path.read_text().splitlines() if re.match(r"\[[^]]+\]: ", line))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:50])
def test_each_row_of_the_errors_has_a_source(row: list[str]) -> None:
    assert len(row) == 4
    assert all(row)
    assert source_of(row[3]) is not None


def test_a_file_that_is_named_as_a_source_has_the_words() -> None:
    for row in ROWS:
        found = source_of(row[3])
        if found is not None and "://" not in found:
            words = page_of(row[0], path=PAGE.path).spans[0].partition(", ")[2]
            assert words in " ".join((ROOT / found).read_text().split())


def test_every_table_of_the_errors_of_others_has_the_column() -> None:
    text = PAGE.path.read_text()
    errors = text[text.index("\n## Google's errors") : text.index("\n### The deployer's quota project")]
    tables = page_of(errors, path=PAGE.path).tables
    assert [table.rows[0][1:] for table in tables] == [HEAD] * len(tables)
    assert len(ROWS) >= FEWEST_ROWS


@pytest.mark.parametrize("cell", ["", "Google", "[nowhere]", "[x](http://example.com/)", "`tests/no_such_file.py`"])
def test_what_is_no_source_is_found(cell: str) -> None:
    assert source_of(cell) is None
