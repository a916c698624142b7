"""A row of BigQuery's as Python values, as JSON, or as printed: a function for each type, chosen once for each result.

BigQuery's REST API sends a row as ``{"f": [{"v": cell}, …]}``. A cell is a string, whatever its type; ``null``; of an
ARRAY a list of ``{"v": cell}``; of a STRUCT a row of its own. Source: BigQuery API, ``jobs.query``, "rows"; and the
``CellDataParser`` of google-cloud-bigquery, whose Python values these are, INTERVAL apart. Pure.

====================  ==================================  =====================================  ======================
type                  Python                              JSON                                   printed
====================  ==================================  =====================================  ======================
NULL                  None                                null                                   None
BOOL                  bool                                true, false                            True, False
INT64                 int                                 number, with all digits                the digits
FLOAT64               float                               number; "NaN", "Infinity"              1.5; NaN, -Infinity
NUMERIC, BIGNUMERIC   decimal.Decimal                     string, exact: "1.50"                  1.50
STRING, GEOGRAPHY     str; of a GEOGRAPHY its WKT         string                                 the text
BYTES                 bytes                               string, base64                         base64
DATE                  datetime.date                       "2026-11-29"                           as JSON, unquoted
DATETIME              datetime.datetime without a zone    "2026-11-29T03:04:05.123456"           as JSON, unquoted
TIMESTAMP             datetime.datetime in UTC            "2026-11-29T03:04:05.123456Z"          as JSON, unquoted
TIME                  datetime.time                       "03:04:05.123456"                      as JSON, unquoted
INTERVAL              str, BigQuery's: "1-2 3 4:5:6.5"    the same                               1-2 3 4:5:6.5
JSON                  what ``json.loads`` makes of it     the same                               BigQuery's text of it
RANGE                 dict: ``start``, ``end``            {"start": …, "end": …}                 as JSON
STRUCT                dict by the names of its fields     object                                 as JSON
ARRAY                 list                                array                                  as JSON
====================  ==================================  =====================================  ======================

A JSON column's own ``null`` is printed as ``null``; in Python and in JSON it is the same as NULL. A bound that a RANGE
has not is None or null. An INTERVAL has months, days and time apart, which no type of Python's keeps apart. Fractions
of a second are left out where they are 0. BigQuery sends a NULL ARRAY as an empty one. Of any other type the value is
BigQuery's string.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal

from google.cloud.bigquery import SchemaField
from google.cloud.bigquery.enums import TimestampPrecision

from keyless_bigquery.runtime.errors import QueryError

Convert = Callable[[Any], Any]
"""From a cell, which is not null, to its value."""

Form = Literal["python", "json", "printed"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MALFORMED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def row_converter(schema: Sequence[SchemaField], form: Form) -> Callable[[Any], dict[str, Any]]:
    """The function that makes a mapping of a row.

    A column without a name has BigQuery's for it: ``f0_``, ``f1_``.

    Returns:
        From a row, as JSON has it, to its values by the names of the columns.

    Raises, here and from the function:
        QueryError: Two columns have the same name, so that one would be lost; or a row is not of this schema.
    """
    convert = _struct(schema, form)

    def converted(row: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        try:
            values: dict[str, Any] = convert(row)
        except _MALFORMED:
            raise _unreadable(row, schema, form) from None
        return values

    return converted


def _struct(fields: Sequence[SchemaField], form: Form) -> Convert:
    names = [field.name for field in fields]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise QueryError(
            f"the result has several columns or fields of the name {twice[0]!r}",
            "the query; give each a name of its own with AS",
        )
    converters = [_field(field, form) for field in fields]

    def convert(row: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        cells = zip(converters, row["f"], strict=True)
        return dict(
            zip(
                names,
                # One expression without a call for strings, since it is what reading costs.
                [value if (value := cell["v"]) is None or make is None else make(value) for make, cell in cells],
                strict=True,
            )
        )

    return convert


def _field(field: SchemaField, form: Form) -> Convert | None:
    """How a column's cells are converted; ``None``: they stay as they are."""
    if form == "printed":
        return _printed(field)
    make = _one(field, form)
    if field.mode != "REPEATED":
        return make
    elements = make

    def array(cells: Any) -> list[Any]:  # noqa: ANN401 - JSON
        return [value if (value := cell["v"]) is None or elements is None else elements(value) for cell in cells]

    return array


def _printed(field: SchemaField) -> Convert | None:
    """How a column's cells are printed: what has parts as JSON, and anything else as its JSON value is in Python."""
    kind = field.field_type.upper()
    if field.mode == "REPEATED" or kind in ("RECORD", "STRUCT", "RANGE"):
        make = _field(field, "json")
        return lambda cell: json.dumps(cell if make is None else make(cell), ensure_ascii=False)
    return _json_text if kind == "JSON" else _one(field, "json")


def _one(field: SchemaField, form: Form) -> Convert | None:
    kind = field.field_type.upper()
    if kind in ("RECORD", "STRUCT"):
        return _struct(field.fields, form)
    if kind == "RANGE":
        return _range(field, form)
    if kind == "TIMESTAMP" and field.timestamp_precision is TimestampPrecision.PICOSECOND:
        return None
    return _FORMS[form].get(kind)


def _range(field: SchemaField, form: Form) -> Convert:
    bound = _FORMS[form].get(field.range_element_type.element_type.upper())

    def convert(text: str) -> dict[str, Any]:
        start, end = text.removeprefix("[").removesuffix(")").split(", ")
        return {
            name: None if value == "UNBOUNDED" else value if bound is None else bound(value)
            for name, value in (("start", start), ("end", end))
        }

    return convert


def _bool(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _timestamp(microseconds: str) -> datetime:
    return _EPOCH + timedelta(microseconds=int(microseconds))


def _json_float(text: str) -> float | str:
    value = float(text)
    if math.isnan(value):
        return "NaN"
    return value if math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"


def _json_timestamp(microseconds: str) -> str:
    return _timestamp(microseconds).replace(tzinfo=None).isoformat() + "Z"


def _json_text(text: str) -> str:
    json.loads(text)
    return text


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


# What stands in neither is a string in both forms, and BigQuery's.
_SAME: Mapping[str, Convert] = {
    **dict.fromkeys(("BOOL", "BOOLEAN"), _bool),
    **dict.fromkeys(("INT64", "INTEGER"), int),
    "JSON": json.loads,
}
_FORMS: Mapping[str, Mapping[str, Convert]] = {
    "python": {
        **_SAME,
        **dict.fromkeys(("FLOAT64", "FLOAT"), float),
        **dict.fromkeys(("NUMERIC", "DECIMAL", "BIGNUMERIC", "BIGDECIMAL"), Decimal),
        "BYTES": _bytes,
        "DATE": date.fromisoformat,
        "DATETIME": datetime.fromisoformat,
        "TIME": time.fromisoformat,
        "TIMESTAMP": _timestamp,
    },
    "json": {
        **_SAME,
        **dict.fromkeys(("FLOAT64", "FLOAT"), _json_float),
        "TIMESTAMP": _json_timestamp,
    },
}


def _unreadable(row: Any, schema: Sequence[SchemaField], form: Form) -> QueryError:  # noqa: ANN401 - JSON
    """Names the column, and not the value: it is data."""
    where = f"its cells are not those of the {len(schema)} columns"
    cells = row.get("f") if isinstance(row, dict) else None
    if isinstance(cells, list) and len(cells) == len(schema):
        for field, cell in zip(schema, cells, strict=True):
            try:
                _struct([field], form)({"f": [cell]})
            except _MALFORMED:
                where = f"the value of {field.name!r} is no {field.field_type}"
    return QueryError(f"a row that BigQuery sent can't be read: {where}", "Google Cloud's status page; then try again")
