"""Strings written in each of GoogleSQL's ways, and statements with damaged text."""

from __future__ import annotations

import random
import re

_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}
_DANGEROUS = (
    "'", '"', "`", "\\", "'''", '"""', "--", "#", "/*", "*/", ";", "$$", "@", "@@", "?", "\n", "\r", "\u2028",
    "\u00a0", "\u2019", "b'", "r'", "rb'", "e'", "\\'", "(", ")", ",", ".", "{", "}", "[", "]", "$", "=>", "::", ":",
    "->", "->>", "||", " UNION ALL SELECT 1, word FROM vault.secret ", " FROM vault.secret ", " TABLE vault.secret ",
    "(SELECT word FROM vault.secret)", " , vault.secret ", " AS ", " NULL ", "COLUMNS(*)", "*", "* EXCEPT (id)",
    " FOR SYSTEM_TIME AS OF CURRENT_TIMESTAMP() ", " LIMIT 1 ", "read_text('/etc/passwd')", "duckdb_tables()",
    "\x00", "\x1b", "\ufeff", " SAFE.", " vault.", " WITH orders AS (SELECT 1 AS id, 'x' AS word) ", "~", "^", "!",
)  # fmt: skip
"""What has a meaning in some reader of SQL."""

_TOKEN = re.compile(r"\w+|\s+|.", re.DOTALL)


def quoted(rng: random.Random, text: str) -> str:
    """Write a text as a string literal, in one of the ways that can hold it."""
    quote = rng.choice(["'", '"', "'''", '"""'])
    if rng.random() < 0.2 and _fits_raw(text, quote):
        return f"{rng.choice('rR')}{quote}{text}{quote}"
    if rng.random() < 0.2:
        return "'" + "".join(rng.choice([f"\\U{ord(c):08x}", _octal(c)]) for c in text) + "'"
    kept = "\n" if len(quote) == 3 else ""
    return quote + "".join(c if c in kept else _ESCAPES.get(c, f"\\{c}" if c in "'\"" else c) for c in text) + quote


def _octal(letter: str) -> str:
    return f"\\{ord(letter):03o}" if ord(letter) < 128 else f"\\U{ord(letter):08x}"


def _fits_raw(text: str, quote: str) -> bool:
    lines = len(quote) == 3 or not ("\n" in text or "\r" in text)
    return lines and quote[0] not in text and not text.endswith("\\") and "\r" not in text


def mutated(rng: random.Random, sql: str) -> str:
    """Damage a statement in one to three places."""
    tokens = _TOKEN.findall(sql)
    for _ in range(rng.choice([1, 1, 2, 3])):
        at, other = rng.randrange(len(tokens) or 1), rng.randrange(len(tokens) or 1)
        way = rng.randrange(6)
        if way == 0 or not tokens:
            tokens.insert(at, rng.choice(_DANGEROUS))
        elif way == 1:
            tokens.pop(at)
        elif way == 2:
            tokens.insert(at, tokens[other])
        elif way == 3:
            tokens[at], tokens[other] = tokens[other], tokens[at]
        elif way == 4:
            tokens[at] = rng.choice(_DANGEROUS)
        else:
            inside = rng.randrange(len(tokens[at]) + 1)
            tokens[at] = tokens[at][:inside] + rng.choice(_DANGEROUS) + tokens[at][inside:]
    return "".join(tokens)
