"""A table's columns as the API has them: their form, those that are new, their policy tags, and rows that fit. Pure."""

from __future__ import annotations

import re
from typing import Any

from local_cloud.errors import invalid_argument, unimplemented
from local_cloud.http import object_field

_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,299}")
_COLUMN_TYPE = re.compile(r"[A-Z][A-Z0-9]{1,20}")
_SQL_TYPES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}
_TAG = re.compile(r"projects/[a-z0-9-]{1,63}/locations/[a-z0-9-]{1,40}/taxonomies/[0-9]{1,20}/policyTags/[0-9]{1,20}")


def fields(table: dict[str, Any]) -> list[dict[str, Any]]:
    """Read the columns out of a table.

    Raises:
        ApiError: 400, they aren't a list of objects with a name and a type.
    """
    listed = object_field(table, "schema").get("fields") or []
    if not isinstance(listed, list) or not all(_is_field(field) for field in listed):
        raise invalid_argument("Invalid value at 'schema.fields': each must be an object with a name and a type.")
    return listed


def _is_field(field: object) -> bool:
    return isinstance(field, dict) and all(isinstance(field.get(key), str) for key in ("name", "type"))


def added_columns(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[str]:
    """Write the new top-level columns as DDL: the warehouse changes its schema on PUT, but not its storage.

    Raises:
        ApiError: 400, a column that BigQuery would not add; 501, one that the warehouse can't.
    """
    known = {field["name"].lower() for field in before}
    columns = []
    for field in after:
        name, kind = field["name"], field["type"].upper()
        if name.lower() in known:
            continue
        if not _COLUMN.fullmatch(name) or not _COLUMN_TYPE.fullmatch(kind):
            raise invalid_argument(f"Invalid field {name!r:.80} of type {kind!r:.40}.")
        if kind in {"RECORD", "STRUCT"} or field.get("mode") == "REPEATED":
            raise unimplemented("Adding nested or repeated columns is not offered by the local cloud.")
        if field.get("mode") == "REQUIRED":
            raise invalid_argument(f"Provided Schema does not match: cannot add required field {name} to a table.")
        columns.append(f"`{name}` {_SQL_TYPES.get(kind, kind)}")
    return columns


def says_tags(field: dict[str, Any]) -> bool:
    """Say whether a column says anything of policy tags: an empty list takes them away."""
    return field.get("policyTags") is not None


def policy_tags(listed: list[dict[str, Any]]) -> dict[str, str]:
    """Read the policy tags: column in lower case → the tag's name. A tag inside a column protects all of it.

    Source: Google, BigQuery REST, ``TableFieldSchema.policyTags``: at most one for each column, on columns without
    columns of their own.

    Raises:
        ApiError: 400, not a tag's name, or more than one; 501, data policies.
    """
    found = {}
    for field in listed:
        if field.get("dataPolicies"):
            raise unimplemented("Data policies on columns are not offered by the local cloud.")
        names = object_field(field, "policyTags").get("names") or []
        if not isinstance(names, list) or len(names) > 1 or not all(_TAG.fullmatch(str(name)) for name in names):
            raise invalid_argument(
                f"Invalid policy tags of {field['name']:.80}: at most one, "
                "projects/PROJECT/locations/LOCATION/taxonomies/NUMBER/policyTags/NUMBER."
            )
        inner = policy_tags(fields({"schema": {"fields": field.get("fields")}}))
        if tag := next(iter([*names, *inner.values()]), None):
            found[field["name"].lower()] = str(tag)
    return found


def with_tags(listed: list[dict[str, Any]], tags: dict[str, str]) -> list[dict[str, Any]]:
    """Write the policy tags into the columns, as the API answers them."""
    return [
        {**field, "policyTags": {"names": [tags[field["name"].lower()]]}} if field["name"].lower() in tags else field
        for field in listed
    ]


def is_row(row: object) -> bool:
    """Say whether a row of insertAll has the form of one."""
    return isinstance(row, dict) and isinstance(row.get("json"), dict)


def row_problems(rows: list[dict[str, Any]], schema: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Say what is wrong with rows, as ``insertErrors`` has it: unknown columns, and required ones left out."""
    known = {field["name"].lower(): field for field in schema}
    required = {name for name, field in known.items() if field.get("mode") == "REQUIRED"}
    problems: list[dict[str, Any]] = []
    for index, row in enumerate(rows):
        given = {str(key).lower() for key, value in row["json"].items() if value is not None}
        wrong = [(name, f"no such field: {name}.") for name in sorted({k.lower() for k in row["json"]} - set(known))]
        wrong += [(name, f"Missing required field: {name}.") for name in sorted(required - given)]
        if wrong:
            errors = [{"reason": "invalid", "location": name, "debugInfo": "", "message": text} for name, text in wrong]
            problems.append({"index": index, "errors": errors})
    return problems
