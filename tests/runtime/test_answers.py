"""Answers whose rows stay bytes: the same as ``json.loads`` has it, whatever their shape."""

from __future__ import annotations

import json
from typing import Any

import pytest

from keyless_bigquery.runtime.answers import UndecodedRows, decoded

ROW = {"f": [{"v": "1"}, {"v": 'a, "rows":[{]}\\ 😀 é'}, {"v": {"f": [{"v": [{"v": None}, {"v": "2"}]}]}}]}
MANY = 20_000
LONG = {"f": [{"v": "x" * 300_000}]}


def written(value: object, *, ascii_only: bool = False) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=ascii_only).encode()


@pytest.mark.parametrize(
    "answer",
    [
        {"rows": [ROW]},
        {"jobComplete": True, "rows": [ROW] * MANY, "pageToken": "behind", "totalRows": "20000"},
        {"pageToken": "before", "schema": {"fields": [{"name": "rows", "type": "STRING"}]}, "rows": [ROW, ROW]},
        {"rows": [LONG, ROW, LONG], "pageToken": "x"},
    ],
)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_rows_are_decoded_when_they_are_reached(answer: dict[str, Any], ascii_only: bool) -> None:
    found = decoded(written(answer, ascii_only=ascii_only))
    rows = found["rows"]
    assert isinstance(rows, UndecodedRows)
    assert len(rows) == len(answer["rows"])
    assert list(rows) == list(rows) == list(rows) == answer["rows"]
    assert rows[:None] is rows
    assert (rows[-1], rows[:1]) == (answer["rows"][-1], answer["rows"][:1])
    assert {**found, "rows": list(rows)} == answer


@pytest.mark.parametrize(
    "body",
    [
        b'{"jobComplete":true}',
        b'{"rows":[],"totalRows":"0"}',
        b'{"rows":null}',
        b'{"rows" : [ {"f": []} , {"f": []} ]}',
        b'{"rows":[{"f":[]}, {"f":[]}]}',
        b'{"a":{"rows":[1]},"rows":[{"f":[]}]}',
        b'{"rows":[{"f":[]}],"a":{"rows":[1]}}',
        b'{"a":{"rows":[1,2]}}',
        b'[{"rows":[1,2]}]',
        b'"rows"',
        b"[]",
    ],
)
def test_an_answer_in_any_other_shape_is_decoded_as_it_is(body: bytes) -> None:
    assert decoded(body) == json.loads(body)


@pytest.mark.parametrize("cut", [1, 2, 30, 70_000])
def test_an_answer_that_is_cut_off_is_refused_before_any_row_is_used(cut: int) -> None:
    body = written({"rows": [ROW] * MANY, "pageToken": "x"})
    assert len(decoded(body)["rows"]) == MANY
    with pytest.raises(ValueError, match=r"JSON|Expecting|decode|delimiter|Unterminated|trailing"):
        decoded(body[:-cut])


@pytest.mark.parametrize(
    "body",
    [
        b'{"rows":[{"f":[]}{"f":[]}]}',
        b'{"rows":[{"f":[]};{"f":[]}]}',
        b'{"rows":[{"f":[]},]}',
        b'{"rows":[{"f":[]}]',
        b'{"rows":[{"f":["\xff"]}]}',
    ],
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"JSON|Expecting|decode|delimiter|Unterminated|trailing"):
        decoded(body)
