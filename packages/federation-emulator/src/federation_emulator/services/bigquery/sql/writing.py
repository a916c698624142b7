"""A statement as it is handed on: written anew from its tree, every name whole, nothing pasted.

Tables are named by project, dataset and table, so that no later reader decides where a name belongs. Parameters get
names of our own and the types that they were declared with. Strings that are more than plain characters are handed
over separately, as values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from federation_emulator.services.bigquery.ids import name_problem
from federation_emulator.services.bigquery.model import DatasetName, TableName
from federation_emulator.services.bigquery.sql.definitions import copied_table
from federation_emulator.services.bigquery.sql.errors import UnreadableSqlError
from federation_emulator.services.bigquery.sql.lexing import PLACE, ListLiteral, Literals, Value
from federation_emulator.services.bigquery.sql.names import Home, SchemaView, Wildcard, name_of, tables_in
from federation_emulator.services.bigquery.sql.parsing import parse, said
from federation_emulator.services.bigquery.sql.schema_rows import rows_query

if TYPE_CHECKING:
    from sqlglot import exp

_SUFFIX = "_TABLE_SUFFIX"
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Matched = tuple[tuple[Wildcard, tuple[TableName, ...]], ...]
"""The tables that each wildcard table stands for now."""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A declared query parameter without its value: a name, empty if it is given by position, and GoogleSQL's type."""

    name: str
    type: str


@dataclass(frozen=True, kw_only=True)
class Writing:
    """What has to be known to write a statement.

    Attributes:
        project: The project that a two-part table name belongs to.
        default: The dataset that a one-part table name belongs to.
        matched: What its wildcard tables stand for.
        rows: Each view of ``INFORMATION_SCHEMA`` by its name, and what the emulator writes for its rows.
        parameters: The declared parameters.
        location: Where the job runs; a view of a project's ``INFORMATION_SCHEMA`` has the rows of there.
    """

    project: str
    default: DatasetName | None = None
    matched: Matched = ()
    rows: tuple[tuple[str, str], ...] = ()
    parameters: tuple[Parameter, ...] = ()
    location: str = ""


@dataclass(frozen=True, kw_only=True)
class Written:
    """A statement, written anew.

    Attributes:
        statements: GoogleSQL; several where one statement does several things that are done one after the other.
        values: The name of a parameter in it → the string, bytes or list of texts that it stands for.
        bound: The name of a parameter in it → which of the declared parameters it is.
    """

    statements: tuple[str, ...]
    values: Mapping[str, Value]
    bound: Mapping[str, int]


def write(sql: str, writing: Writing) -> Written:
    """Write a statement that was understood.

    Raises:
        UnreadableSqlError: A name, string or parameter can't be written, or what is written would be read otherwise.
    """
    parsed = parse(sql)
    tree = parsed.tree.copy()
    values: Literals = {}
    tree = _without_options(tree)
    literals = dict(parsed.literals)
    _name_tables(tree, writing, literals)
    bound = _name_parameters(tree, writing.parameters, parsed.places)
    _take_out_literals(tree, literals, values)
    _check_identifiers(tree)
    statements = tuple(_text(statement) for statement in _one_by_one(tree))
    return Written(statements=statements, values=values, bound=bound)


def _text(tree: exp.Expr) -> str:
    import sqlglot

    try:
        written = tree.sql(dialect="bigquery", comments=False)
        again = sqlglot.parse_one(written, read="bigquery").sql(dialect="bigquery", comments=False)
    except (sqlglot.errors.SqlglotError, RecursionError) as problem:
        raise UnreadableSqlError(
            "a statement can be written again", f"one that can't: {said(problem):.100}"
        ) from problem
    if again != written:
        raise UnreadableSqlError("a statement reads the same when it is written again", f"{written:.100}")
    return written


def _one_by_one(tree: exp.Expr) -> list[exp.Expr]:
    """Split ``ALTER TABLE … DROP COLUMN a, DROP COLUMN b``, as the gcp plugin drops columns: DuckDB takes one each."""
    from sqlglot import exp

    actions = tree.args.get("actions") or [] if isinstance(tree, exp.Alter) else []
    if len(actions) < 2:
        return [tree]
    singles = []
    for action in actions:
        single = tree.copy()
        single.set("actions", [action.copy()])
        singles.append(single)
    return singles


def _without_options(tree: exp.Expression) -> exp.Expression:
    """Leave out what the emulator keeps elsewhere or not at all, and write a copy of a table as a query."""
    from sqlglot import exp

    if isinstance(tree, exp.Create):
        copied = _copied(tree)
        tree.set("properties", None)
        tree.set("clone", None)
        if copied is not None:
            tree.set("expression", copied)
    for constraint in list(tree.find_all(exp.ColumnConstraint)):
        if not isinstance(constraint.kind, exp.NotNullColumnConstraint | exp.DefaultColumnConstraint):
            constraint.pop()
    return tree


def _copied(tree: exp.Create) -> exp.Query | None:
    """Return the query of ``CREATE TABLE … CLONE``, ``COPY`` or ``LIKE``."""
    from sqlglot import exp

    source = copied_table(tree)
    if source is None:
        return None
    if tree.expression:
        raise UnreadableSqlError("a table is copied whole, or made from a query", "both")
    query = exp.select("*").from_(source.copy())
    return query.where("FALSE") if tree.find(exp.LikeProperty) is not None else query


def _name_tables(tree: exp.Expression, writing: Writing, literals: Literals) -> None:
    """Write every table's whole name, and wildcard tables and views of ``INFORMATION_SCHEMA`` as queries."""
    from sqlglot import exp

    home = Home(project=writing.project, dataset=writing.default)
    stands_for, rows = dict(writing.matched), dict(writing.rows)
    nodes = list(tables_in(tree))
    suffixed = any(column.name.upper() == _SUFFIX for column in tree.find_all(exp.Column))
    for node in nodes:
        name = name_of(node, home)
        if isinstance(name, Wildcard):
            _check_bare(node, str(name))
            node.replace(_union(stands_for[name], name, node, suffixed=suffixed))
        elif isinstance(name, SchemaView):
            _check_bare(node, str(name))
            # A name in one pair of quotes has itself for an alias, by the parser; BigQuery takes its last part.
            alias = node.alias if node.alias and "." not in node.alias else name.view
            there = "" if name.dataset else writing.location
            node.replace(rows_query(rows[str(name)], literals, location=there).subquery(alias))
        else:
            _qualify(node, name)


def _qualify(node: exp.Table, name: TableName) -> None:
    from sqlglot import exp

    # Else the writer would put the three parts into one pair of quotes.
    node.meta.pop("quoted_table", None)
    node.set("catalog", exp.to_identifier(name.project, quoted=True))
    node.set("db", exp.to_identifier(name.dataset, quoted=True))
    node.set("this", exp.to_identifier(name.table, quoted=True))


def _check_bare(node: exp.Table, name: str) -> None:
    more = [key for key, value in node.args.items() if value and key not in {"this", "db", "catalog", "alias"}]
    if more:
        raise UnreadableSqlError("a wildcard table or a view of INFORMATION_SCHEMA stands alone", f"{name}, {more[0]}")


def _union(tables: Sequence[TableName], wildcard: Wildcard, node: exp.Table, *, suffixed: bool) -> exp.Expression:
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


def _name_parameters(tree: exp.Expression, declared: Sequence[Parameter], places: int) -> dict[str, int]:
    """Give each parameter a name of our own and its declared type.

    Source: Google, "Running parameterized queries" (named parameters, case-insensitive, or positional ones, not both).
    """
    from sqlglot import exp

    by_name = {
        (parameter.name or f"{PLACE}{index}").lower(): index
        for index, parameter in enumerate(declared)
        if bool(parameter.name) == (not places)
    }
    bound: dict[str, int] = {}
    for node in list(tree.find_all(exp.Parameter)):
        index = by_name.get(node.name.lower())
        if index is None:
            many = "Query has more positional parameters than were given."
            text = many if places else f"Query parameter '{node.name:.100}' not found"
            raise UnreadableSqlError("every parameter is given", "?" if places else node.name, text=text)
        bound[f"kpp{index}"] = index
        node.replace(_typed(f"kpp{index}", declared[index].type))
    return bound


def _type_of(value: Value) -> str:
    if isinstance(value, ListLiteral):
        return f"ARRAY<{value.kind}>"
    return "BYTES" if isinstance(value, bytes) else "STRING"


def _typed(name: str, kind: str) -> exp.Expression:
    from sqlglot import exp

    value = exp.Parameter(this=exp.Var(this=name))
    if kind == "JSON":
        return exp.ParseJSON(this=exp.cast(value, "STRING", dialect="bigquery"))
    return exp.cast(value, kind, dialect="bigquery")


def _take_out_literals(tree: exp.Expression, literals: Literals, values: Literals) -> None:
    """Replace each marker by a parameter, and insist that no marker is left."""
    from sqlglot import exp

    for literal in list(tree.find_all(exp.Literal, exp.ByteString)):
        name = str(literal.this)
        value = literals.get(name)
        if value is None:
            continue
        values[name] = value
        literal.replace(_typed(name, _type_of(value)))
    for node in tree.walk():
        if isinstance(node, exp.Var) and isinstance(node.parent, exp.Parameter):
            continue
        if any(isinstance(text, str) and text in literals for text in node.args.values()):
            raise UnreadableSqlError("JSON paths and options are plain strings", "quotes or escape sequences in one")


def _check_identifiers(tree: exp.Expr) -> None:
    """Insist that all names can be written, and quote those that need it.

    Source: Google, "Lexical structure and syntax in GoogleSQL" (identifiers) and "Specifying a schema" (flexible column
    names). A name with a quote, a backslash or a control character is written nowhere.
    """
    from sqlglot import exp

    for identifier in tree.find_all(exp.Identifier):
        name = str(identifier.this)
        if (problem := name_problem(name)) is not None:
            raise UnreadableSqlError(problem, f"{name!r:.80}")
        if not _BARE.fullmatch(name):
            identifier.set("quoted", True)
