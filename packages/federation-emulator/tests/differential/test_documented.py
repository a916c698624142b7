"""What Google documents is admitted, runs, and has the value that is documented."""

from __future__ import annotations

from typing import Any

import pytest

from tests.differential.documented import ADMITTED, EXPRESSIONS, QUERIES
from tests.differential.gateway import Answered, Asked, Gateway


@pytest.mark.usefixtures("shop")
def test_a_documented_expression_has_the_documented_value(gateway: Gateway) -> None:
    answers = gateway.ask(Asked(sql=f"SELECT {expression}") for expression, _ in EXPRESSIONS)
    cases = zip(answers, EXPRESSIONS, strict=True)
    differences = [_difference(answer, text, [value]) for answer, (text, value) in cases]
    assert not any(differences), "\n".join(filter(None, differences))


@pytest.mark.usefixtures("shop")
def test_a_documented_query_has_the_documented_rows(gateway: Gateway) -> None:
    answers = gateway.ask(Asked(sql=query) for query, _ in QUERIES)
    cases = zip(answers, QUERIES, strict=True)
    differences = [_difference(answer, text, values) for answer, (text, values) in cases]
    assert not any(differences), "\n".join(filter(None, differences))


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("expression", ADMITTED)
def test_a_documented_expression_is_admitted_and_runs(gateway: Gateway, expression: str) -> None:
    (answer,) = gateway.ask([Asked(sql=f"SELECT {expression}")])
    assert answer.status == 200, answer


def _difference(answer: Answered, text: str, expected: object) -> str:
    if answer.status != 200:
        return f"{text}: {answer.body['error']['message']}"
    actual = [_plain(cell["v"]) for row in answer.body.get("rows", []) for cell in row["f"]]
    return "" if actual == expected else f"{text}: actual {actual}, expected {expected}"


def _plain(value: Any) -> Any:
    return [_plain(each["v"]) for each in value] if isinstance(value, list) else value
