"""Whether a condition compares like with like. Pure.

CEL's ``==`` and ``!=`` answer false and true for values of different kinds, so that ``request.time != 'never'`` would
always grant. Google checks the kinds when a policy is set (CEL, "Gradual type checking"; "Overview of IAM Conditions":
an expression that doesn't compile is refused), and so does this. What isn't understood here has no kind, and fails when
it is evaluated.
"""

from __future__ import annotations

from collections.abc import Sequence

from federation_emulator.core.timestamp_functions import PARTS
from keyless_bigquery.trust.lexer import Kind, Word

_TEXT, _TIME, _DURATION, _NUMBER, _BOOLEAN, _NULL = "text", "time", "duration", "number", "boolean", "null"
_LIST = "list of "
_BINDING = (("||",), ("&&",), ("==", "!=", "<", "<=", ">", ">=", "in"), ("+", "-"))
_SILENT = {"==", "!=", "in"}
"""Of the comparisons, those that give an answer for different kinds. The others fail when they are evaluated."""

_NAMED = {"true": _BOOLEAN, "false": _BOOLEAN, "null": _NULL}
_READ = {"time": _TIME, "name": _TEXT, "type": _TEXT, "service": _TEXT}
_GIVEN = {
    "timestamp": _TIME,
    "duration": _DURATION,
    "extract": _TEXT,
    "startsWith": _BOOLEAN,
    "endsWith": _BOOLEAN,
    "hasOnly": _BOOLEAN,
}
_SUMS = {
    (_TEXT, "+", _TEXT): _TEXT,
    (_NUMBER, "+", _NUMBER): _NUMBER,
    (_NUMBER, "-", _NUMBER): _NUMBER,
    (_TIME, "+", _DURATION): _TIME,
    (_DURATION, "+", _TIME): _TIME,
    (_DURATION, "+", _DURATION): _DURATION,
    (_TIME, "-", _DURATION): _TIME,
    (_TIME, "-", _TIME): _DURATION,
    (_DURATION, "-", _DURATION): _DURATION,
}


def kinds_problem(found: Sequence[Word]) -> str | None:
    """Say which two kinds an expression compares that are never equal; ``None``: none.

    Args:
        found: The words of an expression that the CEL library compiles.
    """
    reader = _Reader(found)
    reader.ternary()
    return reader.problem


class _Reader:
    """Reads an expression from the left, each part into its kind; empty: not known."""

    def __init__(self, found: Sequence[Word]) -> None:
        self._found = found
        self._at = 0
        self.problem: str | None = None

    def ternary(self) -> str:
        kind = self._binary(0)
        if not self._take("?"):
            return kind
        yes = self.ternary()
        self._take(":")
        no = self.ternary()
        self._compare(yes, "or", no)
        return yes or no

    def _binary(self, level: int) -> str:
        if level == len(_BINDING):
            return self._unary()
        left = self._binary(level + 1)
        while (sign := self._next()) in _BINDING[level]:
            self._at += 1
            right = self._binary(level + 1)
            if level == len(_BINDING) - 1:
                left = _SUMS.get((left, sign, right), "")
                continue
            if sign in _SILENT:
                self._compare(f"{_LIST}{left}" if sign == "in" and left else left, sign, right)
            left = _BOOLEAN
        return left

    def _unary(self) -> str:
        if self._take("!"):
            self._unary()
            return _BOOLEAN
        if self._take("-"):
            return self._unary()
        return self._member()

    def _member(self) -> str:
        kind = self._primary()
        while self._take("."):
            name = self._next()
            self._at += 1
            kind = _READ.get(name, "")
            if self._take("("):
                self._arguments(")")
                kind = _NUMBER if name in PARTS else _GIVEN.get(name, "")
        return kind

    def _primary(self) -> str:
        if self._at >= len(self._found):
            return ""
        word = self._found[self._at]
        self._at += 1
        if word.kind is Kind.TEXT:
            return _TEXT
        if word.kind is Kind.NUMBER:
            return _NUMBER
        if word.text == "(":
            kind = self.ternary()
            self._take(")")
            return kind
        if word.text == "[":
            return self._list()
        if self._take("("):
            self._arguments(")")
            return _GIVEN.get(word.text, "")
        return _NAMED.get(word.text, "")

    def _list(self) -> str:
        kinds = [kind for kind in self._arguments("]") if kind]
        for kind in kinds[1:]:
            self._compare(kinds[0], "next to", kind)
        return f"{_LIST}{kinds[0]}" if kinds else ""

    def _arguments(self, end: str) -> list[str]:
        kinds: list[str] = []
        while self._at < len(self._found) and not self._take(end):
            kinds.append(self.ternary())
            if not self._take(",") and self._next() != end:
                break
        return kinds

    def _compare(self, left: str, sign: str, right: str) -> None:
        if left and right and left != right:
            self.problem = self.problem or f"has a {left.removeprefix(_LIST)} {sign} a {right}"

    def _next(self) -> str:
        word = self._found[self._at] if self._at < len(self._found) else None
        return word.text if word is not None and word.kind is not Kind.TEXT else ""

    def _take(self, text: str) -> bool:
        taken = self._next() == text
        self._at += taken
        return taken
