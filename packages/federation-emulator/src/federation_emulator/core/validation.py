"""What is wrong with a file or a body, each problem in one line: where, which value, which rule."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

_LONGEST_VALUE = 60


def problems(error: ValidationError) -> list[str]:
    """Every problem that pydantic found, as ``key.path: rule, got VALUE``."""
    return [
        f"{_path(found['loc'])}{_rule(found['msg'])}{_value(found['type'], found['input'])}" for found in error.errors()
    ]


def _path(location: Sequence[str | int]) -> str:
    # pydantic says with a part of its own that it is a key that is wrong.
    parts = [part for part in location if part != "[key]"]
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).removeprefix(".")
    return f"{text}: " if text else ""


def _rule(message: str) -> str:
    named = {
        "Extra inputs are not permitted": "there is no such key; see the table in the README of federation-emulator",
        "Field required": "this key is needed",
    }
    return named.get(message) or message.removeprefix("Value error, ")


def _value(kind: str, value: object) -> str:
    if kind in {"missing", "value_error"}:
        return ""
    shown = repr(value)
    return f", got {shown if len(shown) <= _LONGEST_VALUE else shown[:_LONGEST_VALUE] + '…'}"
