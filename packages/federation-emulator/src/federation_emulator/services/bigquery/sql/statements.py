"""What a statement does: its kind, what it reads, and the other permissions it needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from federation_emulator.core.permission_names import GET_DATA, UPDATE_DATA
from federation_emulator.services.bigquery.model import DatasetName, Name, ProjectName, TableName
from federation_emulator.services.bigquery.sql.definitions import (
    altered_columns,
    check_columns,
    copied_table,
    descriptions_of,
)
from federation_emulator.services.bigquery.sql.errors import UnreadableSqlError
from federation_emulator.services.bigquery.sql.names import (
    Home,
    SchemaView,
    Wildcard,
    dataset_name,
    name_of,
    plain_name,
    tables_in,
)
from federation_emulator.services.bigquery.sql.options import resource_of
from federation_emulator.services.bigquery.sql.parsing import parse, view_query

if TYPE_CHECKING:
    from sqlglot import exp


@dataclass(frozen=True, kw_only=True)
class Need:
    """A permission that a statement or call needs, and on what."""

    permission: str
    on: Name


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What one statement does.

    Attributes:
        kind: BigQuery's name for it, for example ``SELECT`` or ``CREATE_VIEW``.
        reads: The tables and views whose rows it reads, sorted, each once. Views are not resolved.
        target: The table or view that it makes, changes or drops.
        wildcards: The wildcard tables that it reads.
        schema_views: The views of ``INFORMATION_SCHEMA`` that it reads.
        needs: The other permissions it needs.
        view_query: What the view selects that it creates.
        fresh: What it creates can't have been there before.
        replaces: What it creates takes the place of what was there.
        drops_columns: The columns that it drops, in lower case.
        copies: The table that it makes a copy of, with its rows or without.
        alters_columns: The columns that it alters, each with ``TYPE`` or ``NULLABLE``.
        descriptions: The descriptions of the columns that it defines, by name.
        schema: The dataset that it creates or drops.
        resource: What it says of that table or dataset besides columns, as the REST API has it.
        optional: That dataset may be there already, or be missing.
        cascade: The dataset's tables go with it.
    """

    kind: str
    reads: tuple[TableName, ...] = ()
    target: TableName | None = None
    wildcards: tuple[Wildcard, ...] = ()
    schema_views: tuple[SchemaView, ...] = ()
    needs: tuple[Need, ...] = field(default=())
    view_query: str = ""
    fresh: bool = False
    replaces: bool = False
    drops_columns: tuple[str, ...] = ()
    copies: TableName | None = None
    alters_columns: tuple[tuple[str, str], ...] = ()
    descriptions: dict[str, str] = field(default_factory=dict)
    schema: DatasetName | None = None
    resource: dict[str, Any] = field(default_factory=dict)
    optional: bool = False
    cascade: bool = False

    @property
    def plain(self) -> bool:
        """Whether all that it reads are tables and views with names of their own."""
        return not self.wildcards and not self.schema_views


def analyse(sql: str, *, project: str, default: DatasetName | None = None) -> Statement:
    """Find out what a statement reads and writes.

    A two-part table name belongs to the project, a one-part name to the default dataset.

    Raises:
        UnreadableSqlError: It can't be parsed, or has something that isn't understood here.
    """
    tree = parse(sql).tree
    from sqlglot import exp

    home = Home(project=project, dataset=default)
    if isinstance(tree, exp.Query):
        if tree.args.get("into") is not None:
            raise UnreadableSqlError("a query must only read", "SELECT INTO")
        return Statement(kind="SELECT", **_reads(tree, (), home))
    if isinstance(tree, exp.Create):
        return _create(tree, home, sql)
    if isinstance(tree, exp.Drop):
        return _drop(tree, home)
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
    name = plain_name(target, home)
    altered: dict[str, Any] = {}
    if isinstance(tree, exp.Alter):
        check_columns(tree)
        descriptions = descriptions_of(tree, parse(sql).literals)
        altered = {"alters_columns": altered_columns(tree), "descriptions": descriptions}
    return Statement(
        kind=kind,
        **altered,
        target=name,
        **_reads(tree, (target,), home),
        needs=tuple(Need(permission=permission, on=name) for permission in permissions),
        drops_columns=_dropped_columns(tree),
    )


def _create(tree: exp.Create, home: Home, sql: str) -> Statement:

    kind, replace = str(tree.args.get("kind")).upper(), bool(tree.args.get("replace"))
    if kind not in {"TABLE", "VIEW", "SCHEMA"}:
        raise UnreadableSqlError("CREATE is offered for plain tables, views and schemas", kind[:60])
    resource = resource_of(tree, parse(sql).literals)
    if kind == "SCHEMA":
        schema = dataset_name(tree.this, home.project)
        need = Need(permission="bigquery.datasets.create", on=ProjectName(project=schema.project))
        return Statement(
            kind="CREATE_SCHEMA",
            needs=(need,),
            schema=schema,
            resource=resource,
            optional=bool(tree.args.get("exists")),
        )
    check_columns(tree)
    target = _target(tree.this)
    name = plain_name(target, home)
    needs = [Need(permission="bigquery.tables.create", on=name.within)]
    if replace:
        needs += [Need(permission=p, on=name) for p in ("bigquery.tables.update", UPDATE_DATA)]
    made = Statement(
        kind=f"CREATE_{kind}",
        target=name,
        **_reads(tree, (target,), home),
        needs=tuple(needs),
        view_query=_view_query(tree, sql) if kind == "VIEW" else "",
        fresh=not replace and not tree.args.get("exists"),
        replaces=replace,
        resource=resource,
        descriptions=descriptions_of(tree, parse(sql).literals),
        copies=None if (source := copied_table(tree)) is None else plain_name(source, home),
    )
    if kind == "VIEW" and not made.plain:
        # The BigQuery emulator would fix what they are at this moment.
        raise UnreadableSqlError("a view reads tables and views by their own names", "a wildcard or INFORMATION_SCHEMA")
    return made


def _view_query(tree: exp.Create, sql: str) -> str:
    from sqlglot import exp

    if not isinstance(tree.expression, exp.Query):
        raise UnreadableSqlError("a view must have a query", type(tree.expression).__name__)
    if tree.args.get("exists"):
        # Where it exists nothing happens, and the query kept for it here would be another than the view's.
        raise UnreadableSqlError("CREATE VIEW is offered with or without OR REPLACE", "IF NOT EXISTS")
    return view_query(sql)


def _drop(tree: exp.Drop, home: Home) -> Statement:
    kind, dropped = str(tree.args.get("kind")).upper(), tree.this
    if kind not in {"TABLE", "VIEW", "SCHEMA"} or tree.expressions or tree.args.get("materialized"):
        raise UnreadableSqlError("DROP is offered for one table, view or schema", f"DROP {kind[:40]}")
    if kind == "SCHEMA":
        schema = dataset_name(dropped, home.project)
        need = Need(permission="bigquery.datasets.delete", on=schema)
        return Statement(
            kind="DROP_SCHEMA",
            needs=(need,),
            schema=schema,
            optional=bool(tree.args.get("exists")),
            cascade=bool(tree.args.get("cascade")),
        )
    name = plain_name(_target(dropped), home)
    need = Need(permission="bigquery.tables.delete", on=name)
    return Statement(kind=f"DROP_{kind}", target=name, needs=(need,))


def _plain_alter(tree: exp.Alter) -> bool:
    from sqlglot import exp

    plain = (exp.Drop, exp.ColumnDef, exp.AlterColumn)
    actions = tree.args.get("actions") or []
    return (
        str(tree.args.get("kind")).upper() == "TABLE"
        and bool(actions)
        and all(isinstance(action, plain) for action in actions)
    )


def _dropped_columns(tree: exp.Expression) -> tuple[str, ...]:
    from sqlglot import exp

    actions = tree.args.get("actions") or [] if isinstance(tree, exp.Alter) else []
    return tuple(action.this.name.lower() for action in actions if isinstance(action, exp.Drop))


def _target(node: object) -> exp.Table:
    from sqlglot import exp

    table = node.this if isinstance(node, exp.Schema) else node
    if not isinstance(table, exp.Table):
        raise UnreadableSqlError("a statement must name the table it changes", type(node).__name__)
    return table


def _reads(tree: exp.Expression, targets: Iterable[exp.Table], home: Home) -> dict[str, Any]:
    """Sort what is read into the fields of a statement."""
    excluded = {id(target) for target in targets}
    names = {name_of(table, home) for table in tables_in(tree) if id(table) not in excluded}
    return {
        "reads": tuple(sorted(name for name in names if isinstance(name, TableName))),
        "wildcards": tuple(sorted(name for name in names if isinstance(name, Wildcard))),
        "schema_views": tuple(sorted((name for name in names if isinstance(name, SchemaView)), key=str)),
    }
