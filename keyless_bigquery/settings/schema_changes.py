"""What a change of a table's columns does to its rows: the only place that decides it. Pure.

Three parties have a say. BigQuery decides which names are one type, and what can change in a table that exists. The
Google provider decides whether it sends a change to the table that exists, or makes another table in its place. What
the provider does not send as BigQuery accepts it costs the rows, or fails.

Sources: BigQuery, "Modifying table schemas", "Data types" (aliases, parameterized types) and "Conversion rules" (what
coerces); terraform-provider-google-beta, ``resource_bigquery_table.go``: ``bigQueryTableSchemaDiffSuppress`` (what is
the same), ``resourceBigQueryTableSchemaIsChangeable`` (what is sent to the table that exists),
``resourceBigQueryTableColumnDrop`` (what is dropped by SQL).
"""

from __future__ import annotations

import dataclasses
import enum
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

ONE_TYPE: Mapping[str, str] = {
    **dict.fromkeys(("INT64", "INT", "SMALLINT", "BIGINT", "TINYINT", "BYTEINT"), "INTEGER"),
    "FLOAT64": "FLOAT",
    "BOOL": "BOOLEAN",
    "STRUCT": "RECORD",
    "DECIMAL": "NUMERIC",
    "BIGDECIMAL": "BIGNUMERIC",
}
"""Other names of a type → the name that the API answers. Source: BigQuery, "Data types"; ``TableFieldSchema.type``."""

_ONE_TO_THE_PROVIDER = ({"INTEGER", "INT64"}, {"FLOAT", "FLOAT64"}, {"BOOLEAN", "BOOL"})
"""Source: ``bigQueryTableTypeEq``. Any other pair of names makes another table, one type or not."""

_COERCED: Mapping[str, frozenset[str]] = {
    "INTEGER": frozenset({"NUMERIC", "BIGNUMERIC", "FLOAT"}),
    "NUMERIC": frozenset({"BIGNUMERIC", "FLOAT"}),
    "BIGNUMERIC": frozenset({"FLOAT"}),
}
"""What ``ALTER COLUMN … SET DATA TYPE`` changes in a table that exists. Source: "Conversion rules", coercion."""

_FIXED = ("rangeElementType", "timestampPrecision")
"""Parts of a type that stand outside ``type``, and that no documented change of a table that exists touches."""

_COMPARED = frozenset({"name", "type", "mode", "fields", "maxLength", "precision", "scale", *_FIXED})
_WHOLE = re.compile(r"[0-9]{1,19}", re.ASCII)
"""BigQuery writes an int64 as text. Source: BigQuery, ``TableFieldSchema``."""

Column = Mapping[str, Any]


class SchemaError(ValueError):
    """A value is not a schema."""


class Effect(enum.Enum):
    """What becomes of the rows."""

    KEPT = "changed in place, and every value stays"
    DROPPED = "dropped in place, and its values with it"
    REFUSED = "refused by BigQuery"
    REPLACED = "another table takes the place of this one, without its rows"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ColumnChange:
    """One difference between two schemas. The path has the records around a column before it, joined by dots."""

    path: str
    effect: Effect
    reason: str
    before: Column | None
    after: Column | None


def columns_of(schema: object) -> Sequence[Column]:
    """The columns of a schema as BigQuery's API has it: a list, or its JSON. An empty text and ``null`` have none.

    Raises:
        SchemaError: The value is something else.
    """
    try:
        found = json.loads(schema or "null") if isinstance(schema, str) else schema
    except (ValueError, RecursionError) as problem:
        raise SchemaError(f"a schema must be JSON: {problem}") from problem
    if found is None and isinstance(schema, str):
        return []
    if not isinstance(found, list) or not all(_is_column(one) for one in found):
        raise SchemaError("a schema must be a list of objects with name and type, mode and fields as BigQuery has them")
    return found


def changes(before: Sequence[Column], after: Sequence[Column]) -> tuple[ColumnChange, ...]:
    """Every difference that the provider sees, in the order of the columns. Their order is none."""
    return tuple(_changes(before, after, within=""))


def losses(before: Sequence[Column], after: Sequence[Column]) -> list[ColumnChange]:
    """The differences that rows do not survive, or that BigQuery refuses."""
    return [change for change in changes(before, after) if change.effect is not Effect.KEPT]


def coerced(before: str, after: str) -> bool:
    """Whether ``ALTER COLUMN … SET DATA TYPE`` takes a column from one type to the other."""
    return _type(after) in _COERCED.get(_type(before), ())


def _is_column(one: object) -> bool:
    if not isinstance(one, dict) or not all(isinstance(one.get(key), str) for key in ("name", "type")):
        return False
    fields = one.get("fields") or []
    return (
        isinstance(one.get("mode") or "", str)
        and all(_WHOLE.fullmatch(str(one.get(limit) or 0)) for limit in ("maxLength", "precision", "scale"))
        and isinstance(fields, list)
        and all(_is_column(field) for field in fields)
    )


def _changes(before: Sequence[Column], after: Sequence[Column], *, within: str) -> Iterator[ColumnChange]:
    left = {_key(column): column for column in after}
    pairs = [(column, left.pop(_key(column), None)) for column in before]
    # The provider compares names as they are written: to it, another case is one column less and one more.
    added = bool(left) or any(new is not None and new["name"] != old["name"] for old, new in pairs)
    for old, new in pairs:
        path = f"{within}{old['name']}"
        if new is None:
            effect, reason = _dropped(nested=bool(within), added=added)
            yield ColumnChange(path=path, effect=effect, reason=reason, before=old, after=None)
            continue
        for effect, reason in _differences(old, new):
            yield ColumnChange(path=path, effect=effect, reason=reason, before=old, after=new)
        if _type(old) == _type(new) == "RECORD":
            yield from _changes(old.get("fields") or (), new.get("fields") or (), within=f"{path}.")
    for new in left.values():
        required = _mode(new) == "REQUIRED"
        yield ColumnChange(
            path=f"{within}{new['name']}",
            effect=Effect.REPLACED if required else Effect.KEPT,
            reason="added as REQUIRED, which rows that exist can't fulfil" if required else "added",
            before=None,
            after=new,
        )


def _dropped(*, nested: bool, added: bool) -> tuple[Effect, str]:
    # Row access policies, and tables over external data, turn a drop in place into another table, too.
    if nested:
        return Effect.REPLACED, "dropped from a record, for which the provider makes another table"
    if added:
        return Effect.REPLACED, "dropped while others are added, for which the provider makes another table"
    return Effect.DROPPED, "dropped, and its values with it"


def _differences(old: Column, new: Column) -> Iterator[tuple[Effect, str]]:
    if old["name"] != new["name"]:
        yield (
            Effect.REPLACED,
            f"written {new['name']} instead of {old['name']}: one column to BigQuery, whose names ignore case, and two"
            " to the provider, which makes another table",
        )
    if not _provider_takes_for_one(old["type"], new["type"]):
        yield Effect.REPLACED, _retyped(str(old["type"]).upper(), str(new["type"]).upper())
    if _mode(old) != _mode(new):
        relaxed = (_mode(old), _mode(new)) == ("REQUIRED", "NULLABLE")
        yield Effect.KEPT if relaxed else Effect.REPLACED, f"{_mode(new)} instead of {_mode(old)}"
    if _type(old) == _type(new):
        yield from _limits(old, new)
        for key in _FIXED:
            if old.get(key) != new.get(key):
                yield Effect.REFUSED, f"{key} {new.get(key) or 'none'} instead of {old.get(key) or 'none'}"
    for key in sorted((set(old) | set(new)) - _COMPARED):
        if not _one_value(key, old.get(key), new.get(key)):
            yield Effect.KEPT, f"another {key}"


def _retyped(before: str, after: str) -> str:
    if _type(before) == _type(after):
        return f"{after} instead of {before}: one type to BigQuery, and two to the provider, which makes another table"
    if coerced(before, after):
        return (
            f"{after} instead of {before}: BigQuery changes that in place by SQL only, and the provider makes another"
            " table"
        )
    return f"{after} instead of {before}, which takes another table"


def _limits(old: Column, new: Column) -> Iterator[tuple[Effect, str]]:
    for limit in ("maxLength", "precision", "scale"):
        if _limit(old, limit) != _limit(new, limit):
            text = f"{limit} {new.get(limit) or 'none'} instead of {old.get(limit) or 'none'}"
            yield (Effect.REFUSED if _narrower(limit, old, new) else Effect.KEPT), text


def _narrower(limit: str, old: Column, new: Column) -> bool:
    if limit == "maxLength":
        return bool(_limit(new, limit)) and not 0 < _limit(old, limit) <= _limit(new, limit)
    if not _limit(new, "precision"):
        return False
    digits = [_limit(column, "precision") - _limit(column, "scale") for column in (old, new)]
    wide_enough = digits[0] <= digits[1] and _limit(old, "scale") <= _limit(new, "scale")
    return not (_limit(old, "precision") and wide_enough)


def _limit(column: Column, limit: str) -> int:
    return int(column.get(limit) or 0)


def _one_value(key: str, old: object, new: object) -> bool:
    """Source: ``bigQueryTableMapKeyOverride``."""
    if key == "collation" and new is None:
        return True
    if key == "policyTags":
        return (old or None) == (new or None) or all(not one or one == {"names": []} for one in (old, new))
    return old == new or (key in {"description", "collation"} and not old and not new)


def _provider_takes_for_one(before: str, after: str) -> bool:
    names = {before.upper(), after.upper()}
    return len(names) == 1 or names in _ONE_TO_THE_PROVIDER


def _key(column: Column) -> str:
    return str(column["name"]).casefold()


def _type(column_or_name: Column | str) -> str:
    name = column_or_name if isinstance(column_or_name, str) else str(column_or_name["type"])
    return ONE_TYPE.get(name.upper(), name.upper())


def _mode(column: Column) -> str:
    return str(column.get("mode") or "NULLABLE").upper()
