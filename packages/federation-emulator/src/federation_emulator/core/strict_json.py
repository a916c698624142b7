"""JSON as all APIs here read it: UTF-8, each name once, finite numbers, bounded depth. Pure.

Sources: RFC 8259, sections 4 (names should be unique), 6 and 8.1; protobuf, "ProtoJSON Format", whose parsers refuse a
name that comes twice, and nesting beyond 100 levels (protobuf, "Default recursion limit").
"""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import NoReturn

MOST_LEVELS = 100
_LONGEST_NAME = 80
_LONGEST_NUMBER = 400
"""Characters; the largest double has 309 digits."""


class JsonProblem(ValueError):  # noqa: N818  (a finding about a text, not a malfunction)
    """The text is not JSON of that kind. The message quotes names, and no value."""


def parse_strictly(body: bytes | str) -> object:
    """Read JSON.

    Raises:
        JsonProblem: It is not UTF-8, begins with a byte order mark, is no JSON, has a name twice in one object, a
            number that is not finite, half of a surrogate pair, or more than 100 levels.
    """
    try:
        text = body.decode() if isinstance(body, bytes) else body
        value = json.loads(
            text, object_pairs_hook=_object, parse_constant=_not_finite, parse_float=_finite, parse_int=_whole
        )
        # Half of a surrogate pair could be neither answered, stored, nor shown in the trace.
        json.dumps(value, ensure_ascii=False).encode()
    except JsonProblem:
        raise
    except UnicodeDecodeError as problem:
        raise JsonProblem("it is not UTF-8") from problem
    except UnicodeEncodeError as problem:
        raise JsonProblem("it has half of a surrogate pair") from problem
    except RecursionError as problem:
        raise _too_deep() from problem
    except json.JSONDecodeError as problem:
        raise JsonProblem(f"{problem.msg} at line {problem.lineno} column {problem.colno}") from problem
    _check_levels(value, MOST_LEVELS)
    return value


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise JsonProblem(f'the name "{twice.encode(errors="replace").decode()[:_LONGEST_NAME]}" comes twice')
    return made


def _not_finite(text: str) -> NoReturn:
    raise JsonProblem(f"{text} is no JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise JsonProblem("a number is too large")
    return value


def _whole(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise JsonProblem("a number is too large")
    return int(text)


def _check_levels(value: object, left: int) -> None:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inner is None:
        return
    if left == 0:
        raise _too_deep()
    for each in inner:
        if isinstance(each, dict | list):
            _check_levels(each, left - 1)


def _too_deep() -> JsonProblem:
    return JsonProblem(f"it has more than {MOST_LEVELS} levels")
