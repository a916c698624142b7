"""How a setting is declared: once, as an annotated field of a dataclass.

From the declarations come the keys, the reading and checking of values, the ``config`` block of ``Pulumi.yaml`` and the
table of options in the documentation (:mod:`keyless_bigquery.settings.generated`).
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar, cast

from keyless_bigquery import rules
from keyless_bigquery.rules import Rule
from keyless_bigquery.settings.problems import Values

T = TypeVar("T")
E = TypeVar("E", bound=enum.StrEnum)

_DECLARED = "setting"


class Scope(enum.Enum):
    """Whose a setting is."""

    STACK = "stack"
    IDENTITY = "one reader"
    """It names one thing: each of several readers has its own, never inherited."""

    INHERITED = "each reader"
    """A reader takes it from the stack where it has none of its own."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kind(Generic[T]):
    """What values a setting takes.

    Args:
        read: Takes the value of a key out of the config; what is wrong with it is added to the problems.
        type: The engine's type; ``None``: any.
        items: The engine's type of a list's entries; ``None``: it is not a list.
    """

    read: Callable[[Values, str], T]
    type: str | None = "string"
    items: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Setting:
    """One declared setting.

    Args:
        key: The config key, without namespace: the field's name in camel case.
        field: The field's name.
        description: What it means, for people who set it.
        kind: What values it takes.
        default: What the engine fills in. Empty text, list or object stands for "not set".
        scope: Whose it is.
    """

    key: str
    field: str
    description: str
    kind: Kind[Any]
    default: object
    scope: Scope


def setting(kind: Kind[T], description: str, *, default: object = "", scope: Scope = Scope.STACK) -> T:
    """Declares a setting as a dataclass field, whose name in camel case is the config key.

    Returns:
        The field. To a type checker it is a value of the kind, so that the field's annotation must agree.
    """
    declared = {"description": description, "kind": kind, "default": default, "scope": scope}
    return cast("T", dataclasses.field(metadata={_DECLARED: declared}))


def declared(declaring: type) -> tuple[Setting, ...]:
    """The settings that a dataclass declares, in its order."""
    return tuple(
        Setting(key=camel_case(field.name), field=field.name, **field.metadata[_DECLARED])
        for field in dataclasses.fields(declaring)
        if _DECLARED in field.metadata
    )


def read(declaring: type, values: Values) -> dict[str, Any]:
    """The values of all settings that a dataclass declares, by field."""
    return {one.field: one.kind.read(values, one.key) for one in declared(declaring)}


def text(rule: Rule, how_to_find: str = "") -> Kind[str]:
    """A text that must be set, or has a default.

    Args:
        rule: What it must look like.
        how_to_find: Where a person finds the value, a sentence of the message that it is missing.
    """
    return Kind(read=lambda values, key: values.text(key, rule, how_to_find))


def optional(rule: Rule) -> Kind[str | None]:
    """A text that may be absent."""
    return Kind(read=lambda values, key: values.optional(key, rule))


def optional_or(other: str, rule: Rule) -> Kind[str]:
    """A text for which the value of another setting stands where it is absent."""
    return Kind(read=lambda values, key: values.optional(key, rule) or values.value(other) or "")


def named(derived: Callable[[Values], str], rule: Rule) -> Kind[str]:
    """A name, derived where none is set. It is never inherited, since a name belongs to one thing."""
    return Kind(read=lambda values, key: values.named(key, derived(values), rule))


def choice(*allowed: str) -> Kind[str]:
    """One of a few texts; the first of them where the value is invalid."""
    rule = rules.one_of(allowed)

    def take(values: Values, key: str) -> str:
        found = values.text(key, rule)
        return found if found in allowed else allowed[0]

    return Kind(read=take)


def member(choices: type[E]) -> Kind[E]:
    """One member of an enumeration, by its value."""
    by_value = choice(*choices)
    return Kind(read=lambda values, key: choices(by_value.read(values, key)))


def switch() -> Kind[bool]:
    """True or false."""
    rule = rules.one_of(("true", "false"))
    return Kind(read=lambda values, key: values.text(key, rule) == "true", type="boolean")


def number(least: int, most: int, *, allowed: Sequence[int] = ()) -> Kind[int]:
    """A whole number; the least one where the value is invalid."""
    rule = rules.whole_number(least, most, allowed)

    def take(values: Values, key: str) -> int:
        found = values.text(key, rule)
        return int(found) if rule(found) is None else least

    return Kind(read=take, type="integer")


def optional_number(least: int, most: int) -> Kind[int | None]:
    """A whole number that may be absent. The engine has no such type: it is text."""
    rule = rules.whole_number(least, most)

    def take(values: Values, key: str) -> int | None:
        found = values.optional(key, rule)
        return int(found) if found is not None and rule(found) is None else None

    return Kind(read=take)


def texts(rule: Rule, most: int) -> Kind[tuple[str, ...]]:
    """A list of texts that all keep one rule, none of them twice."""

    def take(values: Values, key: str) -> tuple[str, ...]:
        found = [str(entry) for entry in values.entries(key, str, most)]
        for place, value in enumerate(found):
            verdict = rule(value)
            if verdict is not None:
                values.add(f"{key}[{place}]", value, *verdict)
            elif value in found[:place]:
                values.add(f"{key}[{place}]", value, "it is in the list already", "Remove one of the two.")
        return tuple(found)

    return Kind(read=take, type="array", items="string")


def objects(take: Callable[[Values, str], T]) -> Kind[T]:
    """A list of objects, read by a function of its own."""
    return Kind(read=take, type="array", items="object")


def camel_case(name: str) -> str:
    """A field's name as a key of the config or of a schema."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
