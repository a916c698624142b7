"""Conditions whose truth is known without CEL: each is written together with the Python that says the same."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from tests.emulator.chain import ACCOUNT, FUNCTION, ROLE

ARN = f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/{FUNCTION}"
Condition = tuple[str, bool]


def condition(rng: random.Random, depth: int = 3) -> Condition:
    """A condition, and whether it holds for the trusted role."""
    if depth == 0 or rng.random() < 0.3:
        return rng.choice(_LEAVES)(rng)
    (left, left_is), (right, right_is) = condition(rng, depth - 1), condition(rng, depth - 1)
    (choice, choice_is) = condition(rng, depth - 1)
    return rng.choice(
        [
            (f"!({left})", not left_is),
            (f"({left} && {right})", left_is and right_is),
            (f"({left} || {right})", left_is or right_is),
            (f"({choice} ? {left} : {right})", left_is if choice_is else right_is),
            (f"({left}) == ({right})", left_is == right_is),
            (f"({left}) != ({right})", left_is != right_is),
        ]
    )


def _text(text: str) -> str:
    return json.dumps(text)


def _part(rng: random.Random) -> str:
    """A piece of the ARN, or nearly one."""
    start = rng.randrange(len(ARN))
    piece = ARN[start : start + rng.randrange(1, 30)]
    return rng.choice([piece, piece, piece.swapcase(), piece + "x", "'", '"', "\\", "\n", "\u00e9", ""])


def _account(rng: random.Random) -> Condition:
    account = rng.choice([ACCOUNT, ACCOUNT[:-1], f"{ACCOUNT}0", ""])
    return f"assertion.account == {_text(account)}", account == ACCOUNT


def _compared(rng: random.Random) -> Condition:
    name, way = rng.choice([("startsWith", str.startswith), ("endsWith", str.endswith), ("contains", str.__contains__)])
    part = _part(rng)
    return f"assertion.arn.{name}({_text(part)})", bool(way(ARN, part))


def _element(rng: random.Random) -> Condition:
    part, parts = rng.choice([ROLE, FUNCTION, ROLE.lower(), "x"]), ARN.split("/")
    at = rng.randrange(len(parts))
    return rng.choice(
        [
            (f"{_text(part)} in assertion.arn.split('/')", part in parts),
            (f"assertion.arn.split('/')[{at}] == {_text(part)}", parts[at] == part),
            (f"assertion.arn.split('/').exists(x, x == {_text(part)})", part in parts),
            (f"assertion.arn.split('/').all(x, x != {_text(part)})", part not in parts),
            (f"assertion.arn.split('/').filter(x, x == {_text(part)}).size() == 1", parts.count(part) == 1),
            (f"assertion.arn.split('/').join('+') == {_text('+'.join(parts))}", True),
            (f"assertion.arn.split('/').size() == {at}", len(parts) == at),
        ]
    )


def _extracted(rng: random.Random) -> Condition:
    role = rng.choice([ROLE, ROLE.upper(), ""])
    attribute = rng.choice([f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}", ROLE])
    return rng.choice(
        [
            (f"assertion.arn.extract('assumed-role/{{role}}/') == {_text(role)}", role == ROLE),
            (f"attribute.aws_role == {_text(attribute)}", attribute != ROLE),
            (f"assertion.arn.lowerAscii() == {_text(ARN.lower())}", True),
            (f"assertion.arn.upperAscii() == {_text(ARN)}", False),
            (f"assertion.arn.replace('/', '') == {_text(ARN.replace('/', ''))}", True),
            (f"google.subject == {_text(ARN)}", True),
        ]
    )


def _present(rng: random.Random) -> Condition:
    name = rng.choice(["arn", "account", "userid", "sub", "role"])
    known = name in {"arn", "account", "userid"}
    return rng.choice([(f"has(assertion.{name})", known), (f"'{name}' in assertion", known)])


def _constant(rng: random.Random) -> Condition:
    return rng.choice([("true", True), ("false", False), ("1 < 2", True), ("'a' >= 'b'", False), ("[1] == [1]", True)])


_LEAVES: list[Callable[[random.Random], Condition]] = [
    *(_account, _compared, _compared, _element, _element, _extracted, _present, _constant)
]
