"""Attribute mapping and attribute condition: CEL over what AWS said about the caller.

CEL is evaluated by the library ``common-expression-language``. ``extract`` is Google's own addition, documented in
"Attribute reference for IAM Conditions"; ``split``, ``join``, ``lowerAscii``, ``upperAscii`` and ``replace`` come from
the library's string extension. Whatever else an expression calls is refused when the provider is created.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from local_cloud.services.sts.model import Caller

DEFAULT_AWS_MAPPING = {
    "google.subject": "assertion.arn",
    "attribute.aws_role": (
        "assertion.arn.contains('assumed-role') ? assertion.arn.extract('{account_arn}assumed-role/') + "
        "'assumed-role/' + assertion.arn.extract('assumed-role/{role_name}/') : assertion.arn"
    ),
}
"""Google's mapping for an AWS provider that was given none (IAM API, ``attributeMapping``)."""

MOST_SUBJECT_BYTES = 127
MOST_ATTRIBUTE_BYTES = 8192
MOST_ATTRIBUTES = 50
MOST_MAPPING_CHARACTERS = 2048
MOST_CONDITION_CHARACTERS = 4096
MOST_PROGRAMS = 512
"""Compiled expressions that are kept: those of some providers, whatever was tried before."""

_KEY = re.compile(r"google\.subject|attribute\.[a-z0-9_]{1,100}")
_TEMPLATE = re.compile(r"(?P<before>[^{}]*)\{[A-Za-z0-9_]+\}(?P<after>[^{}]*)", re.DOTALL)
_FUNCTIONS = {"contains", "startsWith", "endsWith", "extract", "split", "join", "matches", "size", "replace", "string"}
_CASES = {"lowerAscii", "upperAscii"}
_OPERATORS = {"_+_", "_==_", "_!=_", "_&&_", "_||_", "!_", "_?_:_", "@in", "_[_]", "_<_", "_<=_", "_>_", "_>=_"}
_CALLABLE = _FUNCTIONS | _CASES | _OPERATORS


class MappingError(Exception):
    """An expression can't be used, or gave no usable value. ``attribute`` names the mapping key, if any."""

    def __init__(self, message: str, *, attribute: str = "") -> None:
        super().__init__(message)
        self.attribute = attribute


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


def mapping_problem(mapping: Mapping[str, str]) -> str | None:
    """Say what is wrong with a mapping, or ``None``. An empty mapping means the default."""
    if not mapping:
        return None
    if "google.subject" not in mapping:
        return "google.subject must be mapped as soon as any mapping is given"
    if len(mapping) - 1 > MOST_ATTRIBUTES:
        return f"{len(mapping) - 1} custom attributes; the limit is {MOST_ATTRIBUTES}"
    for key, expression in mapping.items():
        if not _KEY.fullmatch(key):
            return f"{key!r} can't be mapped; use google.subject or attribute.NAME with NAME of a-z0-9_, at most 100"
        if problem := _expression_problem(expression, {"assertion"}, MOST_MAPPING_CHARACTERS):
            return f"the mapping of {key} {problem}"
    return None


def condition_problem(condition: str) -> str | None:
    """Say what is wrong with an attribute condition, or ``None``. An empty one means none."""
    if not condition:
        return None
    problem = _expression_problem(condition, {"assertion", "google", "attribute"}, MOST_CONDITION_CHARACTERS)
    return f"the attribute condition {problem}" if problem else None


def map_attributes(mapping: Mapping[str, str], caller: Caller) -> dict[str, str]:
    """Evaluate a mapping for a caller.

    Returns:
        Mapping key → value, ``google.subject`` included.

    Raises:
        MappingError: An expression failed, reads what an AWS assertion doesn't have, or isn't a string.
    """
    assertion = {"account": caller.account, "arn": caller.arn, "userid": caller.user_id}
    values: dict[str, str] = {}
    for key, expression in (mapping or DEFAULT_AWS_MAPPING).items():
        value = _evaluate(expression, {"assertion": assertion}, attribute=key)
        if not isinstance(value, str):
            raise MappingError(f"{expression} gave {type(value).__name__}, not a string", attribute=key)
        values[key] = value
    return values


def condition_holds(condition: str, caller: Caller, attributes: Mapping[str, str]) -> bool:
    """Evaluate an attribute condition.

    Returns:
        True only for the boolean true; an empty condition holds.

    Raises:
        MappingError: The expression failed, or gave something other than a boolean.
    """
    if not condition:
        return True
    variables = {
        "assertion": {"account": caller.account, "arn": caller.arn, "userid": caller.user_id},
        "google": {"subject": attributes.get("google.subject", "")},
        "attribute": {
            key.removeprefix("attribute."): value for key, value in attributes.items() if key.startswith("attribute.")
        },
    }
    value = _evaluate(condition, variables, attribute="")
    if not isinstance(value, bool):
        raise MappingError(f"the condition gave {type(value).__name__}, not a boolean")
    return value


def _expression_problem(expression: object, variables: set[str], limit: int) -> str | None:
    import cel  # here, so that a server that never sees a provider doesn't load it

    if not isinstance(expression, str) or not expression.strip():
        return "must be a CEL expression, not empty"
    if len(expression) > limit:
        return f"has {len(expression)} characters; the limit is {limit}"
    try:
        program = cel.compile(expression)
    except ValueError as error:
        return f"isn't CEL: {error!s:.300}"
    unknown = sorted(set(program.variables()) - variables)
    if unknown:
        return f"reads {', '.join(unknown)}; only {', '.join(sorted(variables))} can be read"
    called = sorted(set(program.functions()) - _CALLABLE)
    if called:
        return f"calls {', '.join(called)}, which this local cloud doesn't offer"
    return None


@lru_cache(maxsize=MOST_PROGRAMS)
def _program(expression: str) -> Any:  # noqa: ANN401  (the library's own class has no public name)
    """Compile an expression once: what it compiles to depends on its text alone."""
    import cel

    return cel.compile(expression)


def _evaluate(expression: str, variables: dict[str, Any], *, attribute: str) -> object:
    import cel
    from cel import stdlib

    functions: dict[str, Any] = {"extract": extract, "split": stdlib.split, "join": stdlib.join}
    functions |= {"lowerAscii": stdlib.lower_ascii, "upperAscii": stdlib.upper_ascii, "replace": stdlib.replace}
    context = cel.Context(variables=variables, functions=functions)
    try:
        return _program(expression).execute(context)
    except (ValueError, TypeError, RuntimeError, KeyError, IndexError) as error:
        raise MappingError(f"{expression} failed: {error!s:.200}", attribute=attribute) from error
