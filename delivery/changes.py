"""What a preview would change, read from the engine's JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from delivery.errors import DeliveryError

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
        DeliveryError: it is no such document.
    """
    try:
        document = json.loads(text)
        steps = [
            step
            for step in document["steps"] or ()
            if step["op"] not in _PARTS_OF_A_REPLACEMENT and _state(step).get("custom")
        ]
        return Changes(
            each=tuple(_change(step) for step in steps if step["op"] != _UNCHANGED),
            unchanged=sum(step["op"] == _UNCHANGED for step in steps),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise DeliveryError(f"this is not what `pulumi preview --json` prints ({error!r}): {text[:80]!r}") from error


def _change(step: Mapping[str, Any]) -> Change:
    state = _state(step)
    named = step.get("replaceReasons") or step.get("diffReasons") or ()
    return Change(
        step=str(step["op"]),
        type=str(state.get("type", "")),
        name=str(step["urn"]).rpartition("::")[2],
        properties=tuple(map(str, named)),
    )


def _state(step: Mapping[str, Any]) -> Mapping[str, Any]:
    state: Mapping[str, Any] = step.get("newState") or step.get("oldState") or {}
    return state
