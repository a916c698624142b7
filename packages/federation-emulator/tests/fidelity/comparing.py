"""An answer compared with what a case expects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import requests

from tests.fidelity.model import Case
from tests.fidelity.world import World

_SHOWN = 300


def differences(case: Case, answer: requests.Response, world: World) -> list[str]:
    """Say in which points an answer is not the expected one; nothing if it is."""
    return list(_differences(case, answer, world))


def _differences(case: Case, answer: requests.Response, world: World) -> Iterator[str]:
    expect, body = case.expect, _json(answer)
    if answer.status_code != expect.status:
        yield f"status is {answer.status_code}, expected {expect.status}: {answer.text[:_SHOWN]}"
    error = body.get("error") if isinstance(body, dict) else None
    google = error if isinstance(error, dict) else {}
    actual = google.get("status") if google else error
    if expect.error is not None and actual != expect.error:
        yield f"error is {actual!r}, expected {expect.error!r}"
    reason = (google.get("errors") or [{}])[0].get("reason")
    if expect.reason is not None and reason != expect.reason:
        yield f"reason is {reason!r}, expected {expect.reason!r}"
    message = str(google.get("message") if google else (body or {}).get("error_description"))
    if expect.message is not None and message != (exact := world.filled(expect.message, case)):
        yield f"message is {message!r}, expected {exact!r}"
    if expect.matches is not None and not re.fullmatch(
        pattern := world.filled(expect.matches, case, escaped=True), message, re.ASCII
    ):
        yield f"message is {message!r}, expected to match {pattern!r}"
    if expect.body is not None and not _part_of(part := world.filled(expect.body, case), body):
        yield f"body is {str(body)[:_SHOWN]}, expected in it {part}"
    for name, value in expect.headers.items():
        if answer.headers.get(name) != value:
            yield f"header {name} is {answer.headers.get(name)!r}, expected {value!r}"
    for key in expect.without:
        if key in (body or {}):
            yield f"body has {key}, expected none"


def _json(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except requests.JSONDecodeError:
        return {}


def _part_of(expected: Any, actual: Any) -> bool:
    """Whether a value has all that is expected: objects may have more."""
    if isinstance(expected, dict):
        return isinstance(actual, dict) and all(
            name in actual and _part_of(each, actual[name]) for name, each in expected.items()
        )
    if isinstance(expected, list):
        return (
            isinstance(actual, list)
            and len(expected) == len(actual)
            and all(_part_of(*pair) for pair in zip(expected, actual, strict=True))
        )
    return bool(expected == actual)
