"""A table's columns, as those who read SQL want to know them."""

from __future__ import annotations

from federation_emulator.core.context import Cloud
from federation_emulator.services.bigquery import emulator, schema
from federation_emulator.services.bigquery.model import TableName
from federation_emulator.services.bigquery.sql.tasks import TableColumns


async def columns_of(cloud: Cloud, table: TableName) -> TableColumns:
    """Return the columns of a table or view; none if it isn't there.

    Args:
        cloud: The cloud.
        table: Which table.
    """
    fields = schema.fields(await emulator.find_table(cloud, table) or {})
    columns = tuple((f["name"], "" if f.get("fields") or f.get("mode") == "REPEATED" else f["type"]) for f in fields)
    return TableColumns(table=table, columns=columns)
