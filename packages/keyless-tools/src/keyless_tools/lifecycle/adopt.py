"""Adopt what was made by hand: pool, provider, account, grants, dataset, table, role, log group, function.

::

    keyless adopt STACK          # prints what it would do, as lines to type
    keyless adopt STACK --run    # does it, and prints what `pulumi up` would still change

The stack's settings name what there is (``poolId``, ``serviceAccountId``, ``roleName`` and so on). What of it exists is
imported under the names and parents that the program gives it, so that the next ``pulumi up`` takes it for its own.
Nothing in either cloud is made, changed or deleted: that is left to ``pulumi up``, once you have read the rest.

The order: components and providers first, which exist in the stack alone, since an import needs its parent and its
provider there; then whatever can be named; then what is named after those, such as a grant to the pool's principals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from keyless_bigquery.command_line import command_line
from keyless_bigquery.runtime.printable import one_line
from keyless_tools.lifecycle.imports import Importable, import_existing, importable, to_create
from keyless_tools.lifecycle.planned_changes import losses, outlook, planned_steps
from pulumi_offline.engine.runner import Pulumi

_Steps = Sequence[Mapping[str, Any]]


def groundwork(steps: _Steps) -> list[str]:
    """URNs of what an ``up`` would create in the stack alone: components and providers."""
    return [one["urn"] for one in to_create(steps) if not one.get("custom") or one["type"].startswith("pulumi:")]


def candidates(steps: _Steps, deployment: Mapping[str, Any]) -> list[Importable]:
    """What an ``up`` would create in a cloud, and what may exist there already.

    Args:
        steps: The steps of a preview.
        deployment: The stack's state.
    """
    created = to_create(steps)
    return importable(created, [*created, *(deployment.get("resources") or [])])


def adopt(stack: Pulumi) -> bool:
    """Imports everything of the stack that exists, and prints what ``pulumi up`` would still change.

    Args:
        stack: The stack. Its program must pass a preview.

    Returns:
        Whether nothing that exists would be gone after that ``up``.

    Raises:
        PulumiError: The engine refused, for another reason than that a resource isn't there.
    """
    steps = planned_steps(stack)
    if base := groundwork(steps):
        stack.must("up", "--yes", "--skip-preview", *_targets(base))
    tried: set[str] = set()
    # Each round tries at least one resource more, so there are at most as many rounds as resources.
    while found := [one for one in candidates(steps, stack.state()) if one.known and one.urn not in tried]:
        tried |= {one.urn for one in found}
        absent = import_existing(stack, found, protect=True)
        for one in found:
            print(one_line(f"{'not there' if one.import_id in absent else 'adopted  '}  {one.name}  {one.import_id}"))
        if not absent.issuperset(one.import_id for one in found):
            steps = planned_steps(stack)
    print(outlook(steps))
    return not losses(steps)


def show(stack: Pulumi) -> None:
    """Prints what would be imported, as lines to type.

    Raises:
        PulumiError: The engine refused; the stack's program must pass a preview.
    """
    steps = planned_steps(stack)
    on = ("--stack", stack.stack)
    if base := groundwork(steps):
        print("# 1. Components and providers. They exist in the stack alone, and imports need them there:")
        print(command_line("pulumi", "up", "--yes", "--skip-preview", *on, *_targets(base)))
    found = candidates(steps, stack.state())
    print("# 2. Of these, whatever exists:")
    for one in found:
        if one.known:
            print(command_line("pulumi", *one.command(), *on))
    if later := [one.name for one in found if not one.known]:
        print(one_line(f"# 3. Named after those; to see their lines run this again: {', '.join(later)}"))
    print(f"# Or all of it at once: {command_line('keyless', 'adopt', stack.stack, '--run')}")


def _targets(urns: Sequence[str]) -> list[str]:
    return [part for urn in urns for part in ("--target", urn)]
