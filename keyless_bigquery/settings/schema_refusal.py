"""Why an own table can't become what the settings say, and which commands fix it. Pure.

Each command can be run as it is printed: none of them, and no ``pulumi up`` after them, costs a row that the sentence
above it doesn't name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from keyless_bigquery.command_line import command_line
from keyless_bigquery.runtime import forms
from keyless_bigquery.runtime.printable import one_line
from keyless_bigquery.settings import schema_changes
from keyless_bigquery.settings.columns import MODES, TYPES, Column
from keyless_bigquery.settings.schema_changes import ColumnChange

_ATTRIBUTES = ("name", "type", "mode", "description")
_DEFAULTS = Column(name="", type="")


@dataclasses.dataclass(frozen=True, kw_only=True)
class OwnTable:
    """A table of the stack, as the settings describe it.

    ``key`` is the setting that lists its columns and those of no other table, where they are ``listed``; otherwise they
    are inherited, or the default.
    """

    project: str
    dataset_id: str
    table_id: str
    columns: tuple[Column, ...]
    key: str
    listed: bool
    stack: str

    @property
    def path(self) -> str:
        """The table's resource name, which is its id in the provider as well."""
        return f"projects/{self.project}/datasets/{self.dataset_id}/tables/{self.table_id}"


def refusal(table: OwnTable, live: Sequence[schema_changes.Column]) -> str | None:
    """Why the table must not be touched; ``None`` if its rows keep every value."""
    described = [dataclasses.asdict(column) for column in table.columns]
    losses = schema_changes.losses(live, described)
    if not losses:
        return None
    reasons = [f"  - column {one.path}: {_reason(one)}" for one in losses]
    return "\n".join(
        [
            f"the columns of table {table.dataset_id}.{table.table_id} can't become what the settings say, and nothing"
            " was changed:",
            *map(one_line, reasons),
            *_keep(table, losses),
            *_drop(table, losses),
            f"Then run: {command_line('pulumi', 'up', '--refresh', '--stack', table.stack)}",
        ]
    )


def stale(table: OwnTable, live: Sequence[schema_changes.Column]) -> str | None:
    """Why an update that sends nothing would hide that an earlier one failed; ``None`` if the table has it all.

    The provider keeps the planned columns in the state when an update fails, so the next one finds nothing to send.
    Columns that the settings don't list stay: nothing is sent.
    """
    described = [dataclasses.asdict(column) for column in table.columns]
    if all(change.after is None for change in schema_changes.changes(live, described)):
        return None
    return (
        f"the columns of table {table.dataset_id}.{table.table_id} are not what the stack's state says: an earlier"
        " update failed, or the table was changed since. Nothing was changed. Run:"
        f" {command_line('pulumi', 'up', '--refresh', '--stack', table.stack)}"
    )


def _reason(loss: ColumnChange) -> str:
    if loss.after is None and loss.before is not None:
        kind = f"{loss.before['type']} {loss.before.get('mode') or ''}".strip()
        return f"{kind} in the table and not in the settings; an update would drop it with its values"
    return loss.reason


def _keep(table: OwnTable, losses: Sequence[ColumnChange]) -> Iterator[str]:
    """The commands after which the settings describe what the table has."""
    columns = list(table.columns)
    for loss in losses:
        place = _place(table.columns, loss)
        kept = None if loss.before is None else _column(loss.before)
        if loss.before is None and place is not None:
            columns[place] = dataclasses.replace(columns[place], mode="NULLABLE")
        elif kept is not None and place is not None:
            columns[place] = dataclasses.replace(kept, description=columns[place].description)
        elif kept is not None and loss.after is None:
            columns.append(kept)
        else:
            yield one_line(f"The settings can't describe column {loss.path}: the stack makes plain columns only.")
    lines = list(_lines(table, columns))
    if lines:
        yield "To keep what is in the table, run:"
        yield from (f"    {line}" for line in lines)


def _lines(table: OwnTable, columns: Sequence[Column]) -> Iterator[str]:
    listed = table.columns if table.listed else ()
    for place, column in enumerate(columns):
        known = listed[place] if place < len(listed) else _DEFAULTS
        for attribute in _ATTRIBUTES:
            value = getattr(column, attribute)
            if value != getattr(known, attribute):
                key = f"{table.key}[{place}].{attribute}"
                yield command_line("pulumi", "config", "set", "--stack", table.stack, "--path", key, value)


def _drop(table: OwnTable, losses: Sequence[ColumnChange]) -> Iterator[str]:
    for loss in losses:
        if loss.after is None:
            sql = f"ALTER TABLE `{table.project}.{table.dataset_id}.{table.table_id}` DROP COLUMN `{loss.path}`"
            yield one_line(f"Or, if nothing needs column {loss.path} and its values any more, drop it yourself:")
            yield f"    {command_line('bq', 'query', '--use_legacy_sql=false', sql)}"
    if any(loss.before is not None and loss.after is not None for loss in losses):
        yield "For another form of a column add one under another name, and copy the values over."


def _place(columns: Sequence[Column], loss: ColumnChange) -> int | None:
    """Where the settings list the column; ``None`` if they don't."""
    name = loss.path.casefold()
    return next((place for place, column in enumerate(columns) if column.name.casefold() == name), None)


def _column(live: schema_changes.Column) -> Column | None:
    """A column of the table as the settings would describe it; ``None`` if they can't."""
    column = Column(
        name=str(live["name"]),
        type=str(live["type"]).upper(),
        mode=str(live.get("mode") or "NULLABLE").upper(),
        description=str(live.get("description") or ""),
    )
    plain = column.type in TYPES and column.mode in MODES and forms.column_name(column.name) is None
    return column if plain else None
