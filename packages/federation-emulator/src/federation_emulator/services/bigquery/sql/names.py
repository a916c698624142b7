"""Which tables a statement names: plain ones, wildcard tables, views of ``INFORMATION_SCHEMA``, or entries of WITH.

Sources: Google, "Lexical structure and syntax in GoogleSQL" (table names), "Query multiple tables using a wildcard
table", "Introduction to INFORMATION_SCHEMA" (dataset and region qualifiers).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from federation_emulator.services.bigquery.ids import dataset_id_problem, project_id_problem, table_id_problem
from federation_emulator.services.bigquery.model import DatasetName, TableName, location_name
from federation_emulator.services.bigquery.sql.errors import UnreadableSqlError

if TYPE_CHECKING:
    from sqlglot import exp

_REGION = re.compile(r"region-[a-z0-9-]{2,40}", re.IGNORECASE)
_SCHEMA = "INFORMATION_SCHEMA."

OF_DATASET = frozenset({"TABLES", "COLUMNS", "TABLE_OPTIONS", "VIEWS", "PARTITIONS"})
"""Views of a dataset's metadata that the BigQuery emulator answers."""

OF_PROJECT = frozenset({"SCHEMATA"})
"""Views of a project's metadata that the BigQuery emulator answers."""


@dataclass(frozen=True, kw_only=True, order=True)
class Wildcard:
    """A wildcard table: all tables of a dataset whose names begin with the prefix."""

    dataset: DatasetName
    prefix: str

    def matches(self, table: str) -> bool:
        """Say whether a table of the dataset is meant."""
        return table.startswith(self.prefix)

    def __str__(self) -> str:
        return f"{self.dataset}.{self.prefix}*"


@dataclass(frozen=True, kw_only=True, order=True)
class SchemaView:
    """A view of ``INFORMATION_SCHEMA``, on a dataset or (without one) on a project, in a region if it names one."""

    project: str
    dataset: DatasetName | None
    view: str
    region: str = ""

    def __str__(self) -> str:
        return f"{self.dataset or self.project}.{_SCHEMA}{self.view}"


@dataclass(frozen=True, kw_only=True)
class Home:
    """Where a name belongs that doesn't say: a two-part name to the project, a one-part name to the dataset."""

    project: str
    dataset: DatasetName | None = None


Named = TableName | Wildcard | SchemaView


def tables_in(tree: exp.Expr) -> Iterator[exp.Table]:
    """Yield the nodes that name a table, not those that name an entry of WITH or a schema."""
    from sqlglot import exp

    if isinstance(tree, exp.Create | exp.Drop) and str(tree.args.get("kind")).upper() == "SCHEMA":
        return iter(())
    return (table for table in tree.find_all(exp.Table) if not _names_a_cte(table))


def name_of(table: exp.Table, home: Home) -> Named:
    """Say what a node names.

    Raises:
        UnreadableSqlError: A table function, an unqualified name without a default dataset, or a name that none of
            BigQuery's forms has.
    """
    parts = _parts(table)
    written = ".".join(parts)[:120]
    last = parts[-1]
    if last.upper().startswith(_SCHEMA):
        return _schema_view(parts, home)
    dataset = _dataset_of(parts, home)
    if last == "*" or (last.endswith("*") and table_id_problem(last[:-1]) is None):
        return Wildcard(dataset=dataset, prefix=last[:-1])
    if "$" in last:
        raise UnreadableSqlError(
            "a partition is chosen in WHERE",
            f"the decorator of {written}, which GoogleSQL has not",
            text=f'Table "{written}" cannot include decorator: filter on the partitioning column instead.',
        )
    if table_id_problem(last) is not None:
        raise UnreadableSqlError("only tables named project.dataset.table are read", written)
    return dataset.table(last)


def plain_name(table: exp.Table, home: Home) -> TableName:
    """Say which plain table a node names: one that is changed can't be anything else.

    Raises:
        UnreadableSqlError: As :func:`name_of`, or a wildcard table or view of ``INFORMATION_SCHEMA``.
    """
    name = name_of(table, home)
    if not isinstance(name, TableName):
        raise UnreadableSqlError("only a plain table can be changed", str(name)[:120])
    return name


def dataset_name(node: object, project: str) -> DatasetName:
    """Read the dataset that CREATE SCHEMA and DROP SCHEMA name.

    Raises:
        UnreadableSqlError: It isn't one or two parts of the right form.
    """
    from sqlglot import exp

    named = node.parts if isinstance(node, exp.Table) else []
    parts = [piece for part in named for piece in part.name.split(".") if piece]
    if len(parts) == 1:
        parts = [project, *parts]
    if len(parts) != 2 or project_id_problem(parts[0]) or dataset_id_problem(parts[1]):
        raise UnreadableSqlError("a schema must be named as dataset or project.dataset", ".".join(parts)[:120])
    return DatasetName(project=parts[0], dataset=parts[1])


def _parts(table: exp.Table) -> list[str]:
    from sqlglot import exp

    if not all(isinstance(part, exp.Identifier) for part in table.parts):
        raise UnreadableSqlError("only tables and views are read", f"a table function: {table.sql()[:80]}")
    return [part.name for part in table.parts]


def _dataset_of(parts: list[str], home: Home) -> DatasetName:
    written = ".".join(parts)[:120]
    if len(parts) == 1:
        if home.dataset is None:
            text = f'Table "{written}" must be qualified with a dataset (e.g. dataset.table).'
            raise UnreadableSqlError("a table must be qualified with its dataset", f'"{written}"', text=text)
        return home.dataset
    project = parts[0] if len(parts) == 3 else home.project
    if len(parts) > 3 or project_id_problem(project) or dataset_id_problem(parts[-2]):
        raise UnreadableSqlError("only tables named project.dataset.table are read", written)
    return DatasetName(project=project, dataset=parts[-2])


def _schema_view(parts: list[str], home: Home) -> SchemaView:
    *before, last = parts
    view = last[len(_SCHEMA) :].upper()
    if view in OF_PROJECT:
        region = ""
        if before and _REGION.fullmatch(before[-1]):
            region = location_name(before.pop().partition("-")[2])
        project = before[0] if before else home.project
        if len(before) > 1 or project_id_problem(project):
            raise UnreadableSqlError(f"{view} belongs to a project", ".".join(parts)[:120])
        return SchemaView(project=project, dataset=None, view=view, region=region)
    if view not in OF_DATASET:
        known = ", ".join(sorted(OF_DATASET | OF_PROJECT))
        raise UnreadableSqlError(f"of INFORMATION_SCHEMA only {known} are offered", f"{_SCHEMA}{view[:60]}")
    dataset = _dataset_of(parts, home)
    return SchemaView(project=dataset.project, dataset=dataset, view=view)


def _names_a_cte(table: exp.Table) -> bool:
    """Say whether a one-part name means a WITH entry that is in scope there.

    Inside a WITH entry only the entries before it are in scope (all of them if RECURSIVE): in
    ``WITH t AS (SELECT * FROM t)`` the inner ``t`` is a table.
    """
    from sqlglot import exp

    if len(table.parts) != 1 or not isinstance(table.this, exp.Identifier):
        return False
    name = table.name.lower()
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
        if any(cte.alias.lower() == name for cte in visible):
            return True
        inside, node = node, node.parent
    return False
