"""Query parameters: each type's values, and what BigQuery takes for none."""

from __future__ import annotations

from typing import Any

import pytest

from federation_emulator.core.errors import ApiError
from federation_emulator.services.bigquery.query_parameters import read_parameters


def scalar(kind: str, value: object) -> dict[str, Any]:
    return {"parameterType": {"type": kind}, "parameterValue": {"value": value}}


def read(*parameters: dict[str, Any], mode: str | None = None) -> list[tuple[str, str, Any]]:
    declared, values = read_parameters({"queryParameters": list(parameters), "parameterMode": mode})
    return [(each.name, each.type, value) for each, value in zip(declared, values, strict=True)]


@pytest.mark.parametrize(
    ("kind", "type_", "good", "bad"),
    [
        # BigQuery REST, QueryParameterValue and StandardSqlDataType: numbers and times as text.
        (
            "INT64",
            "INT64",
            ["0", "-9223372036854775808", "9223372036854775807"],
            ["", "1.0", "x", "9223372036854775808"],
        ),
        ("INTEGER", "INT64", ["+1"], ["0x1", "1 ", "\u0661"]),
        ("FLOAT64", "FLOAT64", ["1", ".5", "1e9", "NaN", "-inf", "Infinity"], ["", "e", "1,5", "nan1"]),
        ("NUMERIC", "NUMERIC", ["1.25", "-0"], ["NaN", "1_000", "x"]),
        ("BIGNUMERIC", "BIGNUMERIC", ["1.25"], ["inf", "--1"]),
        ("BOOL", "BOOL", ["true", "FALSE"], ["1", "yes", ""]),
        ("BYTES", "BYTES", [], ["J1", "not base64!"]),
        ("DATE", "DATE", ["2024-01-02"], ["2024-01-02'; DROP", "", "2024-01-02\n"]),
        ("TIMESTAMP", "TIMESTAMP", ["2024-01-02 03:04:05.678+00", "2024-01-02T03:04:05Z"], ["\u2028", "x" * 65]),
        ("TIME", "TIME", ["03:04:05"], ["03:04:05\x00"]),
        ("STRING", "STRING", ["", "it's", "$$ -- \\ \n \u2028 @x", "é"], []),
        ("JSON", "JSON", ['{"a": "\'"}'], []),
    ],
)
def test_a_value_is_taken_if_it_is_one_of_its_type(kind: str, type_: str, good: list[str], bad: list[str]) -> None:
    for value in good:
        assert read(scalar(kind, value)) == [("", type_, value)]
        assert read(scalar(kind.lower(), value)) == [("", type_, value)]
    assert read(scalar(kind, None)) == [("", type_, None)]
    for value in bad:
        with pytest.raises(ApiError, match="Invalid value"):
            read(scalar(kind, value))


def test_bytes_are_taken_in_either_alphabet_of_base64() -> None:
    assert read(scalar("BYTES", "-_8=")) == [("", "BYTES", {"base64": "+/8="})]


def test_arrays_and_structs_keep_their_types_and_values() -> None:
    array = {"type": "ARRAY", "arrayType": {"type": "INT64"}}
    fields = [{"name": "a", "type": array}, {"name": "b", "type": {"type": "STRING"}}]
    struct = {"type": "STRUCT", "structTypes": fields}
    values = {"structValues": {"a": {"arrayValues": [{"value": "1"}, {"value": "2"}]}}}
    given = {"name": "p", "parameterType": struct, "parameterValue": values}
    expected = {"struct": {"a": {"list": ["1", "2"]}, "b": None}}
    assert read(given) == [("p", "STRUCT<a ARRAY<INT64>, b STRING>", expected)]


@pytest.mark.parametrize(
    "given",
    [
        [{"name": "a' OR", **scalar("STRING", "x")}],
        [{"name": "a`", **scalar("STRING", "x")}],
        [{"name": "é", **scalar("STRING", "x")}],
        [{"name": "a", **scalar("STRING", "x")}, {"name": "A", **scalar("STRING", "x")}],
        [{"name": "a", **scalar("STRING", "x")}, scalar("STRING", "x")],
        [{"parameterType": {"type": "ARRAY", "arrayType": {"type": "ARRAY", "arrayType": {"type": "INT64"}}}}],
        [{"parameterType": {"type": "STRUCT", "structTypes": [{"name": "a, b INT64", "type": {"type": "INT64"}}]}}],
        [{"parameterType": {"type": "STRUCT", "structTypes": [{"type": {"type": "INT64"}}]}}],
        [{"parameterType": {"type": "STRUCT"}}],
        [{"parameterType": {"type": "STRING) AS x, (SELECT 1"}}],
        [{"parameterType": {"type": None}}],
        [{"parameterType": {"type": "STRING"}, "parameterValue": {"value": ["x"]}}],
    ],
    ids=str,
)
def test_what_is_no_parameter_is_refused(given: Any) -> None:
    with pytest.raises(ApiError) as raised:
        read_parameters({"queryParameters": given})
    assert raised.value.code in {400, 501}


def test_the_mode_is_that_of_the_parameters() -> None:
    named = {"name": "a", **scalar("STRING", "x")}
    assert read(named, mode="NAMED") == read(named)
    with pytest.raises(ApiError):
        read(named, mode="POSITIONAL")
    with pytest.raises(ApiError):
        read(scalar("STRING", "x"), mode="sideways")


def test_a_type_that_nests_without_end_is_refused() -> None:
    kind: dict[str, Any] = {"type": "INT64"}
    for _ in range(40):
        kind = {"type": "STRUCT", "structTypes": [{"name": "a", "type": kind}]}
    with pytest.raises(ApiError):
        read({"parameterType": kind})
