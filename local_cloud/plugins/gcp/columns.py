"""A BigQuery table's schema: JSON text in the program, columns on the wire."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from local_cloud.plugins.gcp.api import JSON

_SAME_TYPE = {
    "INT64": "INTEGER",
    "FLOAT64": "FLOAT",
    "BOOL": "BOOLEAN",
    "STRUCT": "RECORD",
}
"""GoogleSQL's names for types that the API answers under their legacy name."""

Column = Mapping[str, Any]


def fault(schema: object) -> str | None:
    """Why this can't be a schema; None when it can, or is not known yet."""
    if not isinstance(schema, str):
        return None
    try:
        fields = json.loads(schema)
    except json.JSONDecodeError as error:
        return f"not valid JSON: {error}"
    if not isinstance(fields, list) or not all(isinstance(f, dict) and {"name", "type"} <= set(f) for f in fields):
        return 'expected a JSON list of objects with at least "name" and "type"'
    return None


def parsed(schema: str) -> list[JSON]:
    """The columns in one spelling, so that two schemas can be compared. An empty text has no columns."""
    return [_normal(field) for field in json.loads(schema or "[]")]


def _normal(field: Column) -> JSON:
    kind = str(field["type"]).upper()
    column: JSON = {
        "name": field["name"],
        "type": _SAME_TYPE.get(kind, kind),
        "mode": str(field.get("mode") or "NULLABLE").upper(),
        "description": field.get("description") or "",
    }
    if field.get("fields"):
        column["fields"] = [_normal(inner) for inner in field["fields"]]
    return column


def on_the_wire(schema: str) -> list[JSON]:
    """The columns as the official plugin sends them."""
    return [{**field, "policyTags": {"names": []}} for field in json.loads(schema)]


def live_text(fields: list[JSON], *, before: str | None) -> str:
    """The live columns as text: the text from before, if it still says the same."""
    live = [_normal(field) for field in fields]
    if before is not None and parsed(before) == live:
        return before
    return json.dumps(live)


def dropped(old: str, new: str) -> list[str]:
    """Names of the columns that are in the old schema only."""
    kept = {column["name"].casefold() for column in parsed(new)}
    return [column["name"] for column in parsed(old) if column["name"].casefold() not in kept]


def incompatible(old: str, new: str) -> bool:
    """Whether some column that stays changes its type, or begins to refuse NULL."""
    before = {column["name"].casefold(): column for column in parsed(old)}
    for column in parsed(new):
        was = before.get(column["name"].casefold())
        if was is None:
            continue
        if was["type"] != column["type"]:
            return True
        if was["mode"] != column["mode"] and column["mode"] != "NULLABLE":
            return True
    return False
