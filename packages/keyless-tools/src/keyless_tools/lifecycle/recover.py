"""After an interrupted ``pulumi up``: take over what it had made without writing it down.

::

    keyless recover STACK [--planned]

An engine that is killed between a cloud's answer and its own note leaves a resource that exists and that the stack
doesn't know; the next ``pulumi up`` would fail with "already exists". The engine notes what it was about to create.
This command imports each of these that exists, drops the rest of the notes, and leaves a stack for which
``pulumi refresh`` and ``pulumi up`` converge. It makes, changes and deletes nothing in either cloud.

Where it was the answer that got lost, and the engine took the create for failed, there is no note. With ``--planned``
everything is imported that the next ``up`` would create and that exists already. Only its names say that it is the
stack's, so this is for a stack whose names no other stack and no other team uses.

What a replacement had made takes the old one's place in the stack, and the next ``up`` deletes the old one. With
``--planned``, too, the first reader of a list that is no list any more keeps what it had
(:mod:`keyless_tools.lifecycle.taking_over`).

A replacement that failed midway leaves two of a resource. Where the settings are the old ones again, the old ones are
put back in their places, and the next ``up`` deletes the new ones.

Source: Pulumi, "Recovering from an interrupted update".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from keyless_bigquery.command_line import command_line, one_after_another
from keyless_bigquery.runtime.printable import one_line
from keyless_tools.lifecycle import checkpoint
from keyless_tools.lifecycle.imports import MADE_ONCE, Importable, import_existing, importable, to_create
from keyless_tools.lifecycle.planned_changes import planned_steps
from keyless_tools.lifecycle.taking_over import live, not_held, put_back, put_in_place, rename, renamed
from pulumi_offline.engine.runner import Pulumi


def pending_creates(deployment: Mapping[str, Any]) -> list[Importable]:
    """The creates in a state that the engine began and never noted the end of, of types that can't be made twice."""
    operations = deployment.get("pending_operations") or []
    return _made_once([one["resource"] for one in operations if one["type"] == "creating"], deployment)


def planned_creates(steps: Sequence[Mapping[str, Any]], deployment: Mapping[str, Any]) -> list[Importable]:
    """The creates and replacements that the next ``up`` plans, of types that can't be made twice, with known names."""
    replacing = [step["newState"] for step in steps if step["op"] == "replace"]
    found = _made_once([*to_create(steps), *replacing], deployment)
    return not_held([one for one in found if one.known], deployment)


def _made_once(resources: Sequence[Mapping[str, Any]], deployment: Mapping[str, Any]) -> list[Importable]:
    found = importable(resources, deployment.get("resources") or [])
    return [one for one in found if one.type in MADE_ONCE]


def recover(stack: Pulumi, *, planned: bool = False) -> None:
    """Take over what exists, drop the rest of the engine's notes.

    Args:
        stack: The stack whose ``up`` was interrupted.
        planned: Take over what the next ``up`` would create, too.

    Raises:
        PulumiError: The engine refused, for another reason than that a resource isn't there.
    """
    folder = checkpoint.folder_of_backend()
    if folder is not None and (state := checkpoint.put_back(folder, stack.stack)) is not None:
        print(one_line(f"{state} was cut off in the middle of a write; what was there before is in its place"))
    # The lock of a killed engine; without one this fails, and that is fine.
    stack.run("cancel", "--yes")
    _take_over(stack, pending_creates(stack.state()))
    _put_back(stack)
    stack.must("refresh", "--clear-pending-creates", "--yes", "--skip-preview")
    if planned:
        _take_over_planned(stack)
    then = one_after_another(*(command_line("pulumi", verb, "--stack", stack.stack) for verb in ("refresh", "up")))
    print(f"now: {then}")


def _take_over_planned(stack: Pulumi) -> None:
    """Take over what the next ``up`` would create, under the names that it would have then."""
    steps = planned_steps(stack)
    if names := renamed(steps, stack.state()):
        stack.put_state(rename(stack.state(), names))
        print("\n".join(one_line(f"{_name(old)}: is now {_name(new)}") for old, new in names.items()))
        steps = planned_steps(stack)
    # What was taken over may be what the next one's name waits for.
    while _take_over(stack, planned_creates(steps, stack.state())):
        steps = planned_steps(stack)


def _put_back(stack: Pulumi) -> None:
    """Restore what a failed ``up`` had replaced, as far as the settings say what they said before it."""
    while any(one.get("delete") for one in stack.state().get("resources") or []):
        deployment = put_back(stack.state(), planned_steps(stack))
        if deployment is None:
            return
        stack.put_state(deployment)
        print("what the failed up had replaced is back in its place, as the settings have it")


def _take_over(stack: Pulumi, found: Sequence[Importable]) -> bool:
    """Import what exists, under its own name or in place of what the stack has there. Returns whether any does."""
    held = {one["urn"] for one in live(stack.state())}
    # Under a name that is free for the moment where its own is taken.
    imports = {one.urn: replace(one, urn=f"{one.urn}-taken-over") if one.urn in held else one for one in found}
    # A recovery that was cut off itself may have imported some.
    absent = import_existing(stack, [one for one in imports.values() if one.urn not in held], protect=False)
    taken = [one for one in found if one.import_id not in absent]
    for one in found:
        print(one_line(f"{one.name}: {'taken over' if one in taken else 'was not made yet'} ({one.import_id})"))
    if replacing := [one.urn for one in taken if one.urn in held]:
        deployment = stack.state()
        for urn in replacing:
            deployment = put_in_place(deployment, urn, imports[urn].urn)
        stack.put_state(deployment)
    return bool(taken)


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]
