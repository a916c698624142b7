"""What is taken from the engine, and what is said where it gives nothing."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from keyless_bigquery.components import outputs
from keyless_bigquery.settings.settings import Settings
from keyless_tools.doctor.answer import Absent, Found
from keyless_tools.doctor.expected import expected_of
from keyless_tools.doctor.finding import Finding, Link, Verdict
from keyless_tools.doctor.report import Walked, as_json, exit_code
from keyless_tools.doctor.stack import Stack, StackError, read_stack, values_of
from keyless_tools.doctor.walk import walk
from tests.components.recording import DEFAULTS, REQUIRED
from tests.doctor import healthy

CONFIGURED = {f"renamed:{key}": {"value": value, "secret": False} for key, value in {**DEFAULTS, **REQUIRED}.items()}


def engine_on_path(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A pulumi that does what a line of shell says."""
    program = folder / "pulumi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_settings_are_read_whatever_the_project_is_called_and_an_empty_one_is_not_set() -> None:
    values = values_of({**CONFIGURED, "renamed:poolId": {"value": ""}, "aws:awsRegion": {"value": "eu-west-1"}})
    assert values == {key: value for key, value in {**DEFAULTS, **REQUIRED}.items() if value}


def test_a_secret_environment_can_be_used_no_better_than_by_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text(json.dumps({**CONFIGURED, "renamed:environment": {"secret": True}}))
    (tmp_path / "stack").write_text('{"readers": {}}')
    engine_on_path(tmp_path, monkeypatch, f'cat "{tmp_path}/$1"')
    with pytest.raises(StackError, match=r"environment is .* it holds a secret of Pulumi's"):
        read_stack("dev")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (
            "echo 'error: no stack named' >&2; exit 6",
            "`pulumi config --json --stack dev` failed: error: no stack named",
        ),
        ("echo '[]'", "`pulumi config --json` printed JSON that is not an object"),
        ("echo '{}'", "has no outputs, so nothing is deployed: run `pulumi up --stack dev`"),
    ],
)
def test_an_engine_that_gives_nothing_is_reported_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str
) -> None:
    engine_on_path(tmp_path, monkeypatch, script)
    with pytest.raises(StackError) as error:
        read_stack("dev")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_settings_that_can_not_be_used_are_reported_by_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIGURED | {"renamed:awsAccountId": {"value": "12"}}))
    engine_on_path(tmp_path, monkeypatch, f"cat {tmp_path}/config.json")
    with pytest.raises(StackError, match="awsAccountId is '12': an AWS account id has exactly 12 digits"):
        read_stack("dev")


def without(found: Stack, *path: str) -> Stack:
    message = json.loads(json.dumps(found.outputs))
    place = message
    for name in path[:-1]:
        place = place[name]
    del place[path[-1]]
    return dataclasses.replace(found, outputs=message)


NEEDED = set(outputs.OF_READER) - {outputs.SERVICE_ACCOUNT, outputs.PRINCIPAL, outputs.TABLES}


@pytest.mark.parametrize(
    "path",
    [
        (outputs.READERS,),
        (outputs.POOL_NAME,),
        (outputs.READERS, "reader"),
        *((outputs.READERS, "reader", name) for name in sorted(NEEDED)),
    ],
    ids=".".join,
)
def test_a_stack_that_was_not_deployed_to_its_end_is_reported(path: tuple[str, ...]) -> None:
    with pytest.raises(StackError, match=f"no output .*{path[-1]}.* Run `pulumi up --stack dev`"):
        expected_of(without(healthy.stack(), *path))


def reconfigured(**changed: str) -> Stack:
    settings = Settings.read({**DEFAULTS, **REQUIRED, **changed}, stack="dev")
    return dataclasses.replace(healthy.stack(), settings=settings)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"roleName": "Other"},
            "role_arn of reader is arn:aws:iam::210987654321:role/keyless-bigquery-dev, configured is",
        ),
        ({"functionName": "other"}, "function_name of reader is keyless-bigquery-dev, configured is other"),
        ({"tableId": "orders"}, "table of reader is my-project.keyless_dev.users, configured is"),
        ({"access": "direct"}, f"service_account of reader is {healthy.EMAIL}, configured is none"),
        ({"readers": '[{"name": "a"}, {"name": "b"}]'}, ""),
    ],
)
def test_settings_that_differ_from_what_is_deployed_are_reported(changed: dict[str, str], message: str) -> None:
    found = reconfigured(**changed)
    if not message:
        with pytest.raises(StackError, match=r"has no output readers\.a"):
            expected_of(found)
        return
    (chain,) = expected_of(found)
    (line,) = chain.undeployed
    assert line.startswith(message)


@pytest.mark.parametrize(
    ("changed", "fix"),
    [
        ({"tableId": "orders"}, "pulumi config set tableId users --stack dev"),
        ({"datasetId": "other"}, "pulumi config set datasetId keyless_dev --stack dev"),
        (
            {"dataProject": "other-project", "tableId": "orders"},
            "pulumi config set dataProject my-project --stack dev && pulumi config set tableId users --stack dev",
        ),
        ({"bigqueryLocation": "EU"}, "pulumi config set bigqueryLocation US --stack dev"),
        (
            {"readers": '[{"name": "a", "tableId": "orders"}, {"name": "b"}]'},
            "pulumi config set --path 'readers[0].tableId' users --stack dev",
        ),
        (
            {"readers": '[{"name": "b"}, {"name": "c"}]', "datasetId": "keyless_dev"},
            "pulumi config refresh --stack dev",
        ),
        ({"roleName": "Other"}, "pulumi up --stack dev"),
    ],
)
def test_settings_by_which_a_table_would_lose_its_rows_are_changed_back_and_never_deployed(
    changed: dict[str, str], fix: str
) -> None:
    found = reconfigured(**changed)
    reader = found.outputs[outputs.READERS]["reader"]
    one = {**reader, outputs.TABLE: "my-project.keyless_dev.b", outputs.TABLES: ["my-project.keyless_dev.b"]}
    deployed = {"reader": reader} if "readers" not in changed else {"a": reader, "b": one}
    chain = expected_of(dataclasses.replace(found, outputs={**found.outputs, outputs.READERS: deployed}))[0]
    seen = healthy.changed(healthy.seen(chain), dataset=Found(value={"location": "US"}), log_group=Absent())
    settings, *others = walk(chain, seen)
    assert (settings.link, settings.verdict, settings.fix) == (Link.SETTINGS, Verdict.FAILED, fix)
    assert ("would replace or delete one with its rows" in settings.expected) == ("up" not in fix)
    assert not [other for other in others if "pulumi up" in other.fix], "it would deploy them as well"
    log = next(other for other in others if other.link is Link.LOG)
    assert log.verdict is Verdict.FOLLOWS


def test_an_alias_is_part_of_what_is_invoked_and_not_of_the_identity() -> None:
    found = healthy.stack()
    message = found.outputs[outputs.READERS]["reader"]
    aliased = {**message, outputs.FUNCTION_NAME: f"{message[outputs.FUNCTION_NAME]}:live"}
    (chain,) = expected_of(dataclasses.replace(found, outputs={**found.outputs, outputs.READERS: {"reader": aliased}}))
    assert chain.undeployed == ()
    assert chain.function == "keyless-bigquery-dev:live"
    assert chain.trust.caller_arn.endswith("/keyless-bigquery-dev")


def test_a_second_reader_is_walked_and_one_that_is_going_is_not_but_stays_in_the_condition() -> None:
    message = healthy.stack().outputs
    reader = message[outputs.READERS]["reader"]
    going = {**reader, outputs.ROLE_ARN: "arn:aws:iam::210987654321:role/going"}
    settings = Settings.read({**DEFAULTS, **REQUIRED, "readers": '[{"name": "a"}, {"name": "b"}]'}, stack="dev")
    found = Stack(name="dev", settings=settings, outputs={**message, outputs.READERS: {"a": reader, "old": going}})
    (chain,) = expected_of(found)
    assert chain.reader == "a"
    assert "assumed-role/going/" in chain.condition
    assert "reader b is configured and not deployed" in chain.undeployed
    assert "reader old is deployed and not configured" in chain.undeployed


def test_the_report_for_machines_has_every_reader_and_its_first_broken_link() -> None:
    fine = Finding(link=Link.POOL, verdict=Verdict.OK, actual="it")
    bad = Finding(link=Link.TABLE, verdict=Verdict.FAILED, actual="it", expected="that", fix="do")
    walks = [Walked(reader="a", findings=(fine,)), Walked(reader="b", findings=(fine, bad))]
    message = json.loads(as_json(walks))
    assert message["exitCode"] == exit_code(walks) == 1
    assert message["readers"]["a"]["firstFailed"] is None
    assert message["readers"]["b"]["firstFailed"] == "table"
    assert message["readers"]["b"]["findings"][1] == {
        "link": "table",
        "verdict": "failed",
        "actual": "it",
        "expected": "that",
        "fix": "do",
    }
