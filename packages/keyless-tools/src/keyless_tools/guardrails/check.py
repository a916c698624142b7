"""The rules over previews: what is refused, what can't be judged yet, and the exit code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from keyless_tools.guardrails.model import Verdict
from keyless_tools.guardrails.preview import Preview
from keyless_tools.guardrails.rules import judge


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the rules found in one preview.

    Attributes:
        preview: The preview.
        refused: What breaks a rule.
        open: What can't be judged until the engine knows more.
    """

    preview: Preview
    refused: tuple[Verdict, ...]
    open: tuple[Verdict, ...]

    @property
    def exit_code(self) -> int:
        """0; 1 if something is refused; 2 if the preview failed, so that nothing can be said."""
        return 1 if self.refused else 2 if self.preview.error else 0

    def lines(self) -> Iterator[str]:
        """What a person reads, refusals first."""
        yield from (f"refused {verdict}" for verdict in self.refused)
        yield from (f"open    {verdict}" for verdict in self.open)
        if hidden := self.preview.hidden:
            yield f"open    {hidden} unchanged resources aren't in this preview; make it with --show-sames"
        if self.preview.error:
            yield f"failed  the preview itself: {self.preview.error}"
        counted = f"{len(self.refused)} refused, {len(self.open)} that can't be judged yet"
        yield f"{len(self.preview.resources)} resources judged: {counted}"


def report(preview: Preview) -> Report:
    """Judges a preview by every rule."""
    # A replacement is several steps of one resource.
    verdicts = dict.fromkeys(judge(preview.resources, preview.changes))
    return Report(
        preview=preview,
        refused=tuple(verdict for verdict in verdicts if verdict.finding.certain),
        open=tuple(verdict for verdict in verdicts if not verdict.finding.certain),
    )
