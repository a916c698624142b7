"""CEL expressions: what may be written in one, and the value of one. Pure, and bounded in time.

CEL is evaluated by the library ``common-expression-language``. What an expression calls beyond the functions that
Google documents, and what could run long, is refused when the provider is made.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence, Set
from functools import cache, lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from keyless_bigquery.trust.cost import Unbounded, Work, work
from keyless_bigquery.trust.functions import NAMES, Functions
from keyless_bigquery.trust.lexer import MACROS, LexicalError, Macro, macros, nesting, renamed, words

if TYPE_CHECKING:
    import cel

MOST_NESTING = 32
"""Brackets inside brackets."""

_KEPT_PROGRAMS = 512
_NATIVE = frozenset({"contains", "startsWith", "endsWith", "matches", "size", "string"})
_OPERATORS = frozenset(
    {"_+_", "_==_", "_!=_", "_&&_", "_||_", "!_", "_?_:_", "@in", "_[_]", "_<_", "_<=_", "_>_", "_>=_"}
)
_OF_A_MACRO = "@not_strictly_false"
CALLABLE: Set[str] = NAMES | _NATIVE | _OPERATORS
"""What the expressions of a provider may call."""

_OFFERED_MACROS = MACROS - {"map", "existsOne"}
_VARIABLES = frozenset({"assertion", "google", "attribute"})


class ExpressionError(Exception):
    """An expression gave no value."""


def expression_problem(
    expression: object, variables: Iterable[str], limit: int, *, calls: Set[str] = CALLABLE, macros_too: bool = True
) -> str | None:
    """Say why an expression can't be used, in words that follow its name; ``None`` if it can.

    Args:
        expression: The text, as it was written.
        variables: What it may read.
        limit: Google's limit, in characters.
        calls: The functions and operators that it may use, by the library's names.
        macros_too: Whether it may use CEL's macros.
    """
    if not isinstance(expression, str) or not expression.strip():
        return "must be a CEL expression, not empty"
    if len(expression) > limit:
        return f"has {len(expression)} characters; the limit is {limit}"
    try:
        found = words(expression)
    except LexicalError as problem:
        return f"isn't CEL: {problem}"
    if nesting(found) > MOST_NESTING:
        return f"nests brackets {nesting(found)} deep; the limit of the local cloud is {MOST_NESTING}"
    used = macros(found)
    try:
        needed = work(found, used)
        program = _program(expression)
    except Unbounded as problem:
        return str(problem)
    except ValueError as problem:
        return f"isn't CEL: {problem!s:.300}"
    return needed.problem() or _names_problem(
        program, used, set(variables), calls | (_OFFERED_MACROS if macros_too else set())
    )


def work_of(expressions: Iterable[str]) -> Work:
    """Bound the work of several expressions, each of which :func:`expression_problem` found nothing wrong with."""
    total = Work()
    for expression in expressions:
        found = words(expression)
        total += work(found, macros(found))
    return total


def evaluate(expression: str, variables: Mapping[str, Any], functions: Functions) -> object:
    """Give the value of an expression that :func:`expression_problem` found nothing wrong with.

    Raises:
        ExpressionError: It failed: it reads what isn't there, or a function can't take what it was given.
    """
    context = _cel().Context(variables=dict(variables), functions=functions.by_name())
    try:
        value: object = _program(_written(expression, tuple(functions.instead.items()))).execute(context)
    except (ValueError, TypeError, RuntimeError, KeyError, IndexError, ArithmeticError) as error:
        raise ExpressionError(f"{expression} failed: {error!s:.200}") from error
    if functions.problem:
        raise ExpressionError(f"{expression} failed: {functions.problem}")
    return value


@lru_cache(maxsize=_KEPT_PROGRAMS)
def _written(expression: str, instead: tuple[tuple[str, str], ...]) -> str:
    return renamed(expression, dict(instead))


@lru_cache(maxsize=_KEPT_PROGRAMS)
def _program(expression: str) -> cel.Program:
    # Compiling depends on the text alone, so keeping the latest programs changes nothing but the time.
    program: cel.Program = _cel().compile(expression)
    return program


@cache
def _cel() -> ModuleType:
    """The library, loaded when it is first needed, without its command line: that alone is 25 MB and 0.3 s."""
    left_out = "cel.cli"
    there = left_out in sys.modules
    sys.modules.setdefault(left_out, ModuleType(left_out))
    import cel

    if not there:
        del sys.modules[left_out], cel.cli
    return cel


def _names_problem(program: cel.Program, used: Sequence[Macro], variables: set[str], offered: Set[str]) -> str | None:
    absent = {macro.name for macro in used} - offered
    absent |= set(program.functions()) - offered - ({_OF_A_MACRO} if used else set())
    if absent:
        return f"calls {', '.join(sorted(absent))}, which this local cloud doesn't offer"
    elements = {macro.variable for macro in used}
    if shadowed := sorted(elements & _VARIABLES):
        return f"calls an element {shadowed[0]}, which already means something else"
    if unknown := sorted(set(program.variables()) - variables - elements):
        return f"reads {', '.join(unknown)}; only {', '.join(sorted(variables))} can be read"
    return None
