"""What Google documents is admitted, runs, and has the value that is documented."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.differential.documented import ADMITTED, EXPRESSIONS, QUERIES
from tests.differential.gateway import Answered, Asked, Gateway


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    "cases",
    [[(f"SELECT {expression}", [value]) for expression, value in EXPRESSIONS], QUERIES],
    ids=["expressions", "queries"],
)
def test_what_is_documented_has_the_documented_value(gateway: Gateway, cases: Sequence[tuple[str, object]]) -> None:
    answers = gateway.ask(Asked(sql=sql) for sql, _ in cases)
    compared = [_difference(answer, *case) for answer, case in zip(answers, cases, strict=True)]
    assert not any(compared), "\n".join(filter(None, compared))


@pytest.mark.usefixtures("shop")
def test_a_documented_expression_is_admitted_and_runs(gateway: Gateway) -> None:
    answers = gateway.ask(Asked(sql=f"SELECT {expression}") for expression in ADMITTED)
    assert not [answer for answer in answers if answer.status != 200]


def _difference(answer: Answered, text: str, expected: object) -> str:
    if answer.status != 200:
        return f"{text}: {answer.body['error']['message']}"
    actual = [_plain(cell["v"]) for row in answer.body.get("rows", []) for cell in row["f"]]
    return "" if actual == expected else f"{text}: actual {actual}, expected {expected}"


def _plain(value: Any) -> Any:
    return [_plain(each["v"]) for each in value] if isinstance(value, list) else value
