"""What a call prints, whichever way it prints."""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from rich.console import Console

Printer = Callable[[str], str]
"""From a text to what is printed for it."""


def printed(call: Callable[[], object], arguments: tuple[str, ...] | list[str] = ()) -> str:
    """What a call writes to standard output and standard error."""
    with (
        contextlib.redirect_stdout(io.StringIO()) as out,
        contextlib.redirect_stderr(out),
        mock.patch.object(sys, "argv", ["program", *arguments]),
    ):
        call()
    return out.getvalue()


def on_console(call: Callable[[Console], object]) -> str:
    """What a call prints on a console that is too wide to wrap anything."""
    out = io.StringIO()
    call(Console(file=out, width=100_000, highlight=False))
    return "".join(f"{line.rstrip(' ')}\n" for line in out.getvalue().split("\n"))


def main_that_fails(main: Callable[[], int], arguments: list[str], place: str, error: type[Exception]) -> Printer:
    """A command line whose work ends with an error of this text."""

    def shown(text: str) -> str:
        with mock.patch(place, side_effect=error(text)):
            return printed(main, arguments)

    return shown


def last_line_of_a_log(show: Callable[[Path], str], text: str) -> str:
    """What is shown of a log that holds the text."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        log.write_text(f"a{text}b", errors="surrogatepass")
        return show(log)
