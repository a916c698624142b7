"""Keeps credentials out of whatever is about to be logged.

The chain's errors quote servers, and a server may quote back what it was sent: whole or cut, and as JSON, a URL, XML
or a folded header has it. So the text that leaves the function goes through here: pieces of the values that are known
to be secret are removed, however they are encoded, and so is whatever looks like a credential.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Iterator

from keyless_bigquery.runtime.printable import one_line

REMOVED = "[removed]"
"""Stands where something secret stood."""

_SHORTEST_SECRET = 8
_PIECE = 12
"""Characters in a row by which a part of a secret is known. Shorter ones would be found in plain words, and 11 of the
40 characters of an AWS secret key leave 174 bits to guess."""

_LONGEST_TEXT = 400
_LONGEST_READ = 8_000
"""What is behind it can't be among the characters that are logged, unless it stands behind credentials only."""

_TIMES_ENCODED = 4

_LOOKS_SECRET = re.compile(
    "|".join(
        (
            r"AWS4-HMAC-SHA256(?s:.*)",  # an AWS Authorization header, to the end of what quotes it
            r"(?i:\bbearer\s+)[^\s\"',]+",
            r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b",  # access key ids
            r"(?i:signature(?:\"|'|%22)?\s*(?:=|:|%3D|%3A)\s*(?:\"|'|%22)?)[0-9a-f]{16,}",
            r"(?i:(?:access|subject|security|session|federated|refresh)[-_]?(?:token|key)(?:\"|'|%22)?\s*[=:]\s*(?:\"|')?)"
            r"[^\s\"',}&]+",
            r"\bya29\.[\w.-]+",  # Google access tokens
            r"\beyJ[\w-]+\.[\w-]+\.[\w-]*",  # JSON web tokens
            r"(?:[\w.*-]{0,64}%[0-9A-Fa-f]{2}){12,}[\w.*-]*",  # URL-encoded JSON, as a subject token is
            r"[A-Za-z0-9+_=-]{65,}",  # longer than any name in the chain
        )
    )
)

_ENCODED = re.compile(
    r"%(?P<url>[0-9A-Fa-f]{2})|\\u(?P<json>[0-9A-Fa-f]{4})|\\x(?P<python>[0-9A-Fa-f]{2})|\\(?P<escaped>[\"'/\\nrt])"
    r"|&#(?:[xX](?P<xml>[0-9A-Fa-f]{1,4})|(?P<decimal>[0-9]{1,5}));|&(?P<named>amp|quot|apos|lt|gt);"
)
_NAMED = {"amp": "&", "quot": '"', "apos": "'", "lt": "<", "gt": ">", "n": "\n", "r": "\r", "t": "\t"}
_URL_SAFE = str.maketrans("-_", "+/")

_View = tuple[str, list[tuple[int, int]]]
"""A text as it is read, and for each of its characters the part of the original that it is read from."""


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """One printable line of ``text`` without credentials, cut to 400 characters.

    Args:
        text: Anything.
        secrets: Values of which no piece of 12 characters may come through, in whatever encoding.
    """
    read = text[:_LONGEST_READ]
    as_it_is = _as_it_is(read)
    plain = _decoded(as_it_is)
    pieces = _pieces(secrets)
    spans = [
        *_held(as_it_is, pieces),
        *_held(_joined(plain), pieces),
        *_like_secrets(as_it_is),
        *_like_secrets(plain),
    ]
    shown = one_line(" ".join(_without(read, spans).split()))
    whole = len(shown) <= _LONGEST_TEXT and len(text) <= _LONGEST_READ
    return shown if whole else f"{shown[:_LONGEST_TEXT]}…"


def holds(text: str, secrets: Iterable[str]) -> bool:
    """Whether a text holds a piece of a secret, in whatever encoding.

    Args:
        text: Anything.
        secrets: As for :func:`scrub`.
    """
    pieces = _pieces(secrets)
    as_it_is = _as_it_is(text)
    return any(True for view in (as_it_is, _joined(_decoded(as_it_is))) for _ in _held(view, pieces))


def _as_it_is(text: str) -> _View:
    return text, [(place, place + 1) for place in range(len(text))]


def _decoded(view: _View) -> _View:
    """A text with what is encoded in it read, as often as it was encoded within reason."""
    for _ in range(_TIMES_ENCODED):
        text, places = view
        parts: list[str] = []
        kept: list[tuple[int, int]] = []
        end = 0
        for one in _ENCODED.finditer(text):
            parts += [text[end : one.start()], _character(one)]
            kept += [*places[end : one.start()], (places[one.start()][0], places[one.end() - 1][1])]
            end = one.end()
        if not parts:
            break
        view = "".join([*parts, text[end:]]), [*kept, *places[end:]]
    return view


def _character(encoded: re.Match[str]) -> str:
    kind = encoded.lastgroup or ""
    if kind in {"named", "escaped"}:
        return _NAMED.get(encoded[kind], encoded[kind])
    return chr(int(encoded[kind], 10 if kind == "decimal" else 16))


def _joined(view: _View) -> _View:
    """A text without the white space by which it may be folded, in base64's own letters."""
    text, places = view
    kept = [place for place, character in enumerate(text) if not character.isspace()]
    return "".join(text[place] for place in kept).translate(_URL_SAFE), [places[place] for place in kept]


def _pieces(secrets: Iterable[str]) -> frozenset[str]:
    """Every piece by which a secret is known: of itself, of what it decodes to, and of its base64."""
    found: set[str] = set()
    for secret in secrets:
        if len(secret) < _SHORTEST_SECRET:
            continue
        read = _joined(_decoded(_as_it_is(secret)))[0]
        for form in (secret, read, *_base64(secret)):
            size = min(_PIECE, len(form))
            if size >= _SHORTEST_SECRET:
                found.update(form[place : place + size] for place in range(len(form) - size + 1))
    return frozenset(found)


def _base64(secret: str) -> Iterator[str]:
    """A secret in base64 at each of the three alignments, without the characters that what is around it alters."""
    value = secret.encode(errors="surrogatepass")
    for before in range(3):
        text = binascii.b2a_base64(bytes(before) + value, newline=False).decode()
        yield text[-(-before * 4 // 3) : (before + len(value)) * 4 // 3]


def _held(view: _View, pieces: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Where pieces stand in the original."""
    text, places = view
    for size in {len(piece) for piece in pieces}:
        for start in range(len(text) - size + 1):
            if text[start : start + size] in pieces:
                yield places[start][0], places[start + size - 1][1]


def _like_secrets(view: _View) -> Iterator[tuple[int, int]]:
    """Where the original holds what looks like a credential."""
    text, places = view
    return ((places[one.start()][0], places[one.end() - 1][1]) for one in _LOOKS_SECRET.finditer(text))


def _without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """A text with a word in place of each of these parts."""
    parts: list[str] = []
    end = 0
    for start, stop in sorted(spans):
        if start > end or not parts:
            parts += [text[end:start], REMOVED]
        end = max(end, stop)
    return "".join([*parts, text[end:]])
