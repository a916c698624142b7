"""What must hold of every answer: DuckDB reads the tables that were admitted, and no others."""

from __future__ import annotations

import re
from collections.abc import Iterable

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from tests.differential.gateway import Answered
from tests.differential.shop import Shop

MOST_SECONDS = 5.0
_UNPLANNED = re.compile(r"\W*(?:CREATE\W+OR\W+REPLACE\W+VIEW|CREATE\W+VIEW|DROP|ALTER)\b", re.IGNORECASE)


def problem_of(answered: Answered, shop: Shop, *, exact: bool = True) -> str:
    """Say what is wrong with an answer; empty if nothing is.

    Args:
        answered: The answer.
        shop: The tables, and their words.
        exact: Whether DuckDB has to scan all that was admitted: a view's own text isn't known here.
    """
    if answered.status >= 500 and answered.status != 501:
        return "an error of the server's"
    if answered.engine_refused:
        return "gateway and engine read it differently"
    if not answered.executed:
        return _given_away(answered, shop, set())
    if answered.failed:
        # Its message may quote a value that the caller may read.
        return _given_away(answered, shop, set(answered.admitted))
    if beyond := answered.scanned - answered.admitted:
        return f"DuckDB scans more: {sorted(beyond)}"
    planned = not _UNPLANNED.match(answered.executed[0])
    missing = answered.admitted - answered.scanned
    if exact and planned and missing and answered.status == 200 and not has_unread_entry(answered.executed):
        return f"DuckDB scans less: {sorted(missing)}"
    return _given_away(answered, shop, set(answered.admitted))


def _given_away(answered: Answered, shop: Shop, admitted: set[tuple[str, ...]]) -> str:
    """Say which table's words an answer has, that it may not have: the other witness, which no plan has to name."""
    given = shop.tables_of(str(answered.body)) - admitted
    return f"the answer has words of {sorted(given)}" if given else ""


def has_unread_entry(statements: Iterable[str]) -> bool:
    """Say whether a statement has an entry of WITH that nothing reads: BigQuery asks for the right to read its tables,
    and DuckDB doesn't plan it.
    """
    for text in statements:
        try:
            tree = sqlglot.parse_one(text, read="duckdb")
        except SqlglotError:
            return True
        for entry in tree.find_all(exp.CTE):
            inside = {id(table) for table in entry.find_all(exp.Table)}
            readers = [
                table
                for table in tree.find_all(exp.Table)
                if not table.db and table.name.lower() == entry.alias.lower() and id(table) not in inside
            ]
            if not readers or _hides_another(entry, tree):
                return True
    return False


def _hides_another(entry: exp.CTE, tree: exp.Expr) -> bool:
    """Say whether there is another entry of that name, so that a reader's name doesn't say which it reads."""
    return sum(other.alias.lower() == entry.alias.lower() for other in tree.find_all(exp.CTE)) > 1
