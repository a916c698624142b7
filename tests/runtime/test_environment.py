"""What the function makes of its variables, without running it: rules that would take a process for each value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keyless_bigquery import rules
from keyless_bigquery.runtime import environment
from keyless_bigquery.runtime.aws_credentials import Remembering, RoleSessionSupplier
from keyless_bigquery.runtime.credentials import CredentialConfiguration
from keyless_bigquery.runtime.deadline import TimeLimit
from keyless_bigquery.runtime.environment import Environment
from keyless_bigquery.runtime.errors import ConfigurationError
from keyless_bigquery.runtime.loading import load
from tests.runtime.conftest import AWS_SECRETS, credential_configuration

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
    "value",
    [
        "a",
        "_",
        "_PARTITIONTIME,_partitiondate,_FILE_NAME",
        "user_id,name",
        "Z9,_9",
        "a" * 300,
        ",".join(f"c{number}" for number in range(100)),
    ],
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
        ("_TABLE_SUFFIX", "BigQuery takes no column whose name begins with _TABLE_"),
        (
            "id,_partition_key",
            "'_partition_key' is no name of a column (BigQuery takes no column whose name begins with _P",
        ),
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
        *(
            (environment.API_ENDPOINT, value, "tokens travel there")
            for value in (
                *("https://user:planted@bigquery.example", "https://bigquery.example:port", "https://[::1", "https://"),
                *(
                    "https://bigquery.example ",
                    "https://bigquery.example\n",
                    "https://bigquery .example",
                    "bigquery.example",
                ),
                *(
                    "ftp://127.0.0.1",
                    "https://bigquery.example?key=1",
                    "https://bigquery.example:0",
                    "https://b\u00edgquery.example",
                ),
            )
        ),
    ],
)
def test_any_other_bad_variable_is_refused_with_its_rule(name: str, value: str | None, says: str) -> None:
    changed = {**VARIABLES, name: value}
    with pytest.raises(ConfigurationError) as refused:
        Environment.from_environ({name: value for name, value in changed.items() if value is not None})
    assert says in str(refused.value)
    assert f"Check: {name}" in str(refused.value)
    assert "planted" not in str(refused.value)


STANDARD_PARTITION = "sts.REGION.amazonaws.com who the caller is, which serves the standard AWS partition only"
NO_REGION = "it is not the name of an AWS region"
REGIONS = {
    **dict.fromkeys(("cn-north-1", "cn-northwest-1", "us-gov-west-1", "us-gov-east-1"), STANDARD_PARTITION),
    **dict.fromkeys(("us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1"), STANDARD_PARTITION),
    **dict.fromkeys(("eusc-de-east-1",), STANDARD_PARTITION),
    **dict.fromkeys(("us-east-1 ", " us-east-1", "us-east-1\n", "us-east-1\t", "\u200bus-east-1", " "), NO_REGION),
    **dict.fromkeys(
        ("US-EAST-1", "us-east-1a", "us-east", "useast1", "us_east_1", "us-east-\u0661", "aws-global"), NO_REGION
    ),
    **dict.fromkeys(
        ("us-east-1,eu-west-1", "us-east-1.amazonaws.com", '"us-east-1"', "us\u2010east\u20101"), NO_REGION
    ),
}


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
@pytest.mark.parametrize("value", REGIONS)
def test_what_is_no_region_that_google_asks_is_refused_by_the_settings_own_rule(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        environment.require_aws_session({**AWS_SECRETS, name: value})
    assert f"environment variable {name} is {value!r}: " in str(refused.value)
    assert REGIONS[value] in str(refused.value)
    assert f"Check: {name}" in str(refused.value)
    assert "configuration.json" not in str(refused.value)
    assert rules.region(value) is not None


@pytest.mark.parametrize("value", ["us-east-1", "ap-southeast-7", "mx-central-1", "il-central-1", "ca-west-1"])
def test_a_region_of_the_standard_partition_is_taken(value: str) -> None:
    environment.require_aws_session({**AWS_SECRETS, "AWS_REGION": value})
    assert rules.region(value) is None


@pytest.mark.parametrize("name", AWS_SECRETS)
@pytest.mark.parametrize("more", ["\n", " ", "\r\nX: y", "\u00a0", "\0"])
def test_a_session_that_can_be_no_header_is_refused_without_its_value(name: str, more: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        environment.require_aws_session({**AWS_SECRETS, "AWS_REGION": "us-east-1", name: AWS_SECRETS[name] + more})
    assert f"environment variable {name} is invalid: " in str(refused.value)
    assert AWS_SECRETS[name] not in str(refused.value)


@pytest.mark.parametrize(
    "value", ["handler", "handler.", ".lambda_handler", "a b.c", "..a.f", "handler.py:f", "a.b\n", "1.f"]
)
def test_what_is_no_function_in_the_package_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load({environment.HANDLER: value})({}, None)
    assert f"environment variable KEYLESS_HANDLER is {value!r}: it must be module.function" in str(refused.value)


JWT = "urn:ietf:params:oauth:token-type:jwt"


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
        (
            configuration(token_url="sts.googleapis.com/v1/token"),
            "its token_url is 'sts.googleapis.com/v1/token': it is no",
        ),
        (
            configuration(service_account_impersonation_url="https://a b/"),
            "its service_account_impersonation_url is 'https",
        ),
        (configuration(credential_source={"file": "/token"}), "not that of an AWS provider"),
        (configuration(subject_token_type=JWT), "it has a credential_source, and a token that AWS signs"),
        (configuration(subject_token_type=JWT, credential_source={"file": "/t"}), "it has a credential_source"),
        (configuration(subject_token_type=f"{JWT} "), "its subject_token_type must be urn:ietf:params:aws"),
        (configuration(subject_token_type="urn:ietf:params:oauth:token-type:id_token"), "subject_token_type must be"),
        (configuration(subject_token_type="urn:ietf:params:oauth:token-type:saml2"), "subject_token_type must be"),
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
    limit = TimeLimit()
    supplier = Remembering(RoleSessionSupplier({}, limit))
    assert CredentialConfiguration.from_file(file).credentials(supplier, limit)
    file.write_text(content)
    with pytest.raises(ConfigurationError) as refused:
        CredentialConfiguration.from_file(file).credentials(supplier, limit)
    assert says in str(refused.value)
