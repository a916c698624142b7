"""What a line of the denial table says, and how one is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from federation_emulator.core.trace import Link, Part
from tests.denials.world import World

Step = Callable[[World], object]


INVALID_CREDENTIALS = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
    "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
)
"""Google's words for a token that does not count, at every API."""


@dataclass(frozen=True)
class By:
    """How several cases are refused alike; called, it makes one of them.

    Attributes:
        link: At which link of the chain.
        part: What that link was looking at.
        rule: By which rule; words of the refusal in the trace.
        status: Google's HTTP status.
        error: Google's code: ``error`` of an exchange, ``status`` of an API, ``reason`` of BigQuery.
        says: Words of Google's message; empty where Google's own are not public.
        actual: Words of what the trace says was found, where the rule alone leaves the cause open.
    """

    link: Link
    part: Part
    rule: str
    status: int
    error: str
    says: str = ""
    actual: str = ""

    def __call__(self, name: str, change: str, wrong: Step, right: Step, **other: Any) -> Case:
        return Case(name=name, change=change, wrong=wrong, right=right, **{**asdict(self), **other})


@dataclass(frozen=True, kw_only=True)
class Case(By):
    """A way of getting in that must fail, and the smallest change with which it succeeds.

    Attributes:
        name: Who or what is refused: a noun phrase, unique.
        change: The smallest change with which it succeeds, in words.
        wrong: Puts the one thing wrong, in a world where everything is right.
        right: Puts that one thing right, and nothing else.
    """

    name: str
    change: str
    wrong: Step
    right: Step


def having(**fields: Any) -> Step:
    """Set fields of the world."""

    def step(world: World) -> None:
        for name, value in fields.items():
            setattr(world, name, value)

    return step


def both(*steps: Step) -> Step:
    """Do one after the other."""
    return lambda world: [step(world) for step in steps]


def done(method: str, path: str, body: object = None) -> Step:
    """Have the deployer call an API."""
    return lambda world: world.google.done(method, path, body)


def right_caller(world: World) -> None:
    """Sign as the right caller."""
    world.keys = world.right_keys
