"""Looking into the values of a resource."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from keyless_tools.guardrails.model import UNKNOWN, Unknown


def leaves(value: object, where: str = "") -> Iterator[tuple[str, object]]:
    """Every value that holds no others, with its path; also inside texts that are JSON objects."""
    inside = document(value) if isinstance(value, str) else value
    if isinstance(inside, Mapping):
        for key, part in inside.items():
            yield from leaves(part, f"{where}.{key}" if where else str(key))
    elif isinstance(inside, list):
        for place, part in enumerate(inside):
            yield from leaves(part, f"{where}[{place}]")
    else:
        yield where, inside


def document(text: str) -> object:
    """The JSON object that a text holds, or the text itself."""
    if text.lstrip()[:1] != "{":
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def texts(value: object) -> list[str | Unknown]:
    """One text or a list of texts as a list. What is neither counts as unknown."""
    parts = value if isinstance(value, list) else [] if value is None else [value]
    return [part if isinstance(part, str) else UNKNOWN for part in parts]


def last_key(where: str) -> str:
    """The last property name of a path: ``binding`` of ``a.binding[0]``."""
    return where.rpartition(".")[2].partition("[")[0]


def mapping(value: Any) -> Mapping[str, Any]:  # noqa: ANN401 (any JSON-like value)
    """A mapping, or an empty one in place of anything else."""
    return value if isinstance(value, Mapping) else {}
