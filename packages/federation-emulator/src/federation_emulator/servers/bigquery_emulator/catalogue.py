"""The emulator's catalogue after a statement that made, changed or dropped a table."""

from __future__ import annotations

from typing import Any

from bqemulator.catalog.ddl_sync import sync_created_table, sync_created_view, sync_dropped_object


def follow(context: Any, kind: str, table: tuple[str, str, str]) -> None:  # noqa: ANN401  (bqemulator's own)
    """Bring the catalogue in step with DuckDB.

    Args:
        context: The emulator's context.
        kind: The statement's type, by BigQuery's name.
        table: Project, dataset and table that it named; their ids have been checked.
    """
    project, dataset, name = table
    # The emulator reads what happened out of a statement, and the columns out of DuckDB.
    written = f"`{project}`.`{dataset}`.`{name}`"
    if kind == "CREATE_TABLE":
        sync_created_table(f"CREATE TABLE {written} (a INT64)", project, context)
    elif kind == "CREATE_VIEW":
        sync_created_view(f"CREATE VIEW {written} AS SELECT 1", project, context)
    elif kind in {"DROP_TABLE", "DROP_VIEW"}:
        sync_dropped_object(f"DROP {kind.removeprefix('DROP_')} {written}", project, context)
    elif kind == "ALTER_TABLE":
        _follow_columns(context, written, table)


def _follow_columns(context: Any, written: str, table: tuple[str, str, str]) -> None:  # noqa: ANN401  (bqemulator's)
    """Take over the columns alone: what else is known of the table stays."""
    before = context.catalog.get_table(*table)
    sync_created_table(f"CREATE TABLE {written} (a INT64)", table[0], context)
    after = context.catalog.get_table(*table)
    if before is None or after is None:
        return
    known = {column.name.lower(): column for column in before.schema_.fields}
    columns = tuple(
        column if (old := known.get(column.name.lower())) is None or old.type != column.type else old
        for column in after.schema_.fields
    )
    changed = {
        "schema_": after.schema_.model_copy(update={"fields": columns}),
        "last_modified_time": after.last_modified_time,
        "etag": after.etag,
    }
    context.catalog.update_table(before.model_copy(update=changed))
