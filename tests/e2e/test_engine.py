"""The real engine with the real program: nothing changes twice, nothing secret is kept, and all of it goes."""

from __future__ import annotations

import json

import pytest
from pulumi.automation.errors import CommandError

from keyless_bigquery.components import outputs
from keyless_bigquery.settings.reader_settings import ONLY_READER
from keyless_bigquery.trust.trust import CREDENTIAL_CONFIGURATION_FILE
from pulumi_offline.demo.scenario import ROWS
from pulumi_offline.stack_harness import StackHarness
from tests.failed_runs import forget_failed_runs


def test_a_second_up_changes_nothing(stage: StackHarness) -> None:
    assert set(stage.up()) == {"same"}


def test_a_preview_of_a_deployed_stack_plans_nothing(stage: StackHarness) -> None:
    assert set(stage.preview().change_summary) == {"same"}


def test_every_output_is_there(stage: StackHarness) -> None:
    found = stage.stack.outputs()
    assert set(found) == {*outputs.OF_STACK, *outputs.OF_READER}
    assert found[outputs.READERS].value == {ONLY_READER: {name: found[name].value for name in outputs.OF_READER}}
    assert stage.output(outputs.AUDIENCE) == f"//iam.googleapis.com/{stage.output(outputs.PROVIDER_NAME)}"
    assert json.loads(stage.output(outputs.CREDENTIAL_CONFIGURATION))["audience"] == stage.output(outputs.AUDIENCE)


def test_all_that_is_missing_wrong_or_misspelt_is_told_in_one_message_and_nothing_is_created(
    stage: StackHarness,
) -> None:
    before = stage.holdings()
    settings = {"googleProject": "", "awsAccountId": "12345678901", "googleProjectNumber": "my-project", "memory": 512}
    wrong = stage.beside("wrong", settings)
    for attempt in (wrong.preview, wrong.up):
        with pytest.raises(CommandError) as refused:
            attempt()
        forget_failed_runs()
        told = str(refused.value)
        assert "4 settings of this stack can't be used; nothing was created." in told
        assert "googleProject is not set: this setting has no default" in told
        assert "googleProjectNumber is 'my-project': a project number has digits only" in told
        assert "awsAccountId is '12345678901': an AWS account id has exactly 12 digits" in told
        assert "memory is '512': there is no such setting. Did you mean memoryMb?" in told
        assert "Traceback" not in told
    assert stage.holdings() == before


def test_the_credential_configuration_lies_in_the_package_under_its_name(stage: StackHarness) -> None:
    function = stage.aws("lambda").get_function(FunctionName=stage.output(outputs.FUNCTION_NAME))
    variables = function["Configuration"]["Environment"]["Variables"]
    assert variables["GOOGLE_APPLICATION_CREDENTIALS"] == CREDENTIAL_CONFIGURATION_FILE


def test_a_column_is_added_in_place_and_a_narrowed_one_is_refused_before_the_table_is_touched(
    stage: StackHarness,
) -> None:
    user_id = {"name": "user_id", "type": "INTEGER", "mode": "REQUIRED"}
    name, age = {"name": "name", "type": "STRING"}, {"name": "age", "type": "INTEGER"}
    before = stage.beside("columns", {"columns": [user_id, name]})
    before.up()
    try:
        before.put_rows(ROWS)
        for narrowed, reason in (
            ([user_id | {"type": "STRING"}, name], "user_id: STRING instead of INTEGER"),
            ([user_id | {"name": "User_id"}, name], "user_id: written User_id instead of user_id"),
            ([user_id], "name: STRING NULLABLE in the table and not in the settings"),
        ):
            with pytest.raises(CommandError, match=rf"(?s)can't become what the settings say.*- column {reason}"):
                stage.beside("columns", {"columns": narrowed}).preview()
            forget_failed_runs()
        wider = stage.beside("columns", {"columns": [user_id, name, age]})
        changed = set(wider.up())
        read = wider.invoke()
    finally:
        before.destroy()
    assert changed == {"same", "update"}
    assert "user_id=1, name=Alice, age=None" in read.log, read.log
