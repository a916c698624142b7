"""Whether IAM policy documents allow a request: as much of IAM's logic as the documents here use.

Source: AWS, "Policy evaluation logic"; "IAM JSON policy elements: Condition operators".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any


def allowed(document: str, action: str, resource: str = "*", **context: str) -> bool:
    """Whether a statement allows it and none denies it. Keys of the context are written with ``__`` for the colon."""
    given = {name.replace("__", ":"): value for name, value in context.items()}
    effects = {one["Effect"] for one in statements(document) if _applies(one, action, resource, given)}
    return effects == {"Allow"}


def statements(document: str) -> list[dict[str, Any]]:
    return list(json.loads(document)["Statement"])


def _applies(statement: Mapping[str, Any], action: str, resource: str, given: Mapping[str, str]) -> bool:
    return (
        any(fnmatchcase(action.lower(), one.lower()) for one in _listed(statement["Action"]))
        and any(_covers(one, resource) for one in _listed(statement.get("Resource", "*")))
        and all(_holds(operator, keys, given) for operator, keys in statement.get("Condition", {}).items())
    )


def _covers(pattern: str, resource: str) -> bool:
    # Brackets mean nothing to IAM, and something to fnmatch.
    assert "[" not in pattern
    return fnmatchcase(resource, pattern)


def _holds(operator: str, keys: Mapping[str, Any], given: Mapping[str, str]) -> bool:
    return all(_OPERATORS[operator](given.get(name), _listed(values)) for name, values in keys.items())


_OPERATORS: Mapping[str, Callable[[str | None, list[str]], bool]] = {
    "StringEquals": lambda value, those: value in those,
    "ForAllValues:StringLike": lambda value, those: value is None or any(_covers(one, value) for one in those),
    "Null": lambda value, those: [str(value is None).lower()] == those,
}
"""The condition operators, for a key of one value at most. For one that is not there, ``ForAllValues`` is true."""


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
