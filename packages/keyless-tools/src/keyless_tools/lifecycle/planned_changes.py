"""What a ``pulumi up`` would do, read from a preview: change by change, and what would be lost by it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from keyless_bigquery.runtime.printable import one_line
from keyless_tools.guardrails.plan import PreviewError, read_plan
from pulumi_offline.engine.runner import PLANNING_SECONDS, Pulumi, PulumiError

_OPERATIONS = ("create", "update", "replace", "delete")
_GOES = ("replace", "delete")
_MARKUP = re.compile(r"<\{%[^%]*%\}>")


def planned_steps(stack: Pulumi) -> Sequence[Mapping[str, Any]]:
    """The steps that ``pulumi up`` would take.

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


def losses(steps: Sequence[Mapping[str, Any]]) -> list[str]:
    """The steps after which something that exists would be gone. The program itself refuses to lose columns."""
    return [_line(step) for step in steps if step["op"] in _GOES]


def outlook(steps: Sequence[Mapping[str, Any]]) -> str:
    """What ``pulumi up`` would still do by the steps of a preview, change by change, and what would be lost by it."""
    changes = [_line(step) for step in steps if step["op"] in _OPERATIONS]
    if not changes:
        return "`pulumi up` would change nothing."
    lost = losses(steps)
    warning = ["Don't run it yet. What exists would be gone:", *lost] if lost else []
    return "\n".join(["`pulumi up` would still do this:", *changes, *warning])


def _line(step: Mapping[str, Any]) -> str:
    """A change with the inputs that differ, where it has any."""
    differing = step.get("diffReasons") or step.get("replaceReasons") or []
    reasons = f"  ({', '.join(differing)})" if differing else ""
    return one_line(f"  {step['op']:8}  {str(step['urn']).rpartition('::')[2]}{reasons}")
