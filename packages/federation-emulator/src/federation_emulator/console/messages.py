"""Reading JSON as a message of a Google API: its fields, their types, and Google's words for what is wrong. Pure.

Sources: protobuf, "ProtoJSON Format"; Google, "Type and format summary" of the discovery documents. A field is written
in camel case or as in the proto file. Where both come, it comes twice. ``null`` is a field that is not there: it stays
in what is returned, since BigQuery's PATCH clears a field by it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]
"""A schema of a discovery document."""

Schemas = Mapping[str, Schema]

_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,19})")
_RANGES = {
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}
_DURATION = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,9})?s")
_LONGEST = 80


class MessageProblem(ValueError):  # noqa: N818  (a finding about a request, not a malfunction)
    """What is wrong, in Google's words."""


def read_message(value: dict[str, Any], schema: Schema, schemas: Schemas) -> dict[str, Any]:
    """Read a body. ``schemas`` has the messages that references name. Returns it with each name in camel case.

    Raises:
        MessageProblem: A field is unknown, comes twice, or is of another type.
    """
    reader = _Reader(schemas)
    return reader.read_fields(value, reader.resolved(schema).get("properties", {}), "")


def read_parameter(name: str, text: str, schema: Schema) -> None:
    """Insist that a query parameter is of its type.

    Raises:
        MessageProblem: It is of another one.
    """
    kind = schema.get("type")
    value: object = text
    if kind == "boolean" and text.lower() in {"true", "false"}:  # gcloud writes them with a capital
        value = text.lower() == "true"
    _scalar(value, {**schema, "type": "string"} if kind == "integer" else schema, name)


class _Reader:
    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas

    def resolved(self, schema: Schema) -> Schema:
        return self._schemas[schema["$ref"]] if "$ref" in schema else schema

    def read(self, value: object, schema: Schema, at: str) -> object:
        schema = self.resolved(schema)
        kind = schema.get("type")
        if value is None or kind == "any":
            return value
        if kind == "array":
            return self._list(value, schema["items"], at)
        if isinstance(value, list):
            raise MessageProblem(
                f'Invalid JSON payload received. Unknown name "{at:.80}": Proto field is not repeating, cannot start '
                "list."
            )
        if kind != "object":
            _scalar(value, schema, at)
            return value
        if not isinstance(value, dict):
            raise _wrong(at, "expected an object", value)
        if "additionalProperties" in schema:
            inner = schema["additionalProperties"]
            return {key: self.read(each, inner, f"{at}[{key:.80}]") for key, each in value.items()}
        return self.read_fields(value, schema.get("properties", {}), at)

    def _list(self, value: object, items: Schema, at: str) -> list[object]:
        kind = self.resolved(items).get("type")
        if not isinstance(value, list) or (None in value and kind != "any"):
            raise _wrong(at, f"expected a list of {kind}s", value)
        return [self.read(each, items, f"{at}[{index}]") for index, each in enumerate(value)]

    def read_fields(self, value: dict[str, Any], known: Mapping[str, Schema], at: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, each in value.items():
            name = key if key in known else camel(key)
            if name not in known or key not in {name, _snake(name)}:
                place = f" at '{at}'" if at else ""
                raise MessageProblem(
                    f'Invalid JSON payload received. Unknown name "{key:.80}"{place}: Cannot find field.'
                )
            if name in found:
                raise MessageProblem(
                    f"Invalid JSON payload received. {name} comes twice, in two spellings{f' at {at}' if at else ''}."
                )
            found[name] = self.read(each, known[name], f"{at}.{_snake(name)}" if at else _snake(name))
        return found


def _scalar(value: object, schema: Schema, at: str) -> None:
    kind, form = schema.get("type"), schema.get("format", "")
    if form in _RANGES:
        least, most = _RANGES[form]
        text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
        if not _WHOLE.fullmatch(text) or not least <= int(text) <= most:
            raise _wrong(at, f"TYPE_{form.upper()}", value)
    elif kind == "boolean":
        if not isinstance(value, bool):
            raise _wrong(at, "TYPE_BOOL", value)
    elif kind == "number":
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _wrong(at, "TYPE_DOUBLE", value)
    elif not isinstance(value, str):
        raise _wrong(at, "TYPE_STRING", value)
    elif "enum" in schema and value not in schema["enum"]:
        raise _wrong(at, "TYPE_ENUM", value)
    elif form == "google-duration" and not _DURATION.fullmatch(value):
        raise _wrong(at, "type.googleapis.com/google.protobuf.Duration", value)


def _wrong(at: str, kind: str, value: object) -> MessageProblem:
    shown = json.dumps(value, ensure_ascii=False, default=str)
    return MessageProblem(f"Invalid value at '{at}' ({kind}), {shown:.{_LONGEST}}")


def camel(path: str) -> str:
    """Write a name of a proto file as JSON has it."""
    first, *rest = path.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def _snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", name)
