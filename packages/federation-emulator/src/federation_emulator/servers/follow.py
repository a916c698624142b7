"""Becomes another program that dies with its parent: ``python follow.py SIGNAL PARENT PROGRAM ARGUMENTS…``.

A program of its own, since the kernel's setting must be made in the child and Python code between fork and exec isn't
safe in a parent with threads: gRPC's own fork handlers have aborted children there. Needs nothing but the standard
library. Linux only.
"""

from __future__ import annotations

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Ask the kernel for the signal, and replace this process. The process id stays."""
    number, parent, program = int(arguments[0]), int(arguments[1]), arguments[2:]
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:  # it died before the line above
        os.kill(os.getpid(), number)
    os.execv(program[0], program)  # noqa: S606  (replacing itself is what this is for)


if __name__ == "__main__":
    main(sys.argv[1:])
