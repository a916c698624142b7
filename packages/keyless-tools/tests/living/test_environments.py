"""Two environments in one Google project and one AWS account: side by side, changed, destroyed and up again.

All of it in one module, since the two take a while to come up.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from pulumi.automation import Deployment

from federation_emulator.client.cloud import LocalCloud
from keyless_bigquery.components import federation, outputs
from pulumi_offline.demo.scenario import ROWS
from pulumi_offline.stack_harness import StackHarness
from tests.living.commands import inline, pulumi, tool
from tests.living.environments import Environments, plan, reads

VERSION_0_1 = {
    "keyless:infra:ReaderAccess$": "keyless:infra:ReaderAccount$",
    "keyless:infra:ReaderAccess::reader-access": "keyless:infra:ReaderAccount::reader-account",
    "keyless:infra:Services$": "keyless:infra:Federation$",
    "keyless:infra:Reader$keyless:infra:ExecutionRole$": "keyless:infra:Reader$",
    "gcp:bigquery/table:Table::table": "gcp:bigquery/table:Table::users",
    "gcp:bigquery/iamMember:IamMember::may-read-table": "gcp:bigquery/iamMember:IamMember::may-read-users",
}
"""Parts of today's URNs, and what stood there in a state that version 0.1 left."""


def test_no_output_of_one_environment_is_an_output_of_the_other(environments: Environments) -> None:
    message = [stage.output(name) for stage in (environments.dev, environments.prod) for name in outputs.OF_READER]
    assert len(set(message)) == len(message)


def test_one_is_destroyed_under_the_other_and_comes_up_again_at_once(environments: Environments) -> None:
    dev, prod = environments.dev, environments.prod
    mistyped = tool(dev, "destroy", typed="prod\n")
    assert (mistyped.status, "nothing was deleted" in mistyped.errors) == (1, True)
    assert "bq-reader-dev@" in mistyped.output
    assert "/tables/users: with its rows" in mistyped.output
    assert reads(dev)

    assert "destroyed" in tool(dev, "destroy", typed="dev\n").succeeded
    assert not [held for held in environments.holdings if "dev" in held.replace("deployer", "")]
    assert reads(prod)
    assert plan(prod) == {}

    dev.up()
    dev.put_rows(ROWS)
    assert reads(dev)


def test_a_protected_environment_is_not_destroyed_and_says_what_to_do(environments: Environments) -> None:
    everything = environments.holdings
    refused = tool(environments.prod, "destroy", "--confirmed", "prod")
    assert refused.status == 1
    for kept in ("Pools/bq-prod-", "/providers/aws-lambda\n", "/bq-reader-prod@", "/keyless_prod\n", "/users\n"):
        assert kept in refused.errors
    commands = (
        "pulumi config set deletionProtection false --stack prod",
        "pulumi up --stack prod",
        "keyless destroy prod",
    )
    places = [refused.errors.index(command) for command in commands]
    assert places == sorted(places)
    engine = pulumi(environments.prod, "destroy", "--yes")
    assert engine.status != 0
    assert "cannot be deleted" in engine.output + engine.errors
    assert environments.holdings == everything, "the engine looks before it deletes, unless it is message to skip that"


@pytest.mark.soak
def test_what_isnt_protected_goes_and_comes_back_with_the_rows_still_there(environments: Environments) -> None:
    everything = environments.holdings
    taken_down = inline(environments.prod, "destroy", exclude_protected=True)
    assert "protected" in taken_down.succeeded
    gone = everything - environments.holdings
    assert {held.split()[0] for held in gone} >= {"function", "role", "log", "roles/iam.workloadIdentityUser"}
    assert not [held for held in gone if held.startswith(("pool", "provider", "service account", "dataset"))]
    environments.prod.up()
    assert environments.holdings == everything
    assert reads(environments.prod)


@pytest.mark.soak
def test_once_the_protection_is_taken_off_nothing_is_left_after_a_destroy(cloud: LocalCloud, tmp_path: Path) -> None:
    with StackHarness(cloud, tmp_path, {"deletionProtection": "true"}, name="over") as protected:
        before = protected.holdings()
        protected.up()
        unprotected = protected.beside("over")
        assert set(unprotected.up()) == {"same", "update"}, "this replaces nothing"
        assert "destroyed" in tool(unprotected, "destroy", "--confirmed", "over").succeeded
        assert protected.holdings() == before


@pytest.fixture
def dev(environments: Environments) -> StackHarness:
    """The disposable environment. A test that changes it puts it back."""
    return environments.dev


def test_another_mapping_is_an_update_of_the_provider_alone(dev: StackHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(federation, "attribute_mapping", lambda _: {"google.subject": "assertion.arn"})
    assert plan(dev.beside("dev")) == {"aws-provider": "update"}


def as_readers_in_no_component(deployment: Mapping[str, Any]) -> dict[str, Any]:
    """A state with the same resources, as it was before one component held all readers."""
    readers, around = "keyless:infra:KeylessReaders", "pulumi:pulumi:Stack"
    (stack,) = [one["urn"] for one in deployment["resources"] if one["type"] == around]
    text = json.dumps([one for one in deployment["resources"] if one["type"] != readers]).replace(f"{readers}$", "")
    return {**deployment, "resources": json.loads(re.sub(f'"[^"]*{readers}::readers"', json.dumps(stack), text))}


def as_of_version_0_1(deployment: Mapping[str, Any]) -> dict[str, Any]:
    """Likewise, under the names and in the components that they had then."""
    text = json.dumps(as_readers_in_no_component(deployment))
    for now, then in VERSION_0_1.items():
        assert now in text
        text = text.replace(now, then)
    changed: dict[str, Any] = json.loads(text)
    of_today = ("keyless:infra:Services", "keyless:infra:ExecutionRole")
    changed["resources"] = [one for one in changed["resources"] if one["type"] not in of_today]
    for one in changed["resources"]:
        if "parent" in one:
            one["parent"] = one["parent"].replace("Services::services", "Federation::federation")
            one["parent"] = one["parent"].replace("Reader$keyless:infra:ExecutionRole::identity", "Reader::reader")
    return changed


# The older one is the newer one and more.
@pytest.mark.parametrize(
    "earlier", [pytest.param(as_readers_in_no_component, marks=pytest.mark.soak), as_of_version_0_1]
)
def test_an_earlier_version_is_taken_over_as_it_is_and_by_the_first_of_a_list_even_where_it_is_protected(
    environments: Environments, earlier: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> None:
    names = dict.fromkeys(("roleName", "functionName"), "keyless-bigquery-prod")
    only = {"name": "first", **names, "serviceAccountId": "bq-reader-prod", "tableId": "users"}
    listed = environments.prod.beside("prod", {"deletionProtection": "true", "readers": [only, {"name": "second"}]})
    stack = environments.prod.stack
    today = stack.export_stack()
    try:
        stack.import_stack(Deployment(version=today.version, deployment=earlier(today.deployment or {})))
        assert plan(environments.prod) == {}
        found = dict(plan(listed))
    finally:
        stack.import_stack(today)
    assert found.pop("aws-provider") == "update", "its condition names one role more"
    assert found
    assert all(operation == "create" and name.endswith("-second") for name, operation in found.items()), found
