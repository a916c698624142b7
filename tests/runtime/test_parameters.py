"""Python values as a query's parameters, and what is refused before anything is sent."""

from __future__ import annotations

import enum
import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from google.cloud.bigquery import (
    ArrayQueryParameter,
    RangeQueryParameter,
    ScalarQueryParameter,
    StructQueryParameter,
)

from keyless_bigquery.runtime.errors import ParameterError
from keyless_bigquery.runtime.parameters import query_parameters


class Level(enum.IntEnum):
    HIGH = 3


def sent(value: object) -> tuple[Any, Any]:
    """The type and the value of a parameter, as the request to BigQuery has them."""
    (parameter,) = query_parameters({"least": value})
    request = json.loads(json.dumps(parameter.to_api_repr(), allow_nan=False))
    assert request["name"] == "least"
    return request["parameterType"], request["parameterValue"]


# Types and ranges: BigQuery, "Data types" of GoogleSQL; their form: BigQuery API, QueryParameterValue.
SCALARS: list[tuple[object, str, str | float]] = [
    (True, "BOOL", "true"),
    (0, "INT64", "0"),
    (Level.HIGH, "INT64", "3"),
    (9223372036854775807, "INT64", "9223372036854775807"),
    (-9223372036854775808, "INT64", "-9223372036854775808"),
    (1.5, "FLOAT64", 1.5),
    (float("-inf"), "FLOAT64", "-inf"),
    (float("nan"), "FLOAT64", "nan"),
    ("", "STRING", ""),
    ("日本 😀\x00", "STRING", "日本 😀\x00"),
    (b"\xff\xef", "BYTES", "/+8="),
    (Decimal("1.50"), "NUMERIC", "1.50"),
    (Decimal("9" * 29 + "." + "9" * 9), "NUMERIC", "9" * 29 + "." + "9" * 9),
    (Decimal("1.0000000000000"), "NUMERIC", "1.0000000000000"),
    (Decimal("-1E+29"), "BIGNUMERIC", "-1E+29"),
    (Decimal("0.0000000001"), "BIGNUMERIC", "1E-10"),
    (Decimal("1E-38"), "BIGNUMERIC", "1E-38"),
    (Decimal("9" * 38 + "." + "9" * 38), "BIGNUMERIC", "9" * 38 + "." + "9" * 38),
    (date(1, 2, 3), "DATE", "0001-02-03"),
    (time(1, 2, 3, 4), "TIME", "01:02:03.000004"),
    (datetime(1, 2, 3, 4, 5), "DATETIME", "0001-02-03T04:05:00"),  # noqa: DTZ001 - a DATETIME has no time zone
    (datetime(2026, 11, 29, tzinfo=UTC), "TIMESTAMP", "2026-11-29 00:00:00+00:00"),
    (datetime(2026, 11, 29, tzinfo=timezone(timedelta(hours=2))), "TIMESTAMP", "2026-11-28 22:00:00+00:00"),
]


@pytest.mark.parametrize(("value", "kind", "text"), SCALARS)
def test_a_scalar_has_the_type_of_its_value(value: object, kind: str, text: str | float) -> None:
    assert sent(value) == ({"type": kind}, {"value": text})


@pytest.mark.parametrize("value", [[1, 2], (1, 2)])
def test_a_list_is_an_array(value: object) -> None:
    assert sent(value) == (
        {"type": "ARRAY", "arrayType": {"type": "INT64"}},
        {"arrayValues": [{"value": "1"}, {"value": "2"}]},
    )


def test_a_mapping_is_a_struct_whatever_is_in_it() -> None:
    kind, value = sent(
        {"name": "Ada", "at": {"days": [date(2026, 11, 29)], "none": ScalarQueryParameter(None, "JSON", None)}}
    )
    days = {"type": "ARRAY", "arrayType": {"type": "DATE"}}
    inner = [{"name": "days", "type": days}, {"name": "none", "type": {"type": "JSON"}}]
    assert kind["structTypes"] == [
        {"name": "name", "type": {"type": "STRING"}},
        {"name": "at", "type": {"type": "STRUCT", "structTypes": inner}},
    ]
    assert value["structValues"]["at"]["structValues"]["days"] == {"arrayValues": [{"value": "2026-11-29"}]}


@pytest.mark.parametrize(
    "value",
    [
        [Decimal("1.5"), Decimal("1E-20")],
        [{"price": Decimal("1E-20")}, {"price": Decimal("1.5")}],
        [{"price": [Decimal("1.5")]}, {"price": [Decimal("1E+30")]}],
    ],
)
def test_decimals_of_one_array_have_one_type(value: object) -> None:
    kind, _ = sent(value)
    assert json.dumps(kind).count("BIGNUMERIC") == 1


def test_structs_of_one_array_may_name_their_fields_in_any_order() -> None:
    kind, value = sent([{"a": 1, "b": {"c": "x", "d": 2}}, {"b": {"d": 3, "c": "y"}, "a": 4}])
    assert [field["name"] for field in kind["arrayType"]["structTypes"]] == ["a", "b"]
    second = value["arrayValues"][1]["structValues"]
    assert (second["a"], second["b"]["structValues"]["c"]) == ({"value": "4"}, {"value": "y"})


@pytest.mark.parametrize(
    "given",
    [
        ScalarQueryParameter("least", "GEOGRAPHY", "POINT(1 2)"),
        ScalarQueryParameter("least", "INT64", None),
        ArrayQueryParameter("least", "STRING", []),
        StructQueryParameter("least", ScalarQueryParameter("x", "INT64", 1)),
        RangeQueryParameter("DATE", date(2026, 1, 1), None, name="least"),  # type: ignore[no-untyped-call]  # google's has no types
    ],
)
def test_a_parameter_of_googles_is_taken_as_it_is(given: ScalarQueryParameter) -> None:
    (named,) = query_parameters({"least": given})
    assert named.to_api_repr() == given.to_api_repr()
    given.name = None
    (unnamed,) = query_parameters({"least": given})
    assert unnamed.to_api_repr() == named.to_api_repr()
    assert given.name is None


@pytest.mark.parametrize("parameters", [None, {}])
def test_a_query_needs_no_parameters(parameters: object) -> None:
    assert query_parameters(parameters) == []


def deep(levels: int) -> object:
    return {"x": deep(levels - 1)} if levels else 1


RANGE = RangeQueryParameter("DATE")  # type: ignore[no-untyped-call]  # google's has no types

REFUSED: list[tuple[object, str, str, str]] = [
    (None, "@least is of the type NoneType", "None has no type", "ScalarQueryParameter"),
    ([], "@least is of the type list", "an empty list has no type", "ArrayQueryParameter"),
    ({1, 2}, "@least is of the type set", "a parameter is a bool, int", "convert it"),
    (object(), "@least is of the type object", "a parameter is a bool, int", "convert it"),
    (2**63, "@least is of the type int", "64 bits", "Decimal"),
    (-(2**63) - 1, "@least is of the type int", "64 bits", "Decimal"),
    (Decimal("NaN"), "@least is of the type decimal.Decimal", "finite", "float"),
    (Decimal("6E+38"), "@least is of the type decimal.Decimal", "38 digits", "round it"),
    (Decimal("1E-39"), "@least is of the type decimal.Decimal", "38 digits", "round it"),
    ("\ud800", "@least is of the type str", "surrogate", "bytes"),
    (time(1, tzinfo=UTC), "@least is of the type datetime.time", "no time zone", "without tzinfo"),
    (
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
        "@least is of the type datetime.datetime",
        "years 1 to 9999",
        "pass a later",
    ),
    ([1, 2.5], "@least[1] is of the type float", "not that of the element before it", "one type"),
    ([1, True], "@least[1] is of the type bool", "not that of the element before it", "one type"),
    ([{"a": 1}, {"a": "x"}], "@least[1] is of the type dict", "not that of the element before it", "one type"),
    ([{"a": 1}, {"b": 1}], "@least[1] is of the type dict", "not that of the element before it", "one type"),
    (["x", None], "@least[1] is of the type NoneType", "None has no type", "ArrayQueryParameter"),
    ([[1]], "@least[0] is of the type list", "no ARRAY of this", "into a mapping"),
    ({}, "@least is of the type dict", "at least one field", "leave it out"),
    ({"a": {"b": {1}}}, "@least.a.b is of the type set", "a parameter is", "convert it"),
    ({"a": 1, "A": 2}, "@least is of the type dict", "'A' twice", "change one"),
    ({"a b": 1}, "@least is of the type dict", "'a b' is no name", "change that key"),
    (deep(16), "is of the type int", "nested more than 15 deep", "flat"),
    (ScalarQueryParameter("other", "INT64", 1), "ScalarQueryParameter", "its own name is 'other'", "the same name"),
    (ScalarQueryParameter(None, "FLOAT64", "a lot"), "ScalarQueryParameter", "not of its type", "of that type"),
    ({"days": RANGE}, "@least.days", "no STRUCT with a RANGE", "its bounds"),
    ([RANGE], "@least[0]", "no ARRAY of this", "into a mapping"),
]


@pytest.mark.parametrize(("value", "what", "rule", "fix"), REFUSED)
def test_what_can_not_be_a_parameter_is_refused_with_its_name_type_rule_and_fix(
    value: object, what: str, rule: str, fix: str
) -> None:
    with pytest.raises(ParameterError) as refused:
        query_parameters({"fine": 1, "least": value})
    before, _, after = str(refused.value).partition(". Check: the call of query(); ")
    assert before.startswith("parameters failed: @least")
    assert what in before
    assert rule in before
    assert fix in after


def test_fifteen_levels_are_not_too_many() -> None:
    assert sent(deep(15))


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ([1], "parameters is of the type list: parameters come by name"),
        ({"@least": 1}, "'@least' is no name"),
        ({"1st": 1}, "'1st' is no name"),
        ({"x" * 129: 1}, "is no name"),
        ({1: 1}, "1 is no name"),
        ({"least": 1, "LEAST": 1}, "'LEAST' twice"),
    ],
)
def test_parameters_have_names_that_a_query_can_name(parameters: object, says: str) -> None:
    with pytest.raises(ParameterError) as refused:
        query_parameters(parameters)
    assert says in str(refused.value)


def test_an_error_holds_no_value() -> None:
    with pytest.raises(ParameterError) as refused:
        query_parameters({"least": ["planted-secret", b"planted-secret"]})
    assert "planted-secret" not in str(refused.value)
