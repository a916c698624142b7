"""Ids that a component takes for itself: no two components of one program take the same.

A pool, an account or a role that two shared would give each what was granted to the other; and Google and AWS refuse
the second only when the first is made.
"""

from __future__ import annotations

import weakref

import pulumi
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

from keyless_bigquery.settings.problems import Problem

_Claims = dict[tuple[str, ...], str]

_by_run: weakref.WeakKeyDictionary[object, _Claims] = weakref.WeakKeyDictionary()
"""By the engine's monitor, of which each run of a program has its own."""

_served: list[_Claims] = []
"""One, in a process that serves components: each has a monitor of its own there, and the process serves one run."""


def serve() -> None:
    """Takes this process for one that serves components."""
    _served.append({})


def refuse_namesake(kind: type[pulumi.ComponentResource], name: str, opts: pulumi.ResourceOptions | None) -> None:
    """Refuses a second component of one kind, name and parent, which would be the same resource to the engine.

    Raises:
        pulumi.RunError: There is one already. Not in a unit test, which may make its component again.
    """
    parent = "" if opts is None or opts.parent is None else str(id(opts.parent))
    taken_before = (kind.__name__, parent, name) in _claims()
    _claims()[kind.__name__, parent, name] = name
    if taken_before and not isinstance(get_monitor(), MockMonitor):
        raise pulumi.RunError(
            f"name is {name!r}: this program has a {kind.__name__} of that name already, and to the engine both are one"
            " resource. Give each a name of its own."
        )


def taken(component: str, key: str, *claim: str) -> Problem | None:
    """Takes an id for a component; a problem where another has it.

    One of the same name is none: the engine refuses it by itself, and a unit test may make it again.

    Args:
        component: Its name.
        key: The argument that chooses the id.
        claim: What is taken, the id last.
    """
    holder = _claims().setdefault((key, *claim), component)
    if holder == component:
        return None
    rule = f"component {holder!r} of this program has the same, and neither may have a way into what the other reads"
    return Problem(key=key, value=claim[-1], rule=rule, fix=f"Give one of them another {key}.")


def _claims() -> _Claims:
    return _served[0] if _served else _by_run.setdefault(get_monitor(), {})
