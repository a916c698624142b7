"""Where each command ends: what it raises becomes a text and an exit code here, and nowhere else.

An error that is not expected keeps its traceback: it is a fault of this project.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Final

from federation_emulator.expected import ExpectedError
from keyless_bigquery.runtime.printable import as_lines, escape_what_stdout_lacks

DONE: Final = 0
"""Done; all checks passed."""

FAILED: Final = 1
"""Refused, or failed; a check failed."""

NOT_READ: Final = 2
"""Wrong usage; or the stack, a preview or an event can't be read, so that nothing can be said of it."""

INTERRUPTED: Final = 130
"""Ctrl-C, as a shell has it."""

PIPE_CLOSED: Final = 141
"""What reads the output has gone, as a shell has it."""


class UsageError(ExpectedError):
    """The command can't be run as it was typed; the text is the whole message."""


class NotReadError(ExpectedError):
    """What a command asks about can't be read; the text is the whole message."""


def run(command: Callable[[], int], *, name: str, interrupted: str) -> int:
    """Runs a command to its end; returns its exit code.

    Args:
        command: The command; returns its exit code.
        name: Its name.
        interrupted: What Ctrl-C leaves behind, in a few words.
    """
    escape_what_stdout_lacks()
    try:
        code = command()
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _say(f"interrupted; {interrupted}", INTERRUPTED)
    except BrokenPipeError:
        # Python flushes once more as it ends, which would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except UsageError as error:
        return _say(f"keyless {name}: error: {error}", NOT_READ)
    except ExpectedError as error:
        return _say(f"error: {error}", NOT_READ if isinstance(error, NotReadError) else FAILED)
    return code


def _say(text: str, code: int) -> int:
    sys.stderr.write(f"{as_lines(text)}\n")
    return code
