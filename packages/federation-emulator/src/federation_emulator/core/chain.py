"""Decisions that belong together: those that led to one, and those that came of it."""

from __future__ import annotations

from collections.abc import Sequence

from federation_emulator.core.trace import Decision

MOST_DESCENDANTS = 50


def lineage(decisions: Sequence[Decision], decision: Decision) -> list[Decision]:
    """The decision and those before it whose tokens it used, first one first."""
    known = {one.id: one for one in decisions}
    found = [decision]
    while (parent := found[0].parent) is not None and parent in known:
        found.insert(0, known[parent])
    return found


def descent(decisions: Sequence[Decision], decision: Decision) -> list[Decision]:
    """What came of a decision, oldest first: decisions on its token, theirs, and so on; the latest fifty."""
    within, found = {decision.id}, []
    # A job is recorded before the tables that it reads, a token's decision before those that use it.
    for one in decisions:
        if one.parent in within:
            within.add(one.id)
            found.append(one)
    return found[-MOST_DESCENDANTS:]
