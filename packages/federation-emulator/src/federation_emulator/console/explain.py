"""`python -m federation_emulator explain`: why something was allowed or refused, read from a running local cloud."""

from __future__ import annotations

from pathlib import Path

from federation_emulator.client.remote import Remote
from federation_emulator.console.render import lineage, render_chain
from federation_emulator.core.trace import Decision
from federation_emulator.servers.process import ProcessError


def explanation(folder: Path, decision_id: str | None) -> str:
    """The chain that leads to one decision, as text.

    Args:
        folder: state folder of the running local cloud.
        decision_id: the decision; None takes the latest.

    Raises:
        FileNotFoundError: when no local cloud runs in this folder.
        httpx.HTTPError: when it does not answer.
        ProcessError: when there is no such decision.
    """
    return render_chain(chain(Remote.open(folder).decisions(), decision_id))


def chain(decisions: list[Decision], decision_id: str | None) -> list[Decision]:
    """The decision and those before it whose tokens it used, first one first.

    Raises:
        ProcessError: when there is no such decision.
    """
    known = {decision.id: decision for decision in decisions}
    if not decisions:
        raise ProcessError("nothing has been decided yet; invoke the function first")
    current = known.get(decision_id or decisions[-1].id)
    if current is None:
        raise ProcessError(f"there is no decision {decision_id}; the oldest that is kept is {decisions[0].id}")
    return lineage(decisions, current)
