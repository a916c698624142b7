"""What the program registers for a reader's own list of tables, its handler and its variables."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from pulumi.runtime.mocks import MockMonitor

from keyless_bigquery.components import outputs
from keyless_bigquery.components.reader import HANDLER
from keyless_bigquery.runtime import environment
from tests.components.recording import record
from tests.components.test_program import FUNCTION, TABLE_MEMBER
from tests.components.test_program_options import SERVICE

DATASET_ACCESS = "gcp:bigquery/datasetAccess:DatasetAccess"


def test_what_is_listed_is_granted_one_by_one_to_exactly_the_reader_and_named_to_its_function() -> None:
    listed = ["data-project.sales.orders", "data-project.sales.Orders", "third-project.shared"]
    email = "bq-reader-dev@my-project.iam.gserviceaccount.com"
    stack = record({"tables": json.dumps(listed)})
    grants = {found.name: found.inputs for found in stack.of_type(TABLE_MEMBER)}
    assert len(grants) == 3
    assert {found["role"] for found in grants.values()} == {"roles/bigquery.dataViewer"}
    assert {found["member"] for found in grants.values()} == {f"serviceAccount:{email}"}
    assert {(found["project"], found["datasetId"], found["tableId"]) for found in grants.values()} == {
        ("my-project", "keyless_dev", "users"),
        ("data-project", "sales", "orders"),
        ("data-project", "sales", "Orders"),
    }
    dataset = stack.only(DATASET_ACCESS)
    assert dataset.inputs == {
        "project": "third-project",
        "datasetId": "shared",
        "role": "roles/bigquery.dataViewer",
        "userByEmail": email,
    }
    assert all(re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) for name in (*grants, dataset.name))
    variables = stack.only(FUNCTION).inputs["environment"]["variables"]
    assert variables[environment.TABLE] == "my-project.keyless_dev.users"
    assert variables[environment.TABLES] == ",".join(["my-project.keyless_dev.users", *listed])
    assert stack.outputs[outputs.TABLES] == ["my-project.keyless_dev.users", *listed]
    assert {found.inputs["project"] for found in stack.of_type(SERVICE)} == {"my-project"}
    again = record({"tables": json.dumps(listed[::-1])})
    assert {found.name for found in again.of_type(TABLE_MEMBER)} == set(grants)


def test_without_a_list_the_function_knows_of_one_table_alone() -> None:
    stack = record()
    assert environment.TABLES not in stack.only(FUNCTION).inputs["environment"]["variables"]
    assert stack.outputs[outputs.TABLES] == ["my-project.keyless_dev.users"]


def test_with_direct_access_the_role_itself_is_granted_what_is_listed() -> None:
    stack = record({"access": "direct", "tables": '["data-project.sales.orders", "third-project.shared"]'})
    principal = stack.outputs[outputs.PRINCIPAL]
    assert [found.inputs["member"] for found in stack.of_type(TABLE_MEMBER)] == [principal, principal]
    assert stack.only(DATASET_ACCESS).inputs["iamMember"] == principal
    assert "userByEmail" not in stack.only(DATASET_ACCESS).inputs


@pytest.fixture
def waits_for(monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """For each resource that the program registers, the logical names of what must be made before it."""
    found: dict[str, set[str]] = {}
    register: Callable[[MockMonitor, Any], Any] = MockMonitor.RegisterResource

    def recorded(monitor: MockMonitor, request: Any) -> Any:
        found[request.name] = {urn.rpartition("::")[2] for urn in request.dependencies}
        return register(monitor, request)

    monkeypatch.setattr(MockMonitor, "RegisterResource", recorded)
    return found


def test_another_readers_table_and_the_stacks_own_dataset_are_granted_once_they_are_made(
    waits_for: dict[str, set[str]],
) -> None:
    readers = [
        {"name": "a", "tables": ["my-project.keyless_dev.b"]},
        {"name": "b", "tables": ["my-project.keyless_dev"]},
    ]
    stack = record({"readers": json.dumps(readers)})
    (of_table,) = [found for found in stack.of_type(TABLE_MEMBER) if found.name.startswith("may-read-my-project")]
    assert of_table.name.endswith("-a")
    assert of_table.inputs["member"].startswith("serviceAccount:bq-dev--a@")
    assert stack.only(DATASET_ACCESS).inputs["userByEmail"].startswith("bq-dev--b@")
    assert "table-b" in waits_for[of_table.name]
    assert "dataset" in waits_for[stack.only(DATASET_ACCESS).name]
    assert {of_table.name, "may-read-table-a"} <= waits_for["function-a"]
    assert stack.only(DATASET_ACCESS).name in waits_for["function-b"]
    both = {label: found[outputs.TABLES] for label, found in stack.outputs[outputs.READERS].items()}
    assert both == {
        "a": ["my-project.keyless_dev.a", "my-project.keyless_dev.b"],
        "b": ["my-project.keyless_dev.b", "my-project.keyless_dev"],
    }


def test_each_function_is_given_its_own_variables_and_the_name_of_its_handler_where_it_is_not_the_usual_one() -> None:
    listed = [{"name": "a"}, {"name": "b", "handler": "orders.run", "environment": {"BUCKET": "of-b", "DEPTH": 2}}]
    stack = record({"readers": json.dumps(listed), "environment": '{"BUCKET": "of-all", "STAGE": "dev"}'})
    given = {found.name: found.inputs["environment"]["variables"] for found in stack.of_type(FUNCTION)}
    first, second = given["function-a"], given["function-b"]
    assert {found.inputs["handler"] for found in stack.of_type(FUNCTION)} == {HANDLER}
    assert (first["BUCKET"], first["STAGE"]) == ("of-all", "dev")
    assert environment.HANDLER not in first
    assert (second["BUCKET"], second["STAGE"], second["DEPTH"]) == ("of-b", "dev", "2")
    assert second[environment.HANDLER] == "orders.run"
    assert first[environment.TABLE] != second[environment.TABLE]


def test_a_secret_of_pulumis_for_a_function_stops_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi.runtime, "is_config_secret", lambda key: key.endswith(":environment"))
    with pytest.raises(pulumi.RunError, match=r"environment is .* it holds a secret of Pulumi's"):
        record({"environment": '{"SETTING": "x"}'})
