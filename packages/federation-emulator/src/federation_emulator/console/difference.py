"""Where what was seen differs from what was expected: the two values that came nearest to each other, and their edges.

A refusal's ``actual`` and ``expected`` are sentences and expressions, so comparing them whole says nothing. The reader
wants the pair of names that should have been the same: two ARNs in a sentence, or an ARN and a condition's literal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations, product

from federation_emulator.core.trace import Refusal

SHORTEST_NAME = 8
"""Characters below which two words are alike by chance."""

MOST_NAMES = 24
"""Names of one text that are looked at; the pairs of them are compared."""

_NAME = re.compile(r"[^\s'\"(),]+", re.ASCII)
_SEPARATORS = re.compile(r"([/:.@])")


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A stretch of text, and whether it is where the values part."""

    text: str
    differs: bool


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A refusal's two values in pieces; joined they are the values again."""

    actual: tuple[Piece, ...]
    expected: tuple[Piece, ...]


@dataclass(frozen=True, kw_only=True)
class _Name:
    """A word of a text: which text, where it begins, and the word."""

    expected: bool
    start: int
    word: str


_Span = tuple[int, int]
"""Where a stretch of text begins and ends."""

_Segment = tuple[int, str]
"""Where a part of a name begins, and the part."""


def difference(refusal: Refusal) -> Difference:
    """Mark where the two values that came nearest to each other differ; nothing is marked where none is near."""
    spans: dict[bool, list[_Span]] = {False: [], True: []}
    pair = _nearest(refusal)
    if pair is not None:
        one, other = pair
        for name, found in zip(pair, _parting(one.word, other.word), strict=True):
            spans[name.expected] += [(name.start + start, name.start + end) for start, end in found]
    return Difference(actual=_pieces(refusal.actual, spans[False]), expected=_pieces(refusal.expected, spans[True]))


def _nearest(refusal: Refusal) -> tuple[_Name, _Name] | None:
    """Find the pair of different names that share the most, within what was seen or between the two."""
    actual, expected = _names(refusal.actual, expected=False), _names(refusal.expected, expected=True)
    common = {name.word for name in actual} & {name.word for name in expected}
    # A name that stands in both is not what is wrong.
    actual = [name for name in actual if name.word not in common]
    expected = [name for name in expected if name.word not in common]
    pairs = [
        (one, other) for one, other in [*combinations(actual, 2), *product(actual, expected)] if one.word != other.word
    ]
    alike = [pair for pair in pairs if _likeness(pair[0].word, pair[1].word) >= 0.5]
    return max(alike, key=lambda pair: _likeness(pair[0].word, pair[1].word), default=None)


def _names(text: str, *, expected: bool) -> list[_Name]:
    found = [_Name(expected=expected, start=match.start(), word=match[0]) for match in _NAME.finditer(text)]
    return [name for name in found if len(name.word) >= SHORTEST_NAME][:MOST_NAMES]


def _edges(one: str, other: str) -> tuple[int, int]:
    """Count the characters that two words share at their beginning, and at their end beyond that."""
    shorter = min(len(one), len(other))
    head = next((place for place in range(shorter) if one[place] != other[place]), shorter)
    rest = shorter - head
    tail = next((place for place in range(rest) if one[-1 - place] != other[-1 - place]), rest)
    return head, tail


def _likeness(one: str, other: str) -> float:
    left, right = _comparable(one, other)
    words = "".join(text for _, text in left), "".join(text for _, text in right)
    return sum(_edges(*words)) / max(*map(len, words), 1)


def _parting(one: str, other: str) -> tuple[list[_Span], list[_Span]]:
    """Compare two names segment by segment, as paths and ARNs are read."""
    spans: tuple[list[_Span], list[_Span]] = ([], [])
    for (at, a), (bt, b) in zip(*_comparable(one, other), strict=True):
        if a == b:
            continue
        head, tail = _edges(a, b)
        if head + tail < min(len(a), len(b)) / 2:
            head = tail = 0
        spans[0].append((at + head, at + len(a) - tail))
        spans[1].append((bt + head, bt + len(b) - tail))
    return spans


def _comparable(one: str, other: str) -> tuple[list[_Segment], list[_Segment]]:
    """Take two names apart, as far as both say something.

    ``…role/`` is the beginning of a name: what follows it in the other is no difference.
    """
    left, right = _segments(one), _segments(other)
    longer = max(len(left), len(right))
    if one.endswith(("/", ":")) or other.endswith(("/", ":")):
        longer = min(len(left), len(right)) - 1
    left += [(len(one), "")] * (longer - len(left))
    right += [(len(other), "")] * (longer - len(right))
    return left[:longer], right[:longer]


def _segments(name: str) -> list[_Segment]:
    found: list[_Segment] = []
    start = 0
    for segment in _SEPARATORS.split(name):
        found.append((start, segment))
        start += len(segment)
    return found


def _pieces(text: str, spans: list[_Span]) -> tuple[Piece, ...]:
    found: list[Piece] = []
    done = 0
    for start, end in sorted(spans):
        found += [Piece(text=text[done:start], differs=False), Piece(text=text[start:end], differs=True)]
        done = end
    found.append(Piece(text=text[done:], differs=False))
    return tuple(piece for piece in found if piece.text)
