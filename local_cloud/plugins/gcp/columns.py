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
    """The columns in one spelling and by name, so that two schemas can be compared. An empty text has no columns."""
    return _normal_all(json.loads(schema or "[]"))


def _normal_all(fields: list[JSON]) -> list[JSON]:
    return sorted((_normal(field) for field in fields), key=lambda column: str(column["name"]))


def _normal(field: Column) -> JSON:
    kind = str(field["type"]).upper()
    column: JSON = {
        "name": field["name"],
        "type": _SAME_TYPE.get(kind, kind),
        "mode": str(field.get("mode") or "NULLABLE").upper(),
        "description": field.get("description") or "",
    }
    if field.get("fields"):
        column["fields"] = _normal_all(field["fields"])
    return column


def on_the_wire(schema: str) -> list[JSON]:
    """The columns as the official plugin sends them."""
    return [{**field, "policyTags": {"names": []}} for field in json.loads(schema)]


def live_text(fields: list[JSON], *, before: str | None) -> str:
    """The live columns as text: the text from before, if it still says the same."""
    if before is not None and parsed(before) == _normal_all(fields):
        return before
    return json.dumps([_normal(field) for field in fields])


def dropped(live: list[JSON], new: str) -> list[str]:
    """Names of the live columns that the new schema lacks, whoever added them."""
    kept = {column["name"] for column in parsed(new)}
    return [str(column["name"]) for column in live if column["name"] not in kept]


def incompatible(old: str, new: str) -> bool:
    """Whether the new schema needs a new table, by the official plugin's rules.

    In place are: more columns, fewer columns, a column that no longer refuses NULL, other descriptions. Not so are
    another type or mode, a part of a record that goes, and columns that go while others come: those could be renamed.
    """
    return not _changeable(parsed(old), parsed(new), may_drop=True)


def _changeable(old: list[JSON], new: list[JSON], *, may_drop: bool) -> bool:
    before, after = ({column["name"]: column for column in columns} for columns in (old, new))
    gone, added = before.keys() - after.keys(), after.keys() - before.keys()
    if gone and (added or not may_drop):
        return False
    return all(_column_changeable(before[name], after[name]) for name in before.keys() & after.keys())


def _column_changeable(old: JSON, new: JSON) -> bool:
    modes = (old["mode"], new["mode"])
    if old["type"] != new["type"] or (modes[0] != modes[1] and modes != ("REQUIRED", "NULLABLE")):
        return False
    return _changeable(old.get("fields", []), new.get("fields", []), may_drop=False)
