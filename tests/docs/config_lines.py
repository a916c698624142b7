"""What ``pulumi config set`` lines make of a stack's settings, as the engine would hand them to the program."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

from keyless_bigquery.settings.columns import MODES, TYPES
from keyless_bigquery.settings.settings import LOG_LEVELS

_PLACEHOLDER = re.compile(r"[A-Z]+(?:_[A-Z]+)*|.*\$.*", re.DOTALL)
_IN_CAPITALS = frozenset({"US", "EU", *LOG_LEVELS, *TYPES, *MODES})
_OF_A_STACK = frozenset({"-s", "--stack"})
_STEP = re.compile(r"\w+|\[\d+\]")
_BETWEEN = frozenset({"&&", "||", ";", "|"})

Line = tuple[str, str, bool]
"""Key or path, value, and whether it is a path."""


def lines_of(commands: str) -> Iterator[Line]:
    """Every setting that a block of commands sets, in its order."""
    for line in commands.splitlines():
        if "pulumi" in line and "config set" in line:
            for words in _commands(shlex.split(line, comments=True)):
                if words[:3] == ["pulumi", "config", "set"] and len(arguments := _positional(words[3:])) == 2:
                    yield arguments[0], arguments[1], "--path" in words


def is_placeholder(value: str) -> bool:
    """Whether a person has to put the value in: a word in capitals, or one of the shell's variables."""
    return value not in _IN_CAPITALS and _PLACEHOLDER.fullmatch(value) is not None


def settings_of(commands: str) -> dict[str, str]:
    """What a block of commands sets, by key: text, and JSON for a list. What a person has to put in is left out."""
    found: dict[str, Any] = {}
    for key, value, is_path in lines_of(commands):
        if is_placeholder(value):
            continue
        if is_path:
            _put(found, _STEP.findall(key), _typed(value))
        else:
            found[key] = value
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in found.items()}


def _commands(words: list[str]) -> Iterator[list[str]]:
    command: list[str] = []
    skip = False
    for word in [*words, ";"]:
        if word in _BETWEEN:
            yield command
            command = []
        elif skip or word in _OF_A_STACK:
            skip = not skip
        else:
            command.append(word)


def _positional(words: list[str]) -> list[str]:
    return [word for word in words if not word.startswith("--")]


def _typed(value: str) -> object:
    """With ``--path`` the engine takes true, false and whole numbers for what they are."""
    if value in ("true", "false"):
        return value == "true"
    return int(value) if re.fullmatch(r"0|[1-9][0-9]*", value) else value


def _put(into: Any, steps: list[str], value: object) -> None:
    """Sets what a path names, and makes the lists and objects on the way."""
    step, rest = steps[0], steps[1:]
    key: Any = int(step[1:-1]) if step[0] == "[" else step
    if isinstance(into, list) and key == len(into):
        into.append(None)
    if not rest:
        into[key] = value
        return
    present = into[key] if isinstance(into, list) else into.get(key)
    if present is None:
        into[key] = [] if rest[0][0] == "[" else {}
    _put(into[key], rest, value)
