"""From Python values to a query's parameters. Pure; what can't be a parameter is refused before anything is sent.

======================================  ======================================================================
Python                                  BigQuery
======================================  ======================================================================
bool                                    BOOL
int                                     INT64
float                                   FLOAT64
str                                     STRING
bytes                                   BYTES
decimal.Decimal                         NUMERIC where it fits, or else BIGNUMERIC
datetime.datetime with a time zone      TIMESTAMP
datetime.datetime without one           DATETIME
datetime.date, datetime.time            DATE, TIME
list, tuple                             ARRAY, whose elements have one type
mapping                                 STRUCT, with the keys as the names of its fields
======================================  ======================================================================

A parameter of ``google.cloud.bigquery`` (``ScalarQueryParameter``, ``ArrayQueryParameter``, ``StructQueryParameter``,
``RangeQueryParameter``) is taken as it is. It is needed where a value doesn't show its type: ``None``, an empty list, a
JSON or GEOGRAPHY in a str.

Source of the ranges: BigQuery, "Data types" of GoogleSQL.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Context, Decimal
from typing import Any

from google.cloud.bigquery import (
    ArrayQueryParameter,
    RangeQueryParameter,
    ScalarQueryParameter,
    StructQueryParameter,
)

from keyless_bigquery.runtime.errors import ParameterError

Parameter = ScalarQueryParameter | ArrayQueryParameter | StructQueryParameter | RangeQueryParameter

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_DEEPEST = 15
"""Levels of STRUCTs and ARRAYs in each other. Source: BigQuery, "Quotas and limits": nested depth of a STRUCT."""

_NUMERIC_SCALE, _BIGNUMERIC_SCALE = 9, 38
_NUMERIC_END = Decimal("1E+29")
_BIGNUMERIC_MAX = Decimal("578960446186580977117854925043439539266.34992332820282019728792003956564819967")
_BIGNUMERIC_MIN = Decimal("-578960446186580977117854925043439539266.34992332820282019728792003956564819968")

_EXPLICIT = "pass a ScalarQueryParameter, or an ArrayQueryParameter, of google.cloud.bigquery, which names the type"


def query_parameters(parameters: object) -> list[Parameter]:
    """The parameters as BigQuery's client takes them.

    Raises:
        ParameterError: One of them can't be a parameter.
    """
    if parameters is None:
        return []
    if not isinstance(parameters, Mapping):
        raise _refused("parameters", parameters, "parameters come by name", "pass a mapping: {'name': value}")
    return [_parameter(f"@{name}", name, value) for name, value in _named("parameters", parameters)]


def _named(path: str, values: Mapping[object, object]) -> Iterator[tuple[str, object]]:
    seen: set[str] = set()
    for name, value in values.items():
        if not (isinstance(name, str) and _NAME.fullmatch(name)):
            raise _refused(
                path,
                values,
                f"{name!r} is no name: it is a str of letters, digits and _, at most 128, and begins with no digit",
                "change that key",
            )
        if name.lower() in seen:
            raise _refused(path, values, f"it names {name!r} twice: case does not count", "change one of the keys")
        seen.add(name.lower())
        yield name, value


def _parameter(path: str, name: str | None, value: object, *, wide: bool = False, depth: int = 0) -> Parameter:
    """One parameter.

    Args:
        path: What an error calls it.
        name: Its name; ``None``: it is an array's element, which has none.
        value: Its value.
        wide: A Decimal is a BIGNUMERIC, although it would fit a NUMERIC.
        depth: How many arrays and structs are around it.
    """
    if depth > _DEEPEST:
        raise _refused(path, value, f"it is nested more than {_DEEPEST} deep", "pass it flat")
    if isinstance(value, Parameter):
        return _taken(path, name, value)
    if isinstance(value, Mapping):
        if not value:
            raise _refused(path, value, "a STRUCT has at least one field", "leave it out")
        return StructQueryParameter(
            name,
            *(
                _field(path, _parameter(f"{path}.{key}", key, one, wide=wide, depth=depth + 1), one)
                for key, one in _named(path, value)
            ),
        )
    if isinstance(value, list | tuple):
        return _array(path, name, value, wide=wide, depth=depth)
    kind, sent = _scalar(path, value, wide=wide)
    return ScalarQueryParameter(name, kind, sent)


def _taken(path: str, name: str | None, value: Parameter) -> Parameter:
    if value.name not in (None, name):
        raise _refused(path, value, f"its own name is {value.name!r}", "give it the same name, or None")
    named: Parameter = copy.copy(value)
    named.name = name
    try:
        json.dumps(named.to_api_repr())
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        raise _refused(path, value, "its value is not of its type", "give it a value of that type") from None
    return named


def _field(path: str, field: Parameter, value: object) -> Parameter:
    if isinstance(field, RangeQueryParameter):
        raise _refused(f"{path}.{field.name}", value, "BigQuery's client has no STRUCT with a RANGE", "pass its bounds")
    return field


def _array(
    path: str, name: str | None, values: list[object] | tuple[object, ...], *, wide: bool, depth: int
) -> ArrayQueryParameter:
    if not values:
        raise _refused(path, values, "an empty list has no type", _EXPLICIT)
    elements = [
        _parameter(f"{path}[{place}]", None, one, wide=wide, depth=depth + 1) for place, one in enumerate(values)
    ]
    for place, element in enumerate(elements):
        if not isinstance(element, ScalarQueryParameter | StructQueryParameter):
            raise _refused(
                f"{path}[{place}]", values[place], "BigQuery has no ARRAY of this", "put each into a mapping of its own"
            )
    types = [element.to_api_repr()["parameterType"] for element in elements]
    same = _by_name(types[0])
    other = next((place for place, kind in enumerate(types) if _by_name(kind) != same), None)
    if other is not None:
        if not wide:
            # Of decimals some may be too large for a NUMERIC; together they are BIGNUMERICs.
            return _array(path, name, values, wide=True, depth=depth)
        raise _refused(
            f"{path}[{other}]", values[other], "its type is not that of the element before it", "pass one type only"
        )
    scalars = [element.value for element in elements if isinstance(element, ScalarQueryParameter)]
    return ArrayQueryParameter(name, types[0]["type"], scalars or elements)


def _by_name(kind: dict[str, Any]) -> dict[str, Any]:
    """A type whose fields are in the order of their names: a STRUCT's values are sent by name, in any order."""
    fields = ({**field, "type": _by_name(field["type"])} for field in kind.get("structTypes", ()))
    inner = {"arrayType": _by_name(kind["arrayType"])} if "arrayType" in kind else {}
    return {**kind, **inner, "structTypes": sorted(fields, key=lambda field: str(field.get("name")))}


def _scalar(path: str, value: object, *, wide: bool) -> tuple[str, Any]:
    """A value's type, and the value as the client takes it."""
    if isinstance(value, bool):
        return "BOOL", value
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise _refused(path, value, "an INT64 has 64 bits", "pass a decimal.Decimal")
        return "INT64", int(value)
    if isinstance(value, float):
        return "FLOAT64", float(value)
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _refused(path, value, "a STRING has no halves of surrogate pairs", "pass bytes") from None
        return "STRING", value
    if isinstance(value, bytes):
        return "BYTES", value
    if isinstance(value, Decimal):
        return _decimal(path, value, wide=wide), value
    if isinstance(value, datetime):
        return _datetime(path, value)
    if isinstance(value, date):
        return "DATE", value.isoformat()
    if isinstance(value, time):
        if value.tzinfo is not None:
            raise _refused(path, value, "a TIME has no time zone", "pass it without tzinfo")
        return "TIME", value.isoformat()
    if value is None:
        raise _refused(path, value, "None has no type", _EXPLICIT)
    raise _refused(
        path,
        value,
        "a parameter is a bool, int, float, str, bytes, Decimal, datetime, date, time, a list or tuple of one of them,"
        " or a mapping",
        "convert it to one of these",
    )


def _decimal(path: str, value: Decimal, *, wide: bool) -> str:
    if not value.is_finite():
        raise _refused(path, value, "a NUMERIC is finite", "pass a float")
    digits = len(value.as_tuple().digits)
    exponent = value.normalize(Context(prec=max(1, digits))).as_tuple().exponent
    scale = -exponent if isinstance(exponent, int) else 0
    if scale <= _NUMERIC_SCALE and -_NUMERIC_END < value < _NUMERIC_END and not wide:
        return "NUMERIC"
    if scale <= _BIGNUMERIC_SCALE and _BIGNUMERIC_MIN <= value <= _BIGNUMERIC_MAX:
        return "BIGNUMERIC"
    raise _refused(
        path,
        value,
        f"a BIGNUMERIC has {_BIGNUMERIC_SCALE} digits before the point and {_BIGNUMERIC_SCALE} after it",
        "round it, or pass a float",
    )


def _datetime(path: str, value: datetime) -> tuple[str, object]:
    # Written here: the client writes years before 1000 with fewer than four digits.
    if value.utcoffset() is None:
        return "DATETIME", value.replace(tzinfo=None).isoformat()
    try:
        return "TIMESTAMP", value.astimezone(UTC).isoformat(sep=" ")
    except OverflowError:
        raise _refused(
            path, value, "a TIMESTAMP is of the years 1 to 9999 in UTC", "pass a later or earlier one"
        ) from None


def _refused(path: str, value: object, rule: str, fix: str) -> ParameterError:
    """Without the value: it is data, and this goes to the log."""
    kind = type(value)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return ParameterError(f"{path} is of the type {name}: {rule}", f"the call of query(); {fix}")
