"""Plain Python values in which resource types think; `wire.py` turns them into the engine's and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

Properties = dict[str, Any]
"""Property name in camelCase to None, bool, int, float, str, list, dict, Archive or UNKNOWN."""


class _Unknown(Enum):
    UNKNOWN = "unknown"


UNKNOWN: Final = _Unknown.UNKNOWN
"""A value that is only known after the resources before it exist (previews only)."""


@dataclass(frozen=True, kw_only=True)
class Archive:
    """A zip file, or texts of which one is made.

    Args:
        path: where it is on this machine; empty in comparisons and in what comes from the state.
        hash: the engine's own hash of its content.
        texts: the texts by their names in it, where the program has them instead of a file.
    """

    path: str = ""
    hash: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)


def contains_unknown(value: Any) -> bool:  # noqa: ANN401 (any JSON-like value)
    """Whether a preview still waits for some part of this value."""
    if isinstance(value, Mapping):
        return any(contains_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(contains_unknown(item) for item in value)
    return value is UNKNOWN
