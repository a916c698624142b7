"""How a case signs something else than the right caller does, or changes it afterwards; and what such cases share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from federation_emulator.core.trace import Link, Part
from tests.denials.case import By, Case, Step, having
from tests.emulator.signing import Document, edited

CHANGED = "SignatureDoesNotMatch"
"""What AWS says of a request that is not the one that was signed. How Google words it to its client is not known."""


def signed(**differently: Any) -> Step:
    """Sign something else than the right caller does; arguments of ``signing.document``."""
    return having(signing=differently)


def after_signing(edit: Callable[[Document], Document], **signing: Any) -> Step:
    """Sign what the right caller signs, but for ``signing``, and change it afterwards."""
    return having(signing=signing, edits=[edit])


WELL_SIGNED = having(signing={}, edits=[])
"""Sign what the right caller signs, and leave it so."""


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


_MALFORMED = By(Link.TOKEN_EXCHANGE, Part.REQUEST, "", 400, "invalid_request", "AWS request has invalid format.")
_AWS = By(Link.TOKEN_EXCHANGE, Part.CALLER, "AWS must accept the signed request", 400, "invalid_grant")


def malformed(name: str, change: str, wrong: Step, *, rule: str, part: Part = Part.REQUEST) -> Case:
    """A subject token that Google does not even ask AWS about."""
    return _MALFORMED(name, change, wrong, WELL_SIGNED, rule=rule, part=part)


def refused_by_aws(
    name: str, change: str, wrong: Step, *, right: Step = WELL_SIGNED, actual: str = CHANGED, says: str = ""
) -> Case:
    """A subject token that AWS refuses; its word is passed on."""
    return _AWS(name, change, wrong, right, actual=actual, says=says)
