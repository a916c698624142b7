"""Texts from outside at their worst: what would forge, hide or reorder something where it is shown as it is."""

from __future__ import annotations

import unicodedata

from hypothesis import strategies as st

CHARACTERS = (
    *map(chr, [*range(0x20), *range(0x7F, 0xA0)]),
    *"\u061c\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064",
    *"\u2066\u2067\u2068\u2069\ufeff\u00ad\u034f\u115f\u3164\ufe00\ufff9\uffff\ue000\ud800\udfff",
    *"\U000e0001\U000e0041\U000e007f\U000e0100\U0010ffff",
)
"""Characters that may not reach a terminal, a log or a page. Sources: ECMA-48 (C0, C1), Unicode's Bidi_Control,
Default_Ignorable_Code_Point and line separators."""

PIECES = (
    "\nERROR token exchange failed: forged",
    "\x1b[2J\x1b]0;title\x07",
    "\x9b31m",
    "\r\nREPORT RequestId: 1",
    "[red]red[/red] [link=http://evil.example]here[/link]",
    "`|</details><img src=x>@everyone",
    "::error::forged",
)
"""What such characters are used for, and markup of those who read what is printed."""

texts = st.lists(
    st.sampled_from([*CHARACTERS, *PIECES]) | st.text(alphabet="aé日🙂 \\'\"$`[]|", max_size=6), max_size=8
).map("".join)
"""Texts rich in all of this."""


def forbidden(text: str) -> set[str]:
    """Those characters of a text that may not be printed within a line."""
    return {one for one in text if unicodedata.category(one) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}} | {
        *text
    } & {*CHARACTERS}
