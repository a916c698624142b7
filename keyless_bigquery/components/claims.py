"""Ids that a component takes for itself: no two components of one program take the same.

A pool, an account or a role that two shared would give each what was granted to the other; and Google and AWS refuse
the second only when the first is made.
"""

from __future__ import annotations

import weakref

import pulumi
from pulumi.resource import DependencyResource
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

from keyless_bigquery.settings.problems import Problem

Holder = tuple[str, str, str]
"""A component: its name, its kind, and the kind of its parent."""

_Claims = dict[tuple[str, ...], Holder]

_by_run: weakref.WeakKeyDictionary[object, _Claims] = weakref.WeakKeyDictionary()
"""By the engine's monitor, of which each run of a program has its own."""

_served: list[_Claims] = []
"""One, in a process that serves components: each has a monitor of its own there, and the process serves one run."""


def serve() -> None:
    """Takes this process for one that serves components."""
    _served.append({})


def served() -> bool:
    """Whether this process serves components to a program in another language."""
    return bool(_served)


def named(kind: type[pulumi.ComponentResource], name: str, opts: pulumi.ResourceOptions | None) -> Holder:
    """A component as a holder of ids.

    Raises:
        pulumi.RunError: Its name is none; or there is one of that kind, name and kind of parent already, which would be
            the same resource to the engine. Not in a unit test, which may make its component again.
    """
    if not isinstance(name, str) or not name:
        raise pulumi.RunError(f"the name of a {kind.__name__} is {name!r}: it must be text. Give it one.")
    above = None if opts is None else opts.parent
    # In a process that serves components, nothing is known of what is above but its URN, and that is an output.
    parent = "" if above is None or isinstance(above, DependencyResource) else above.pulumi_resource_type
    holder = (name, kind.__name__, parent)
    taken_before = _claims().setdefault(holder, holder) is not holder
    if taken_before and not isinstance(get_monitor(), MockMonitor):
        raise pulumi.RunError(
            f"name is {name!r}: this program has a {kind.__name__} of that name already, and to the engine both are one"
            " resource. Give each a name of its own."
        )
    return holder


def taken(holder: Holder, key: str, *claim: str) -> Problem | None:
    """Takes an id for a component; a problem where another has it.

    Args:
        holder: The component.
        key: The argument that chooses the id.
        claim: What is taken, the id last.
    """
    found = _claims().setdefault((key, *claim), holder)
    if found == holder:
        return None
    rule = f"{found[1]} {found[0]!r} of this program has the same, and neither may have a way into what the other reads"
    return Problem(key=key, value=claim[-1], rule=rule, fix=f"Give one of them another {key}.")


def _claims() -> _Claims:
    return _served[0] if _served else _by_run.setdefault(get_monitor(), {})
