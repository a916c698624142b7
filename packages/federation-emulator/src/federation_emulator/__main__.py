"""`python -m federation_emulator`: serve it, use it, ask it why, move its clock, inject faults."""

from __future__ import annotations

import os
import sys

from federation_emulator.commands import parser, run
from federation_emulator.expected import ExpectedError
from federation_emulator.library import as_lines, escape_what_stdout_lacks


def main() -> int:
    """Do what the command line asks.

    Returns:
        The exit code: 0, 1 after a message that says what failed, 130 after Ctrl-C.
    """
    escape_what_stdout_lacks()
    arguments = parser().parse_args()
    try:
        return run(arguments)
    except ExpectedError as error:
        sys.stderr.write(f"error: {as_lines(error)}\n")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    sys.exit(main())
