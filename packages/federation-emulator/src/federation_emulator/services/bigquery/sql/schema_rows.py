"""The rows of a view of ``INFORMATION_SCHEMA`` as a query of plain values, from what the emulator writes for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from federation_emulator.services.bigquery.sql.errors import UnreadableSqlError
from federation_emulator.services.bigquery.sql.lexing import Literals, is_plain

if TYPE_CHECKING:
    from sqlglot import exp


def rows_query(text: str, literals: Literals, *, location: str = "") -> exp.Query:
    """Make a query that has the rows.

    Args:
        text: What the emulator writes: VALUES with an alias for its columns, or columns of NULL without a row.
        literals: Takes the strings that are more than plain characters, by marker.
        location: Only rows of this location; empty for all.

    Raises:
        UnreadableSqlError: It has anything but values.
    """
    import sqlglot
    from sqlglot import exp

    try:
        # Quotes are doubled in it, as DuckDB and no BigQuery reads them.
        tree = sqlglot.parse_one(text, read="duckdb")
    except sqlglot.errors.SqlglotError as problem:
        raise _unknown("text that can't be read") from problem
    values = tree.find(exp.Values)
    alias = values.args.get("alias") if values is not None else None
    names = [column.name for column in alias.columns] if isinstance(alias, exp.TableAlias) else []
    rows = [dict(zip(names, row.expressions, strict=True)) for row in values.expressions] if values is not None else []
    if location:
        rows = [row for row in rows if row["location"].name.casefold() == location.casefold()]
    if not rows:
        empty = tree.find(exp.Subquery) if values is None else None
        columns = [column.alias for column in empty.this.selects] if empty is not None else names
        return exp.select(*(_column(exp.null(), name, literals) for name in columns)).where("FALSE")
    arms = [exp.select(*(_column(cell, name, literals) for name, cell in row.items())) for row in rows]
    query: exp.Query = arms[0]
    for arm in arms[1:]:
        query = exp.union(query, arm, distinct=False)
    return query


def _column(cell: exp.Expr, name: str, literals: Literals) -> exp.Expr:
    from sqlglot import exp

    times = {exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPNTZ, exp.DataType.Type.TIMESTAMPTZ}
    timed = isinstance(cell, exp.Cast) and cell.to.this in times
    value = (cell.this if timed else cell).copy()
    if not isinstance(value, exp.Literal | exp.Null | exp.Boolean):
        raise _unknown(type(cell).__name__)
    if isinstance(value, exp.Literal) and value.is_string and not is_plain(str(value.this)):
        marker = f"kpl{len(literals)}"
        literals[marker] = str(value.this)
        value = exp.Literal.string(marker)
    if timed or isinstance(value, exp.Null):
        # The others have their type by themselves.
        value = exp.cast(value, "TIMESTAMP" if timed else "STRING", dialect="bigquery")
    return exp.alias_(value, name, quoted=True)


def _unknown(what: str) -> UnreadableSqlError:
    return UnreadableSqlError("a view of INFORMATION_SCHEMA has rows of plain values", what)
