"""Seeded damage to text and JSON: the same random numbers do the same damage."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

Json = Any

PIECES = [
    *("\x00", "\r\n", "\n", "\t", " ", "  ", "+", "%", "%00", "%2F", "%252F", '"', "'", "\\", "/", "//", "../", "?"),
    *("#", "&", "=", ";", ",", ":", "@", "{", "}", "[", "]", "$", "*"),
    *("\u00e9", "\u212a", "\uff0f", "\u202e", "\U0001f600", "null", "true", "0", "-1", "1e999"),
    *("https:", "http:", "evil.example.com", "x" * 300, "' || true || '"),
]
VALUES: list[Json] = [
    *(None, True, False, 0, -1, 1.5, 10**30, "", " ", "\x00", "x" * 3000, [], {}, [[]], [None], {"a": 1})
]


def damaged(rng: random.Random, text: str) -> str:
    """A text with one thing done to it."""
    at = rng.randrange(len(text) + 1)
    piece = rng.choice(PIECES)
    ways: list[Callable[[], str]] = [
        lambda: text[:at] + piece + text[at:],
        lambda: text[:at] + piece + text[at + len(piece) :],
        lambda: text[:at] + text[at + 1 :],
        lambda: text[:at],
        lambda: text[at:],
        lambda: text + piece,
        lambda: piece + text,
        lambda: text[:at] + text[at : at + 1].swapcase() + text[at + 1 :],
        text.upper,
        text.lower,
        lambda: text * 2,
        lambda: quote(text, safe=""),
        lambda: quote(quote(text, safe=""), safe=""),
        lambda: text[::-1],
        lambda: piece,
        lambda: "",
    ]
    return rng.choice(ways)()


def mutated(rng: random.Random, value: Json) -> Json:
    """A JSON value with one thing done to it, somewhere inside."""
    value = copy.deepcopy(value)
    if isinstance(value, dict) and value and rng.random() < 0.8:
        return _in_object(rng, value)
    if isinstance(value, list) and value and rng.random() < 0.8:
        return _in_list(rng, value)
    if isinstance(value, str) and rng.random() < 0.7:
        return damaged(rng, value)
    return _other(rng, value)


def _in_object(rng: random.Random, value: dict[str, Json]) -> Json:
    key = rng.choice(list(value))
    way = rng.randrange(6)
    if way == 0:
        del value[key]
    elif way == 1:
        value[damaged(rng, key)] = value.pop(key)
    elif way == 2:
        value[rng.choice(PIECES)] = rng.choice(VALUES)
    else:
        value[key] = mutated(rng, value[key])
    return value


def _in_list(rng: random.Random, value: list[Json]) -> Json:
    at = rng.randrange(len(value))
    way = rng.randrange(7)
    if way == 0:
        del value[at]
    elif way == 1:
        value.insert(at, copy.deepcopy(value[at]))
    elif way == 2:
        value.insert(at, rng.choice(VALUES))
    elif way == 3:
        value.reverse()
    else:
        value[at] = mutated(rng, value[at])
    return value


def _other(rng: random.Random, value: Json) -> Json:
    depth = rng.choice([2, 50, 400])
    ways: list[Callable[[], Json]] = [
        lambda: rng.choice(VALUES),
        lambda: [value],
        lambda: {"value": value},
        lambda: json.dumps(value),
        lambda: _nested(value, depth),
    ]
    return rng.choice(ways)()


def _nested(value: Json, depth: int) -> Json:
    for _ in range(depth):
        value = [value]
    return value
