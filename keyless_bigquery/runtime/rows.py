"""The rows of a query, taken page by page."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TextIO

from google.cloud.bigquery import SchemaField

from keyless_bigquery.runtime.errors import QueryError
from keyless_bigquery.runtime.pages import Pages
from keyless_bigquery.runtime.printable import one_line
from keyless_bigquery.runtime.values import Form, row_converter

BLOCK_ROWS = 100
"""Rows that are written at once. Lambda's standard output is flushed at each write."""

Row = Mapping[str, Any]
"""A row's values by the names of its columns."""


class Rows:
    """What a query found: iterated, a mapping for each row, from the names of the columns to Python values.

    It is read once, in one of the ways below, and holds a page or two of a megabyte or two in memory, however many rows
    there are. :mod:`keyless_bigquery.runtime.values` has a table of the values, in Python, in JSON and printed.

    Raises, from everything that reads:
        keyless_bigquery.runtime.errors.QueryError: The rows were read before, can't be read, or are not all there.
        Exception: As :meth:`keyless_bigquery.runtime.bigquery_client.BigQueryReader.query`.
    """

    def __init__(self, schema: Sequence[SchemaField], pages: Pages) -> None:
        self._schema = tuple(schema)
        self._pages: Pages | None = pages

    @property
    def schema(self) -> tuple[SchemaField, ...]:
        """The result's columns, as BigQuery's client describes them."""
        return self._schema

    def __iter__(self) -> Iterator[Row]:
        return self._read("python")

    def to_json(self) -> list[dict[str, Any]]:
        """All rows, as values that a function may return, or ``json.dumps`` take. All are in memory at once."""
        return list(self.iter_json())

    def iter_json(self) -> Iterator[dict[str, Any]]:
        """The same, a row at a time."""
        return self._read("json")

    def batches(self, rows: int = 1_000) -> Iterator[list[Row]]:
        """The rows in lists, to be handed on.

        Args:
            rows: How many a list holds; the last may hold fewer.
        """
        if rows < 1:
            raise QueryError(
                f"a batch holds at least one row, and {rows} were asked for", "the function's call of batches()"
            )
        left = iter(self)
        while batch := list(itertools.islice(left, rows)):
            yield batch

    def print(self) -> None:
        """Prints the rows to the function's log, as :func:`print_rows` does, each value in its printed form."""
        print_rows(self._read("printed"), sys.stdout)

    def _read(self, form: Form) -> Iterator[dict[str, Any]]:
        if self._pages is None:
            raise QueryError(
                "the rows of a result come once, and were read before",
                "the function; keep them in a list, or run the query again",
            )
        pages, self._pages = self._pages, None
        convert = row_converter(self._schema, form)
        return itertools.chain.from_iterable(map(convert, page) for page in pages)


def print_rows(rows: Iterable[Row], out: TextIO) -> None:
    """Prints rows as they come, as ``column=value`` joined by commas; none is kept.

    One row is one line: what a value holds can't end it, and so can't look like a line of the function's or Lambda's.
    """
    lines = (one_line(", ".join(f"{name}={value}" for name, value in row.items())) + "\n" for row in rows)
    while block := "".join(itertools.islice(lines, BLOCK_ROWS)):
        out.write(block)
