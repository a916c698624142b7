"""What the function makes of its variables, without running it: rules that would take a process for each value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keyless_bigquery.runtime import environment
from keyless_bigquery.runtime.aws_credentials import RoleSessionSupplier
from keyless_bigquery.runtime.credentials import CredentialConfiguration
from keyless_bigquery.runtime.deadline import TimeLimit
from keyless_bigquery.runtime.environment import Environment
from keyless_bigquery.runtime.errors import ConfigurationError
from tests.runtime.conftest import credential_configuration

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
    ["other-project.sales.orders", "other-project.shared", "a-project.d.T,a-project.d"],
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
    assert "Check: BIGQUERY_COLUMNS" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        (environment.TABLE, "local-keyless.d.users` WHERE 1=1 --", "it must be project.dataset.table"),
        (environment.TABLE, None, "is not set"),
        (environment.PROJECT, "123456789012", "and not a project number"),
        (environment.LOCATION, "U S", "a BigQuery location"),
        (environment.MAXIMUM_BYTES_BILLED, "10MB", "a whole number of bytes"),
        (environment.MAXIMUM_BYTES_BILLED, "0", "it must be from 1"),
        (environment.API_ENDPOINT, "http://bigquery.example", "tokens travel there"),
    ],
)
def test_any_other_bad_variable_is_refused_with_its_rule(name: str, value: str | None, says: str) -> None:
    changed = {**VARIABLES, name: value}
    with pytest.raises(ConfigurationError) as refused:
        Environment.from_environ({name: value for name, value in changed.items() if value is not None})
    assert says in str(refused.value)
    assert f"Check: {name}" in str(refused.value)


def configuration(**values: object) -> str:
    """The good file with some values changed."""
    return json.dumps({**credential_configuration("http://127.0.0.1:9"), **values})


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{}", "of type 'None'"),
        ("[]", "not a JSON object"),
        ("not json", "not JSON"),
        ('{"type": "external_account"}', "it has no audience"),
        (configuration(token_url=None), "it has no token_url"),
        (configuration(credential_source={"file": "/token"}), "not that of an AWS provider"),
        (
            configuration(
                credential_source={
                    "environment_id": "aws1",
                    "regional_cred_verification_url": "https://sts.example",
                }
            ),
            "regional_cred_verification_url must be https://sts.{region}.amazonaws.com?Action",
        ),
        (configuration(workforce_pool_user_project="1"), "google-auth can't use it"),
    ],
)
def test_a_file_that_is_no_credential_configuration_is_refused(tmp_path: Path, content: str, says: str) -> None:
    file = tmp_path / "credential-configuration.json"
    file.write_text(configuration())
    supplier = RoleSessionSupplier({}, TimeLimit())
    assert CredentialConfiguration.from_file(file).credentials(supplier)
    file.write_text(content)
    with pytest.raises(ConfigurationError) as refused:
        CredentialConfiguration.from_file(file).credentials(supplier)
    assert says in str(refused.value)
