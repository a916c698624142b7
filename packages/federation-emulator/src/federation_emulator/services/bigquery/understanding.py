"""Asks the process that reads SQL, unless it has said already what is asked."""

from __future__ import annotations

from typing import Any

from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import unavailable
from federation_emulator.services.bigquery import emulator, rules
from federation_emulator.services.bigquery.model import DatasetName, TableName
from federation_emulator.services.bigquery.sql import Statement
from federation_emulator.services.bigquery.sql.tasks import (
    Analyse,
    FindProtected,
    FindUnfiltered,
    Prepare,
    Prepared,
    Protected,
    Task,
    Unfiltered,
    Unreadable,
    from_json,
    to_json,
)

_MOST_KEPT = 256
_LONGEST_KEPT = 16 * 1024
"""Answers that are kept, the newest, and of how long a statement: they depend on the task alone."""

_LIMIT_SECONDS = 60.0
"""More than the emulator takes to start its process, read the statements before this one, and give up."""


async def analyse(cloud: Cloud, sql: str, *, project: str, default: DatasetName | None = None) -> Statement:
    """Find out what a statement reads and writes.

    Raises:
        Refused: 400, it isn't understood.
        ApiError: 503, the emulator can't be asked.
    """
    statement: Statement = await _ask(cloud, Analyse(sql=sql, project=project, default=default), Statement)
    return statement


async def prepare(cloud: Cloud, task: Prepare) -> Prepared:
    """Have a statement written and translated; raises as :func:`analyse`."""
    prepared: Prepared = await _ask(cloud, task, Prepared)
    return prepared


async def find_protected(cloud: Cloud, task: FindProtected) -> tuple[tuple[TableName, str], ...]:
    """Find the protected columns that a statement reads; raises as :func:`analyse`."""
    found: Protected = await _ask(cloud, task, Protected)
    return found.columns


async def find_unfiltered(cloud: Cloud, task: FindUnfiltered) -> tuple[TableName, ...]:
    """Find the tables that a statement reads without the filter that they require; raises as :func:`analyse`."""
    found: Unfiltered = await _ask(cloud, task, Unfiltered)
    return found.tables


async def _ask(cloud: Cloud, task: Task, expected: type[Any]) -> Any:  # noqa: ANN401  (an instance of what is expected)
    known = cloud.understood.get(task)
    if known is None:
        answered = await emulator.call(
            cloud, "POST", "/read", body=to_json(task), limit_seconds=_LIMIT_SECONDS, repeatable=True
        )
        if answered.get("is") == "Busy":
            raise unavailable("Too many statements wait to be read; try again.")
        known = _TOO_SLOW if answered.get("is") == "TooSlow" else from_json(answered)
        if len(task.sql) <= _LONGEST_KEPT:
            cloud.understood[task] = known
        if len(cloud.understood) > _MOST_KEPT:
            del cloud.understood[next(iter(cloud.understood))]
    if isinstance(known, Unreadable):
        rules.refuse_statement(known)
    if not isinstance(known, expected):
        raise TypeError(f"expected {expected.__name__}, not {type(known).__name__}")
    return known


_TOO_SLOW = Unreadable(
    rule="a statement is read within some seconds",
    actual="one that takes longer",
    text="Query is too complex: the local BigQuery could not read it in time: 5 s, or 10 s for a long one.",
)
