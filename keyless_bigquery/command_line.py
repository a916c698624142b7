"""Commands that are printed to be pasted into a shell. All of them are written here."""

from __future__ import annotations

import shlex

# Relative: the emulator's wheel carries this module below a longer name.
from .runtime.printable import one_line


def command_line(*words: str) -> str:
    r"""One command for a POSIX shell, which gets exactly these words.

    A word that holds something unseen is escaped first, as ``printable.one_line`` has it: what a
    newline would begin is not run, and the command is about a name that doesn't exist.
    """
    return shlex.join(one_line(word) for word in words)


def one_after_another(*commands: str) -> str:
    """Commands of which each is run only if those before it succeeded."""
    return " && ".join(commands)


def piped(*commands: str) -> str:
    """Commands of which each reads what the one before it prints."""
    return " | ".join(commands)
