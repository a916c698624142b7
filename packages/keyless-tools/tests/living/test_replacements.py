"""What a change replaces is what docs/living.md says, and a new one is there before the old one goes."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from pulumi.automation import Deployment, EngineEvent, OpType
from pulumi.automation.errors import CommandError
from pulumi.runtime.mocks import MockMonitor

from keyless_bigquery.components import listed_tables, outputs
from keyless_bigquery.components.program import ROOT
from pulumi_offline.stack_harness import StackHarness
from tests.components.recording import record
from tests.docs.pages import read
from tests.failed_runs import forget_failed_runs
from tests.living.commands import tool
from tests.living.environments import Environments, aws, plan, reads
from tests.living.test_tools import EVERYTHING

(CHANGES,) = (table for table in read(ROOT / "docs" / "living.md").tables if table.heading == "What a change replaces")
USERS = [
    {"name": "user_id", "type": "INTEGER", "mode": "REQUIRED", "description": "The user's number."},
    {"name": "name", "type": "STRING", "description": "The user's name."},
]
CITY = {"name": "city", "type": "STRING"}
ELSEWHERE = "eu-west-1"
SCHEDULED = {"schedule": "rate(1 hour)"}

DONE = {
    OpType.CREATE: "made",
    OpType.CREATE_REPLACEMENT: "made",
    OpType.UPDATE: "updated",
    OpType.DELETE: "deleted",
    OpType.DELETE_REPLACED: "deleted",
}


def row(change: str) -> list[set[str]]:
    """The resources that a change replaces and changes in place, by the page's table."""
    (found,) = (cells for cells in CHANGES.rows if cells[0].startswith(change))
    return [set(re.findall("`([^`]+)`", cell)) for cell in found[1:3]]


@pytest.fixture
def dev(environments: Environments) -> StackHarness:
    """The disposable environment. A test that changes it puts it back."""
    return environments.dev


@pytest.mark.parametrize(
    ("change", "settings", "others"),
    [
        pytest.param("`roleName`", {"roleName": "Reader-Two"}, {}, id="role"),
        pytest.param("`functionName`", {"functionName": "another"}, {}, id="function", marks=pytest.mark.soak),
        pytest.param("`awsRegion`", {"awsRegion": ELSEWHERE}, {}, id="region", marks=pytest.mark.soak),
        pytest.param(
            "`serviceAccountId`", {"serviceAccountId": "another-reader"}, {}, id="account", marks=pytest.mark.soak
        ),
        pytest.param(
            "`access` to `direct`",
            {"access": "direct"},
            dict.fromkeys(("reader-account", "may-impersonate", "enable-iamcredentials"), "delete"),
            id="access",
        ),
        pytest.param(
            "`snapStart`",
            {"snapStart": "true", "functionRuntime": "python3.13", "functionArchitecture": "arm64"},
            {"function-alias": "create"},
            id="snapshot",
            marks=pytest.mark.soak,
        ),
        pytest.param("`tableId`", {"tableId": "people"}, {}, id="table", marks=pytest.mark.soak),
        pytest.param(
            "`bigqueryLocation`",
            {"bigqueryLocation": "EU", "datasetId": "keyless_eu"},
            {},
            id="location",
            marks=pytest.mark.soak,
        ),
        pytest.param("`poolId`", {"poolId": "another-pool"}, {"pool-suffix-local-keyless": "delete"}, id="pool"),
        pytest.param(
            "`tables`: one more",
            {"tables": ["local-keyless.keyless_dev.others"]},
            {listed_tables.logical_name("local-keyless.keyless_dev.others"): "create"},
            id="listed table",
        ),
        pytest.param("`columns`: one more", {"columns": [*USERS, CITY]}, {}, id="column"),
    ],
)
def test_the_page_says_what_is_replaced_and_in_place_and_nothing_is_deleted_first(
    dev: StackHarness, change: str, settings: Mapping[str, Any], others: Mapping[str, str]
) -> None:
    replaced, updated = row(change)
    found = plan(dev.beside("dev", settings))
    components = {name for name in updated if name == "warehouse"}
    assert found == {**dict.fromkeys(replaced, "replace"), **dict.fromkeys(updated - components, "update"), **others}


def test_in_another_project_the_pool_has_another_suffix(dev: StackHarness) -> None:
    found = plan(dev.beside("dev", {"poolProject": "pool-project"}))
    assert (found["pool-suffix-pool-project"], found["pool-suffix-local-keyless"]) == ("create", "delete")


@pytest.mark.parametrize("with_trigger", [None, "local-keyless"])
def test_a_suffix_that_an_earlier_version_made_stays(environments: Environments, with_trigger: str | None) -> None:
    stack = environments.dev.stack
    today = stack.export_stack()
    project = environments.dev.cloud.project_id
    earlier = json.loads(json.dumps(today.deployment).replace(f"::pool-suffix-{project}", "::pool-suffix"))
    (suffix,) = (one for one in earlier["resources"] if one["urn"].endswith("::pool-suffix"))
    if with_trigger is not None:
        suffix["replacementTrigger"] = with_trigger
    try:
        stack.import_stack(Deployment(version=today.version, deployment=earlier))
        assert plan(environments.dev) == {}
    finally:
        stack.import_stack(today)


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool | None]:
    """For each type that the program registers, whether it is deleted first; ``None``: as its provider has it."""
    found: dict[str, bool | None] = {}
    register: Callable[[MockMonitor, Any], Any] = MockMonitor.RegisterResource

    def recorded(monitor: MockMonitor, request: Any) -> Any:
        if request.custom and request.type.startswith(("aws:", "gcp:")):
            found[request.type] = request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None
        return register(monitor, request)

    monkeypatch.setattr(MockMonitor, "RegisterResource", recorded)
    return found


def test_each_type_creates_the_new_one_first(orders: dict[str, bool | None]) -> None:
    record(EVERYTHING)
    assert [kind for kind, deleted_first in orders.items() if deleted_first is not False] == []
    assert {"aws:lambda/alias:Alias", "aws:cloudwatch/eventRule:EventRule"} < orders.keys()


def up(stage: StackHarness) -> list[tuple[str, str]]:
    """Deploys; what was done to each resource, in that order. Fails where an old one was deleted before the new one."""
    events: list[EngineEvent] = []
    stage._outputs = stage.stack.up(on_event=events.append).outputs
    steps = [
        (DONE[event.res_outputs_event.metadata.op], event.res_outputs_event.metadata.urn.rpartition("::")[2])
        for event in events
        if event.res_outputs_event is not None and event.res_outputs_event.metadata.op in DONE
    ]
    for name in {name for done, name in steps if done == "made" and ("deleted", name) in steps}:
        assert steps.index(("made", name)) < steps.index(("deleted", name)), (name, steps)
    return steps


def test_changes_one_after_the_other_and_the_function_reads_after_each(dev: StackHarness) -> None:
    before = named(dev.holdings())
    renamed = dev.beside("dev", {"roleName": "Reader-Two"})
    steps = up(renamed)
    made, used, gone = (
        steps.index(step)
        for step in (("made", "may-write-own-log"), ("updated", "function"), ("deleted", "execution-role"))
    )
    assert made < used < gone, "the function leaves the old role for a whole one"
    assert reads(renamed)
    condition = renamed.google("GET", f"/v1/{renamed.output(outputs.PROVIDER_NAME)}")["attributeCondition"]
    assert "assumed-role/Reader-Two/" in condition
    assert "keyless-bigquery-dev" not in condition
    held = named(renamed.holdings())
    assert [binding for binding in held if binding.endswith("assumed-role/Reader-Two on serviceAccounts/")]
    assert not [one for one in held if "/keyless-bigquery-dev on " in one or one == "role keyless-bigquery-dev"]

    moved = dev.beside("dev", {"access": "direct", "awsRegion": ELSEWHERE})
    up(moved)
    assert reads(moved, region=ELSEWHERE)
    here = aws(moved, "lambda", moved.cloud.aws_region).list_functions()["Functions"]
    assert "keyless-bigquery-dev" not in [function["FunctionName"] for function in here]
    assert not [one for one in moved.holdings() if "bq-reader-dev" in one]

    dev.up()
    assert reads(dev)
    assert named(dev.holdings()) == before


def named(holdings: set[str]) -> set[str]:
    """Holdings without an account's number: one made again under its e-mail is another."""
    return {held.rstrip("0123456789") if " on serviceAccounts/" in held else held for held in holdings}


def a_zip() -> bytes:
    """The code of another team's function."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("a.py", "")
    return content.getvalue()


@pytest.fixture(scope="module")
def scheduled(environments: Environments) -> Iterator[StackHarness]:
    """The disposable environment with a schedule."""
    stage = environments.dev.beside("dev", SCHEDULED)
    stage.up()
    yield stage
    environments.dev.up()


@pytest.mark.soak
def test_a_function_is_renamed_with_its_schedule_the_new_one_first(scheduled: StackHarness) -> None:
    renamed = scheduled.beside("dev", {**SCHEDULED, "functionName": "renamed"})
    steps = up(renamed)
    for name in ("function", "function-log", "schedule", "may-start-function", "scheduled-function"):
        assert {("made", name), ("deleted", name)} <= set(steps)
    assert steps.index(("made", "scheduled-function")) < steps.index(("deleted", "function"))
    assert reads(renamed)
    up(scheduled)
    assert reads(scheduled)


@pytest.mark.soak
def test_a_rename_that_fails_leaves_the_old_function_and_recovery_goes_back(scheduled: StackHarness) -> None:
    name, role = scheduled.output(outputs.FUNCTION_NAME), scheduled.output(outputs.ROLE_ARN)
    functions, events = scheduled.aws("lambda"), scheduled.aws("events")
    functions.create_function(
        FunctionName="taken", Role=role, Runtime="python3.13", Handler="a.b", Code={"ZipFile": a_zip()}
    )
    try:
        with pytest.raises(CommandError, match="Function already exist"):
            scheduled.beside("dev", {**SCHEDULED, "functionName": "taken"}).up()
        forget_failed_runs()
        assert reads(scheduled)
        assert events.list_targets_by_rule(Rule=name)["Targets"]
        assert f"/aws/lambda/{name}" in {
            group["logGroupName"] for group in scheduled.aws("logs").describe_log_groups()["logGroups"]
        }
        assert "back in its place" in tool(scheduled, "recover").succeeded
        scheduled.up()
        assert scheduled.up(refresh=True).keys() <= {"same"}, "nothing that is there was deleted"
        assert reads(scheduled)
        assert events.list_targets_by_rule(Rule=name)["Targets"]
    finally:
        functions.delete_function(FunctionName="taken")
