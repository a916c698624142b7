"""Thousands of providers, damaged and whole: each is taken or refused, and decides as Python says that it should."""

from __future__ import annotations

import json
import random
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tests.emulator.chain import ACCOUNT, CONDITION, MAPPING, PROVIDER_PATH, Chain, Keys
from tests.emulator.google_server import DEPLOYER_TOKEN
from tests.emulator.signing import document, form
from tests.fuzz.junk import mutated
from tests.fuzz.run import REQUESTS, Client, Fuzzer, Sent, problem_of
from tests.fuzz.truths import Condition, condition

SHARE = 0.25
_PATH = f"{PROVIDER_PATH}?updateMask=aws,attributeMapping,attributeCondition"
_HEADERS = {"Content-Type": "application/json", "Authorization": f"Bearer {DEPLOYER_TOKEN}"}
_PROVIDER = {"aws": {"accountId": ACCOUNT}, "attributeMapping": MAPPING, "attributeCondition": CONDITION}
_EXPRESSIONS = [
    "assertion.sub",
    "google.subject",
    "''",
    "'x'.split('')",
    "'" + "x" * 128 + "'",
    "assertion.arn.split('/')[9]",
    "assertion.arn.extract('{a}{b}')",
    "assertion.arn + assertion.arn",
    "[assertion.account].map(x, x)[0]",
    "assertion.arn.matches('(a*)*b') ? 'a' : 'b'",
    "attribute.aws_role",
    "null",
    "assertion",
]


@dataclass
class Attempt:
    """What a provider is changed to, and whether the trusted role must then be let in; ``None``: anything may be."""

    provider: Any
    holds: bool | None


def damage(rng: random.Random, made: Attempt) -> str:
    made.provider, made.holds = mutated(rng, made.provider), None
    return "something in the provider"


def other_expression(rng: random.Random, made: Attempt) -> str:
    key = rng.choice(["google.subject", "google.groups", "attribute.a", "attribute.A", "assertion.a", "google.x", ""])
    expression = rng.choice(_EXPRESSIONS)
    if isinstance(made.provider, dict) and isinstance(made.provider.get("attributeMapping"), dict):
        made.provider["attributeMapping"][key] = expression
    made.holds = None
    return f"mapping of {key!r}: {expression[:60]}"


def other_condition(rng: random.Random, made: Attempt) -> str:
    if isinstance(made.provider, dict):
        made.provider["attributeCondition"] = rng.choice(_EXPRESSIONS)
    made.holds = None
    return "condition that is none"


def keep(_rng: random.Random, made: Attempt) -> str:
    return f"condition {made.provider.get('attributeCondition')}" if isinstance(made.provider, dict) else "nothing"


def fresh(rng: random.Random) -> Attempt:
    text, holds = condition(rng)
    return Attempt({**json.loads(json.dumps(_PROVIDER)), "attributeCondition": text}, holds)


def test_no_mapping_or_condition_breaks_the_server_or_decides_otherwise_than_it_says(
    chain: Chain, role_keys: Keys
) -> None:
    exchange = Sent(
        "POST",
        "/v1/token",
        {"Content-Type": "application/x-www-form-urlencoded"},
        urlencode(form(document(role_keys))).encode(),
    )
    taken: dict[int, int] = {200: 0, 400: 0}
    decided: dict[int, int] = {200: 0, 400: 0}

    def judge(made: Attempt) -> str:
        problem, changed = problem_of(client, Sent("PATCH", _PATH, _HEADERS, json.dumps(made.provider).encode()))
        taken[changed.status] = taken.get(changed.status, 0) + 1
        if problem or changed.status != 200:
            return problem or ("a good provider was refused" if made.holds is not None else "")
        problem, answer = problem_of(client, exchange)
        decided[answer.status] = decided.get(answer.status, 0) + 1
        if made.holds is not None and not problem and (answer.status == 200) is not made.holds:
            problem = f"answered {answer.status} where the condition is {made.holds}"
        return problem

    with closing(Client(chain.google.url)) as client:
        changes = (keep, keep, keep, damage, damage, other_expression, other_condition)
        Fuzzer("mapping", fresh, changes, judge).run(int(REQUESTS * SHARE / 2))
    assert min(*taken.values(), *decided.values()) > REQUESTS * SHARE / 40, (taken, decided)


def test_truths_are_of_both_kinds() -> None:
    made: list[Condition] = [condition(random.Random(seed)) for seed in range(500)]
    assert 100 < sum(holds for _, holds in made) < 400
