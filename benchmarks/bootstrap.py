"""Starts a handler as Lambda's runtime does: import it, which is the init phase, then call it. A script of its own.

Nothing is imported here but what the interpreter has built in: whatever else a handler needs, it pays for.

Arguments: the folder of the package, the handler as ``MODULE``, the file to report to, how many invocations. The report
is lines of a name and a number: ``ready`` and ``row`` (nanoseconds of the monotonic clock, after the import, and when
the first row was printed), ``ready_cpu`` and ``done_cpu`` (nanoseconds of processor time up to there), and ``took``
(nanoseconds, a line for each invocation).
"""

from __future__ import annotations

import sys
import time

_ROW = "Alice"
_INVOCATION_MILLISECONDS = 60_000


class Watched:
    """Standard output that notes when the first row goes through it."""

    def __init__(self, stream: object) -> None:
        self._stream = stream
        self.row = 0

    def write(self, text: str) -> int:
        """Writes, and looks."""
        written: int = self._stream.write(text)  # type: ignore[attr-defined]  # typing would have to be imported
        if not self.row and _ROW in text:
            self.row = time.monotonic_ns()
        return written

    def __getattr__(self, name: str) -> object:
        """Everything else is the stream's own."""
        return getattr(self._stream, name)


class Context:
    """The part of Lambda's context object that handlers here use."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the invocation would be ended."""
        return _INVOCATION_MILLISECONDS


def main(folder: str, handler: str, report: str, invocations: str) -> None:
    """Imports, invokes, reports."""
    sys.path.insert(0, folder)
    module = __import__(handler, fromlist=["lambda_handler"])
    ready, ready_cpu = time.monotonic_ns(), time.process_time_ns()
    watched = Watched(sys.stdout)
    sys.stdout = watched
    took = []
    for _ in range(int(invocations)):
        began = time.monotonic_ns()
        module.lambda_handler({}, Context())
        took.append(time.monotonic_ns() - began)
    lines = [("ready", ready), ("row", watched.row), ("ready_cpu", ready_cpu), ("done_cpu", time.process_time_ns())]
    with open(report, "w") as written:  # noqa: PTH123 - pathlib would be warm for whoever imports it next
        written.writelines(f"{name} {value}\n" for name, value in [*lines, *(("took", value) for value in took)])


if __name__ == "__main__":
    main(*sys.argv[1:])
