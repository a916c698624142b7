"""Whether a statement, as DuckDB itself understands it, stays within what the gateway admitted. Pure.

The gateway decides over GoogleSQL; DuckDB executes another text, which other software has translated. So DuckDB's own
parser says how many statements the text holds and of which type, and DuckDB's own plan, before any optimisation, says
what they scan. A view is expanded there, and a table function has a name of its own. Anything that isn't expected is
refused: an unknown operator can't read a table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "SELECT": ("SELECT", ()),
    "INSERT": ("INSERT", ("INSERT INTO",)),
    "UPDATE": ("UPDATE", ("UPDATE",)),
    "DELETE": ("DELETE", ("DELETE FROM",)),
    "MERGE": ("MERGE_INTO", ("MERGE INTO",)),
    "TRUNCATE_TABLE": ("DELETE", ("TRUNCATE TABLE",)),
    "CREATE_TABLE": ("CREATE", ("CREATE TABLE", "CREATE OR REPLACE TABLE", "CREATE TABLE IF NOT EXISTS")),
    "CREATE_VIEW": ("CREATE", ("CREATE VIEW", "CREATE OR REPLACE VIEW")),
    "DROP_TABLE": ("DROP", ("DROP TABLE", "DROP TABLE IF EXISTS")),
    "DROP_VIEW": ("DROP", ("DROP VIEW", "DROP VIEW IF EXISTS")),
    "ALTER_TABLE": ("ALTER", ("ALTER TABLE", "ALTER TABLE IF EXISTS")),
}
"""BigQuery's statement types: DuckDB's for the statement that carries them out, and with what the text of one that
changes something begins, right before its target.
"""

PLANNED = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE_TABLE", "CREATE_TABLE"})
"""Those that DuckDB can plan. The others name their target and read nothing."""

COUNTED = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE_TABLE"})
"""Those of which BigQuery says how many rows they changed."""

_SCANS = frozenset({"SEQ_SCAN", "INDEX_SCAN"})
_PART = r'("(?:[^"]|"")*"|[^".]+)'
_SCANNED = re.compile(rf"[^\".]+\.{_PART}\.{_PART}")

_OPERATORS = frozenset(
    name
    for line in (
        "PROJECTION FILTER AGGREGATE WINDOW UNNEST LIMIT LIMIT_PERCENT ORDER_BY TOP_N DISTINCT SAMPLE PIVOT",
        "DELIM_GET EXPRESSION_GET EXPRESSION_SCAN DUMMY_SCAN EMPTY_RESULT CTE_SCAN CTE_REF",
        "JOIN DELIM_JOIN COMPARISON_JOIN ANY_JOIN CROSS_PRODUCT DEPENDENT_JOIN UNION EXCEPT INTERSECT REC_CTE CTE",
        "RECURSIVE_CTE MATERIALIZED_CTE INSERT DELETE UPDATE MERGE_INTO CREATE_TABLE RANGE GENERATE_SERIES",
    )
    for name in line.split()
)
"""Operators of a plan that only compute, or write to the statement's target.

Source: DuckDB's ``LogicalOperatorToString`` and the names of its table functions. One that reads files, settings or
the catalogue (``READ_TEXT``, ``DUCKDB_TABLES``, and ``CHUNK_GET``, which is how DESCRIBE answers) isn't here, nor is
one that a later version may bring.
"""


@dataclass(frozen=True, kw_only=True)
class Admitted:
    """What the gateway let in.

    Attributes:
        kind: The statement's type, by BigQuery's name.
        target: Schema and name of what it changes; empty for a query.
        tables: Schema and name of every table that it may scan.
    """

    kind: str
    target: tuple[str, ...]
    tables: frozenset[tuple[str, str]]


def statement_problem(admitted: Admitted, text: str, types: Iterable[str]) -> str | None:
    """Say why DuckDB's SQL, in which its parser finds statements of these types, isn't the one that was admitted."""
    found, (expected, begins) = list(types), KINDS.get(admitted.kind, ("", ()))
    if not expected or found != [expected]:
        return f"DuckDB finds {' and '.join(found) or 'no statement'} in it, not one {expected or admitted.kind}"
    if admitted.kind == "SELECT":
        return None
    name = ".".join(f'"{part}"' for part in admitted.target)
    heads = [f"{head} {name}" for head in begins]
    if not any(text == head or text.startswith((f"{head} ", f"{head}(", f"{head};")) for head in heads):
        return f"its text does not begin with {heads[0]}"
    return None


def plan_problem(admitted: Admitted, plan: object) -> str | None:
    """Say why DuckDB's logical plan before optimisation, as its JSON has it, reads more than was admitted."""
    for operator, extra in _operators(plan):
        if operator in _SCANS:
            scanned = scanned_table(extra)
            if scanned not in admitted.tables:
                return f"it scans {'.'.join(scanned) or 'a table without a name'}"
        elif operator not in _OPERATORS:
            return f"it has the operator {operator}"
    return None


def scans_of(plan: object) -> set[tuple[str, ...]]:
    """List the tables that a plan scans, each as schema and name."""
    return {scanned_table(extra) for operator, extra in _operators(plan) if operator in _SCANS}


def scanned_table(extra: object) -> tuple[str, ...]:
    """Read schema and table out of what a scan says of itself; empty if it says nothing of the kind.

    DuckDB writes ``database.schema.table``, a part in quotes where it needs them.
    """
    named = extra.get("Table") if isinstance(extra, dict) else None
    found = _SCANNED.fullmatch(named) if isinstance(named, str) else None
    if found is None:
        return ()
    return tuple(part[1:-1].replace('""', '"') if part.startswith('"') else part for part in found.groups())


def _operators(plan: object) -> Iterator[tuple[str, Any]]:
    """Yield each operator's name with what it says of itself.

    A plan of another form yields an operator that is on no list.
    """
    waiting = list(plan) if isinstance(plan, list) and plan else [plan]
    while waiting:
        node = waiting.pop()
        children = node.get("children") if isinstance(node, dict) else None
        if not isinstance(node, dict) or not isinstance(node.get("name"), str) or not isinstance(children, list):
            yield "of an unknown form", None
            return
        yield node["name"].strip(), node.get("extra_info")
        waiting += children
