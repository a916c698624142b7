"""Which protected columns a statement reads. When in doubt, it reads them.

A query's columns are resolved against the tables' schemas, stars written out. What can't be resolved so (a whole row as
a value, a pivoted table) counts as reading all of a table. Statements that change rows are judged by the columns that
they name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from federation_emulator.services.bigquery.model import TableName
from federation_emulator.services.bigquery.sql.errors import UnreadableSqlError
from federation_emulator.services.bigquery.sql.names import Home, name_of, tables_in
from federation_emulator.services.bigquery.sql.parsing import parse
from federation_emulator.services.bigquery.sql.writing import write

if TYPE_CHECKING:
    from sqlglot import exp

    from federation_emulator.services.bigquery.sql.tasks import FindProtected

Column = tuple[TableName, str]


def find_protected(task: FindProtected) -> list[Column]:
    """List the protected columns, in lower case, that a statement reads, or may read. It was understood before.

    Raises:
        UnreadableSqlError: Its columns can't be resolved.
    """
    from sqlglot import exp

    writing = task.writing
    written = write(task.sql, writing).statements
    schemas = {each.table: tuple(name for name, _ in each.columns) for each in task.columns}
    tree, home = parse(written[0]).tree, Home(project=writing.project)
    named = {name for name in (name_of(table, home) for table in tables_in(tree)) if isinstance(name, TableName)}
    candidates = frozenset(column for column in task.protected if column[0] in named)
    if not candidates or isinstance(tree, exp.Drop | exp.Alter | exp.TruncateTable):
        return []
    query = _query(tree)
    if query is None:
        # What INSERT names of its target it writes, and doesn't read.
        values = tree.args.get("expression") if isinstance(tree, exp.Insert) and not tree.args.get("with_") else None
        mentioned = _mentioned(values or tree)
        return sorted(column for column in candidates if mentioned is None or column[1] in mentioned)
    return sorted(set(_resolved(query, home, schemas, candidates)))


def _query(tree: exp.Expression) -> exp.Query | None:
    """Return the query whose columns are all that is read; ``None`` if there is none of that kind."""
    from sqlglot import exp

    if isinstance(tree, exp.Query):
        return tree
    inner = tree.args.get("expression") if isinstance(tree, exp.Create | exp.Insert) else None
    return inner if isinstance(inner, exp.Query) and not tree.args.get("with_") else None


def _mentioned(tree: exp.Expression) -> set[str] | None:
    """Return every name in a statement, in lower case; ``None`` if it may mean columns that it doesn't name."""
    from sqlglot import exp

    if isinstance(tree, exp.Create | exp.Merge) or tree.find(exp.Star, exp.TableColumn, exp.Pivot):
        return None
    names = {identifier.name.lower() for identifier in tree.find_all(exp.Identifier)}
    rows = {table.alias_or_name.lower() for table in tree.find_all(exp.Table)}
    loose = {column.name.lower() for column in tree.find_all(exp.Column) if not column.table}
    return None if rows & loose else names


def _resolved(
    query: exp.Query, home: Home, schemas: Mapping[TableName, tuple[str, ...]], candidates: frozenset[Column]
) -> Iterator[Column]:
    from sqlglot import exp

    qualified = _qualified(query, home, schemas)
    sources: dict[str, set[TableName]] = {}
    for table in tables_in(qualified):
        name = name_of(table, home)
        if isinstance(name, TableName):
            sources.setdefault(table.alias_or_name.lower(), set()).add(name)
            if table.args.get("pivots"):
                yield from (column for column in candidates if column[0] == name)
    for row in qualified.find_all(exp.TableColumn):
        yield from (column for column in candidates if column[0] in sources.get(row.name.lower(), set()))
    for node in qualified.find_all(exp.Column):
        tables = sources.get(node.table.lower(), set())
        for column in candidates:
            whole = isinstance(node.this, exp.Star) and column[0] in tables
            named = node.name.lower() == column[1] and (column[0] in tables or not node.table)
            # A bare name that is a source's stands for its whole row.
            row_value = not node.table and column[0] in sources.get(node.name.lower(), set())
            if whole or named or row_value:
                yield column
    for star in qualified.find_all(exp.Star):
        if not isinstance(star.parent, exp.Count | exp.Column):
            yield from candidates


def _qualified(query: exp.Query, home: Home, schemas: Mapping[TableName, tuple[str, ...]]) -> exp.Query:
    from sqlglot.errors import SqlglotError
    from sqlglot.optimizer.qualify import qualify

    tree: dict[str, Any] = {}
    for table, columns in schemas.items():
        of_dataset = tree.setdefault(table.project, {}).setdefault(table.dataset, {})
        of_dataset[table.table] = dict.fromkeys(columns, "UNKNOWN")
    try:
        return qualify(query.copy(), dialect="bigquery", schema=tree, catalog=home.project, quote_identifiers=False)
    except (SqlglotError, RecursionError) as problem:
        raise UnreadableSqlError(
            "every column must be found in a table, since some are protected by policy tags",
            f"one that can't be resolved ({problem!s:.120})",
        ) from problem
