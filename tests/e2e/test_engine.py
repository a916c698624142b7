"""The real engine with the real program: outputs, refused settings, and columns that change."""

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


def test_every_output_is_there(harness: StackHarness) -> None:
    found = harness.stack.outputs()
    assert set(found) == {*outputs.OF_STACK, *outputs.OF_READER}
    assert found[outputs.READERS].value == {ONLY_READER: {name: found[name].value for name in outputs.OF_READER}}
    assert harness.output(outputs.AUDIENCE) == f"//iam.googleapis.com/{harness.output(outputs.PROVIDER_NAME)}"
    assert json.loads(harness.output(outputs.CREDENTIAL_CONFIGURATION))["audience"] == harness.output(outputs.AUDIENCE)


def test_all_that_is_missing_wrong_or_misspelt_is_in_one_message_and_nothing_is_created(
    harness: StackHarness,
) -> None:
    before = harness.holdings()
    settings = {"googleProject": "", "awsAccountId": "12345678901", "googleProjectNumber": "my-project", "memory": 512}
    wrong = harness.beside("wrong", settings)
    with pytest.raises(CommandError) as refused:
        wrong.up()
    forget_failed_runs()
    shown = str(refused.value)
    assert "4 settings of this stack can't be used; nothing was created." in shown
    assert "googleProject is not set: this setting has no default" in shown
    assert "googleProjectNumber is 'my-project': a project number has digits only" in shown
    assert "awsAccountId is '12345678901': an AWS account id has exactly 12 digits" in shown
    assert "memory is '512': there is no such setting. Did you mean memoryMb?" in shown
    assert "Traceback" not in shown
    assert harness.holdings() == before


def test_the_credential_configuration_lies_in_the_package_under_its_name(harness: StackHarness) -> None:
    function = harness.aws("lambda").get_function(FunctionName=harness.output(outputs.FUNCTION_NAME))
    variables = function["Configuration"]["Environment"]["Variables"]
    assert variables["GOOGLE_APPLICATION_CREDENTIALS"] == CREDENTIAL_CONFIGURATION_FILE


@pytest.mark.soak
def test_a_column_is_added_in_place_and_a_narrowed_one_is_refused_before_the_table_is_touched(
    harness: StackHarness,
) -> None:
    user_id = {"name": "user_id", "type": "INTEGER", "mode": "REQUIRED"}
    name, age = {"name": "name", "type": "STRING"}, {"name": "age", "type": "INTEGER"}
    before = harness.beside("columns", {"columns": [user_id, name]})
    before.up()
    try:
        before.put_rows(ROWS)
        narrowed = [user_id | {"name": "User_id"}, name | {"type": "INTEGER"}]
        with pytest.raises(CommandError, match="can't become what the settings say") as refused:
            harness.beside("columns", {"columns": narrowed}).preview()
        forget_failed_runs()
        for reason in ("user_id: written User_id instead of user_id", "name: INTEGER instead of STRING"):
            assert f"- column {reason}" in str(refused.value)
        wider = harness.beside("columns", {"columns": [user_id, name, age]})
        changed = set(wider.up())
        read = wider.invoke()
    finally:
        before.destroy()
    assert changed == {"same", "update"}
    assert "user_id=1, name=Alice, age=None" in read.log, read.log
