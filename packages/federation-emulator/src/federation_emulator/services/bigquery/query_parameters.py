"""Query parameters, read and checked: what type each is declared with, and what value it has. Pure.

Source: Google, BigQuery REST, ``QueryParameter``, ``QueryParameterType``, ``QueryParameterValue``; "Running
parameterized queries".
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any

from federation_emulator.core.errors import invalid_argument, unimplemented
from federation_emulator.services.bigquery.sql.writing import Parameter

MOST_PARAMETERS = 10_000
"""BigQuery's limit of parameters of one query (quotas, "Maximum number of standard SQL query parameters")."""

_MOST_DEPTH = 15
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
_DECIMAL = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?"


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


_FORMS: dict[str, Callable[[str], object]] = {
    "BOOL": re.compile(r"true|false", re.IGNORECASE | re.ASCII).fullmatch,
    "BYTES": _is_base64,
    **dict.fromkeys(("DATE", "DATETIME", "TIME", "TIMESTAMP"), re.compile(r"[0-9A-Za-z :.,+/_-]{1,64}").fullmatch),
    "INT64": lambda text: bool(_WHOLE.fullmatch(text)) and -(2**63) <= int(text) < 2**63,
    "FLOAT64": re.compile(rf"{_DECIMAL}|[+-]?(?:inf|infinity|nan)", re.IGNORECASE | re.ASCII).fullmatch,
    **dict.fromkeys(("NUMERIC", "BIGNUMERIC"), re.compile(_DECIMAL).fullmatch),
    **dict.fromkeys(("STRING", "JSON", "GEOGRAPHY"), lambda _: True),
}
"""Each scalar type by GoogleSQL's name, and whether a text is one of its values."""

_ALIASES = {"BOOLEAN": "BOOL", "FLOAT": "FLOAT64", "INTEGER": "INT64", "DECIMAL": "NUMERIC", "BIGDECIMAL": "BIGNUMERIC"}

Given = tuple[tuple[Parameter, ...], tuple[Any, ...]]
"""The parameters, and the value of each as it crosses to the emulator."""


def read_parameters(query: dict[str, Any]) -> Given:
    """Read the parameters among a query's settings.

    Raises:
        ApiError: 400, a parameter isn't what BigQuery takes; 501, a type that isn't offered.
    """
    listed = query.get("queryParameters") or []
    if len(listed) > MOST_PARAMETERS:
        raise invalid_argument(f"A query has at most {MOST_PARAMETERS} parameters; this one has {len(listed)}.")
    names = [item.get("name") or "" for item in listed]
    _check_names(names, query.get("parameterMode") or "")
    types = [_type(item.get("parameterType") or {}, _MOST_DEPTH) for item in listed]
    values = [_value(item["parameterType"], item.get("parameterValue") or {}) for item in listed]
    return tuple(Parameter(name=name, type=kind) for name, kind in zip(names, types, strict=True)), tuple(values)


def _check_names(names: list[str], mode: str) -> None:
    named = [name for name in names if name]
    if mode.upper() not in {"", "NAMED", "POSITIONAL"} or (named and mode.upper() == "POSITIONAL"):
        raise invalid_argument(f"Invalid value at 'parameter_mode': {mode:.40}")
    if named and len(named) != len(names):
        raise invalid_argument("Named and positional parameters can't be mixed.")
    for name in named:
        if not _NAME.fullmatch(name):
            raise invalid_argument(f"Invalid parameter name: {name!r:.100}")
    if len({name.lower() for name in named}) != len(named):
        raise invalid_argument("Two parameters have the same name.")


def _type(given: dict[str, Any], depth: int) -> str:
    kind = _kind(given)
    if not kind or depth < 0:
        raise invalid_argument(f"Invalid parameter type: {given!r:.60}")
    if kind == "ARRAY":
        element = given.get("arrayType") or {}
        if _kind(element) == "ARRAY":
            raise invalid_argument("An array's elements can't be arrays.")
        return f"ARRAY<{_type(element, depth - 1)}>"
    if kind == "STRUCT":
        if not given.get("structTypes"):
            raise invalid_argument("A struct's type has fields, each with a name and a type.")
        fields = [f"{_field_name(field)} {_type(field.get('type') or {}, depth - 1)}" for field in given["structTypes"]]
        return f"STRUCT<{', '.join(fields)}>"
    if kind not in _FORMS:
        raise unimplemented(f"Query parameters of type {kind:.40} are not offered by the local cloud.")
    return kind


def _kind(given: dict[str, Any]) -> str:
    kind = str(given.get("type") or "").upper()
    return _ALIASES.get(kind, kind)


def _field_name(field: dict[str, Any]) -> str:
    name: str = field.get("name") or ""
    if not _NAME.fullmatch(name):
        raise invalid_argument(f"Invalid name of a struct's field: {name!r:.100}")
    return name


def _value(kind: dict[str, Any], given: dict[str, Any]) -> Any:  # noqa: ANN401  (JSON)
    """Read a value of a type that was read already. A value that isn't there is NULL."""
    name = _kind(kind)
    if name == "ARRAY":
        return {"list": [_value(kind["arrayType"], element) for element in given.get("arrayValues") or []]}
    if name == "STRUCT":
        values = given.get("structValues") or {}
        return {"struct": {f["name"]: _value(f["type"], values.get(f["name"]) or {}) for f in kind["structTypes"]}}
    text = given.get("value")
    if isinstance(text, bool | int | float):
        text = str(text).lower() if isinstance(text, bool) else str(text)
    if text is None:
        return None
    if not isinstance(text, str):
        raise invalid_argument(f"Invalid parameter value: {text!r:.60}")
    if not _FORMS[name](text):
        raise invalid_argument(f"Invalid value {text!r:.60} for a parameter of type {name}.", reason="invalidQuery")
    return {"base64": text.replace("-", "+").replace("_", "/")} if name == "BYTES" else text
