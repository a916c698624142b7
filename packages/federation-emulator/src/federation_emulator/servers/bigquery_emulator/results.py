"""The results of queries, kept for the pages that follow the first, within bounds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from federation_emulator.servers.bigquery_emulator.values import Kind, ValueFormat, unique_names

MOST_RESULTS = 500
MOST_PAGE_BYTES = 10 * 1024 * 1024
"""A page has at most so many bytes of rows, as they are held (Google, "Paging through table data": 10 MB)."""

MOST_BYTES = 512 * 1024 * 1024
"""All results together; the oldest are forgotten first."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a statement left behind.

    Attributes:
        table: Its rows, an Arrow table; without columns for a statement that has none.
        affected: How many rows it changed; ``None`` for one that changes none.
        scans: Schema and name of each table that its plan scanned.
        kinds: The types of its columns.
    """

    table: Any
    kinds: tuple[Kind, ...] = ()
    affected: int | None = None
    scans: frozenset[tuple[str, ...]] = frozenset()

    def page(self, start: int, most: int, how: ValueFormat) -> dict[str, Any]:
        """Write a page of it as the REST API does: so many rows at most, fewer where they are large."""
        if self.table.nbytes:
            most = min(most, max(1, MOST_PAGE_BYTES * self.table.num_rows // self.table.nbytes))
        rows = write_rows(self.table.slice(start, most), self.kinds, how)
        names = unique_names(self.table.column_names)
        total = self.table.num_rows if self.table.num_columns else 0
        following = start + len(rows)
        return {
            "schema": {"fields": [kind.field(name) for name, kind in zip(names, self.kinds, strict=True)]},
            "rows": rows,
            "totalRows": str(total),
            **({"pageToken": str(following)} if following < total else {}),
            **({} if self.affected is None else {"numDmlAffectedRows": str(self.affected)}),
        }


def write_rows(table: Any, kinds: Iterable[Kind], how: ValueFormat) -> list[dict[str, Any]]:  # noqa: ANN401  (Arrow's)
    """Write an Arrow table's rows as the REST API does."""
    columns = [list(map(kind.one(how), column.to_pylist())) for kind, column in zip(kinds, table.columns, strict=True)]
    return [{"f": [{"v": value} for value in row]} for row in zip(*columns, strict=True)]


class Results:
    """Results by job."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Result] = OrderedDict()

    def get(self, job: str) -> Result | None:
        """Return a job's result; ``None`` if there is none, or none any more."""
        return self._known.get(job)

    def keep(self, job: str, result: Result) -> None:
        """Keep a job's result, and forget the oldest ones beyond the bounds."""
        self._known[job] = result
        while len(self._known) > 1 and (
            len(self._known) > MOST_RESULTS or sum(kept.table.nbytes for kept in self._known.values()) > MOST_BYTES
        ):
            self._known.popitem(last=False)
