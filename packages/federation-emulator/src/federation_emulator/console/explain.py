"""`python -m federation_emulator explain`: why something was allowed or refused, read from a running local cloud."""

from __future__ import annotations

from federation_emulator.console.render import lineage, not_kept, render_chain
from federation_emulator.core.trace import Decision
from federation_emulator.servers.process import ProcessError


def explanation(decisions: list[Decision], decision_id: str | None) -> str:
    """The chain that leads to one decision, as text; the latest one's if none is named.

    Raises:
        ProcessError: There is no such decision.
    """
    known = {decision.id: decision for decision in decisions}
    if not decisions:
        raise ProcessError("no decisions yet; exchange a token or invoke the function first")
    current = known.get(asked := decision_id or decisions[-1].id)
    if current is None:
        raise ProcessError(not_kept(asked))
    return render_chain(lineage(decisions, current))
