"""Previews as `pulumi preview --json` prints them, made of a few words."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

OLD_AND_NEW = frozenset({"update", "replace", "create-replacement", "same"})
OLD = frozenset({"delete", "delete-replaced"})


def step(
    operation: str,
    kind: str,
    name: str = "it",
    *,
    custom: bool = True,
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A step with the states that belong to its operation; what is given is laid over them."""
    urn = f"urn:pulumi:s::p::{kind}::{name}"
    state = {"urn": urn, "type": kind, "custom": custom}
    made: dict[str, Any] = {"op": operation, "urn": urn}
    if operation in OLD | OLD_AND_NEW or old is not None:
        made["oldState"] = {**state, **(old or {})}
    if operation not in OLD or new is not None:
        made["newState"] = {**state, **(new or {})}
    return {**made, "detailedDiff": None, **more}


STACK = step("same", "pulumi:pulumi:Stack", "p-s", custom=False)
"""The step that every preview of a stack has that exists."""


def preview(*steps: dict[str, Any], **more: Any) -> str:
    """A whole preview of these steps. The summary leaves out the parts of a replacement, as the engine's does."""
    counts = Counter(one["op"] for one in steps if "replace" not in one["op"] or one["op"] == "replace")
    return json.dumps({"steps": list(steps), "duration": 1, "changeSummary": dict(counts), **more})
