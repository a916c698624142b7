"""Keeps credentials out of whatever is about to be logged.

The chain's errors quote servers, and a server may quote back what it was sent. So the text that leaves the function
goes through here: the values that are known to be secret are taken out, and then whatever looks like one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

REMOVED = "[removed]"
"""Stands where something secret stood."""

_SHORTEST_SECRET = 8
_LONGEST_TEXT = 400

_LOOKS_SECRET = re.compile(
    "|".join(
        (
            r"AWS4-HMAC-SHA256.*",  # an AWS Authorization header, to the end of what quotes it
            r"(?i:\bbearer\s+)[^\s\"',]+",
            r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b",  # access key ids
            r"(?i:signature(?:\"|'|%22)?\s*(?:=|:|%3D|%3A)\s*(?:\"|'|%22)?)[0-9a-f]{16,}",
            r"(?i:(?:access|subject|security|session|federated|refresh)[-_]?(?:token|key)(?:\"|'|%22)?\s*[=:]\s*(?:\"|')?)"
            r"[^\s\"',}&]+",
            r"\bya29\.[\w.-]+",  # Google access tokens
            r"\beyJ[\w-]+\.[\w-]+\.[\w-]*",  # JSON web tokens
            r"(?:[\w.*-]*%[0-9A-Fa-f]{2}){12,}[\w.*-]*",  # URL-encoded JSON, as a subject token is
            r"[A-Za-z0-9+_=-]{65,}",  # longer than any name in the chain
        )
    )
)


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """One line of ``text`` without credentials, cut to 400 characters.

    Args:
        text: Anything.
        secrets: Values that must not come through, as they are.
    """
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, REMOVED)
    one_line = " ".join(_LOOKS_SECRET.sub(REMOVED, text).split())
    return one_line if len(one_line) <= _LONGEST_TEXT else f"{one_line[:_LONGEST_TEXT]}…"
