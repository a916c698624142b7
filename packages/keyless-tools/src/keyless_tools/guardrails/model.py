"""What rules are asked about, and what they answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Judge = TypeVar("Judge")


class Unknown:
    """A value that the engine doesn't know yet, in a preview."""

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN = Unknown()


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource as the program describes it.

    Args:
        urn: Its name in the engine.
        type: Its type token, such as ``gcp:projects/iAMMember:IAMMember``.
        inputs: What the program gave it; :data:`UNKNOWN` stands for what isn't known yet, at any depth.
    """

    urn: str
    type: str
    inputs: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """The type token in lower case: SDKs have changed the case of some."""
        return self.type.lower()

    @property
    def name(self) -> str:
        """Its logical name."""
        return self.urn.rpartition("::")[2]


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a preview would do to a resource that exists.

    Args:
        urn: Its name in the engine.
        type: Its type token.
        operation: The engine's word: ``update``, ``replace``, ``delete`` and so on.
        before: What it is now: its inputs, and over them what the provider answered.
        after: What the program describes; empty if it goes.
        guarded: The engine refuses to delete it (the option ``protect``).
        kept: The engine forgets it, and leaves it in the cloud.
        replaced_for: The properties that force a replacement.
    """

    urn: str
    type: str
    operation: str
    before: Mapping[str, Any]
    after: Mapping[str, Any] = field(default_factory=dict)
    guarded: bool = False
    kept: bool = False
    replaced_for: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The type token in lower case."""
        return self.type.lower()

    @property
    def replaces(self) -> bool:
        """Whether another takes its place."""
        return self.operation in {"replace", "create-replacement", "delete-replaced"}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a rule found in one resource.

    Args:
        where: The property, as a path.
        actual: Its value, in so far as it may be shown.
        fix: What to do instead.
        certain: False if the value isn't known yet, so that nothing can be said.
    """

    where: str
    actual: str
    fix: str
    certain: bool = True


@dataclass(frozen=True, kw_only=True)
class AnyRule(Generic[Judge]):
    """A rule.

    Args:
        name: What policy packs, messages and tests call it.
        why: What the rule is for, in a sentence.
        judge: Finds what is wrong.
    """

    name: str
    why: str
    judge: Judge


Rule = AnyRule[Callable[[Resource], Iterator[Finding]]]
"""A rule that looks at one resource."""

StackRule = AnyRule[Callable[[Sequence[Resource]], Iterator[tuple[Resource, Finding]]]]
"""A rule that needs all resources together."""

ChangeRule = AnyRule[Callable[[Change], Iterator[Finding]]]
"""A rule that needs what is and what would be."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A finding, with the rule and the resource."""

    rule: str
    why: str
    urn: str
    finding: Finding

    def __str__(self) -> str:
        found = self.finding
        if not found.certain:
            return f"{self.rule}: {self.urn}: {found.where} isn't known yet, so it can't be judged; {found.fix}."
        return f"{self.rule}: {self.urn}: {found.where} is {found.actual}. {self.why} Fix: {found.fix}."


def unknown(where: str, fix: str = "the pack judges it while `pulumi up` runs") -> Finding:
    """The finding that nothing can be said."""
    return Finding(where=where, actual="unknown", fix=fix, certain=False)
