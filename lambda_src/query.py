"""What the function is for: the rows of one table, printed."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TextIO

from lambda_src.printable import one_line

Rows = Iterable[Sequence[Any]]
"""Each row's values, in the order in which the query names its columns."""

BLOCK_ROWS = 100
"""Rows that are written at once. Lambda's standard output is flushed at each write."""


def rows_query(table: str, columns: Sequence[str]) -> str:
    """The query for the rows of ``table``.

    Args:
        table: ``project.dataset.table``, as :class:`lambda_src.environment.Environment` checked it: it holds nothing
            that would end the quotes.
        columns: What to select, at least one, checked in the same way.
    """
    selected = ", ".join(f"`{column}`" for column in columns)
    return f"SELECT {selected} FROM `{table}`"  # noqa: S608 - checked, and names can't be parameters


def print_rows(run: Callable[[str], Rows], *, table: str, columns: Sequence[str], out: TextIO | None = None) -> None:
    """Prints the heading, then the rows as they come, as ``column=value`` joined by commas; none is kept.

    One row is one line: what a value holds can't end it, and so can't look like a line of the function's or Lambda's.

    Args:
        run: Runs a query and gives its rows.
        table: As for :func:`rows_query`.
        columns: As for :func:`rows_query`.
        out: Where to print; ``None``: standard output, which is the function's log.
    """
    stream = out or sys.stdout
    rows = run(rows_query(table, columns))
    stream.write("The query data:\n")
    lines = (
        one_line(", ".join(f"{column}={row[place]}" for place, column in enumerate(columns))) + "\n" for row in rows
    )
    while block := "".join(itertools.islice(lines, BLOCK_ROWS)):
        stream.write(block)
