"""How a case signs something else than the right caller does, or changes it afterwards; and what such cases share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from federation_emulator.core.trace import Link, Part
from tests.denials.case import Case, Step
from tests.denials.world import World
from tests.emulator.signing import Document, edited

CHANGED = "SignatureDoesNotMatch"
"""What AWS says of a request that is not the one that was signed. How Google words it to its client is not known."""


def signed(**differently: Any) -> Step:
    """Sign something else than the right caller does; arguments of ``signing.document``."""

    def step(world: World) -> None:
        world.signing = differently

    return step


def after_signing(edit: Callable[[Document], Document], **signing: Any) -> Step:
    """Sign what the right caller signs, but for ``signing``, and change it afterwards."""

    def step(world: World) -> None:
        world.signing, world.edits = signing, [edit]

    return step


def well_signed(world: World) -> None:
    """Sign what the right caller signs, and leave it so."""
    world.signing, world.edits = {}, []


def header(name: str, edit: Callable[[str], str], **signing: Any) -> Step:
    """Change the value of a header."""
    return after_signing(lambda made: edited(made, name, edit), **signing)


def authorization(old: str, new: str) -> Step:
    """Change some words of the Authorization header."""
    return header("authorization", lambda value: value.replace(old, new))


def added(name: str, value: str) -> Step:
    """Add a header."""
    return after_signing(lambda made: {**made, "headers": [*made["headers"], {"key": name, "value": value}]})


def url(old: str, new: str) -> Step:
    """Change some letters of the URL."""
    return after_signing(lambda made: {**made, "url": made["url"].replace(old, new)})


def malformed(name: str, change: str, wrong: Step, *, rule: str, part: Part = Part.REQUEST) -> Case:
    """A subject token that Google does not even ask AWS about."""
    return Case(
        name=name,
        change=change,
        wrong=wrong,
        right=well_signed,
        link=Link.TOKEN_EXCHANGE,
        part=part,
        rule=rule,
        status=400,
        error="invalid_request",
        says="AWS request has invalid format.",
    )


def refused_by_aws(
    name: str, change: str, wrong: Step, *, right: Step = well_signed, actual: str = CHANGED, says: str = ""
) -> Case:
    """A subject token that AWS refuses; its word is passed on."""
    return Case(
        name=name,
        change=change,
        wrong=wrong,
        right=right,
        link=Link.TOKEN_EXCHANGE,
        part=Part.CALLER,
        rule="AWS must accept the signed request",
        status=400,
        error="invalid_grant",
        actual=actual,
        says=says,
    )
