"""After an interrupted ``pulumi up``: take over what it had made without writing it down.

::

    python -m tools.recover STACK [--planned]

An engine that is killed between a cloud's answer and its own note leaves a resource that exists and that the stack
doesn't know; the next ``pulumi up`` would fail with "already exists". The engine notes what it was about to create.
This command imports each of these that exists, drops the rest of the notes, and leaves a stack for which
``pulumi refresh`` and ``pulumi up`` converge. It makes, changes and deletes nothing in either cloud.

Where it was the answer that got lost, and the engine took the create for failed, there is no note. With ``--planned``
everything is imported that the next ``up`` would create and that exists already. Only its names say that it is the
stack's, so this is for a stack whose names are nobody else's.

Source: Pulumi, "Recovering from an interrupted update".
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from doctor.stack import named_stack
from infra.command_line import command_line, one_after_another
from lambda_src.printable import as_lines, one_line
from tools import checkpoint
from tools.imports import MADE_ONCE, Importable, importable, to_create
from tools.stack import EngineRefusedError, Stack, refusal

_ABSENT = "does not exist"


def pending_creates(deployment: Mapping[str, Any]) -> list[Importable]:
    """The creates that the engine began and never noted the end of, of types that can't be made twice.

    Args:
        deployment: ``deployment`` of ``pulumi stack export``.
    """
    pending = [
        operation["resource"]
        for operation in deployment.get("pending_operations") or []
        if operation["type"] == "creating"
    ]
    return _made_once(pending, deployment)


def planned_creates(steps: Sequence[Mapping[str, Any]], deployment: Mapping[str, Any]) -> list[Importable]:
    """The creates that the next ``up`` plans, of types that can't be made twice, as far as their names are known yet.

    Args:
        steps: What the next ``up`` would do.
        deployment: ``deployment`` of ``pulumi stack export``.
    """
    return [found for found in _made_once(to_create(steps), deployment) if found.known]


def _made_once(resources: Sequence[Mapping[str, Any]], deployment: Mapping[str, Any]) -> list[Importable]:
    found = importable(resources, deployment.get("resources") or [])
    return [one for one in found if one.type in MADE_ONCE]


def main() -> int:
    """Recovers one stack. The exit code is 1 if the engine refused a step, with the end of its message."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.recover", description="Take over what an interrupted `pulumi up` had made unnoted."
    )
    parser.add_argument("stack", nargs="?", help="the stack whose `pulumi up` was interrupted")
    parser.add_argument("--planned", action="store_true", help="also what the next up would create and exists already")
    arguments = parser.parse_args()
    try:
        recover(Stack(name=named_stack(parser, arguments.stack)), planned=arguments.planned)
    except EngineRefusedError as error:
        sys.stderr.write(f"error: {as_lines(error)}\n")
        return 1
    return 0


def recover(stack: Stack, *, planned: bool = False) -> None:
    """Take over what exists, drop the rest of the engine's notes.

    Args:
        stack: The stack whose ``up`` was interrupted.
        planned: Take over what the next ``up`` would create, too.

    Raises:
        EngineRefusedError: The engine refused, for another reason than that a resource isn't there.
    """
    folder = checkpoint.folder_of_backend()
    if folder is not None and (state := checkpoint.put_back(folder, stack.name)) is not None:
        print(one_line(f"{state} was cut off in the middle of a write; the state before it is in its place"))
    # The lock of a killed engine; without one this fails, and that is fine.
    stack.run("cancel", "--yes")
    for pending in pending_creates(stack.deployment()):
        _take_over(stack, pending)
    stack.must("refresh", "--clear-pending-creates", "--yes", "--skip-preview")
    while planned and any(_take_over(stack, one) for one in planned_creates(stack.preview(), stack.deployment())):
        pass  # what was taken over may be what the next one's name waits for
    then = one_after_another(*(command_line("pulumi", verb, "--stack", stack.name) for verb in ("refresh", "up")))
    print(f"now: {then}")


def _take_over(stack: Stack, one: Importable) -> bool:
    """Import one resource. Returns whether it exists."""
    finished = stack.run(*one.command(protect=False))
    exists = finished.returncode == 0 or _ABSENT not in finished.stdout + finished.stderr
    if exists and finished.returncode != 0:
        raise EngineRefusedError(refusal(finished))
    print(one_line(f"{one.name}: {'taken over' if exists else 'was not made yet'} ({one.import_id})"))
    return exists


if __name__ == "__main__":
    sys.exit(main())
