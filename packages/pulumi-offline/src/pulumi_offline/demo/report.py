"""What the demo prints: steps with elapsed seconds, and at the end a table of what was checked."""

from __future__ import annotations

import dataclasses
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table
from rich.text import Text

from keyless_bigquery.runtime.printable import as_lines, one_line

_INDENT = " " * 4
_HANGING = 4


@dataclasses.dataclass(frozen=True, kw_only=True)
class Check:
    """One thing the demo promised to show, and whether it did."""

    what: str
    expected: str
    actual: str
    held: bool


class Report:
    """Prints as things happen, and keeps the checks for the end.

    Args:
        console: Where to print.
        verbose: Print everything that is shown, and how long each step took.
    """

    def __init__(self, console: Console, *, verbose: bool = False) -> None:
        self._console = console
        self._started = time.monotonic()
        self.verbose = verbose
        self.checks: list[Check] = []

    @property
    def elapsed_seconds(self) -> float:
        """Seconds since the report began."""
        return time.monotonic() - self._started

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Announces a step, and reports how long it took."""
        began = time.monotonic()
        self._console.print(
            Text.assemble((f"[{self.elapsed_seconds:5.1f} s] ", "cyan"), (one_line(title), "bold")), soft_wrap=True
        )
        yield
        if self.verbose:
            self.show(f"done in {time.monotonic() - began:.1f} s", style="dim")

    def show(self, text: str, *, style: str = "") -> None:
        """Prints lines that belong to the step, set in from the margin; what is too long for one goes on further in."""
        for line in as_lines(text.rstrip()).split("\n"):
            # To go on under the text of a line that is itself set in, or behind its label.
            further = " " * (len(line) - len(line.lstrip()) + _HANGING)
            for part in textwrap.wrap(
                line,
                max(40, self._console.width),
                initial_indent=_INDENT,
                subsequent_indent=_INDENT + further,
                break_on_hyphens=False,
            ) or [""]:
                self._console.print(Text(part, style=style), soft_wrap=True)

    def check(self, what: str, *, expected: str, actual: str, held: bool) -> None:
        """Keeps the outcome of a check, and prints it at once if it did not hold."""
        self.checks.append(Check(what=what, expected=expected, actual=actual, held=held))
        if not held:
            self.show(one_line(f"NOT AS EXPECTED: {what}: expected {expected}, actual {actual}"), style="bold red")

    def finish(self) -> bool:
        """Prints the table. Returns whether there were checks and all of them held."""
        title = f"What was checked, in {self.elapsed_seconds:.1f} s"
        table = Table(title=title, title_justify="left", box=None, padding=(0, 2, 0, 0))
        for heading in ("", "check", "actual"):
            table.add_column(heading, overflow="fold", header_style="bold")
        for check in self.checks:
            mark = Text("ok", style="green") if check.held else Text("NO", style="bold red")
            actual = check.actual if check.held else f"{check.actual}; expected: {check.expected}"
            table.add_row(mark, *(Text(one_line(text)) for text in (check.what, actual)))
        self._console.print(table)
        return bool(self.checks) and all(check.held for check in self.checks)
