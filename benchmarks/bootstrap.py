"""Starts a handler as Lambda's runtime does: import it, which is the init phase, then call it. A script of its own.

Nothing is imported here but what the interpreter has built in: whatever else a handler needs, it pays for.

Arguments: the folder of the package, the module with ``lambda_handler``, the file to report to, how many invocations.
Before each invocation a line of standard input is read, and after each a line with :data:`DONE` is printed; a caller
without input has them run at once.

The report is lines of a name and a number: ``ready`` and ``row`` (nanoseconds of the monotonic clock, after the import,
and when the first row was printed), ``peak`` (most memory that was resident, in bytes), and ``took`` (nanoseconds, a
line for each invocation).
"""

from __future__ import annotations

import sys
import time

DONE = "\0"
"""How the line begins that is printed after each invocation; the nanoseconds that it took follow."""

ROW = "Alice"
"""What the first row holds, and nothing that is printed before."""

_INVOCATION_MILLISECONDS = 900_000


class Watched:
    """Standard output that notes when the first row goes through it."""

    def __init__(self, stream: object) -> None:
        self._stream = stream
        self.row = 0

    def write(self, text: str) -> int:
        """Writes, and looks."""
        written: int = self._stream.write(text)  # type: ignore[attr-defined]  # typing would have to be imported
        if ROW in text:
            self.row = time.monotonic_ns()
            # From here on the stream is written to by itself, as fast as without a watch.
            self.__dict__["write"] = self._stream.write  # type: ignore[attr-defined]  # as above
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
    ready = time.monotonic_ns()
    watched = Watched(sys.stdout)
    printed, sys.stdout = sys.stdout, watched
    took = []
    for _ in range(int(invocations)):
        sys.stdin.readline()
        began = time.monotonic_ns()
        module.lambda_handler({}, Context())
        took.append(time.monotonic_ns() - began)
        printed.write(f"{DONE}{took[-1]}\n")
        printed.flush()
    lines = [
        ("ready", ready),
        ("row", watched.row),
        ("peak", _peak_bytes()),
        *(("took", value) for value in took),
    ]
    with open(report, "w") as written:  # noqa: PTH123 - pathlib would be warm for its next importer
        written.writelines(f"{name} {value}\n" for name, value in lines)


def _peak_bytes() -> int:
    """Most memory of this program; what getrusage reports may be that of the process it was made from."""
    with open("/proc/self/status") as status:  # noqa: PTH123 - as above
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


if __name__ == "__main__":
    main(*sys.argv[1:])
