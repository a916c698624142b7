"""A BigQuery table's schema: JSON text in the program, columns on the wire."""

from __future__ import annotations

import json

from keyless_bigquery.settings.schema_changes import Effect, SchemaError, changes, columns_of
from pulumi_offline.plugins.gcp.api import JSON


def fault(schema: object) -> str | None:
    """Why this can't be a schema; None when it can, or is not known yet."""
    try:
        columns_of(schema if isinstance(schema, str) else "[]")
    except SchemaError as error:
        return str(error)
    return None


def same(old: str, new: str) -> bool:
    """Whether the official plugin takes two schemas for one. An empty text has no columns."""
    return not changes(columns_of(old), columns_of(new))


def replaces(old: str, new: str) -> bool:
    """Whether the official plugin makes another table for the new schema."""
    return any(change.effect is Effect.REPLACED for change in changes(columns_of(old), columns_of(new)))


def on_the_wire(schema: str) -> list[JSON]:
    """The columns as the official plugin sends them."""
    return [{**field, "policyTags": {"names": []}} for field in columns_of(schema)]


def live_text(fields: list[JSON], *, before: str | None) -> str:
    """The live columns as text: the text from before, if it still says the same."""
    if before is not None and not changes(fields, columns_of(before)):
        return before
    return json.dumps(fields)


def dropped(live: list[JSON], new: str) -> list[str]:
    """Names of the live columns that the new schema lacks, whichever principal added them.

    Source: terraform-provider-google-beta, ``resourceBigQueryTableColumnDrop``: names are compared as they are written.
    """
    kept = {column["name"] for column in columns_of(new)}
    return [str(column["name"]) for column in live if column["name"] not in kept]
