"""What a new schema would do to the rows of a table that exists. Pure.

Source: BigQuery, "Modifying table schemas": columns can be added and relaxed in place; to drop one loses its values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_SAME = {
    "INT64": "INTEGER",
    "INT": "INTEGER",
    "FLOAT64": "FLOAT",
    "BOOL": "BOOLEAN",
    "STRUCT": "RECORD",
    "DECIMAL": "NUMERIC",
    "BIGDECIMAL": "BIGNUMERIC",
}
_WIDER = {
    "INTEGER": {"NUMERIC", "BIGNUMERIC", "FLOAT"},
    "NUMERIC": {"BIGNUMERIC", "FLOAT"},
}
"""Types that a column may change to and keep its values."""

_LIMITS = ("maxLength", "precision", "scale")
_WHOLE = re.compile(r"[0-9]{1,19}", re.ASCII)
"""BigQuery writes an int64 as a text. Source: BigQuery, `TableFieldSchema`."""

Column = Mapping[str, Any]


class SchemaError(ValueError):
    """A text is no schema."""


def columns_of(schema: object) -> Sequence[Column]:
    """The columns of a schema as BigQuery's API has it, in JSON.

    Raises:
        SchemaError: It is none.
    """
    try:
        found = json.loads(schema) if isinstance(schema, str) else schema
    except ValueError as problem:
        raise SchemaError(f"a schema must be JSON: {problem}") from problem
    if not isinstance(found, list) or not all(_is_column(one) for one in found):
        raise SchemaError("a schema must be a list of objects with name and type, mode and fields as BigQuery has them")
    return found


def _is_column(one: object) -> bool:
    if not isinstance(one, dict) or not all(isinstance(one.get(key), str) for key in ("name", "type")):
        return False
    fields = one.get("fields") or []
    return (
        isinstance(one.get("mode") or "", str)
        and all(_WHOLE.fullmatch(str(one.get(limit) or 0)) for limit in _LIMITS)
        and isinstance(fields, list)
        and all(_is_column(field) for field in fields)
    )


def losses(before: Sequence[Column], after: Sequence[Column], *, within: str = "") -> Iterator[tuple[str, str]]:
    """Each column that would go, hold less, or can't be added, with what would happen to it.

    Args:
        before: The columns that are.
        after: The columns that would be.
        within: The record around them, as a path.
    """
    wanted = {_key(column): column for column in after}
    for column in before:
        name = f"{within}{column['name']}"
        new = wanted.pop(_key(column), None)
        if new is None:
            yield name, "dropped, and its values with it"
            continue
        yield from ((name, change) for change in _narrowed(column, new))
        yield from losses(column.get("fields") or (), new.get("fields") or (), within=f"{name}.")
    for column in wanted.values():
        if _mode(column) == "REQUIRED":
            yield f"{within}{column['name']}", "added as REQUIRED, which rows that exist can't fulfil"


def _narrowed(old: Column, new: Column) -> Iterator[str]:
    before, after = _type(old), _type(new)
    if before != after and after not in _WIDER.get(before, ()):
        yield f"{after} instead of {before}"
    if _mode(old) != _mode(new) and (_mode(old), _mode(new)) != ("REQUIRED", "NULLABLE"):
        yield f"{_mode(new)} instead of {_mode(old)}"
    for limit in _LIMITS:
        if new.get(limit) and before == after and not (old.get(limit) and int(old[limit]) <= int(new[limit])):
            yield f"{limit} {new[limit]} instead of {old.get(limit) or 'none'}"


def _key(column: Column) -> str:
    return str(column["name"]).casefold()


def _type(column: Column) -> str:
    kind = str(column["type"]).upper()
    return _SAME.get(kind, kind)


def _mode(column: Column) -> str:
    return str(column.get("mode") or "NULLABLE").upper()
