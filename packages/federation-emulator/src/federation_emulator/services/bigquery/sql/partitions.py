"""Which tables a statement reads without the partition filter that they require. When in doubt, it has none.

A filter is a predicate on the partitioning column alone, compared with constants: in WHERE, in the ON of a join that
drops rows without it, or around a subquery, an entry of WITH or a view from which the column comes unchanged.

Sources: Google, "Query partitioned tables" ("Use a constant expression in the filter", "Isolate the partition column in
your filter", "Require a partition filter in queries": ``WHERE partition_id = "20221231" OR f = "20221130"`` is not
sufficient); "Using DML with partitioned tables"; public reports (a filter around a window function doesn't count).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from federation_emulator.services.bigquery.ids import INGESTION_COLUMNS
from federation_emulator.services.bigquery.model import TableName
from federation_emulator.services.bigquery.sql.definitions import copied_table
from federation_emulator.services.bigquery.sql.errors import UnreadableSqlError
from federation_emulator.services.bigquery.sql.names import Home, name_of, tables_in
from federation_emulator.services.bigquery.sql.parsing import parse
from federation_emulator.services.bigquery.sql.predicates import (
    conjuncts,
    filters,
    moved,
    of_joins,
    on_source,
    passed_columns,
)
from federation_emulator.services.bigquery.sql.writing import write

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.optimizer.scope import Scope

    from federation_emulator.services.bigquery.sql.tasks import FindUnfiltered

_MOST_VISITS = 2_000
"""Subqueries that are looked at, an entry of WITH once for each place that names it."""


def find_unfiltered(task: FindUnfiltered) -> list[TableName]:
    """List the tables that a statement reads without their filter. The statement was understood before.

    Raises:
        UnreadableSqlError: Its tables and columns can't be resolved.
    """
    from sqlglot import exp

    home = Home(project=task.writing.project)
    views = {view.table: (view.sql, view.writing) for view in task.views}
    columns = {table: frozenset(_plain(name).lower() for name in names) for table, names in task.partitioned}
    query = None if _copies(parse(task.sql).tree) else _query(parse(write(task.sql, task.writing).statements[0]).tree)
    if query is None:
        return []
    _expand(query, home, views, ())
    for column in query.find_all(exp.Column):
        column.this.set("this", _plain(column.name))
    schema: dict[str, Any] = {}
    for each in task.columns:
        names = [*(name for name, _ in each.columns), *(map(_plain, INGESTION_COLUMNS) if each.ingestion else ())]
        if not names:
            continue  # it isn't there
        name = each.table
        schema.setdefault(name.project, {}).setdefault(name.dataset, {})[name.table] = dict.fromkeys(names, "UNKNOWN")
    return sorted(_Search(home, columns).search(_qualified(query, schema, home)))


def _plain(name: str) -> str:
    """Write a pseudo column as one that is resolved like any other; no column of a user's has such a name."""
    return f"{name}_OF_ROW" if name.upper() in INGESTION_COLUMNS else name


def _copies(tree: exp.Expression) -> bool:
    """Say whether a statement copies a table whole, or makes a view: that needs no filter."""
    from sqlglot import exp

    of_view = isinstance(tree, exp.Create) and str(tree.args.get("kind")).upper() == "VIEW"
    return of_view or copied_table(tree) is not None


def _query(tree: exp.Expression) -> exp.Query | None:
    """Write what a statement reads as a query; ``None`` if it reads no table's rows."""
    from sqlglot import exp

    tree = tree.copy()
    if isinstance(tree, exp.Query):
        return tree
    if isinstance(tree, exp.Insert | exp.Create):
        inner = tree.args.get("expression")
        if not isinstance(inner, exp.Query):
            return None
        if clause := tree.args.get("with_"):
            inner.set("with_", clause.pop())
        return inner
    if not isinstance(tree, exp.Update | exp.Delete | exp.Merge):
        return None
    query = exp.select("1").from_(tree.this.copy())
    if isinstance(tree, exp.Merge):
        query = query.join(tree.args["using"].copy(), on=tree.args["on"].copy())
    for source in _sources(tree):
        query = query.join(source.copy(), join_type="cross")
    if (where := tree.args.get("where")) is not None:
        query.set("where", where.copy())
    # Subqueries in what is written read too.
    written = [*tree.expressions, *([tree.args["whens"]] if tree.args.get("whens") else [])]
    inner = [each for part in written for each in part.find_all(exp.Subquery, exp.Exists) if not _is_inside(each)]
    return query.select(*(each.copy() for each in inner))


def _sources(tree: exp.Expression) -> Iterator[exp.Expr]:
    clause = tree.args.get("from_") or tree.args.get("using") if tree.key == "update" else None
    if clause is not None:
        yield clause.this


def _is_inside(node: exp.Expr) -> bool:
    from sqlglot import exp

    return node.find_ancestor(exp.Subquery, exp.Exists) is not None


def _expand(tree: exp.Expr, home: Home, views: Mapping[TableName, Any], within: tuple[TableName, ...]) -> None:
    """Write each view's query in its place."""
    for node in list(tables_in(tree)):
        name = name_of(node, home)
        if not isinstance(name, TableName) or name not in views or name in within:
            continue
        sql, writing = views[name]
        selected = parse(write(sql, writing).statements[0]).tree.copy()
        _expand(selected, home, views, (*within, name))
        node.replace(selected.subquery(node.alias or name.table))  # type: ignore[attr-defined]  # a view is a query


def _qualified(query: exp.Query, schema: dict[str, Any], home: Home) -> exp.Expr:
    from sqlglot.errors import SqlglotError
    from sqlglot.optimizer.qualify import qualify

    try:
        return qualify(
            query,
            dialect="bigquery",
            schema=schema,
            catalog=home.project,
            quote_identifiers=False,
            validate_qualify_columns=False,
        )
    except (SqlglotError, RecursionError) as problem:
        raise UnreadableSqlError(
            "every column must be found in a table, since one requires a partition filter",
            f"one that can't be resolved ({problem!s:.120})",
        ) from problem


class _Search:
    """One search through a query and what is inside it."""

    def __init__(self, home: Home, columns: Mapping[TableName, frozenset[str]]) -> None:
        self._home = home
        self._columns = columns
        self._found: set[TableName] = set()
        self._visits = 0

    def search(self, query: exp.Expr) -> set[TableName]:
        from sqlglot.optimizer.scope import build_scope

        root = build_scope(query)
        if root is None:
            return set(self._columns)
        self._visit(root, [], ())
        return self._found

    def _visit(self, scope: Scope, around: list[exp.Expr], within: tuple[int, ...]) -> None:
        """Look at a query, around which are predicates on its columns, named without a table."""
        from sqlglot import exp

        self._visits += 1
        if id(scope) in within or self._visits > _MOST_VISITS:
            if self._visits > _MOST_VISITS:
                self._found |= set(self._columns)
            return
        within = (*within, id(scope))
        query: exp.Expr = scope.expression
        for inner in scope.subquery_scopes:
            self._visit(inner, [], within)
        if isinstance(query, exp.SetOperation):
            for arm in scope.union_scopes:
                selected = arm.expression.named_selects if isinstance(arm.expression, exp.Query) else []
                places = dict(zip(query.named_selects, map(exp.column, selected), strict=False))
                self._visit(arm, list(moved(around, places)), within)
            return
        if not isinstance(query, exp.Select):
            for each in scope.table_scopes:
                self._visit(each, [], within)
            return
        around = list(moved(around, passed_columns(query)))
        where = query.args.get("where")
        everywhere = [*around, *(conjuncts(where.this) if where else ())]
        for alias, (node, source) in scope.selected_sources.items():
            predicates = [*everywhere, *of_joins(query, alias)]
            if not isinstance(source, exp.Table):
                if not source.is_udtf:
                    self._visit(source, list(on_source(predicates, alias)), within)
                continue
            name = name_of(source, self._home)
            columns = self._columns.get(name) if isinstance(name, TableName) else None
            if columns and (node.args.get("pivots") or not any(filters(each, alias, columns) for each in predicates)):
                self._found.add(name)  # type: ignore[arg-type]  # columns are known of plain tables only
