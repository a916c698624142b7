"""What a module's code says: its texts of several words, with a gap for each value that is put in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

_FEWEST_WORDS = 3
_GAP = "\0"
_LONGEST_VALUE = 160
_VALUE = re.compile(r"'?\b(?:[A-Z]{2,}|[0-9.]+)\b'?|…")


def texts_of(module: Path) -> list[str]:
    """The texts of a module, without its docstrings, each with a gap where the code puts a value in."""
    return texts_in(ast.parse(module.read_text()))


def texts_in(tree: ast.AST) -> list[str]:
    """The same of a part of a module's syntax tree."""
    statements = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
    docstrings = {id(value) for value in statements if isinstance(value, ast.Constant)}
    found = [text for text in _texts(tree, docstrings) if len(text.replace(_GAP, " x ").split()) >= _FEWEST_WORDS]
    return list(dict.fromkeys(found))


def is_in(text: str, page: str) -> bool:
    """Whether a text of :func:`texts_of` is in a page on one line; what stands in its gaps is taken for the value."""
    return _holds(page, text.split(_GAP))


def is_quoted(quote: str, text: str) -> bool:
    """Whether a quotation may be of this text of :func:`texts_of`, or of a part of it.

    A page writes a word in capitals, a number or dots for each value.
    """
    return is_in(text, quote) or _holds(text, _VALUE.split(quote))


def shown(text: str, *, gap: str = "…") -> str:
    """A text as a person reads it."""
    return text.replace(_GAP, gap)


def _holds(text: str, pieces: Sequence[str]) -> bool:
    """Whether a text holds these pieces one after the other, no further apart than a value is long."""
    if not all(piece in text for piece in pieces):
        return False
    return re.search(f".{{0,{_LONGEST_VALUE}}}?".join(map(re.escape, pieces)), text) is not None


def _texts(node: ast.AST, skipped: set[int]) -> Iterator[str]:
    """The outermost texts below a node."""
    if id(node) in skipped:
        return
    if (text := _joined(node)) is not None:
        yield " ".join(text.split()) if _GAP not in text else text
        return
    for child in ast.iter_child_nodes(node):
        yield from _texts(child, skipped)


def _joined(node: ast.AST) -> str | None:
    """A text, an f-string or a sum of them, gaps included; ``None``: it is something else."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(_joined(value) or _GAP for value in values)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            sides = [_joined(left), _joined(right)]
            return None if sides == [None, None] else "".join(side or _GAP for side in sides)
    return None
