"""What verify prints while it waits, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from keyless_bigquery.attempt import Attempt, Failure
from keyless_bigquery.command_line import command_line
from keyless_bigquery.runtime.printable import one_line
from keyless_tools.doctor.verify.waiting import Outcome

_INDENT = " " * 12
_LONGEST_SHOWN = 400


class Report:
    """Prints about one reader of a stack."""

    def __init__(self, console: Console, stack: str) -> None:
        self._console = console
        self._stack = stack
        self._last = ""

    def begin(self, reader: str, function: str) -> None:
        """Prints what is probed."""
        self._line(f"reader {reader}: probing {function}", style="bold")

    def wait(self, tries: int, seconds: float, failure: Failure, pause: float) -> None:
        """Prints why there is a further try, and when. The error's text only where it is another than before."""
        self._line(f"  [{seconds:5.1f} s] try {tries}: {failure.kind} refused, which may pass; again in {pause:.1f} s")
        if failure.text != self._last:
            self._line(_INDENT + failure.text, style="dim")
            self._last = failure.text

    def finish(self, outcome: Outcome) -> None:
        """Prints how the probe ended: how long it took, or the last error and what to do."""
        failure, took = outcome.attempt.failure, f"{outcome.seconds:.1f} s and {_tries(outcome.tries)}"
        if failure is not None:
            reason = f"gave up after {took}" if failure.may_pass else "not transient, so not tried again"
            self._line(f"  {reason}: {named(failure)}", style="bold red")
            doctor = command_line("keyless", "doctor", self._stack)
            self._line(f"  `{doctor}` names the failed link and the command that fixes it")
        elif not outcome.attempt.probed:
            run = command_line("pulumi", "up", "--stack", self._stack)
            self._line(f"  the deployed function does not know the probe: run `{run}` first", style="bold red")
        else:
            waited = f"propagation took {outcome.seconds:.1f} s" if outcome.tries > 1 else "nothing to wait for"
            self._line(f"  answered after {took}: {waited}")

    def passed(self, attempt: Attempt | None) -> None:
        """Prints that the chain works, and what became of the function's own event, if it was invoked with one."""
        if attempt is None:
            self._line("  all checks passed", style="green")
        elif attempt.failure is None:
            returned = one_line(attempt.payload, _LONGEST_SHOWN)
            self._line(f"  all checks passed; your function returned {returned}", style="green")
        else:
            self._line(f"  all checks passed; {outcome_of(attempt.failure)}", style="bold red")

    def not_tried(self, filtered: Sequence[str]) -> None:
        """Prints which tables the probe could not query, and how to have the function do it."""
        tables, event = ", ".join(filtered), command_line("pulumi", "config", "set", "verifyEvent", "JSON")
        self._line(f"  nothing failed, but not tried: a query of {tables}, which needs a filter on its partitions")
        self._line(f"  with an event of your function's, `{event}`, verify invokes the function itself")

    def _line(self, text: str, *, style: str = "") -> None:
        self._console.print(Text(one_line(text), style=style), soft_wrap=True)


def outcome_of(failure: Failure) -> str:
    """What became of the function's own event, in words."""
    return f"your function {'raised' if failure.ran else 'was not invoked:'} {named(failure)}"


def named(failure: Failure) -> str:
    """A failure's text, with its type where the text does not begin with it."""
    return failure.text if failure.text.startswith(failure.kind) else f"{failure.kind}: {failure.text}"


def _tries(count: int) -> str:
    return "1 try" if count == 1 else f"{count} tries"
