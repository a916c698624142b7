r"""The lexical structure of GoogleSQL: strings and comments are read here, once, and no parser sees them again.

Every string that holds more than plain characters is taken out, and a marker stands in its place. So what the parser
gets, and all that is written later from its tree, has no escape sequence, no comment, no prefix and no quote inside a
string: nothing that two readers could read in two ways.

Source: Google, "Lexical structure and syntax in GoogleSQL" (string and bytes literals, escape sequences, quoted
identifiers, comments; path expressions, whose later parts may be reserved keywords).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from federation_emulator.services.bigquery.ids import name_problem
from federation_emulator.services.bigquery.sql.errors import UnreadableSqlError

MOST_SQL_CHARACTERS = 256 * 1024

PLACE = "kpq"
"""How the name of a parameter without a name begins."""

_TOKEN = re.compile(
    r"""
      (?P<space>[\s\u200b]+)
    | (?P<comment>\#[^\n\r]*|--[^\n\r]*|/\*.*?\*/)
    | (?P<string>(?P<prefix>[rR][bB]|[bB][rR]|[rRbB])?(?P<quote>\"\"\"|'''|"|'))
    | (?P<name>`)
    | (?P<word>[^\W\d]\w*)
    | (?P<number>[0-9]\w*)
    | (?P<dot>\.)
    | (?P<sign>[][(),;:+*/%<>=!|&^~@?-])
    """,
    re.VERBOSE | re.DOTALL,
)
_PLAIN = re.compile(r"[^'\"`\\;#\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]*")
_MARKER = re.compile(r"kpl[0-9]+")
_PATH = re.compile(r"[.*$]")
"""What the name of a table may hold besides, in one pair of quotes: its path, a wildcard, a partition's decorator."""

_EXPANDED = re.compile(r"--|/\*|INFORMATION_SCHEMA|RANGE_SESSIONIZE|_PARTITION|NUMERIC|(?:FROM|JOIN)\s", re.IGNORECASE)
"""What the translation behind looks for by patterns, which also find it in a string."""

_ESCAPES = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", "?": "?", '"': '"', "'": "'", "`": "`",
}  # fmt: skip
_HEXADECIMAL = {"x": 2, "X": 2, "u": 4, "U": 8}


_NUMBERS = re.compile(r"\s*\(\s*([0-9]{1,18}(?:\s*,\s*[0-9]{1,18}){99,})\s*\)", re.ASCII)
_STRINGS = re.compile(r"\s*\(\s*('[A-Za-z0-9 _.:@+-]*'(?:\s*,\s*'[A-Za-z0-9 _.:@+-]*'){99,})\s*\)", re.ASCII)
"""Long lists of plain literals behind IN, a hundred or more."""


@dataclass(frozen=True, kw_only=True)
class ListLiteral:
    """A long list of literals of a GoogleSQL type, which is handed on as one value."""

    kind: str
    texts: tuple[str, ...]


Value = str | bytes | ListLiteral
Literals = dict[str, Value]


@dataclass(frozen=True, kw_only=True)
class Lexed:
    """A statement without its comments and odd strings.

    Attributes:
        text: GoogleSQL of the same meaning, but for the markers.
        literals: Marker → the string, bytes or list that it stands for.
        places: How many parameters are given by position: each ``?`` is written as a name, with its number in the text,
            since a tree doesn't keep their order.
    """

    text: str
    literals: Literals
    places: int = 0


def lex(sql: str) -> Lexed:
    """Read strings, quoted names and comments.

    Raises:
        UnreadableSqlError: A string, name or comment isn't closed, has an escape sequence that there isn't, or a name
            has characters that BigQuery allows in none; or the statement is too long.
    """
    if len(sql) > MOST_SQL_CHARACTERS:
        raise UnreadableSqlError(f"a statement has at most {MOST_SQL_CHARACTERS} characters", f"{len(sql)}")
    parts: list[str] = []
    literals: Literals = {}
    at, after_dot, places = 0, False, 0
    while at < len(sql):
        found = _TOKEN.match(sql, at)
        if found is None:
            raise UnreadableSqlError("the statement must be GoogleSQL", f"{sql[at : at + 20]!r}")
        kind, text, at = str(found.lastgroup), found.group(), found.end()
        if found["quote"]:
            value, at = _string(sql, at, quote=found["quote"], prefix=(found["prefix"] or "").lower())
            parts.append(_written(value, literals))
        elif kind == "name":
            name, at = _string(sql, at, quote="`", prefix="")
            problem = name_problem(_PATH.sub("", str(name)) or "x")
            if problem is not None:
                raise UnreadableSqlError(problem, f"{name!r:.80}")
            parts.append(f"`{name!s}`")
        elif kind in {"space", "comment"}:
            parts.append(" ")
        elif kind == "word" and text.upper() == "IN" and not after_dot and (listed := _list(sql, at)) is not None:
            parts.append(f"IN UNNEST({_written(listed[0], literals)})")
            at = listed[1]
        elif kind == "word" and after_dot and text.upper() in _keywords() and not _is_called(sql, at):
            parts.append(f"`{text}`")
        elif text == "/" and sql.startswith("*", at):
            raise UnreadableSqlError("comments are closed", f"{sql[at - 1 : at + 20]!r}")
        elif text == "?":
            parts.append(f"@{PLACE}{places}")
            places += 1
        else:
            parts.append(text)
        if kind not in {"space", "comment"}:
            after_dot = kind == "dot"
    return Lexed(text="".join(parts), literals=literals, places=places)


def unlex(text: str, literals: Literals) -> str:
    """Put the strings back in, as GoogleSQL that :func:`lex` reads as the same strings."""
    return re.sub(
        rf"b?'({_MARKER.pattern})'",
        lambda found: _escaped(literals[found[1]]) if found[1] in literals else found[0],
        text,
    )


def without_markers(text: str) -> str:
    """For a message: an ellipsis in place of each string that was taken out."""
    return re.sub(rf"'{_MARKER.pattern}'", "'…'", text)


def _escaped(value: Value) -> str:
    if isinstance(value, ListLiteral):
        return f"[{', '.join(text if value.kind == 'INT64' else _escaped(text) for text in value.texts)}]"
    if isinstance(value, bytes):
        return "b'" + "".join(f"\\x{byte:02x}" for byte in value) + "'"
    return "'" + "".join(c if c.isalnum() and c.isascii() else f"\\U{ord(c):08x}" for c in value) + "'"


def is_plain(value: str) -> bool:
    """Say whether a string can stand in SQL between two quotes, and no reader finds anything else in it."""
    return bool(_PLAIN.fullmatch(value)) and not _MARKER.search(value) and not _EXPANDED.search(value)


def _list(sql: str, at: int) -> tuple[ListLiteral, int] | None:
    """Read a long list of plain literals, so that no parser has to make a node of each."""
    for kind, pattern in (("INT64", _NUMBERS), ("STRING", _STRINGS)):
        if (found := pattern.match(sql, at)) is not None:
            texts = tuple(text.strip().strip("'") for text in found[1].split(","))
            return ListLiteral(kind=kind, texts=texts), found.end()
    return None


def _written(value: Value, literals: Literals) -> str:
    if isinstance(value, str) and is_plain(value):
        return f"'{value}'"
    marker = f"kpl{len(literals)}"
    literals[marker] = value
    return f"b'{marker}'" if isinstance(value, bytes) else f"'{marker}'"


def _string(sql: str, at: int, *, quote: str, prefix: str) -> tuple[str | bytes, int]:
    """Read a string up to its closing quote; return its value, and where the text goes on."""
    raw, of_bytes = "r" in prefix, "b" in prefix
    pieces: list[str] = []
    start = at
    while not sql.startswith(quote, at):
        letter = sql[at : at + 1]
        if not letter or (letter in "\r\n" and len(quote) == 1):
            raise UnreadableSqlError("strings and names are closed", f"one that is open: {sql[start : start + 20]!r}")
        if letter != "\\":
            pieces.append(letter)
            at += 1
        elif raw:
            pieces.append(sql[at : at + 2])
            at += 2
        else:
            piece, at = _escape(sql, at + 1, of_bytes=of_bytes)
            pieces.append(piece)
    value = "".join(pieces).replace("\r\n", "\n") if len(quote) == 3 else "".join(pieces)
    if not of_bytes:
        return value, at + len(quote)
    return b"".join(_as_bytes(piece) for piece in pieces), at + len(quote)


def _as_bytes(piece: str) -> bytes:
    # Escaped bytes are kept in the surrogate range, which no text has.
    return piece.encode("utf-8", "surrogateescape")


def _escape(sql: str, at: int, *, of_bytes: bool) -> tuple[str, int]:
    letter = sql[at : at + 1]
    if letter and letter in _ESCAPES:
        return _ESCAPES[letter], at + 1
    if letter and letter in _HEXADECIMAL:
        length = _HEXADECIMAL[letter]
        digits, base, end = sql[at + 1 : at + 1 + length], 16, at + 1 + length
        good = len(digits) == length and bool(re.fullmatch("[0-9A-Fa-f]+", digits)) and not (of_bytes and length > 2)
    else:
        digits, base, end = sql[at : at + 3], 8, at + 3
        good = bool(re.fullmatch(r"[0-3][0-7]{2}", digits))
    code = int(digits, base) if good else -1
    if code < 0 or code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise UnreadableSqlError("an escape sequence is one of GoogleSQL's", f"\\{sql[at : at + 8]!r}")
    if of_bytes and code > 0x7F:
        return chr(0xDC00 + code), end
    return chr(code), end


def _is_called(sql: str, at: int) -> bool:
    return sql[at : at + 64].lstrip().startswith("(")


def _keywords() -> frozenset[str]:
    # Imported here, as in ``parsing``: only a process that meets SQL should pay for it.
    from sqlglot.dialects.bigquery import BigQuery

    return frozenset(BigQuery.Tokenizer.KEYWORDS) - {"INFORMATION_SCHEMA"}
