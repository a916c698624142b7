"""The functions that an expression can call, each bounded in what it makes, all together in how often they run.

``extract`` is Google's own addition, documented in "Attribute reference for IAM Conditions"; ``split``, ``join``,
``replace``, ``lowerAscii`` and ``upperAscii`` are CEL's string extension.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from typing import ClassVar

MOST_PARTS = 100
"""Parts that one ``split`` may give."""

MOST_CHARACTERS = 8192
"""Characters that one call may take or give: as much as all mapped attributes together may have."""

_MOST_CALLS = 1000
_MOST_PARTS_TOGETHER = 2000
_MOST_CHARACTERS_TOGETHER = 64 * 1024
"""The same for all calls of one evaluation: without macros an expression has room for some 300 calls."""

_TEMPLATE = re.compile(r"(?P<before>[^{}]*)\{[A-Za-z0-9_]+\}(?P<after>[^{}]*)", re.DOTALL)


def extract(value: str, template: str) -> str:
    """Google's ``extract``: what stands between the template's text before and after its ``{name}``.

    The text before is found at its first occurrence, the text after at its first occurrence behind that. If
    either isn't there, or nothing stands between, the result is empty; that is no error.

    Raises:
        ValueError: The template doesn't have exactly one ``{name}``.
    """
    parts = _TEMPLATE.fullmatch(template)
    if parts is None:
        raise ValueError(f"extract template {template!r} must have exactly one {{name}}")
    _, found, rest = value.partition(parts["before"]) if parts["before"] else ("", "-", value)
    if not found:
        return ""
    if not parts["after"]:
        return rest
    inside, found, _ = rest.partition(parts["after"])
    return inside if found else ""


def split(value: str, separator: str, limit: int = -1) -> list[str]:
    """CEL's ``split``: by an empty separator into characters, and into at most ``limit`` parts, if that is positive."""
    if limit == 0:
        return []
    if not separator:
        return (
            list(value) if limit < 0 else [*value[: limit - 1], *([value[limit - 1 :]] if value[limit - 1 :] else [])]
        )
    return value.split(separator, limit - 1 if limit > 0 else -1)


def join(parts: list[str], separator: str = "") -> str:
    """CEL's ``join``."""
    return separator.join(parts)


def replace(value: str, old: str, new: str, limit: int = -1) -> str:
    """CEL's ``replace``: at most ``limit`` times, if that isn't negative."""
    return value.replace(old, new, limit)


def lower_ascii(value: str) -> str:
    """CEL's ``lowerAscii``."""
    return value.translate(_LOWER)


def upper_ascii(value: str) -> str:
    """CEL's ``upperAscii``."""
    return value.translate(_UPPER)


_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_UPPER = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)
Made = str | list[str]
_FUNCTIONS: dict[str, Callable[..., Made]] = {
    "extract": extract,
    "split": split,
    "join": join,
    "replace": replace,
    "lowerAscii": lower_ascii,
    "upperAscii": upper_ascii,
}
NAMES = frozenset(_FUNCTIONS)


class Functions:
    """The functions for one evaluation, and what went wrong in them.

    A function that fails gives an empty string and leaves its reason in ``problem``, which the caller must
    check: the library would print the error of a Python function to this process's own error output. So a failed
    call fails the whole expression, even where CEL's ``||`` would have forgiven it.
    """

    instead: ClassVar[Mapping[str, str]] = {}
    """Function of the library → the one that is called instead, where the library's own takes what CEL refuses."""

    def __init__(self) -> None:
        self.problem = ""
        self._calls = self._characters = self._parts = 0

    def by_name(self) -> dict[str, Callable[..., object]]:
        """Each function under the name that CEL knows."""
        return {name: self._guarded(name, function) for name, function in _FUNCTIONS.items()}

    def _guarded(self, name: str, function: Callable[..., Made]) -> Callable[..., Made]:
        def call(*arguments: object) -> Made:
            if not self.problem:
                try:
                    self._take(name, arguments)
                    return self._give(function(*arguments))
                except (ValueError, TypeError, AttributeError) as problem:
                    self.problem = f"{name}: {problem!s:.200}"
            return ""

        return call

    def _take(self, name: str, arguments: tuple[object, ...]) -> None:
        joined = arguments[0] if name == "join" and arguments and isinstance(arguments[0], list) else []
        texts = [text for text in (*joined, *arguments[bool(joined) : 3]) if isinstance(text, str)]
        characters = sum(map(len, texts))
        self._calls += 1
        self._characters += characters
        if characters > MOST_CHARACTERS or self._characters > _MOST_CHARACTERS_TOGETHER or self._calls > _MOST_CALLS:
            raise ValueError(
                f"call {self._calls} with {characters} characters, {self._characters} together; the limits are "
                f"{_MOST_CALLS} calls, {MOST_CHARACTERS} and {_MOST_CHARACTERS_TOGETHER} characters"
            )
        if name == "replace" and len(texts) == 3:
            value, old, new = texts
            if len(value) + value.count(old) * len(new) > MOST_CHARACTERS:
                raise ValueError(f"would give more than {MOST_CHARACTERS} characters")

    def _give(self, made: Made) -> Made:
        parts = len(made) if isinstance(made, list) else 0
        self._parts += parts
        if parts > MOST_PARTS or self._parts > _MOST_PARTS_TOGETHER:
            raise ValueError(f"gave {parts} parts; the limit is {MOST_PARTS}, and {_MOST_PARTS_TOGETHER} together")
        if not parts and len(made) > MOST_CHARACTERS:
            raise ValueError(f"gave {len(made)} characters; the limit is {MOST_CHARACTERS}")
        return made
