"""What the function makes of its variables, without running it: rules that would take a process for each value."""

from __future__ import annotations

import pytest

from keyless_bigquery.runtime import environment
from keyless_bigquery.runtime.environment import Environment
from keyless_bigquery.runtime.errors import ConfigurationError

VARIABLES = {
    environment.CREDENTIALS_FILE: "credential-configuration.json",
    environment.PROJECT: "local-keyless",
    environment.TABLE: "local-keyless.keyless_local.users",
    environment.LOCATION: "US",
    environment.MAXIMUM_BYTES_BILLED: "1",
}


def columns(value: str) -> tuple[str, ...]:
    return Environment.from_environ({**VARIABLES, environment.COLUMNS: value}).columns


def test_without_columns_those_of_the_articles_table_are_read() -> None:
    assert Environment.from_environ(VARIABLES).columns == ("user_id", "name")


@pytest.mark.parametrize(
    "value", ["a", "_", "user_id,name", "Z9,_9", "a" * 300, ",".join(f"c{number}" for number in range(100))]
)
def test_columns_are_read_in_their_order(value: str) -> None:
    assert columns(value) == tuple(value.split(","))


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("", "'' is no name of a column"),
        (" ", "' ' is no name of a column"),
        ("a,", "'' is no name of a column"),
        ("a, b", "' b' is no name of a column"),
        ("*", "'*' is no name of a column"),
        ("1a", "'1a' is no name of a column"),
        ("a.b", "'a.b' is no name of a column"),
        ("a`, (SELECT 1) AS `b", "is no name of a column"),
        ("naïve", "'naïve' is no name of a column"),
        ("a\n", "is no name of a column"),
        ("a" * 301, "is no name of a column"),
        (",".join(f"c{number}" for number in range(101)), "names 101 columns"),
        ("name,NAME", "must name no column twice"),
    ],
)
def test_what_is_no_list_of_columns_is_refused_with_the_rule(value: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        columns(value)
    assert says in str(refused.value)
    assert "Look at: BIGQUERY_COLUMNS" in str(refused.value)
