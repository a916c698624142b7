"""The rows of a query, taken page by page."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TextIO

from google.cloud.bigquery.table import RowIterator

from keyless_bigquery.runtime.printable import one_line

BLOCK_ROWS = 100
"""Rows that are written at once. Lambda's standard output is flushed at each write."""

Row = Mapping[str, Any]
"""A row's values by the names of its columns."""


class Rows:
    """What a query found. It is read once, from the first row to the last, and one page is in memory at a time.

    Args:
        found: The client's iterator.
    """

    def __init__(self, found: RowIterator) -> None:
        self._found = found

    def __iter__(self) -> Iterator[Row]:
        for batch in self.batches():
            yield from batch

    def batches(self) -> Iterator[Sequence[Row]]:
        """The rows, as many at a time as came in one page."""
        for page in self._found.pages:
            yield [dict(row.items()) for row in page]
            # The client keeps a page until it has the next one, so there would be two in memory.
            page.raw_page.get("rows", []).clear()

    def print(self) -> None:
        """Prints the rows to the function's log, as :func:`print_rows` does."""
        print_rows(self, sys.stdout)


def print_rows(rows: Iterable[Row], out: TextIO) -> None:
    """Prints rows as they come, as ``column=value`` joined by commas; none is kept.

    One row is one line: what a value holds can't end it, and so can't look like a line of the function's or Lambda's.

    Args:
        rows: The rows.
        out: Where to print.
    """
    lines = (one_line(", ".join(f"{name}={value}" for name, value in row.items())) + "\n" for row in rows)
    while block := "".join(itertools.islice(lines, BLOCK_ROWS)):
        out.write(block)
