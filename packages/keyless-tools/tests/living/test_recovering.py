"""What exists under a name that the stack is about to use is taken over, in whichever step an ``up`` ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from federation_emulator.client.cloud import LocalCloud
from keyless_bigquery.components import outputs
from keyless_bigquery.components.role_policies import lambda_only
from pulumi_offline.demo.scenario import ROWS
from pulumi_offline.engine.pins import project_name
from pulumi_offline.stack_harness import StackHarness
from tests.failed_runs import forget_failed_runs
from tests.living.commands import tool
from tests.living.environments import plan

NAME = "again"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("again")


@pytest.fixture(scope="module")
def again(cloud: LocalCloud, folder: Path) -> Iterator[StackHarness]:
    with StackHarness(cloud, folder, name=NAME) as stage:
        stage.up()
        stage.put_rows(ROWS)
        yield stage


def goes_on(stage: StackHarness) -> None:
    """What recover prints as the next step succeeds, leaves nothing to do, and the function reads its rows."""
    stage.stack.refresh()
    stage.up()
    assert plan(stage) == {}
    stage.forget_tokens()
    assert "name=Alice" in stage.invoke().log


def roles(stage: StackHarness) -> set[str]:
    return {role["RoleName"] for role in stage.aws("iam").list_roles()["Roles"] if NAME in role["RoleName"].lower()}


def make_role(stage: StackHarness, name: str) -> None:
    stage.aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=lambda_only())


def note_as_begun(folder: Path, resource: str, /, **inputs: Any) -> None:
    """Turns a state into that of an engine that was killed while it made a resource in place of the one of its name."""
    file = next(folder.rglob(f"stacks/{project_name()}/{NAME}.json"))
    state = json.loads(file.read_text())
    latest = state["checkpoint"]["latest"]
    old = next(one for one in latest["resources"] if one["urn"].endswith(f"::{resource}"))
    begun = {key: value for key, value in old.items() if key not in ("id", "outputs")}
    begun["inputs"] = {**old["inputs"], **inputs}
    latest["pending_operations"] = [{"type": "creating", "resource": begun}]
    file.write_text(json.dumps(state))


@pytest.mark.soak
@pytest.mark.timeout(240)
def test_what_a_replacement_had_made_takes_the_old_ones_place_noted_or_planned(
    again: StackHarness, folder: Path
) -> None:
    make_role(again, "Killed-Again")
    project = f"/v1/projects/{again.cloud.project_id}"
    again.google("POST", f"{project}/serviceAccounts", {"accountId": "planned-again"})
    changed = again.beside(NAME, {"roleName": "Killed-Again", "serviceAccountId": "planned-again"})
    note_as_begun(folder, "execution-role", name="Killed-Again")
    found = tool(changed, "recover", "--planned").succeeded
    assert "execution-role: taken over (Killed-Again)" in found
    assert f"reader-account: taken over (projects/{again.cloud.project_id}/serviceAccounts/planned-again@" in found
    goes_on(changed)
    assert roles(changed) == {"Killed-Again"}, "the old role was deleted by the up"
    again.up()


@pytest.mark.timeout(300)
def test_the_first_of_a_list_of_readers_becomes_the_only_one_again_and_keeps_its_rows(again: StackHarness) -> None:
    only = again
    names = dict.fromkeys(("roleName", "functionName"), f"keyless-bigquery-{NAME}")
    first = {"name": "first", **names, "serviceAccountId": f"bq-reader-{NAME}", "tableId": "users"}
    again.beside(NAME, {"readers": [first, {"name": "second"}]}).up()
    with pytest.raises(automation.CommandError, match="already exists"):
        only.up()
    forget_failed_runs()
    assert "table-first: is now table\n" in tool(only, "recover", "--planned").succeeded
    left = dict(plan(only))
    # The up that failed may have come to it.
    assert left.pop("aws-provider", "update") == "update", "its condition names one role less"
    assert left
    assert all(operation == "delete" and name.endswith("-second") for name, operation in left.items()), left
    goes_on(only)
    assert only.output(outputs.TABLE).endswith(".users")
