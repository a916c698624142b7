"""What a ``pulumi up`` would do, read from a preview: change by change, and what would be lost by it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

from keyless_bigquery.runtime.printable import one_line
from keyless_tools.guardrails.plan import PreviewError, read_plan
from pulumi_offline.engine.runner import PLANNING_SECONDS, Pulumi, PulumiError

_OPERATIONS = ("create", "update", "replace", "delete")
_GOES = ("replace", "delete")
_MARKUP = re.compile(r"<\{%[^%]*%\}>")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Change:
    """What happens to one resource.

    Args:
        operation: ``create``, ``update``, ``replace`` or ``delete``.
        name: The resource's logical name.
        type: Its type token.
        properties: The inputs that differ, by name; empty for a create and a delete.
    """

    operation: str
    name: str
    type: str
    properties: tuple[str, ...]

    @property
    def loses(self) -> bool:
        """Whether something that exists would be gone afterwards. The program itself refuses to lose columns."""
        return self.operation in _GOES

    def __str__(self) -> str:
        line = f"{self.operation:8}  {self.name}"
        if self.properties:
            line += f"  ({', '.join(self.properties)})"
        return one_line(line)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outlook:
    """All that a ``pulumi up`` would change, in the engine's order."""

    changes: tuple[Change, ...]

    @property
    def losses(self) -> tuple[Change, ...]:
        """The changes after which something that exists would be gone."""
        return tuple(change for change in self.changes if change.loses)

    def __str__(self) -> str:
        if not self.changes:
            return "`pulumi up` would change nothing."
        lines = ["`pulumi up` would still do this:", *(f"  {change}" for change in self.changes)]
        if self.losses:
            lines += ["Don't run it yet. What exists would be gone:", *(f"  {change}" for change in self.losses)]
        return "\n".join(lines)


def planned_steps(stack: Pulumi) -> Sequence[Mapping[str, Any]]:
    """The steps that ``pulumi up`` would take.

    Args:
        stack: The stack.

    Raises:
        PulumiError: The program or a provider failed, or what the engine printed is no preview.
    """
    ended = stack.run("preview", "--json", limit_seconds=PLANNING_SECONDS)
    try:
        plan = read_plan(ended.output)
    except PreviewError as error:
        raise PulumiError(str(error) if ended.succeeded else ended.failure) from error
    if plan.errors or not ended.succeeded:
        errors = dict.fromkeys(_MARKUP.sub("", error).strip().removeprefix("error: ") for error in plan.errors)
        raise PulumiError("\n".join(errors) or ended.failure)
    return plan.steps


def outlook(steps: Sequence[Mapping[str, Any]]) -> Outlook:
    """Reads the steps of a preview.

    Args:
        steps: ``steps`` of ``pulumi preview --json``.
    """
    return Outlook(changes=tuple(_change(step) for step in steps if step["op"] in _OPERATIONS))


def _change(step: Mapping[str, Any]) -> Change:
    old, new = step.get("oldState") or {}, step.get("newState") or {}
    either = new or old
    differing = step.get("diffReasons") or step.get("replaceReasons") or []
    return Change(
        operation=step["op"],
        name=str(step["urn"]).rpartition("::")[2],
        type=either["type"],
        properties=tuple(differing),
    )
