"""A change of one setting: what is replaced, what is changed in place, and that the function reads before and after."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from pulumi.automation import Deployment

from infra import federation, outputs
from local_cloud.stage import Stage
from tests.living.environments import Environments, aws, plan, reads

USERS = [
    {"name": "user_id", "type": "INTEGER", "mode": "REQUIRED", "description": "The user's number."},
    {"name": "name", "type": "STRING", "description": "The user's name."},
]
CITY = {"name": "city", "type": "STRING"}
ELSEWHERE = "eu-west-1"


VERSION_0_1 = {
    "keyless:infra:ReaderAccess$": "keyless:infra:ReaderAccount$",
    "keyless:infra:ReaderAccess::reader-access": "keyless:infra:ReaderAccount::reader-account",
    "keyless:infra:Services$": "keyless:infra:Federation$",
    "keyless:infra:Reader$keyless:infra:ExecutionRole$": "keyless:infra:Reader$",
    "gcp:bigquery/table:Table::table": "gcp:bigquery/table:Table::users",
    "gcp:bigquery/iamMember:IamMember::may-read-table": "gcp:bigquery/iamMember:IamMember::may-read-users",
}
"""Parts of today's URNs, and what stood there in a state that version 0.1 left."""


@pytest.fixture
def dev(environments: Environments) -> Stage:
    """The disposable environment. Whoever changes it puts it back."""
    return environments.dev


@pytest.mark.parametrize(
    ("settings", "replaced", "updated"),
    [
        pytest.param(
            {"roleName": "Reader-Two"},
            {"execution-role", "may-write-own-log", "may-impersonate"},
            {"aws-provider", "function"},
            id="a role of another name",
        ),
        pytest.param(
            {"functionName": "another"}, {"function", "function-log"}, {"may-write-own-log"}, id="a function's name"
        ),
        pytest.param(
            {"awsRegion": ELSEWHERE}, {"function", "function-log"}, {"may-write-own-log"}, id="another region"
        ),
        pytest.param(
            {"serviceAccountId": "another-reader"},
            {"reader-account", "may-impersonate", "may-start-jobs", "may-read-table"},
            {"function"},
            id="another service account",
        ),
        pytest.param(
            {"tableId": "people"},
            {"table", "may-read-table"},
            {"function"},
            id="another table",
            marks=pytest.mark.soak,
        ),
        pytest.param(
            {"bigqueryLocation": "EU", "datasetId": "keyless_eu"},
            {"dataset", "table", "may-read-table"},
            {"function"},
            id="another location",
            marks=pytest.mark.soak,
        ),
        pytest.param({"columns": [*USERS, CITY]}, set(), {"table", "function"}, id="a column more"),
    ],
)
def test_what_a_change_replaces_and_what_it_changes_in_place(
    dev: Stage, settings: Mapping[str, Any], replaced: set[str], updated: set[str]
) -> None:
    found = plan(dev.beside("dev", settings))
    assert found == {**dict.fromkeys(replaced, "replace"), **dict.fromkeys(updated, "update")}


def test_another_mapping_is_an_update_of_the_provider_alone(dev: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(federation, "attribute_mapping", lambda: {"google.subject": "assertion.arn"})
    assert plan(dev.beside("dev")) == {"aws-provider": "update"}


def test_direct_access_takes_the_account_away_and_grants_to_the_role_itself(dev: Stage) -> None:
    assert plan(dev.beside("dev", {"access": "direct"})) == {
        **dict.fromkeys(("may-start-jobs", "may-read-table"), "replace"),
        **dict.fromkeys(("reader-account", "may-impersonate", "enable-iamcredentials"), "delete"),
        "function": "update",
    }


def test_the_first_reader_of_a_new_list_takes_over_what_the_only_one_had(dev: Stage) -> None:
    names = dict.fromkeys(("roleName", "functionName"), "keyless-bigquery-dev")
    only = {"name": "first", **names, "serviceAccountId": "bq-reader-dev", "tableId": "users"}
    found = dict(plan(dev.beside("dev", {"readers": [only, {"name": "second"}]})))
    assert found.pop("aws-provider") == "update", "its condition names one role more"
    assert found
    assert all(operation == "create" and name.endswith("-second") for name, operation in found.items()), found


def test_a_stack_of_version_0_1_is_taken_over_even_where_it_is_protected(environments: Environments) -> None:
    stack = environments.prod.stack
    today = stack.export_stack()
    try:
        stack.import_stack(Deployment(version=today.version, deployment=as_of_version_0_1(today.deployment or {})))
        assert plan(environments.prod) == {}
    finally:
        stack.import_stack(today)


def as_of_version_0_1(deployment: Mapping[str, Any]) -> dict[str, Any]:
    """A state with the same resources, under the names and in the components that they had then."""
    text = json.dumps(deployment)
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


def test_changes_one_after_the_other_and_the_function_reads_after_each(dev: Stage) -> None:
    before = named(dev.holdings())
    renamed = dev.beside("dev", {"roleName": "Reader-Two"})
    renamed.up()
    assert reads(renamed)
    condition = renamed.google("GET", f"/v1/{renamed.output(outputs.PROVIDER_NAME)}")["attributeCondition"]
    assert "assumed-role/Reader-Two/" in condition
    assert "keyless-bigquery-dev" not in condition
    held = named(renamed.holdings())
    assert [binding for binding in held if binding.endswith("assumed-role/Reader-Two on serviceAccounts/")]
    assert not [one for one in held if "/keyless-bigquery-dev on " in one or one == "role keyless-bigquery-dev"]

    moved = dev.beside("dev", {"access": "direct", "awsRegion": ELSEWHERE})
    moved.up()
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
