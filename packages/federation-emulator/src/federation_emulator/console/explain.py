"""`python -m federation_emulator explain`: why something was allowed or refused, read from a running local cloud."""

from __future__ import annotations

from federation_emulator.console.render import lineage, render_chain
from federation_emulator.core.trace import Decision
from federation_emulator.servers.process import ProcessError


def explanation(decisions: list[Decision], decision_id: str | None) -> str:
    """The chain that leads to one decision, as text; the latest one's if none is named.

    Raises:
        ProcessError: There is no such decision.
    """
    known = {decision.id: decision for decision in decisions}
    if not decisions:
        raise ProcessError("nothing has been decided yet; invoke the function first")
    current = known.get(decision_id or decisions[-1].id)
    if current is None:
        raise ProcessError(f"there is no decision {decision_id}; the oldest that is kept is {decisions[0].id}")
    return render_chain(lineage(decisions, current))
