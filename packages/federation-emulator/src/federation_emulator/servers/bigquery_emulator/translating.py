"""From a GoogleSQL statement to DuckDB's, by bqemulator's translation. Runs in the process that reads SQL."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from typing import Any

import sqlglot
from bqemulator.domain.result import Err
from bqemulator.sql.rewriter.unnest_offset import rewrite_unnest_offset
from bqemulator.sql.translator import SQLTranslator
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify

from federation_emulator.services.bigquery.ids import INGESTION_COLUMNS
from federation_emulator.services.bigquery.sql.definitions import check_names, selected_names
from federation_emulator.services.bigquery.sql.errors import UnreadableSqlError
from federation_emulator.services.bigquery.sql.lexing import ListLiteral, Value
from federation_emulator.services.bigquery.sql.parsing import parse, said
from federation_emulator.services.bigquery.sql.tasks import Prepare, Prepared, TableColumns
from federation_emulator.services.bigquery.sql.writing import write

_TYPES = {
    "INTEGER": "BIGINT",
    "INT64": "BIGINT",
    "FLOAT": "DOUBLE",
    "FLOAT64": "DOUBLE",
    "BOOLEAN": "BOOLEAN",
    "BOOL": "BOOLEAN",
    "STRING": "TEXT",
    "BYTES": "BLOB",
    "DATE": "DATE",
    "TIME": "TIME",
    "DATETIME": "TIMESTAMP",
    "TIMESTAMP": "TIMESTAMPTZ",
    "NUMERIC": "DECIMAL(38, 9)",
    "BIGNUMERIC": "DECIMAL(38, 18)",
    "JSON": "JSON",
}
"""Types of columns, as the translation's rules want to know them. One that isn't here is unknown to them."""

_CONTROL = re.compile(r"\x1b\[[0-9;]*m")
"""How the parser marks for a terminal what it quotes."""

_VALUE_NAMES = frozenset(
    {
        *("current_catalog", "current_date", "current_role", "current_schema", "current_time", "current_timestamp"),
        *("current_user", "localtime", "localtimestamp", "session_user", "user"),
    }
)
"""Source: DuckDB, ``ExpressionBinder::GetSQLValueFunctionName``."""

_translator = SQLTranslator()


def prepare(task: Prepare) -> Prepared:
    """Write a statement anew and translate it.

    Raises:
        UnreadableSqlError: It isn't understood, or can't be translated.
    """
    _check_value_names(task)
    _check_made_columns(task)
    written = write(task.sql, task.writing)
    schema = _schema(task.columns)
    statements = tuple(_translated(_with_partition_columns(text, task.columns), schema) for text in written.statements)
    if not _takes_no_parameters(task.sql):
        values = {name: _wire(value) for name, value in written.values.items()}
        return Prepared(statements=statements, values=values, bound=dict(written.bound))
    if written.bound:
        raise UnreadableSqlError("a definition has no query parameters", ", ".join(sorted(written.bound)))
    return Prepared(statements=tuple(_with_literals(text, written.values) for text in statements))


def _wire(value: Value) -> Any:  # noqa: ANN401  (JSON, which ``executing.value_of`` reads)
    if isinstance(value, ListLiteral):
        return {"list": list(value.texts)}
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _check_value_names(task: Prepare) -> None:
    """Refuse a name that is no column and no alias: DuckDB takes some for values of its own."""
    tree = parse(task.sql).tree
    known = {name.lower() for each in task.columns for name, _ in each.columns}
    known |= {node.alias.lower() for node in tree.find_all(exp.Alias, exp.PropertyEQ)}
    known |= {column.name.lower() for alias in tree.find_all(exp.TableAlias) for column in (alias, *alias.columns)}
    for column in tree.find_all(exp.Column):
        name = column.name.lower()
        if not column.table and name in _VALUE_NAMES and name not in known:
            text = f"Unrecognized name: {column.name}"
            raise UnreadableSqlError("a name is a column's or an alias", column.name, text=text)


def _check_made_columns(task: Prepare) -> None:
    """Insist that the columns of a table or view that is made from a query have names that BigQuery takes."""
    tree = parse(task.sql).tree
    query = tree.args.get("expression") if isinstance(tree, exp.Create) else None
    if not isinstance(query, exp.Query) or isinstance(tree.this, exp.Schema):
        return
    kind, names = str(tree.args.get("kind")).upper(), selected_names(query)
    written = parse(write(task.sql, task.writing).statements[0]).tree.args["expression"]
    if "*" in names:
        try:
            known = _schema(task.columns)
            written = qualify(written.copy(), dialect="bigquery", schema=known, validate_qualify_columns=False)
        except (sqlglot.errors.SqlglotError, RecursionError):
            return  # DuckDB names them
        names = selected_names(written)
    check_names((name for name in names if name != "*"), kind=kind)
    for struct in written.find_all(exp.Struct):
        named = [each for each in struct.expressions if isinstance(each, exp.PropertyEQ | exp.Alias)]
        check_names((each.this.name if isinstance(each, exp.PropertyEQ) else each.alias for each in named), kind=kind)


def _with_partition_columns(text: str, tables: Iterable[TableColumns]) -> str:
    """Write what the columns of ingestion time stand for: every row counts as loaded in the partition of now."""
    if "_PARTITION" not in text.upper():
        return text
    tree = sqlglot.parse_one(text, read="bigquery")
    named = [column for column in tree.find_all(exp.Column) if column.name.upper() in INGESTION_COLUMNS]
    units = {each.ingestion for each in tables if each.ingestion}
    for column in named:
        if len(units) != 1 or (column.name.upper() == "_PARTITIONDATE" and units != {"DAY"}):
            text = f"Unrecognized name: {column.name}"
            raise UnreadableSqlError("tables of one ingestion time partitioning are read", column.name, text=text)
        now = f"TIMESTAMP_TRUNC(CURRENT_TIMESTAMP(), {next(iter(units))})"
        value = "CURRENT_DATE()" if column.name.upper() == "_PARTITIONDATE" else now
        node: exp.Expr = sqlglot.parse_one(value, read="bigquery")
        if isinstance(column.parent, exp.Select):
            node = exp.alias_(node, column.name)
        column.replace(node)
    return tree.sql(dialect="bigquery", comments=False)


def _translated(text: str, schema: dict[str, Any]) -> str:
    result = _translator.translate(rewrite_unnest_offset(text), schema=schema or None)
    if isinstance(result, Err):
        problem = str(result.error).split("\n")[0]
        raise UnreadableSqlError("the local BigQuery must have the function or syntax", _CONTROL.sub("", problem)[:200])
    try:
        tree = sqlglot.parse_one(result.value, read="duckdb")
    except sqlglot.errors.SqlglotError as problem:
        raise UnreadableSqlError("the local BigQuery must have the syntax", f"{said(problem):.100}") from problem
    for table in tree.find_all(exp.Table):
        if table.catalog:
            table.set("db", exp.to_identifier(f"{table.catalog}__{table.db}", quoted=True))
            table.set("catalog", None)
            table.this.set("quoted", True)
    for kind in tree.find_all(exp.DataType):
        if kind.this == exp.DataType.Type.DECIMAL and [each.name for each in kind.expressions] in ([], ["18", "3"]):
            # NUMERIC has 38 digits, 9 of them behind the point (Google, "Decimal types"); DuckDB's own has 18 and 3.
            kind.set("expressions", [exp.DataTypeParam(this=exp.Literal.number(number)) for number in (38, 9)])
    for call in list(tree.find_all(exp.Anonymous)):
        if str(call.this).upper() == "ST_ASTEXT":
            # DuckDB writes a space after a shape's name (Google, ST_ASTEXT: none).
            call.replace(exp.func("REPLACE", call.copy(), exp.Literal.string(" ("), exp.Literal.string("(")))
    return tree.sql(dialect="duckdb")


def _schema(tables: Iterable[TableColumns]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in tables:
        columns = {name: _TYPES.get(kind.upper(), "UNKNOWN") for name, kind in each.columns}
        name = each.table
        if columns:
            found.setdefault(name.project, {}).setdefault(name.dataset, {})[name.table] = columns
    return found


def _takes_no_parameters(sql: str) -> bool:
    tree = parse(sql).tree
    defines = isinstance(tree, exp.Create) and (str(tree.args.get("kind")).upper() == "VIEW" or not tree.expression)
    return isinstance(tree, exp.Alter) or defines


def _with_literals(text: str, values: Any) -> str:  # noqa: ANN401  (a mapping of strings and bytes)
    """Write strings into a definition, which can't have them as values. DuckDB's strings have no escape sequences."""
    if not values:
        return text
    tree = sqlglot.parse_one(text, read="duckdb")
    for node in list(tree.find_all(exp.Placeholder)):
        value = values[node.name]
        if isinstance(value, ListLiteral):
            node.replace(exp.Array(expressions=[exp.Literal.string(text) for text in value.texts]))
        elif isinstance(value, bytes):
            node.replace(exp.Unhex(this=exp.Literal.string(value.hex())))
        else:
            node.replace(exp.Literal.string(value))
    return tree.sql(dialect="duckdb")
