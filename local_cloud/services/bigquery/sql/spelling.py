"""A statement as the warehouse is told it: every name whole, and nothing that it would read otherwise than we do.

The warehouse expands wildcard tables, ``INFORMATION_SCHEMA``, ``RANGE_SESSIONIZE`` and ``NUMERIC '1'`` by patterns over
the text, in strings and comments too, and from one string into the next. So a statement with more than the simplest of
those goes to it as it was understood, written anew from the tree.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from local_cloud.services.bigquery.model import DatasetName, TableName
from local_cloud.services.bigquery.sql.errors import UnreadableSqlError
from local_cloud.services.bigquery.sql.names import Home, SchemaView, Wildcard, name_of, tables_in
from local_cloud.services.bigquery.sql.parsing import parse

if TYPE_CHECKING:
    from sqlglot import exp

_PLAIN_LITERAL = re.compile(r"[^'\"`\\;#\n\r]*")
_EXPANDED = re.compile(r"(?:FROM|JOIN)\s+[^\s,()]*\*", re.IGNORECASE)
_SCHEMA = re.compile(r"INFORMATION_SCHEMA", re.IGNORECASE)
_REWRITTEN = re.compile(r"RANGE_SESSIONIZE|NUMERIC\s+['\"]", re.IGNORECASE)
"""Never there in a statement that was written anew: typed literals have become casts."""

_SUFFIX = "_TABLE_SUFFIX"

Matched = tuple[tuple[Wildcard, tuple[TableName, ...]], ...]
"""The tables that each wildcard table stands for now."""


@lru_cache(maxsize=128)
def spell(sql: str, *, project: str, default: DatasetName | None = None, matched: Matched = ()) -> str:
    """Write a statement that was understood for the warehouse.

    Args:
        sql: The statement.
        project: The project that a two-part table name belongs to.
        default: The dataset that a one-part table name belongs to.
        matched: What the statement's wildcard tables stand for.

    Raises:
        UnreadableSqlError: However it is written, the warehouse would read something else in it.
    """
    tree = parse(sql)
    home = Home(project=project, dataset=default)
    nodes = list(tables_in(tree))
    names = [name_of(node, home) for node in nodes]
    special = default is not None or not all(isinstance(name, TableName) for name in names)
    if not special and _reads_the_same(sql):
        return sql
    stands_for = dict(matched)
    suffixed = any(column.name.upper() == _SUFFIX for column in _columns(tree))
    for node, name in zip(nodes, names, strict=True):
        if isinstance(name, Wildcard):
            _check_bare(node, name)
            node.replace(_union(stands_for[name], name, node, suffixed=suffixed))
        elif isinstance(name, SchemaView):
            _qualify(node, name.project, name.dataset.dataset if name.dataset else "", quoted=False)
        elif default is not None:
            _qualify(node, name.project, name.dataset, quoted=True)
    try:
        written = tree.sql(dialect="bigquery", comments=False)
    except RecursionError as problem:
        raise UnreadableSqlError("a statement has a depth that can be written", "too many levels") from problem
    views = sum(isinstance(name, SchemaView) for name in names)
    if len(_SCHEMA.findall(written)) != views or _EXPANDED.search(written) or _REWRITTEN.search(written):
        raise UnreadableSqlError(
            "strings and names must not look like a wildcard table, INFORMATION_SCHEMA, RANGE_SESSIONIZE or a NUMERIC",
            "one that the local warehouse would expand",
        )
    return written


def _reads_the_same(sql: str) -> bool:
    """Say whether the text holds nothing that a pattern could find in the wrong place."""
    import sqlglot
    from sqlglot.tokenizer_core import TokenType

    tokens = sqlglot.tokenize(sql, read="bigquery")
    quoted = (token for token in tokens if token.token_type not in {TokenType.VAR, TokenType.NUMBER})
    return (
        not any(token.comments for token in tokens)
        and "--" not in sql
        and "/*" not in sql
        and not _EXPANDED.search(sql)
        and not _SCHEMA.search(sql)
        and not _REWRITTEN.search(sql)
        and all(_PLAIN_LITERAL.fullmatch(token.text) for token in quoted if token.text != ";")
    )


def _columns(tree: exp.Expression) -> list[exp.Column]:
    from sqlglot import exp

    return list(tree.find_all(exp.Column))


def _qualify(node: exp.Table, project: str, dataset: str, *, quoted: bool) -> None:
    """Write a node's whole name. A view of ``INFORMATION_SCHEMA`` the warehouse knows only without quotes."""
    from sqlglot import exp

    node.set("catalog", exp.to_identifier(project, quoted=True))
    node.set("db", exp.to_identifier(dataset, quoted=True) if dataset else exp.to_identifier("region-us", quoted=True))
    node.this.set("quoted", quoted)


def _check_bare(node: exp.Table, wildcard: Wildcard) -> None:
    more = [key for key, value in node.args.items() if value and key not in {"this", "db", "catalog", "alias"}]
    if more:
        raise UnreadableSqlError("a wildcard table stands by itself", f"{wildcard} with {more[0]}")


def _union(tables: tuple[TableName, ...], wildcard: Wildcard, node: exp.Table, *, suffixed: bool) -> exp.Expression:
    """Write a wildcard table out: the union of its tables, with the rest of each name if that is asked for."""
    from sqlglot import exp

    arms = []
    for table in tables:
        star: list[exp.Expr] = [exp.Star()]
        if suffixed:
            rest = exp.Literal.string(table.table[len(wildcard.prefix) :])
            star.append(exp.alias_(rest, _SUFFIX))
        source = exp.table_(table.table, db=table.dataset, catalog=table.project, quoted=True)
        arms.append(exp.select(*star).from_(source))
    union: exp.Query = arms[0]
    for arm in arms[1:]:
        union = exp.union(union, arm, distinct=False)
    return union.subquery(node.alias or None)
