"""A table's columns as the API has them: their form, those that are new, their policy tags, and rows that fit. Pure."""

from __future__ import annotations

import re
from typing import Any

from federation_emulator.core.errors import invalid_argument, unimplemented
from federation_emulator.services.bigquery.fields import accepted
from federation_emulator.services.bigquery.ids import column_name_problem

MOST_COLUMNS = 10_000
MOST_LEVELS = 15
MOST_DESCRIPTION_CHARACTERS = 1024
"""BigQuery quotas: columns, levels of nested ones, and a column's description."""

_PLAIN_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,299}")
_RECORDS = ("RECORD", "STRUCT")
_TOP_ONLY = frozenset({"GEOGRAPHY", "INTERVAL", "RANGE"})
"""Types that the BigQuery emulator's bulk insert makes at the top of a row only, and once."""

_RANGED = ("DATE", "DATETIME", "TIMESTAMP")
_TYPES = frozenset(
    {
        *("STRING", "BYTES", "INTEGER", "INT64", "FLOAT", "FLOAT64", "NUMERIC", "BIGNUMERIC", "BOOLEAN", "BOOL"),
        *("TIMESTAMP", "DATE", "TIME", "DATETIME", "GEOGRAPHY", "JSON", "INTERVAL", "RANGE", *_RECORDS),
    }
)
"""BigQuery REST, ``TableFieldSchema.type``. Types with parameters are SQL's, not the API's."""

_MODES = ("NULLABLE", "REQUIRED", "REPEATED")
_SQL_TYPES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}
_ONE_TYPE = {**{new: old for old, new in _SQL_TYPES.items()}, "STRUCT": "RECORD"}
"""GoogleSQL's names of types, and the API's own, which it answers whichever was sent."""

_TAG = re.compile(r"projects/[a-z0-9-]{1,63}/locations/[a-z0-9-]{1,40}/taxonomies/[0-9]{1,20}/policyTags/[0-9]{1,20}")


def fields(table: dict[str, Any]) -> list[dict[str, Any]]:
    """Read the columns out of a table.

    Raises:
        ApiError: 400, one is without a name or a type.
    """
    listed: list[dict[str, Any]] = (table.get("schema") or {}).get("fields") or []
    if not all(field.get("name") and field.get("type") for field in listed):
        raise invalid_argument("Invalid value at 'schema.fields': each must be an object with a name and a type.")
    return listed


def read(listed: list[dict[str, Any]], *, level: int = 1) -> list[dict[str, Any]]:
    """Read columns, all of which BigQuery takes, and the BigQuery emulator can hold; write types and modes in capitals.

    Raises:
        ApiError: 400, a name, type or mode that there isn't, a name that comes twice, or too much of something; 501,
            what is not offered.
    """
    if level > MOST_LEVELS or len(listed) > MOST_COLUMNS:
        raise invalid_argument(f"A schema has at most {MOST_COLUMNS} columns, and {MOST_LEVELS} levels of them.")
    made: list[dict[str, Any]] = []
    seen: set[str] = set()
    for field in fields({"schema": {"fields": listed}}):
        name = field["name"]
        if problem := column_name_problem(name):
            raise invalid_argument(problem)
        if level > 1 and not _PLAIN_COLUMN.fullmatch(name):
            # The emulator writes the names inside a STRUCT without quotes.
            raise unimplemented(f"The field name {name!r:.100} inside a column is not offered: letters, digits and _.")
        if name.casefold() in seen:
            raise invalid_argument(f"Field {name} already exists in schema")
        seen.add(name.casefold())
        _check_column(field)
        inner = read(field.get("fields") or [], level=level + 1)
        kind = _upper(field["type"])
        written = {"type": _ONE_TYPE.get(kind, kind), "mode": _upper(field.get("mode") or "NULLABLE")}
        given = {key: value for key, value in field.items() if value is not None}
        made.append({**given, **written, **({"fields": inner} if inner else {})})
    return made


def _check_column(field: dict[str, Any]) -> None:
    name, kind, mode = field["name"], _upper(field["type"]), _upper(field.get("mode") or "NULLABLE")
    accepted("TableFieldSchema", field)
    if kind == "BIGNUMERIC":
        raise unimplemented(f"Columns of type BIGNUMERIC are not offered by the local cloud: {name:.80}.")
    if kind not in _TYPES:
        raise invalid_argument(f"Invalid value for type: {field['type']!r:.60} is not a valid value. Field: {name}")
    if mode not in _MODES:
        raise invalid_argument(f"Invalid value for mode: {field['mode']!r:.60} is not a valid value. Field: {name}")
    if (kind in _RECORDS) is not bool(field.get("fields")):
        raise invalid_argument(f"Field {name} is type {kind}, and {'has no' if kind in _RECORDS else 'has a'} schema.")
    element = (field.get("rangeElementType") or {}).get("type")
    if (kind == "RANGE") is not bool(element) or (element and _upper(element) not in _RANGED):
        raise invalid_argument(f"Field {name}: a RANGE, and no other, has a rangeElementType of {', '.join(_RANGED)}.")
    if len(field.get("description") or "") > MOST_DESCRIPTION_CHARACTERS:
        raise invalid_argument(f"The description of {name} is longer than {MOST_DESCRIPTION_CHARACTERS} characters.")


def _upper(text: str) -> str:
    # Only ASCII has a case here: a long s is no S.
    return text.upper() if text.isascii() else text


def added_columns(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[str]:
    """Write the new top-level columns as DDL: the BigQuery emulator changes its schema on PUT, but not its storage.

    Raises:
        ApiError: 400, a column that BigQuery would not add; 501, one that the BigQuery emulator can't.
    """
    known = {field["name"].lower() for field in before}
    columns = []
    for field in after:
        name, kind, mode = field["name"], field["type"].upper(), (field.get("mode") or "").upper()
        if name.lower() in known:
            continue
        if not _PLAIN_COLUMN.fullmatch(name):
            raise unimplemented(f"Adding a column named {name!r:.100} is not offered: letters, digits and _.")
        if kind in _RECORDS or kind == "RANGE":
            raise unimplemented("Adding nested columns and ranges is not offered by the local cloud.")
        if mode == "REQUIRED":
            raise invalid_argument(f"Provided Schema does not match: cannot add required field {name} to a table.")
        of_one = _SQL_TYPES.get(kind, kind)
        columns.append(f"`{name}` {f'ARRAY<{of_one}>' if mode == 'REPEATED' else of_one}")
    return columns


def relaxed_columns(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[str]:
    """List the top-level columns that are REQUIRED no more."""
    given = {field["name"].lower(): field for field in after}
    return [
        field["name"]
        for field in before
        if field.get("mode") == "REQUIRED" and given.get(field["name"].lower(), field).get("mode") != "REQUIRED"
    ]


def check_change(before: list[dict[str, Any]], after: list[dict[str, Any]], *, table: object, within: str = "") -> None:
    """Refuse a schema that a table which exists can't take: columns stay, keep their type, and are relaxed at most.

    Source: Google, "Modifying table schemas".

    Raises:
        ApiError: 400, in BigQuery's words.
    """
    given = {field["name"].lower(): field for field in after}
    for field in before:
        name = f"{within}{field['name']}"
        new = given.get(field["name"].lower())
        refusal = "is missing in new schema" if new is None else _changed(field, new)
        if refusal is not None:
            raise invalid_argument(f"Provided Schema does not match Table {table}. Field {name} {refusal}")
        if new is not None:
            check_change(field.get("fields") or [], new.get("fields") or [], table=table, within=f"{name}.")


def _changed(old: dict[str, Any], new: dict[str, Any]) -> str | None:
    kinds = [_ONE_TYPE.get(kind, kind) for kind in (_upper(old["type"]), _upper(new["type"]))]
    if kinds[0] != kinds[1]:
        return f"has changed type from {kinds[0]} to {kinds[1]}"
    modes = tuple(_upper(field.get("mode") or "NULLABLE") for field in (old, new))
    if modes[0] != modes[1] and modes != ("REQUIRED", "NULLABLE"):
        return f"has changed mode from {modes[0]} to {modes[1]}"
    return None


def policy_tags(listed: list[dict[str, Any]]) -> dict[str, str]:
    """Read the policy tags: column in lower case → the tag's name. A tag inside a column protects all of it.

    Source: Google, BigQuery REST, ``TableFieldSchema.policyTags``: at most one for each column, on columns without
    columns of their own.

    Raises:
        ApiError: 400, not a tag's name, or more than one; 501, several inside a column.
    """
    found: dict[str, str] = {}
    for field in listed:
        names = (field.get("policyTags") or {}).get("names") or []
        if len(names) > 1 or not all(map(_TAG.fullmatch, names)):
            raise invalid_argument(
                f"Invalid policy tags of {field['name']:.80}: at most one, "
                "projects/PROJECT/locations/LOCATION/taxonomies/NUMBER/policyTags/NUMBER."
            )
        inner = policy_tags(fields({"schema": {"fields": field.get("fields")}}))
        tags = {str(tag) for tag in (*names, *inner.values())}
        if len(tags) > 1:
            # One protects the whole column here: who has access to it would read what the other protects.
            raise unimplemented(
                f"TableFieldSchema.policyTags: several inside {field['name']:.80} are not offered here."
            )
        found |= {field["name"].lower(): tag for tag in tags}
    return found


def with_tags(listed: list[dict[str, Any]], tags: dict[str, str]) -> list[dict[str, Any]]:
    """Write the policy tags into the columns, as the API answers them."""
    return [
        {**field, "policyTags": {"names": [tags[field["name"].lower()]]}} if field["name"].lower() in tags else field
        for field in listed
    ]


def shown(listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Write columns as the API answers them: of what a RANGE is of, only the type."""
    written = []
    for field in listed:
        element, inner = field.get("rangeElementType"), field.get("fields")
        more = {"rangeElementType": {"type": element["type"]}} if element else {}
        written.append({**field, **more, **({"fields": shown(inner)} if inner else {})})
    return written


def row_problems(rows: list[dict[str, Any]], schema: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Say what is wrong with rows, as ``insertErrors`` has it: unknown columns, and required ones left out."""
    known = {field["name"].lower(): field for field in schema}
    required = {name for name, field in known.items() if field.get("mode") == "REQUIRED"}
    problems: list[dict[str, Any]] = []
    for index, row in enumerate(rows):
        given = {str(key).lower() for key, value in row["json"].items() if value is not None}
        wrong = [(name, f"no such field: {name}.") for name in sorted({k.lower() for k in row["json"]} - set(known))]
        wrong += [
            (key, text)
            for key, value in row["json"].items()
            if (field := known.get(str(key).lower())) is not None and (text := _shape_problem(field, value))
        ]
        wrong += [(name, f"Missing required field: {name}.") for name in sorted(required - given)]
        if wrong:
            errors = [{"reason": "invalid", "location": name, "debugInfo": "", "message": text} for name, text in wrong]
            problems.append({"index": index, "errors": errors})
    return problems


def _shape_problem(field: dict[str, Any], value: object) -> str:
    """Say what is wrong with the shape of a value at the top of a row, in BigQuery's words; empty: nothing."""
    if field.get("mode") != "REPEATED" and isinstance(value, list):
        return f"Array specified for non-repeated field: {field['name']}."
    if isinstance(value, dict) and field["type"] not in (*_RECORDS, "RANGE"):
        return f"This field: {field['name']} is not a record."
    return ""


def check_insertable(rows: list[dict[str, Any]], schema: list[dict[str, Any]]) -> None:
    """Refuse rows with values for which the BigQuery emulator's bulk insert has no form.

    Raises:
        ApiError: 501, naming the type.
    """
    for field in schema:
        repeated = field.get("mode") == "REPEATED"
        kinds = {field["type"]} if repeated else set()
        kind = next(iter(sorted((kinds | _kinds_inside(field)) & _TOP_ONLY)), None)
        given = (value for row in rows for name, value in row["json"].items() if name.lower() == field["name"].lower())
        if kind and any(given):
            raise unimplemented(
                f"insertAll into {field['name']:.80} is not offered by the local cloud: {kind} in an array or a record."
            )


def _kinds_inside(field: dict[str, Any]) -> set[str]:
    inner = field.get("fields") or []
    return {each["type"] for each in inner}.union(*map(_kinds_inside, inner)) if inner else set()
