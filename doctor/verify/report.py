"""What verify prints while it waits, and how it ended."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from doctor.expected import TableName
from doctor.verify.attempt import Failure
from doctor.verify.waiting import Outcome
from infra.command_line import command_line
from keyless_bigquery.runtime.printable import one_line

_INDENT = " " * 12


class Report:
    """Prints about one reader.

    Args:
        console: Where to print.
        stack: Name of the stack.
    """

    def __init__(self, console: Console, stack: str) -> None:
        self._console = console
        self._stack = stack
        self._told = ""

    def begin(self, reader: str, function: str) -> None:
        """Says what is tried."""
        self._line(f"reader {reader}: invoking {function}", style="bold")

    def wait(self, tries: int, seconds: float, failure: Failure, pause: float) -> None:
        """Says why there is a further try, and when. The error's text only where it is another than before."""
        self._line(f"  [{seconds:5.1f} s] try {tries}: {failure.kind} refused, which may pass; again in {pause:.1f} s")
        if failure.told != self._told:
            self._line(_INDENT + failure.told, style="dim")
            self._told = failure.told

    def finish(self, outcome: Outcome, table: TableName) -> None:
        """Prints the rows of the table, or the last error and what to do."""
        failure, took = outcome.attempt.failure, f"{outcome.seconds:.1f} s and {_tries(outcome.tries)}"
        if failure is None:
            for line in outcome.attempt.lines:
                self._line(_INDENT + line)
            waited = f"propagation took {outcome.seconds:.1f} s" if outcome.tries > 1 else "nothing to wait for"
            self._line(f"  read after {took}: {waited}", style="green")
            if outcome.attempt.empty:
                insert = command_line("bq", "insert", table.for_bq, "ROWS.json")
                self._line(f"  the table {table} is empty; to put rows into it, a JSON object on each line: {insert}")
            return
        reason = (
            f"gave up after {took}"
            if failure.may_pass
            else f"a failure of {failure.kind} is nothing that waiting mends"
        )
        self._line(f"  {reason}: {failure.told}", style="bold red")
        doctor = command_line("make", "doctor", f"STACK={self._stack}")
        self._line(f"  `{doctor}` names the broken link and the command that mends it")

    def _line(self, text: str, *, style: str = "") -> None:
        self._console.print(Text(one_line(text), style=style), soft_wrap=True)


def _tries(count: int) -> str:
    return "1 try" if count == 1 else f"{count} tries"
