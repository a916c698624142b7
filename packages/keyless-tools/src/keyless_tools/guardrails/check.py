"""The rules over previews: what is refused, what can't be judged yet, and the exit code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from keyless_tools.guardrails.model import Verdict, first_of_each
from keyless_tools.guardrails.preview import Preview
from keyless_tools.guardrails.rules import judge


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the rules say of one preview.

    Attributes:
        refused: What breaks a rule.
        open: What can't be judged until the engine knows more.
        looked_at: How many resources were judged.
        hidden: How many unchanged ones the preview doesn't show.
        error: Why the preview itself failed; empty if it didn't.
    """

    refused: tuple[Verdict, ...]
    open: tuple[Verdict, ...]
    looked_at: int
    hidden: int
    error: str

    @property
    def exit_code(self) -> int:
        """0; 1 if something is refused; 2 if the preview failed, so that nothing can be said."""
        return 1 if self.refused else 2 if self.error else 0

    def lines(self) -> Iterator[str]:
        """What a person reads, refusals first."""
        yield from (f"refused {verdict}" for verdict in self.refused)
        yield from (f"open    {verdict}" for verdict in self.open)
        if self.hidden:
            yield f"open    {self.hidden} unchanged resources aren't in this preview; make it with --show-sames"
        if self.error:
            yield f"failed  the preview itself: {self.error}"
        yield (
            f"{self.looked_at} resources judged: {len(self.refused)} refused, {len(self.open)} that can't be judged yet"
        )


def report(preview: Preview) -> Report:
    """Ask the rules about a preview."""
    verdicts = first_of_each(judge(preview.resources, preview.changes))
    return Report(
        refused=tuple(verdict for verdict in verdicts if verdict.finding.certain),
        open=tuple(verdict for verdict in verdicts if not verdict.finding.certain),
        looked_at=len(preview.resources),
        hidden=preview.hidden,
        error=preview.error,
    )
