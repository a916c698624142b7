"""Random statements, as they are and damaged: what DuckDB reads of each is what the gateway admitted.

``KEYLESS_STATEMENTS`` says how many ``make soak`` sends.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.differential.changes import Changes
from tests.differential.gateway import Asked, Gateway
from tests.differential.grammar import Grammar
from tests.differential.judging import MOST_SECONDS, problem_of
from tests.differential.shop import PROJECTS, Shop, make_tables
from tests.differential.text import mutated

SOAK = int(os.environ.get("KEYLESS_STATEMENTS", "50000"))
_BATCH = 100
"""Statements that are sent together: between two batches the engine waits."""

_WORKS = tuple(f"`{project}.shop.work_{n}`" for project in PROJECTS for n in (1, 2))
_MADE = tuple(f"`{project}.shop.made_{n}`" for project in PROJECTS for n in (1, 2))


def _queries(seed: int, shop: Shop) -> list[Asked]:
    rng = random.Random(seed)
    asked = []
    for _ in range(_BATCH):
        query = Grammar(rng).query()
        if rng.random() < 0.75:
            query = replace(query, sql=mutated(rng, query.sql))
        asked.append(replace(query, token=shop.reader) if rng.random() < 0.2 else query)
    return asked


def _changes(seed: int) -> list[Asked]:
    rng = random.Random(seed)
    asked = [Changes(rng).change(_WORKS, _MADE) for _ in range(_BATCH)]
    return [replace(each, sql=mutated(rng, each.sql)) if rng.random() < 0.3 else each for each in asked]


def _check(gateway: Gateway, shop: Shop, asked: list[Asked], *, exact: bool = True) -> int:
    """Send statements and judge the answers; return how many were executed."""
    answers = gateway.ask(asked)
    # A busy machine is no fault of the statement's: what was slow is asked again, alone.
    slow = [again for each in answers if each.seconds > MOST_SECONDS for again in gateway.ask([each.asked])]
    problems = [f"{problem}: {each}" for each in answers if (problem := problem_of(each, shop, exact=exact))]
    problems += [f"too slow: {each}" for each in slow if each.seconds > MOST_SECONDS]
    assert not problems, "\n".join(problems)
    return sum(bool(each.executed) and not each.failed for each in answers)


def _run(statements: int, check: Callable[[int], int], *, seed: int | None = None) -> None:
    seeds = random.Random(seed)
    executed = sum(check(seeds.getrandbits(64)) for _ in range(statements // _BATCH))
    # A grammar of which hardly anything is admitted would hold nothing.
    assert executed > statements * 0.1, f"{executed} of {statements} were executed"


def _check_changes(gateway: Gateway, shop: Shop, seed: int) -> int:
    """Send statements that change four tables, and see that they have changed no others."""
    before = _contents(gateway, shop)
    works = make_tables(gateway, [(project, "shop", f"work_{n}") for project in PROJECTS for n in (1, 2)])
    here = Shop(words={**shop.words, **works}, reader=shop.reader)
    executed = _check(gateway, here, _changes(seed))
    views = [Asked(sql=f"SELECT * FROM {name}", payer=payer) for name in _MADE for payer in PROJECTS]
    _check(gateway, here, views, exact=False)
    assert _contents(gateway, shop) == before, f"seed {seed}"
    return executed


def _contents(gateway: Gateway, shop: Shop) -> str:
    arms = [
        f"SELECT '{'.'.join(place)}' AS place, COUNT(*) AS n, STRING_AGG(DISTINCT word ORDER BY word) AS words "
        f"FROM `{'.'.join(place)}`"
        for place in shop.words.values()
    ]
    (answered,) = gateway.ask([Asked(sql=" UNION ALL ".join(arms) + " ORDER BY place")])
    assert answered.status == 200, answered
    return str(answered.body["rows"])


@pytest.mark.timeout(300)
def test_queries_read_what_was_admitted(gateway: Gateway, shop: Shop) -> None:
    _run(400, lambda seed: _check(gateway, shop, _queries(seed, shop)), seed=1)


@pytest.mark.timeout(300)
def test_changes_read_what_was_admitted_and_change_their_target(gateway: Gateway, shop: Shop) -> None:
    _run(100, lambda seed: _check_changes(gateway, shop, seed), seed=1)


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_many_queries_read_what_was_admitted(gateway: Gateway, shop: Shop) -> None:
    _run(SOAK * 9 // 10, lambda seed: _check(gateway, shop, _queries(seed, shop)))


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_many_changes_read_what_was_admitted(gateway: Gateway, shop: Shop) -> None:
    _run(SOAK // 10, lambda seed: _check_changes(gateway, shop, seed))
