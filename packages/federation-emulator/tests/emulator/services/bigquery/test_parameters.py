"""Query parameters, by the real client: each value comes back as it was given, whatever it holds."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest
from google.cloud import bigquery
from google.cloud.bigquery import ArrayQueryParameter, ScalarQueryParameter, StructQueryParameter

from tests.emulator.google_server import Google
from tests.emulator.services.bigquery.asking import deployer_client, query

NASTY = "it's \"q\" \\ ` ; -- /* # @a $1 $$ \n\t \u2028 日本 '; DROP TABLE x; --"


@pytest.fixture
def client(enabled: Google) -> bigquery.Client:
    return deployer_client(enabled)


def value_of(client: bigquery.Client, sql: str, *parameters: Any) -> Any:
    config = bigquery.QueryJobConfig(query_parameters=list(parameters))
    (row,) = client.query_and_wait(sql, job_config=config)
    return row[0]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("INT64", 9007199254740993),
        ("INT64", None),
        ("FLOAT64", 1.5),
        ("BOOL", True),
        ("STRING", NASTY),
        ("STRING", ""),
        ("STRING", None),
        ("BYTES", b"\xff\x00'\\"),
        ("DATE", date(2020, 2, 29)),
        ("TIME", time(12, 30, 1)),
        ("DATETIME", datetime(2020, 2, 29, 12, 30, 1)),  # noqa: DTZ001  (BigQuery's DATETIME has no time zone)
        ("TIMESTAMP", datetime(2020, 2, 29, 12, 30, 1, 123456, tzinfo=UTC)),
        ("NUMERIC", Decimal("12345678901234567890.123456789")),
    ],
)
def test_a_scalar_comes_back_as_it_was_given(client: bigquery.Client, kind: str, value: Any) -> None:
    assert value_of(client, "SELECT @p AS a", ScalarQueryParameter("p", kind, value)) == value
    assert value_of(client, "SELECT ? AS a", ScalarQueryParameter(None, kind, value)) == value


@pytest.mark.parametrize(
    ("kind", "values"),
    [("INT64", [3, 1, 2]), ("STRING", [NASTY, "", "NULL", "[", '"']), ("FLOAT64", [1.5, -0.5]), ("STRING", [])],
)
def test_an_array_comes_back_as_it_was_given(client: bigquery.Client, kind: str, values: list[Any]) -> None:
    assert value_of(client, "SELECT @p AS a", ArrayQueryParameter("p", kind, values)) == values


def test_a_struct_and_an_array_of_structs_come_back_as_they_were_given(client: bigquery.Client) -> None:
    person = StructQueryParameter(
        "p", ScalarQueryParameter("name", "STRING", NASTY), ScalarQueryParameter("age", "INT64", 7)
    )
    assert value_of(client, "SELECT @p.name AS a", person) == NASTY
    assert value_of(client, "SELECT @p AS a", person) == {"name": NASTY, "age": 7}
    people = ArrayQueryParameter("ps", "STRUCT", [person])
    assert value_of(client, "SELECT p.age FROM UNNEST(@ps) AS p", people) == 7


def test_a_parameter_s_name_in_a_string_is_a_string(client: bigquery.Client) -> None:
    assert value_of(client, "SELECT CONCAT(@a, '@a', \"@a\") AS a", ScalarQueryParameter("a", "STRING", "x")) == "x@a@a"


@pytest.mark.parametrize(
    ("sql", "parameter", "message"),
    [
        ("SELECT @b", ScalarQueryParameter("a", "INT64", 1), "Query parameter 'b' not found"),
        ("SELECT @a", ScalarQueryParameter("a", "INT64", "1; DROP"), "Invalid value"),
    ],
)
def test_a_parameter_that_is_not_as_it_should_be_is_refused(
    client: bigquery.Client, sql: str, parameter: Any, message: str
) -> None:
    with pytest.raises(BadRequest, match=message):
        value_of(client, sql, parameter)


def test_a_type_that_is_not_offered_is_said_to_be(enabled: Google) -> None:
    parameter = {"name": "a", "parameterType": {"type": "INTERVAL"}, "parameterValue": {"value": "1-2 3 4:5:6"}}
    assert query(enabled, "SELECT @a", queryParameters=[parameter]).status_code == 501
