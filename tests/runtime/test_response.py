"""What a function may return: JSON, and no more of it than Lambda hands on."""

from __future__ import annotations

import datetime
import decimal

import pytest

from keyless_bigquery.runtime.errors import ResponseError
from keyless_bigquery.runtime.response import checked

LARGEST_RESPONSE = 6_291_556
LARGEST_TEXT = LARGEST_RESPONSE - 2
ITSELF: dict[str, object] = {}
ITSELF["self"] = ITSELF
NOT_JSON: list[tuple[object, str]] = [
    ({"sum": decimal.Decimal("1.5")}, "Decimal"),
    ([datetime.date(2026, 1, 1)], "date"),
    (b"x", "bytes"),
    ({1}, "set"),
    (float("nan"), "Out of range float"),
    ("\ud800", "surrogates"),
    ({(1, 2): 3}, "keys must be"),
    (ITSELF, ""),
]


def test_what_is_json_of_the_largest_size_is_returned() -> None:
    for value in ([1, 2.5, None, True, "é"], "x" * LARGEST_TEXT, "é" * (LARGEST_TEXT // 2)):
        assert checked(value) is value


@pytest.mark.parametrize(("value", "text"), NOT_JSON)
def test_what_is_no_json_is_refused_with_the_way_out(value: object, text: str) -> None:
    with pytest.raises(ResponseError, match=rf"is not JSON-able: .*{text}.*str\(value\)"):
        checked(value)


@pytest.mark.parametrize("value", ["x" * (LARGEST_TEXT + 1), "é" * (LARGEST_TEXT // 2) + "x"], ids=["letters", "bytes"])
def test_what_is_too_large_for_a_response_is_refused_with_the_way_out(value: str) -> None:
    size = f"has {LARGEST_RESPONSE + 1} bytes as JSON, and Lambda hands on at most {LARGEST_RESPONSE}"
    with pytest.raises(ResponseError, match=f"{size}.*write them to S3"):
        checked(value)
