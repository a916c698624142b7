"""What is asked of the process that reads SQL, and what it answers, as values that cross a pipe as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any, get_args

from federation_emulator.services.bigquery.model import DatasetName, TableName
from federation_emulator.services.bigquery.sql.errors import UnreadableSqlError
from federation_emulator.services.bigquery.sql.statements import Statement
from federation_emulator.services.bigquery.sql.writing import Writing


@dataclass(frozen=True, kw_only=True)
class Analyse:
    """Find out what a statement reads and writes; answered with a :class:`Statement`."""

    sql: str
    project: str
    default: DatasetName | None = None


@dataclass(frozen=True, kw_only=True)
class TableColumns:
    """A table's columns: each one's name and type, as the REST API has them; the type is empty for a nested one.

    Attributes:
        ingestion: By which unit it is partitioned by ingestion time, ``DAY`` for example; empty if it isn't.
    """

    table: TableName
    columns: tuple[tuple[str, str], ...]
    ingestion: str = ""


@dataclass(frozen=True, kw_only=True)
class Prepare:
    """Write a statement anew, and translate it for DuckDB; answered with :class:`Prepared`."""

    sql: str
    writing: Writing
    columns: tuple[TableColumns, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A statement for DuckDB.

    Attributes:
        statements: DuckDB's SQL, one statement each, to be run in this order.
        values: The name of a parameter → the string, bytes or list that it stands for, as the engine is given it.
        bound: The name of a parameter → which of the declared parameters it is.
    """

    statements: tuple[str, ...]
    values: dict[str, Any] = field(default_factory=dict)
    bound: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class FindProtected:
    """Find the protected columns that a statement reads; answered with a list of tables and columns."""

    sql: str
    writing: Writing
    columns: tuple[TableColumns, ...]
    protected: tuple[tuple[TableName, str], ...]


@dataclass(frozen=True, kw_only=True)
class Protected:
    """The protected columns that a statement reads, or may read."""

    columns: tuple[tuple[TableName, str], ...]


@dataclass(frozen=True, kw_only=True)
class ViewText:
    """What a view selects, and how names in it are written."""

    table: TableName
    sql: str
    writing: Writing


@dataclass(frozen=True, kw_only=True)
class FindUnfiltered:
    """Find the tables that a statement reads without the partition filter that they require.

    Attributes:
        views: The views that it reads.
        columns: The columns of all tables and views, as far down as it goes.
        partitioned: Each table that requires a filter, and the columns of which one is needed.
    """

    sql: str
    writing: Writing
    views: tuple[ViewText, ...]
    columns: tuple[TableColumns, ...]
    partitioned: tuple[tuple[TableName, tuple[str, ...]], ...]


@dataclass(frozen=True, kw_only=True)
class Unfiltered:
    """The tables that a statement reads without the partition filter that they require."""

    tables: tuple[TableName, ...]


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """Why a statement isn't understood: the fields of an ``UnreadableSqlError``."""

    rule: str
    actual: str
    text: str

    @classmethod
    def of(cls, problem: UnreadableSqlError) -> Unreadable:
        """Takes them from the error."""
        return cls(rule=problem.rule, actual=problem.actual, text=str(problem))


Task = Analyse | Prepare | FindProtected | FindUnfiltered
Answer = Statement | Prepared | Protected | Unfiltered | Unreadable


def to_json(value: Task | Answer) -> dict[str, Any]:
    """Write a task or an answer as JSON values."""
    name = type(value).__name__
    return {"is": name, "value": _adapters()[name].dump_python(value, mode="json")}


def from_json(data: Any) -> Any:  # noqa: ANN401  (a task or an answer: the reader knows which of them it expects)
    """Read what :func:`to_json` wrote.

    Raises:
        ValueError: It is no task and no answer.
    """
    adapter = _adapters().get(str(data.get("is"))) if isinstance(data, dict) else None
    if adapter is None:
        raise ValueError("no task and no answer")
    return adapter.validate_python(data.get("value"))


@cache
def _adapters() -> dict[str, Any]:
    # Imported here: only a process that meets SQL should pay for it.
    from pydantic import TypeAdapter

    classes: tuple[type[Any], ...] = (*get_args(Task), *get_args(Answer))
    return {each.__name__: TypeAdapter(each) for each in classes}
