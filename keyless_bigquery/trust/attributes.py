"""Attribute mapping and attribute condition: what AWS said about the caller, or a token, becomes Google's attributes.

Limits and keys are those of the IAM v1 API, ``WorkloadIdentityPoolProvider``, and of "IAM quotas". What an expression
may hold is in :mod:`keyless_bigquery.trust.expressions`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from keyless_bigquery.trust.caller import Caller
from keyless_bigquery.trust.expressions import ExpressionError, evaluate, expression_problem, work_of
from keyless_bigquery.trust.functions import Functions
from keyless_bigquery.trust.names import DEFAULT_AWS_MAPPING, MOST_CONDITION_CHARACTERS

SUBJECT = "google.subject"
GROUPS = "google.groups"

Assertion = Caller | Mapping[str, Any]
"""What a provider vouches for: the caller that AWS named, or the claims of an OIDC token."""

MOST_ATTRIBUTE_BYTES = 8192
MOST_ATTRIBUTES = 50
MOST_MAPPING_CHARACTERS = 2048

_CUSTOM = "attribute."
_KEY = re.compile(r"google\.subject|google\.groups|attribute\.[a-z0-9_]{1,100}")


class MappingError(Exception):
    """An expression gave no usable value. ``attribute`` names the mapping key, if any."""

    def __init__(self, message: str, *, attribute: str = "") -> None:
        super().__init__(message)
        self.attribute = attribute


@dataclass(frozen=True, kw_only=True)
class Attributes:
    """What a mapping gave.

    Attributes:
        subject: ``google.subject``.
        groups: ``google.groups``; ``None`` if the mapping has none.
        custom: The values of ``attribute.NAME``, by bare name.
    """

    subject: str
    groups: tuple[str, ...] | None = None
    custom: Mapping[str, str] = field(default_factory=dict)

    def size(self) -> int:
        """All values together, in bytes."""
        return sum(len(value.encode()) for value in (self.subject, *(self.groups or ()), *self.custom.values()))

    def shown(self) -> Iterator[str]:
        """Each as ``KEY=VALUE``."""
        yield f"{SUBJECT}={self.subject}"
        if self.groups is not None:
            yield f"{GROUPS}={list(self.groups)}"
        yield from (f"{_CUSTOM}{name}={value}" for name, value in self.custom.items())


def mapping_problem(mapping: Mapping[str, object]) -> str | None:
    """Say what is wrong with a mapping, or ``None``. An empty mapping means the default."""
    if not mapping:
        return None
    if SUBJECT not in mapping:
        return f"{SUBJECT} must be mapped as soon as any mapping is given"
    custom = [key for key in mapping if key.startswith(_CUSTOM)]
    if len(custom) > MOST_ATTRIBUTES:
        return f"{len(custom)} custom attributes; the limit is {MOST_ATTRIBUTES}"
    for key, expression in mapping.items():
        if not _KEY.fullmatch(key):
            return (
                f"Invalid mapped attribute key: {key:.120}. Custom mapped attributes must be in format "
                "'attribute.{custom_attribute}', of at most 100 characters a-z, 0-9 and _"
            )
        if problem := expression_problem(expression, {"assertion"}, MOST_MAPPING_CHARACTERS):
            return f"the mapping of {key} {problem}"
    problem = work_of(str(expression) for expression in mapping.values()).problem()
    return f"the mapping as a whole {problem}" if problem else None


def condition_problem(condition: str) -> str | None:
    """Say what is wrong with an attribute condition, or ``None``. An empty one means none."""
    if not condition:
        return None
    problem = expression_problem(condition, {"assertion", "google", "attribute"}, MOST_CONDITION_CHARACTERS)
    return f"the attribute condition {problem}" if problem else None


def map_attributes(mapping: Mapping[str, str], caller: Assertion) -> Attributes:
    """Evaluate a mapping for a caller.

    Raises:
        MappingError: An expression failed, reads what the assertion doesn't have, or isn't a string (for
            ``google.groups``: a list of strings).
    """
    variables, functions = {"assertion": _assertion(caller)}, Functions()
    values = {
        key: _value(expression, variables, functions, attribute=key)
        for key, expression in (mapping or DEFAULT_AWS_MAPPING).items()
    }
    groups = values.pop(GROUPS, None)
    if groups is not None and not (isinstance(groups, list) and all(isinstance(group, str) for group in groups)):
        raise MappingError(f"{mapping[GROUPS]} gave no list of strings", attribute=GROUPS)
    texts: dict[str, str] = {}
    for key, value in values.items():
        if not isinstance(value, str):
            raise MappingError(f"{mapping[key]} gave {type(value).__name__}, not a string", attribute=key)
        texts[key] = value
    return Attributes(
        subject=texts.pop(SUBJECT),
        groups=None if groups is None else tuple(groups),
        custom={key.removeprefix(_CUSTOM): value for key, value in texts.items()},
    )


def condition_holds(condition: str, caller: Assertion, attributes: Attributes) -> bool:
    """Evaluate an attribute condition.

    Returns:
        True only for the boolean true; an empty condition holds.

    Raises:
        MappingError: The expression failed, or gave something other than a boolean.
    """
    if not condition:
        return True
    google: dict[str, Any] = {"subject": attributes.subject}
    if attributes.groups is not None:
        google["groups"] = list(attributes.groups)
    variables = {"assertion": _assertion(caller), "google": google, "attribute": dict(attributes.custom)}
    value = _value(condition, variables, Functions(), attribute="")
    if not isinstance(value, bool):
        raise MappingError(f"the condition gave {type(value).__name__}, not a boolean")
    return value


def _assertion(caller: Assertion) -> Mapping[str, Any]:
    if not isinstance(caller, Caller):
        return caller
    return {"account": caller.account, "arn": caller.arn, "userid": caller.user_id}


def _value(expression: str, variables: Mapping[str, Any], functions: Functions, *, attribute: str) -> object:
    try:
        return evaluate(expression, variables, functions)
    except ExpressionError as problem:
        raise MappingError(str(problem), attribute=attribute) from problem
