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


FIRST = VARIABLES[environment.TABLE]


@pytest.mark.parametrize(
    "more",
    ["other-project.sales.orders", "other-project.shared", "example.com:old-project.d.t", "a-project.d.T,a-project.d"],
)
def test_the_first_table_and_all_others_may_be_read_in_their_order(more: str) -> None:
    read = Environment.from_environ({**VARIABLES, environment.TABLES: f"{FIRST},{more}"})
    assert (read.table, read.tables) == (FIRST, (FIRST, *more.split(",")))
    assert Environment.from_environ(VARIABLES).tables == (FIRST,)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("", "holds ''"),
        (f"{FIRST},", "holds ''"),
        (f"{FIRST}, a-project.d.t", "holds ' a-project.d.t'"),
        (f"{FIRST},a-project", "holds 'a-project'"),
        (f"{FIRST},a-project.d.t` JOIN `x", "holds"),
        ("a-project.d.t", f"begins with 'a-project.d.t': it must begin with '{FIRST}', as BIGQUERY_TABLE is"),
    ],
)
def test_what_is_no_list_of_tables_is_refused_with_the_rule(value: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Environment.from_environ({**VARIABLES, environment.TABLES: value})
    assert f"environment variable BIGQUERY_TABLES {says}" in str(refused.value)


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
