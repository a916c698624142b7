"""The function's own environment variables: which names and values are taken, which are refused, and none is shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from keyless_bigquery.runtime import environment
from keyless_bigquery.settings.settings import Settings, SettingsError
from tests.components.recording import DEFAULTS, REQUIRED

RESERVED_BY_LAMBDA = (
    *("_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV"),
    *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION"),
    *("AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"),
    *("AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    *("AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"),
)
"""Source: AWS, "Working with Lambda environment variables", reserved environment variables."""

READ_BY_THE_LIBRARY = [
    value for name, value in vars(environment).items() if isinstance(value, str) and value.isupper() and name.isupper()
]
"""Every name that the library's contract has."""

NOT_TO_BE_SHOWN = "hunter2-and-more"


def read(secret: tuple[str, ...] = (), **changed: object) -> Settings:
    given = {key: value if isinstance(value, str) else json.dumps(value) for key, value in changed.items()}
    return Settings.read(DEFAULTS | REQUIRED | given, stack="dev", secret=frozenset(secret))


def refusal(secret: tuple[str, ...] = (), **changed: object) -> str:
    with pytest.raises(SettingsError) as refused:
        read(secret, **changed)
    (problem,) = refused.value.problems
    return str(problem)


def test_a_variable_is_text_and_what_the_engine_makes_of_text_becomes_it_again() -> None:
    given = {"REPORT_BUCKET": "reports-of-dev", "aB1": "", "LIMIT": 5, "DRY_RUN": True, "LANG": "C.UTF-8", "TZ": "UTC"}
    (reader,) = read(environment=given).readers
    assert reader.environment == {**given, "LIMIT": "5", "DRY_RUN": "true"}
    assert read().readers[0].environment == {}


def test_a_readers_variables_come_besides_the_stacks_and_over_them() -> None:
    listed = [{"name": "a", "environment": {"BB": "reader", "CC": "3"}}, {"name": "b"}]
    first, second = read(environment={"AA": "1", "BB": "2"}, readers=listed).readers
    assert first.environment == {"AA": "1", "BB": "reader", "CC": "3"}
    assert second.environment == {"AA": "1", "BB": "2"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *((name, "set by Lambda itself, which refuses it here") for name in RESERVED_BY_LAMBDA),
        *((name, "read by ") for name in READ_BY_THE_LIBRARY if name.startswith(("KEYLESS_", "BIGQUERY_", "GOOGLE_"))),
        *((name, "AWS credentials are found") for name in READ_BY_THE_LIBRARY if name.startswith("AWS_CONTAINER_")),
        ("AWS_PROFILE", "AWS credentials are found"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS credentials are found"),
        ("GOOGLE_CLOUD_QUOTA_PROJECT", "read by Google's libraries"),
        ("GOOGLE_API_USE_CLIENT_CERTIFICATE", "read by Google's libraries"),
        ("BIGQUERY_EMULATOR_HOST", "read by Google's libraries"),
        ("GCLOUD_PROJECT", "read by Google's libraries"),
        ("KEYLESS_ANYTHING", "read by keyless_bigquery.runtime"),
        ("A", "not a name that Lambda takes"),
        ("1ST", "not a name that Lambda takes"),
        ("_A", "not a name that Lambda takes"),
        ("A-B", "not a name that Lambda takes"),
        ("A.B", "not a name that Lambda takes"),
        ("ÄB", "not a name that Lambda takes"),
        ("", "not a name that Lambda takes"),
    ],
)
def test_a_name_that_is_taken_or_that_lambda_refuses_is_refused_with_the_reason(name: str, expected: str) -> None:
    message = refusal(environment={name: NOT_TO_BE_SHOWN})
    assert message.startswith("environment")
    assert repr(name) in message
    assert expected in message
    assert NOT_TO_BE_SHOWN not in message


def test_the_librarys_contract_has_names_to_try() -> None:
    assert {"GOOGLE_CLOUD_PROJECT", "BIGQUERY_TABLE", "KEYLESS_HANDLER"} <= set(READ_BY_THE_LIBRARY)


@pytest.mark.parametrize(
    "name", ["AWS_LAMBDA_EXEC_WRAPPER", "AWS_XRAY_CONTEXT_MISSING", "google_project", "MY_BIGQUERY_X"]
)
def test_a_name_that_is_only_like_a_reserved_one_is_taken(name: str) -> None:
    assert read(environment={name: "x"}).readers[0].environment == {name: "x"}


@pytest.mark.parametrize(
    "value", [None, 1.5, ["a"], {"b": "c"}, {"secure": "v1:abc"}], ids=["null", "float", "list", "object", "ciphertext"]
)
def test_a_value_that_is_no_text_is_refused(value: object) -> None:
    message = refusal(environment={"SETTING": value})
    assert message == "environment.SETTING is '[not shown]': a variable's value is text. Write it in quotes."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", NOT_TO_BE_SHOWN),
        ("SLACK_TOKEN", NOT_TO_BE_SHOWN),
        ("DATABASE_URL", f"postgres://app:{NOT_TO_BE_SHOWN}@db.internal/app"),
        ("CONFIG", json.dumps({"type": "service_account", "private_key": NOT_TO_BE_SHOWN})),
    ],
)
def test_a_secret_is_refused_with_the_place_where_it_belongs_and_is_not_shown(name: str, value: str) -> None:
    for place, given in (
        (f"environment.{name}", {"environment": {name: value}}),
        (f"readers[0].environment.{name}", {"readers": [{"name": "a", "environment": {name: value}}]}),
    ):
        message = refusal(**given)
        assert message.startswith(f"{place} is '[not shown]': it looks like a secret")
        assert "Secrets Manager" in message
        assert "SSM Parameter Store" in message
        assert NOT_TO_BE_SHOWN not in message


@pytest.mark.parametrize(
    "reference", ["arn:aws:secretsmanager:us-east-1:210987654321:secret:db-AbCdEf", "/prod/db/password"]
)
def test_the_name_of_the_place_where_a_secret_is_kept_is_taken(reference: str) -> None:
    assert read(environment={"DB_PASSWORD": reference}).readers[0].environment == {"DB_PASSWORD": reference}


def test_a_secret_of_pulumis_is_refused_wherever_it_is_and_not_shown() -> None:
    for key, given in (
        ("environment", {"environment": {"SETTING": NOT_TO_BE_SHOWN}}),
        ("readers", {"readers": [{"name": "a", "environment": {"SETTING": NOT_TO_BE_SHOWN}}]}),
    ):
        message = refusal((key,), **given)
        assert message.startswith(f"{key} is '[not shown]': it holds a secret of Pulumi's")
        assert "Secrets Manager" in message
        assert NOT_TO_BE_SHOWN not in message
    assert read(("readers",), readers=[{"name": "a"}]).readers[0].environment == {}


@pytest.mark.parametrize("given", [["A=b"], "A=b", "7", "[}"])
def test_what_is_no_object_is_refused_with_the_line_to_type(given: object) -> None:
    message = refusal(environment=given)
    assert message.startswith("environment is '[not shown]': it must be an object of names and values")
    assert "pulumi config set --path environment.NAME VALUE" in message


def test_a_path_that_was_set_as_a_key_is_no_misspelt_key_and_its_value_is_not_shown() -> None:
    given: dict[str, Any] = {"environment.DB_PASSWORD": NOT_TO_BE_SHOWN}
    message = refusal(**given)
    assert message == (
        "environment.DB_PASSWORD is '[not shown]': there is no such setting. It is a path:"
        " pulumi config set --path environment.DB_PASSWORD VALUE"
    )
    assert "Did you mean environment?" in refusal(enviroment="{}")


def test_all_variables_together_have_at_most_4096_bytes_as_json() -> None:
    ours = len(json.dumps(variables_of(read()), separators=(",", ":")))
    fitting = 4096 - ours - len(',"NOTE":""')
    assert len(read(environment={"NOTE": "x" * fitting}).readers[0].environment["NOTE"]) == fitting
    message = refusal(environment={"NOTE": "x" * (fitting + 1)})
    assert "all variables of the function have 4097 bytes as JSON" in message
    # Not characters, but bytes.
    assert "have 4097 bytes as JSON" in refusal(environment={"NOTE": "x" * (fitting - 1) + "ä"})


def variables_of(settings: Settings) -> dict[str, str]:
    """What the program gives the function by itself, spelled out."""
    return {
        "GOOGLE_APPLICATION_CREDENTIALS": "credential-configuration.json",
        "GOOGLE_CLOUD_PROJECT": "my-project",
        "BIGQUERY_TABLE": "my-project.keyless_dev.users",
        "BIGQUERY_COLUMNS": "user_id,name",
        "BIGQUERY_LOCATION": "US",
        "BIGQUERY_MAXIMUM_BYTES_BILLED": str(settings.maximum_bytes_billed),
    }


def test_each_reader_names_a_function_and_the_stack_the_one_of_the_others() -> None:
    assert tuple(read().handlers) == ("handler.lambda_handler",)
    listed = [{"name": "a"}, {"name": "b", "handler": "orders.lambda_handler"}, {"name": "c"}]
    settings = read(handler="reports.daily.run", readers=listed)
    assert [reader.handler for reader in settings.readers] == [
        *("reports.daily.run", "orders.lambda_handler", "reports.daily.run"),
    ]
    assert tuple(settings.handlers) == ("reports.daily.run", "orders.lambda_handler")
