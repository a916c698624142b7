"""How long an expression can run, computed from its words before it ever runs. Pure.

The library that evaluates CEL can't be stopped once it runs, so what could take long must be known beforehand. Google
bounds evaluation too, but has not published how; the limits here are this local cloud's own, far above what a mapping
of an AWS caller needs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from keyless_bigquery.trust.functions import MOST_PARTS
from keyless_bigquery.trust.lexer import Kind, Macro, Word

MOST_STEPS = 20_000
"""Words evaluated, each as often as the macros around it may repeat it: some 10 ms."""

MOST_COPIES = 5_000
"""Strings copied by ``+``: each adds all those before it, as often as the macros around it may repeat it."""

MOST_PATTERN_STEPS = 4_000
"""The same for regular expressions, in what one character of a pattern costs to compile: some 20 ms."""

MOST_PATTERN_CHARACTERS = 256
_MOST_KEYS = 50
# Of so many that a filter could make: ten filters take some 20 ms.
_COPIES_A_STEP = 16
_COST_OF_CLASS = 100
_COST_OF_PATTERN = 50
_CLASS = re.compile(r"\\[wWdDsSpPbB]")
_REPETITION = re.compile(r"\{([0-9]*)(?:,([0-9]*))?\}")
_HIDDEN = re.compile(r"\\[xXuU0-7]")


class Unbounded(ValueError):  # noqa: N818  (a finding about an expression, not a malfunction)
    """Nothing can be said about how long an expression runs."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """What evaluating something may take at most."""

    steps: int = 0
    copies: int = 0
    patterns: int = 0

    def __add__(self, other: Work) -> Work:
        return Work(
            steps=self.steps + other.steps,
            copies=self.copies + other.copies,
            patterns=self.patterns + other.patterns,
        )

    def problem(self) -> str | None:
        """Say why it is too much, in words that follow a name; ``None`` if it isn't."""
        for needed, limit, unit in (
            (self.steps, MOST_STEPS, "steps; write less, or use smaller macros"),
            (self.copies, MOST_COPIES, "copies of strings; use + less often"),
            (self.patterns, MOST_PATTERN_STEPS, "steps for regular expressions; use fewer or smaller ones"),
        ):
            if needed > limit:
                return f"could take {needed} {unit}: the limit of the local cloud is {limit}"
        return None


def work(found: Sequence[Word], used: Sequence[Macro]) -> Work:
    """Bound the work of an expression.

    No list or map that a macro goes over can have more elements than there are commas, plus what a ``split`` or
    ``google.groups`` may give, or all of them where ``+`` may join them, plus the keys of ``assertion`` or
    ``attribute``. So a macro repeats the words in it at most that often. The library copies the result of a ``filter``
    for each element that it adds to it.

    Raises:
        Unbounded: A macro is inside another, or a pattern isn't written out.
    """
    if any(macro.inside for macro in used):
        raise Unbounded("has a macro inside a macro, which the local cloud doesn't offer")
    lists = sum(word.kind is Kind.NAME and word.text in {"split", "groups"} for word in found)
    if not any(word.text == "+" for word in found):
        lists = min(lists, 1)
    elements = sum(word.text == "," for word in found) + _MOST_KEYS + lists * MOST_PARTS
    filters = sum(macro.name == "filter" for macro in used)
    return Work(
        steps=len(found) + elements * sum(len(macro.body) for macro in used) + filters * elements**2 // _COPIES_A_STEP,
        copies=_copies(found) + elements * sum(_copies(macro.body) for macro in used),
        patterns=_patterns(found, used),
    )


def _copies(found: Sequence[Word]) -> int:
    added = sum(word.text == "+" for word in found)
    return added * (added + 1)


def _patterns(found: Sequence[Word], used: Sequence[Macro]) -> int:
    total = 0
    for index, word in enumerate(found):
        if word.kind is not Kind.NAME or word.text != "matches":
            continue
        if used:
            raise Unbounded("calls matches beside a macro; use one or the other")
        argument = found[index + 2 : index + 4]
        if len(argument) != 2 or argument[0].kind is not Kind.TEXT or argument[1].text != ")":
            raise Unbounded("calls matches with a pattern that isn't written out; write it as one string")
        total += _cost(argument[0].text)
    return total


def _cost(pattern: str) -> int:
    """What compiling a pattern costs. The library's engine then takes time in proportion to the text."""
    if len(pattern) > MOST_PATTERN_CHARACTERS or _HIDDEN.search(pattern):
        raise Unbounded(
            f"calls matches with a pattern of {len(pattern)} characters, or with characters written as codes; the "
            f"limit of the local cloud is {MOST_PATTERN_CHARACTERS} plain characters"
        )
    cost = len(pattern) + _COST_OF_CLASS * len(_CLASS.findall(pattern)) + _COST_OF_PATTERN
    for least, most in _REPETITION.findall(pattern):
        cost *= max(int(least or 1), int(most or 1), 1)
    return cost
