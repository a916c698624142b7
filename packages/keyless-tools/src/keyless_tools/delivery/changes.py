"""What a preview would change, read from the engine's JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keyless_tools.delivery.errors import DeliveryError
from keyless_tools.guardrails.plan import PreviewError, read_plan

_UNCHANGED = "same"
_PARTS_OF_A_REPLACEMENT = frozenset({"create-replacement", "delete-replaced"})
"""The engine lists a replacement as three steps; `replace` stands for all of them."""

LOSING = frozenset({"delete", "replace"})
"""Steps by which something that exists goes away."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One resource that would not stay as it is.

    Args:
        step: what happens to it: `create`, `update`, `replace`, `delete`, `import` and so on.
        type: its type token.
        name: its logical name.
        properties: the properties that differ, or force the replacement, as far as the engine tells.
    """

    step: str
    type: str
    name: str
    properties: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Changes:
    """Everything that would change. Components are left out: they are nothing but the resources in them.

    Args:
        each: the resources, in the engine's order.
        unchanged: how many stay as they are.
    """

    each: tuple[Change, ...]
    unchanged: int

    @property
    def losing(self) -> tuple[Change, ...]:
        """Those by which something that exists goes away."""
        return tuple(change for change in self.each if change.step in LOSING)

    def counted(self) -> str:
        """In words, such as `2 to create, 1 to update, 23 unchanged`."""
        counts = Counter(change.step for change in self.each)
        parts = [f"{count} to {step}" for step, count in counts.items()]
        if self.unchanged or not parts:
            parts.append(f"{self.unchanged} unchanged")
        return ", ".join(parts)


def read(text: str) -> Changes:
    """The changes of one run.

    Args:
        text: what `pulumi preview --json` prints.

    Raises:
        DeliveryError: it is no such document, or the preview failed.
    """
    try:
        plan = read_plan(text)
    except PreviewError as error:
        raise DeliveryError(str(error)) from error
    if plan.errors:
        raise DeliveryError(f"the preview failed: {plan.errors[0]}")
    steps = [step for step in plan.steps if step["op"] not in _PARTS_OF_A_REPLACEMENT and _state(step)["custom"]]
    return Changes(
        each=tuple(_change(step) for step in steps if step["op"] != _UNCHANGED),
        unchanged=sum(step["op"] == _UNCHANGED for step in steps),
    )


def _change(step: Mapping[str, Any]) -> Change:
    return Change(
        step=step["op"],
        type=_state(step)["type"],
        name=step["urn"].rpartition("::")[2],
        properties=tuple(step.get("replaceReasons") or step.get("diffReasons") or ()),
    )


def _state(step: Mapping[str, Any]) -> Mapping[str, Any]:
    state: Mapping[str, Any] = step.get("newState") or step["oldState"]
    return state
