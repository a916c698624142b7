"""The words of a CEL expression, as far as needed to say how long it can run. Pure.

The CEL library lists which functions an expression calls, but not where its macros are or what they go over; this
finds them in the text. Source of the grammar: "CEL language definition", Syntax.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

MACROS = frozenset({"all", "exists", "exists_one", "existsOne", "filter", "map"})
"""The library's macros that evaluate a part of the expression once for each element of a list or map."""


class Kind(Enum):
    """What a word is."""

    NAME = "name"
    TEXT = "text"
    NUMBER = "number"
    SIGN = "sign"


class Word(NamedTuple):
    """One word, as it is written. A tuple, since an expression has thousands."""

    kind: Kind
    text: str


class LexicalError(ValueError):
    """The text has something that is no CEL."""


_WORD = re.compile(
    r"(?P<space>[\t\n\f\r ]+|//[^\n]*)"
    r"|(?P<text>(?:[rR][bB]?|[bB][rR]?)?(?:'''|\"\"\"|'|\"))"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<number>(?:0x[0-9a-fA-F]+|[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)[uU]?)"
    r"|(?P<sign>==|!=|<=|>=|&&|\|\||[-+*/%!<>?:.,()\[\]{}])"
)


def words(expression: str) -> list[Word]:
    """Split an expression into words.

    Raises:
        LexicalError: Something in it is no word of CEL, or a string has no end.
    """
    return [word for _, word in _words(expression)]


def renamed(expression: str, names: Mapping[str, str]) -> str:
    """Write an expression with other names in place of some; what is in strings and comments stays.

    Raises:
        LexicalError: As :func:`words`.
    """
    made, copied = [], 0
    for start, word in _words(expression):
        if word.kind is Kind.NAME and word.text in names:
            made += [expression[copied:start], names[word.text]]
            copied = start + len(word.text)
    return "".join((*made, expression[copied:]))


def _words(expression: str) -> Iterator[tuple[int, Word]]:
    at = 0
    while at < len(expression):
        found = _WORD.match(expression, at)
        if found is None:
            raise LexicalError(f"{expression[at]!r} at character {at + 1} is no CEL")
        at = found.end()
        if found["text"]:
            end = _end_of_text(expression, at, found["text"])
            yield found.start(), Word(kind=Kind.TEXT, text=expression[found.start() : end])
            at = end
        elif not found["space"]:
            yield found.start(), Word(kind=Kind(str(found.lastgroup)), text=found.group())


def _end_of_text(expression: str, start: int, opening: str) -> int:
    raw, quote = "r" in opening.lower(), opening.lstrip("rRbB")
    at = start
    while at < len(expression):
        if expression.startswith(quote, at):
            return at + len(quote)
        if len(quote) == 1 and expression[at] in "\r\n":
            break
        at += 2 if expression[at] == "\\" and not raw else 1
    raise LexicalError(f"the string that begins before character {start + 1} has no end")


@dataclass(frozen=True, kw_only=True)
class Macro:
    """A macro in an expression. Its body is evaluated once for each element, which it calls ``variable``."""

    name: str
    variable: str
    inside: bool
    body: Sequence[Word]


def macros(found: Sequence[Word]) -> list[Macro]:
    """Find the macros: ``.NAME ( VARIABLE ,``, each up to its closing parenthesis, or to the end if it has none."""
    made: list[Macro] = []
    # For each open bracket, where it is, and whether a macro's name is before it.
    brackets: list[tuple[int, bool]] = []
    texts = [word.text if word.kind is not Kind.TEXT else "''" for word in found]

    def end(at: int) -> None:
        start, is_macro = brackets.pop()
        if is_macro:
            body = found[start + 1 : at]
            variable = body[0].text if body else ""
            inside = any(outer for _, outer in brackets)
            made.append(Macro(name=texts[start - 1], variable=variable, inside=inside, body=body))

    for index, text in enumerate(texts):
        if text in {"(", "[", "{"}:
            is_macro = text == "(" and index > 1 and texts[index - 1] in MACROS and texts[index - 2] == "."
            brackets.append((index, is_macro))
        elif text in {")", "]", "}"} and brackets:
            end(index)
    while brackets:
        end(len(found))
    return made


def nesting(found: Sequence[Word]) -> int:
    """How deep brackets are nested at most."""
    depth = deepest = 0
    for word in found:
        if word.kind is Kind.SIGN:
            depth += (word.text in "([{") - (word.text in ")]}")
            deepest = max(deepest, depth)
    return deepest
