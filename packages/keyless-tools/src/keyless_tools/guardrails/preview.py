"""From a preview to what the rules are asked about: the resources that would be, and the changes to those that are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keyless_tools.guardrails.model import UNKNOWN, Change, Resource
from keyless_tools.guardrails.plan import UNKNOWN_TEXT, read_plan

_UNKNOWN_TEXTS = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        UNKNOWN_TEXT,
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
"""What the engine writes for a boolean, number, text, list, file, archive or object that it doesn't know yet."""

_GOING = frozenset({"delete", "delete-replaced", "discard", "discard-replaced", "remove-pending-replace"})
"""Steps after which the resource isn't in the stack any more."""

_NOT_OURS = frozenset({"read", "read-replacement", "read-discard"})


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A preview, as far as the rules need it.

    Attributes:
        resources: What would be in the stack.
        changes: What would happen to what exists.
        hidden: How many unchanged resources it doesn't show.
        error: Why the preview itself failed; empty if it didn't.
    """

    resources: tuple[Resource, ...]
    changes: tuple[Change, ...]
    hidden: int
    error: str


def read(text: str) -> Preview:
    """Reads a preview.

    Raises:
        keyless_tools.guardrails.plan.PreviewError: The text is something else.
    """
    plan = read_plan(text)
    steps = [step for step in plan.steps if step["op"] not in _NOT_OURS]
    # What a refresh finds gone has no new state.
    stays = [step for step in steps if step["op"] not in _GOING and step.get("newState")]
    resources = {step["urn"]: _resource(step["urn"], step["newState"]) for step in stays}
    return Preview(
        resources=tuple(resources.values()),
        changes=tuple(_change(step) for step in steps if step.get("oldState")),
        hidden=plan.hidden,
        error=plan.errors[0] if plan.errors else "",
    )


def known(value: object) -> Any:  # noqa: ANN401 (any JSON-like value)
    """The value, with ``UNKNOWN`` wherever the engine wrote that it doesn't know."""
    if isinstance(value, str):
        return UNKNOWN if value in _UNKNOWN_TEXTS else value
    if isinstance(value, list):
        return [known(part) for part in value]
    if isinstance(value, dict):
        return {key: known(part) for key, part in value.items()}
    return value


def _resource(urn: str, state: Mapping[str, Any]) -> Resource:
    return Resource(urn=urn, type=state["type"], inputs=known(state.get("inputs") or {}))


def _change(step: Mapping[str, Any]) -> Change:
    old, new = step["oldState"], step.get("newState") or {}
    gone = step["op"] in _GOING
    return Change(
        urn=step["urn"],
        type=old["type"],
        operation=step["op"],
        before=known({**(old.get("inputs") or {}), **(old.get("outputs") or {})}),
        after={} if gone else known(new.get("inputs") or {}),
        guarded=bool(old.get("protect")),
        kept=bool(old.get("retainOnDelete")),
        replaced_for=tuple(step.get("replaceReasons") or ()),
    )
