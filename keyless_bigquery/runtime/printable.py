"""Text from outside as it may be printed: nothing in it can end a line, move a cursor, or hide or reorder what is read.

Standard library only; the function prints rows with it, and every tool what clouds, logs, plans and requests hold.
"""

from __future__ import annotations

import io
import re
import sys
from typing import Final

_SPACES: Final = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
"""Unicode's other spaces (Zs), which are seen as such, and which ``str.isprintable`` leaves out."""

_UNSEEN: Final = (
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0e\uffa0\U0001d159\U000e0100-\U000e01ef]"
    # The variation selector that makes an emoji of the sign before it; anywhere else it is seen no more than the rest.
    "|(?<![\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff])\ufe0f"
)
"""Characters that show nothing although Unicode counts them as letters and marks. Source: Default_Ignorable_Code_Point
in Unicode's DerivedCoreProperties.txt, the Hangul fillers, and the blank Braille pattern. Compiled when it is first
needed: the function's start does without."""


def one_line(text: object, longest: int | None = None) -> str:
    r"""A text on one line, with every character that is not seen for what it is as Python writes it: ``\n``, ``\x1b``.

    These are controls, format characters (bidi, zero-width, tags), line and paragraph separators, lone surrogates,
    private and unassigned code points, and blank fillers. Letters, marks, symbols and spaces of any script stay as they
    are, and so does a backslash: to escape twice is to escape once.

    Args:
        text: Anything; its ``str`` is taken.
        longest: Most characters of the result; more are cut, and end with ``…``.
    """
    shown = str(text)
    if not (shown.isascii() and shown.isprintable()):
        shown = re.sub(_UNSEEN, lambda found: _escape(found[0]), shown)
        if not shown.isprintable():
            shown = "".join(one if one.isprintable() or one in _SPACES else _escape(one) for one in shown)
    return shown if longest is None or len(shown) <= longest else f"{shown[: longest - 1]}…"


def as_lines(text: object) -> str:
    """A text that is shown on several lines on purpose: each of them as :func:`one_line` has it, and no others."""
    return "\n".join(one_line(line) for line in str(text).replace("\r\n", "\n").split("\n"))


def escape_what_stdout_lacks() -> None:
    """Has standard output escape characters that its encoding doesn't have, as standard error does by default."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
