"""Ids that a component takes for itself: no two components of one program take the same.

A pool, an account or a role that two shared would give each what was granted to the other; and Google and AWS refuse
the second only when the first is made.
"""

from __future__ import annotations

import weakref

from pulumi.runtime.settings import get_monitor

from keyless_bigquery.settings.problems import Problem

_by_run: weakref.WeakKeyDictionary[object, dict[tuple[str, ...], str]] = weakref.WeakKeyDictionary()
"""By the engine's monitor, of which each run of a program has its own."""


class _Process:
    """Stands for the run in a process that serves components: the engine starts one for each."""


serving: list[_Process] = []
"""One, where components are served to programs in other languages."""


def taken(component: str, key: str, *claim: str) -> Problem | None:
    """Takes an id for a component; a problem where another has it.

    One of the same name is none: the engine refuses it by itself, and a unit test may make it again.

    Args:
        component: Its name.
        key: The argument that chooses the id.
        claim: What is taken, the id last.
    """
    run = serving[0] if serving else get_monitor()
    holder = _by_run.setdefault(run, {}).setdefault((key, *claim), component)
    if holder == component:
        return None
    rule = f"component {holder!r} of this program has the same, and neither may have a way into what the other reads"
    return Problem(key=key, value=claim[-1], rule=rule, fix=f"Give one of them another {key}")
