"""What a SQL statement reads and writes, by BigQuery's grammar. Pure.

sqlglot parses; whatever isn't understood here is refused, never forwarded: scripts, procedures, table functions,
``INFORMATION_SCHEMA``, wildcard tables, unqualified tables, statement kinds and functions that aren't listed. A
refusal is a bother; a table read past the policy would be a lie.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from local_cloud.permissions import GET_DATA, UPDATE_DATA
from local_cloud.services.bigquery.model import TableName

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlglot import exp

MOST_SQL_CHARACTERS = 256 * 1024
MOST_KEPT = 128
"""Statements that are remembered: what one reads depends on its text and the project alone."""

_PROJECT = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
_DATASET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]{0,1023}")
_TABLE = re.compile(r"[^\W][\w -]{0,1023}")
_PLAIN_FUNCTIONS = frozenset(
    name
    for line in (
        "ERROR TO_HEX FROM_HEX FORMAT_DATE FORMAT_TIMESTAMP FORMAT_DATETIME PARSE_DATE PARSE_TIMESTAMP NORMALIZE",
        "NORMALIZE_AND_CASEFOLD BIT_COUNT CONTAINS_SUBSTR SAFE_ADD SAFE_SUBTRACT SAFE_MULTIPLY SAFE_NEGATE",
        "GENERATE_UUID RANGE_BUCKET TO_CODE_POINTS CODE_POINTS_TO_STRING IEEE_DIVIDE",
    )
    for name in line.split()
)


class UnreadableSqlError(Exception):
    """The statement can't be understood well enough to know what it reads.

    Attributes:
        rule: What was expected of it.
        saw: What it has instead.
    """

    def __init__(self, rule: str, saw: str, *, text: str = "") -> None:
        super().__init__(text or f"Not understood by the local gateway: {rule}; the statement has {saw}.")
        self.rule = rule
        self.saw = saw


@dataclass(frozen=True, kw_only=True)
class Need:
    """A permission that a statement needs: on a table, a dataset (no table) or the project (neither)."""

    permission: str
    dataset: str = ""
    table: TableName | None = None


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What one statement does.

    Attributes:
        kind: BigQuery's name for it, for example ``SELECT`` or ``CREATE_VIEW``.
        reads: The tables and views whose rows it reads, sorted, each once. Views are not resolved.
        needs: The other permissions it needs.
        view: The view that it creates.
        view_query: What that view selects.
        drops: The table or view that it drops.
        creates: The table or view that it creates.
        fresh: What it creates can't have been there before.
        schema: The dataset that it creates or drops.
    """

    kind: str
    reads: tuple[TableName, ...]
    needs: tuple[Need, ...] = field(default=())
    view: TableName | None = None
    view_query: str = ""
    drops: TableName | None = None
    creates: TableName | None = None
    fresh: bool = False
    schema: str = ""

    @property
    def writes(self) -> bool:
        """Whether it can change anything."""
        return self.kind != "SELECT"


@lru_cache(maxsize=MOST_KEPT)
def analyse(sql: str, *, project: str) -> Statement:
    """Find out what a statement reads and writes.

    Args:
        sql: One statement of GoogleSQL.
        project: The project that a two-part table name belongs to.

    Raises:
        UnreadableSqlError: It can't be parsed, or has something that isn't understood here.
    """
    tree = _parse(sql)
    from sqlglot import exp

    _check_functions(tree)
    if isinstance(tree, exp.Query):
        if tree.args.get("into") is not None:
            raise UnreadableSqlError("a query must only read", "SELECT INTO")
        return Statement(kind="SELECT", reads=_reads(tree, (), project))
    if isinstance(tree, exp.Create):
        return _create(tree, project)
    if isinstance(tree, exp.Drop):
        return _drop(tree, project)
    kinds: dict[type[exp.Expression], tuple[str, tuple[str, ...]]] = {
        exp.Insert: ("INSERT", (UPDATE_DATA,)),
        exp.Update: ("UPDATE", (UPDATE_DATA, GET_DATA)),
        exp.Delete: ("DELETE", (UPDATE_DATA, GET_DATA)),
        exp.Merge: ("MERGE", (UPDATE_DATA, GET_DATA)),
        exp.Alter: ("ALTER_TABLE", ("bigquery.tables.update", "bigquery.tables.get")),
        exp.TruncateTable: ("TRUNCATE_TABLE", (UPDATE_DATA, GET_DATA)),
    }
    kind, permissions = kinds.get(type(tree), ("", ()))
    if not kind or (isinstance(tree, exp.Alter) and not _plain_alter(tree)):
        raise UnreadableSqlError("only queries, DML and simple DDL are offered", f"a {type(tree).__name__} statement")
    target = _target(tree.expressions[0] if isinstance(tree, exp.TruncateTable) else tree.this)
    name = _name(target, project)
    return Statement(
        kind=kind,
        reads=_reads(tree, (target,), project),
        needs=tuple(Need(permission=permission, table=name) for permission in permissions),
    )


def _parse(sql: str) -> exp.Expression:
    # Imported here: it takes a third of a second, which only a server that meets SQL should pay.
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import ErrorLevel, SqlglotError
    from sqlglot.tokenizer_core import TokenType

    if len(sql) > MOST_SQL_CHARACTERS:
        raise UnreadableSqlError(f"a statement has at most {MOST_SQL_CHARACTERS} characters", f"{len(sql)}")
    try:
        tokens = sqlglot.tokenize(sql, read="bigquery")
        parsed = sqlglot.parse(sql, read="bigquery", error_level=ErrorLevel.RAISE)
    except (SqlglotError, RecursionError, ValueError) as problem:
        raise UnreadableSqlError("the statement must be GoogleSQL", f"a syntax error: {problem!s:.200}") from problem
    trees = [tree for tree in parsed if tree is not None]
    if len(trees) != 1:
        raise UnreadableSqlError("exactly one statement is offered, not a script", f"{len(trees)} statements")
    tree = trees[0]
    # The parser turns a correlated "FROM t AS a, a.b" into UNNEST(a.b); if `a` is also a dataset, what is read
    # would depend on who resolves the name. Only a written UNNEST is accepted.
    written = sum(token.token_type is TokenType.UNNEST for token in tokens)
    if written < len(list(tree.find_all(exp.Unnest))):
        raise UnreadableSqlError("an array in FROM must be written with UNNEST", "an array named like a table")
    if not isinstance(tree, exp.Expression):
        raise UnreadableSqlError("a statement was expected", type(tree).__name__)
    return tree


def _check_functions(tree: exp.Expression) -> None:
    from sqlglot import exp

    for function in tree.find_all(exp.Anonymous, exp.AnonymousAggFunc):
        if function.name.upper() not in _PLAIN_FUNCTIONS:
            raise UnreadableSqlError("only built-in functions are offered", f"a call of {function.name[:60]}")
    for dot in tree.find_all(exp.Dot):
        if isinstance(dot.expression, exp.Func) and dot.this.name.upper() != "SAFE":
            raise UnreadableSqlError("only built-in functions are offered", f"a call of {dot.sql()[:60]}")
    for reader in tree.find_all(exp.ReadCSV, exp.ReadParquet, exp.Command):
        raise UnreadableSqlError("only tables are read", f"{type(reader).__name__}")


def _create(tree: exp.Create, project: str) -> Statement:
    from sqlglot import exp

    kind, replace = str(tree.args.get("kind")).upper(), bool(tree.args.get("replace"))
    properties = tree.args.get("properties")
    harmless = (exp.SchemaCommentProperty, exp.PartitionedByProperty, exp.Cluster, exp.LikeProperty, exp.Property)
    # Exact types: EXTERNAL, TEMP and MATERIALIZED are subclasses of Property.
    odd = [p for p in (properties.expressions if properties else []) if type(p) not in harmless]
    if kind not in {"TABLE", "VIEW", "SCHEMA"} or odd:
        named = type(odd[0]).__name__ if odd else kind
        raise UnreadableSqlError("CREATE is offered for plain tables, views and schemas", named)
    if kind == "SCHEMA":
        dataset = _dataset(tree.this, project)
        need = Need(permission="bigquery.datasets.create")
        return Statement(kind="CREATE_SCHEMA", reads=(), needs=(need,), schema=dataset)
    target = _target(tree.this)
    name = _name(target, project)
    needs = [Need(permission="bigquery.tables.create", dataset=name.dataset)]
    if replace:
        needs += [Need(permission=p, table=name) for p in ("bigquery.tables.update", UPDATE_DATA)]
    reads = _reads(tree, (target,), project)
    fresh = not replace and not tree.args.get("exists")
    if kind == "VIEW":
        if not isinstance(tree.expression, exp.Query):
            raise UnreadableSqlError("a view must have a query", type(tree.expression).__name__)
        if tree.args.get("exists"):
            # Where it exists nothing happens, and the query kept for it here would be another than the view's.
            raise UnreadableSqlError("CREATE VIEW is offered with or without OR REPLACE", "IF NOT EXISTS")
        query = tree.expression.sql(dialect="bigquery")
        return Statement(
            kind="CREATE_VIEW",
            reads=reads,
            needs=tuple(needs),
            view=name,
            view_query=query,
            creates=name,
            fresh=fresh,
        )
    return Statement(kind="CREATE_TABLE", reads=reads, needs=tuple(needs), creates=name, fresh=fresh)


def _drop(tree: exp.Drop, project: str) -> Statement:
    kind, dropped = str(tree.args.get("kind")).upper(), tree.args.get("tables") or []
    if kind not in {"TABLE", "VIEW", "SCHEMA"} or len(dropped) != 1 or tree.args.get("materialized"):
        raise UnreadableSqlError("DROP is offered for one table, view or schema", f"DROP {kind[:40]}")
    if kind == "SCHEMA":
        dataset = _dataset(dropped[0], project)
        need = Need(permission="bigquery.datasets.delete", dataset=dataset)
        return Statement(kind="DROP_SCHEMA", reads=(), needs=(need,), schema=dataset)
    name = _name(_target(dropped[0]), project)
    need = Need(permission="bigquery.tables.delete", table=name)
    return Statement(kind=f"DROP_{kind}", reads=(), needs=(need,), drops=name)


def _plain_alter(tree: exp.Alter) -> bool:
    from sqlglot import exp

    plain = (exp.Drop, exp.ColumnDef, exp.AlterColumn, exp.AlterSet)
    actions = tree.args.get("actions") or []
    return (
        str(tree.args.get("kind")).upper() == "TABLE"
        and bool(actions)
        and all(isinstance(action, plain) for action in actions)
    )


def _target(node: object) -> exp.Table:
    from sqlglot import exp

    table = node.this if isinstance(node, exp.Schema) else node
    if not isinstance(table, exp.Table):
        raise UnreadableSqlError("a statement must name the table it changes", type(node).__name__)
    return table


def _reads(tree: exp.Expression, targets: Iterable[exp.Table], project: str) -> tuple[TableName, ...]:
    from sqlglot import exp

    excluded = {id(target) for target in targets}
    names = {
        _name(table, project)
        for table in tree.find_all(exp.Table)
        if id(table) not in excluded and not _names_a_cte(table)
    }
    return tuple(sorted(names))


def _names_a_cte(table: exp.Table) -> bool:
    """Say whether a one-part name means a WITH entry that is in scope there.

    Inside a WITH entry only the entries before it are in scope (all of them if RECURSIVE): in
    ``WITH t AS (SELECT * FROM t)`` the inner ``t`` is a table.
    """
    from sqlglot import exp

    if len(table.parts) != 1 or not isinstance(table.this, exp.Identifier):
        return False
    wanted = table.name.lower()
    inside: exp.Expr = table
    node: exp.Expr | None = table.parent
    while node is not None:
        visible: list[exp.Expr] = []
        clause = node.args.get("with_")
        if isinstance(node, exp.With):
            visible = node.expressions
            if not node.args.get("recursive"):
                visible = visible[: next((i for i, cte in enumerate(visible) if cte is inside), 0)]
        elif clause is not None and clause is not inside:
            visible = clause.expressions
        if any(cte.alias.lower() == wanted for cte in visible):
            return True
        inside, node = node, node.parent
    return False


def _name(table: exp.Table, project: str) -> TableName:
    from sqlglot import exp

    if not all(isinstance(part, exp.Identifier) for part in table.parts):
        raise UnreadableSqlError("only tables and views are read", f"a table function: {table.sql()[:80]}")
    parts = [part.name for part in table.parts]
    written = ".".join(parts)
    if len(parts) == 1:
        text = f'Table "{written[:80]}" must be qualified with a dataset (e.g. dataset.table).'
        raise UnreadableSqlError("a table must be qualified with its dataset", f'"{written[:80]}"', text=text)
    if len(parts) == 2:
        parts = [project, *parts]
    if (
        len(parts) != 3
        or not _PROJECT.fullmatch(parts[0])
        or not _DATASET.fullmatch(parts[1])
        or not _TABLE.fullmatch(parts[2])
    ):
        raise UnreadableSqlError("only tables named project.dataset.table are read, no wildcards", written[:120])
    return TableName(project=parts[0], dataset=parts[1], table=parts[2])


def _dataset(node: object, project: str) -> str:
    from sqlglot import exp

    parts = [part.name for part in node.parts if part.name] if isinstance(node, exp.Table) else []
    if len(parts) == 2 and parts[0] == project:
        parts = parts[1:]
    if len(parts) != 1 or not _DATASET.fullmatch(parts[0]):
        raise UnreadableSqlError("a schema must be named as dataset or project.dataset", ".".join(parts)[:120])
    return parts[0]
