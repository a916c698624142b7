"""What the demo prints: steps with elapsed seconds, and at the end a table of what was checked."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table
from rich.text import Text

from keyless_bigquery.runtime.printable import as_lines, one_line


@dataclasses.dataclass(frozen=True, kw_only=True)
class Check:
    """One thing the demo promised to show, and whether it did."""

    what: str
    expected: str
    saw: str
    held: bool


class Report:
    """Prints as things happen, and keeps the checks for the end.

    Args:
        console: Where to print.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = time.monotonic()
        self.checks: list[Check] = []

    @property
    def elapsed_seconds(self) -> float:
        """Seconds since the report began."""
        return time.monotonic() - self._started

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Announces a step, and says how long it took."""
        began = time.monotonic()
        self._console.print(Text.assemble((f"[{self.elapsed_seconds:5.1f} s] ", "cyan"), (one_line(title), "bold")))
        yield
        self._console.print(Text(f"          done in {time.monotonic() - began:.1f} s", style="dim"))

    def show(self, text: str, *, style: str = "") -> None:
        """Prints lines that belong to the step, set in from the margin."""
        for line in as_lines(text.rstrip()).split("\n"):
            self._console.print(Text(f"          {line}", style=style), soft_wrap=True)

    def check(self, what: str, *, expected: str, saw: str, held: bool) -> None:
        """Keeps the outcome of a check, and prints it at once if it did not hold."""
        self.checks.append(Check(what=what, expected=expected, saw=saw, held=held))
        if not held:
            self.show(one_line(f"NOT AS EXPECTED: {what}: expected {expected}, saw {saw}"), style="bold red")

    def finish(self) -> bool:
        """Prints the table. Returns whether there were checks and all of them held."""
        table = Table(title=f"What was checked, in {self.elapsed_seconds:.1f} s", title_justify="left")
        for heading in ("", "check", "expected", "saw"):
            table.add_column(heading, overflow="fold")
        for check in self.checks:
            mark = Text("ok", style="green") if check.held else Text("NO", style="bold red")
            table.add_row(mark, *(Text(one_line(text)) for text in (check.what, check.expected, check.saw)))
        self._console.print(table)
        return bool(self.checks) and all(check.held for check in self.checks)
