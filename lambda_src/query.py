"""What the function is for: the rows of one table, printed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TextIO

Rows = Iterable[Mapping[str, Any]]


def users_query(table: str) -> str:
    """The query for the rows of ``table``.

    Args:
        table: ``project.dataset.table``, as :class:`lambda_src.environment.Environment` checked it: it holds nothing
            that would end the quotes.
    """
    return f"SELECT user_id, name FROM `{table}`"  # noqa: S608 - checked, and a table name can't be a parameter


def print_users(run: Callable[[str], Rows], *, table: str, out: TextIO | None = None) -> None:
    """Prints the heading, then each row as it comes; none is kept.

    Args:
        run: Runs a query and gives its rows.
        table: As for :func:`users_query`.
        out: Where to print; ``None``: standard output, which is the function's log.
    """
    stream = out or sys.stdout
    rows = run(users_query(table))
    print("The query data:", file=stream)
    for row in rows:
        print("user_id={}, name={}".format(row["user_id"], row["name"]), file=stream)
