"""What the commands decide, without an engine: what can be imported, what would be lost, what goes with a stack."""

from __future__ import annotations

from typing import Any

import pytest

from keyless_tools.guardrails.plan import UNKNOWN_TEXT as UNKNOWN
from keyless_tools.lifecycle.adopt import candidates, groundwork
from keyless_tools.lifecycle.destroy import destroy_summary, explanation, protected
from keyless_tools.lifecycle.imports import IMPORT_IDS, import_file
from keyless_tools.lifecycle.planned_changes import losses, outlook
from keyless_tools.lifecycle.recover import pending_creates, planned_creates
from keyless_tools.lifecycle.taking_over import put_back, put_in_place, rename, renamed
from tests.components.recording import record

STACK = "urn:pulumi:dev::keyless-bigquery::"
GOOGLE = f"{STACK}keyless:infra:Clouds$pulumi:providers:gcp::google"
IN_NO_CLOUD = ("keyless:", "pulumi:", "random:")
EVERYTHING = {
    "snapStart": "true",
    "functionRuntime": "python3.13",
    "functionArchitecture": "arm64",
    "schedule": "rate(1 hour)",
    "subnetIds": '["subnet-0123456789abcdef0"]',
    "securityGroupIds": '["sg-0123456789abcdef0"]',
    "tables": '["their-project.sales.orders", "their-project.shared"]',
}
NOT_IMPORTABLE = {"gcp:bigquery/datasetAccess:DatasetAccess"}
"""Source: the resource's page in the Pulumi Registry: "This resource does not support import"."""


def resource(kind: str, name: str, **inputs: Any) -> dict[str, Any]:
    return {
        "urn": f"{STACK}keyless:infra:Any${kind}::{name}",
        "type": kind,
        "custom": True,
        "id": f"{name}-id",
        "inputs": inputs,
        "parent": f"{STACK}keyless:infra:Any::any",
        "provider": f"{GOOGLE}::{UNKNOWN}",
    }


PROVIDER = {"urn": GOOGLE, "type": "pulumi:providers:gcp", "custom": True, "inputs": {"project": "p"}}
COMPONENT = {"urn": f"{STACK}keyless:infra:Any::any", "type": "keyless:infra:Any", "custom": False, "inputs": {}}
SERVICE = resource("gcp:projects/service:Service", "enable-iam", service="iam.googleapis.com")
POOL = resource("gcp:iam/workloadIdentityPool:WorkloadIdentityPool", "pool", workloadIdentityPoolId="pool-1")
BINDING = resource(
    "gcp:serviceaccount/iAMMember:IAMMember", "may", serviceAccountId="a", role="r", member=f"x/{UNKNOWN}"
)


def create(one: dict[str, Any]) -> dict[str, Any]:
    return {"op": "create", "urn": one["urn"], "newState": one}


def test_every_cloud_resource_of_the_program_can_be_imported_but_an_entry_of_an_access_list() -> None:
    kinds = {found.type for found in record(EVERYTHING).resources if not found.type.startswith(IN_NO_CLOUD)}
    assert kinds - set(IMPORT_IDS) == NOT_IMPORTABLE
    assert {"aws:lambda/alias:Alias", "aws:cloudwatch/eventTarget:EventTarget"} <= kinds


def test_components_and_providers_come_first_and_ids_that_hold_an_output_later() -> None:
    steps = [create(one) for one in (COMPONENT, PROVIDER, POOL, BINDING)]
    assert groundwork(steps) == [COMPONENT["urn"], GOOGLE]
    found = candidates(steps, {"resources": []})
    assert [(one.name, one.known) for one in found] == [("pool", True), ("may", False)]
    assert found[0].import_id == "projects/p/locations/global/workloadIdentityPools/pool-1"
    file = import_file(found[:1])
    assert file["nameTable"] == {GOOGLE: GOOGLE, COMPONENT["urn"]: COMPONENT["urn"]}
    assert file["resources"][0]["logicalName"] == "pool"


def test_recovery_takes_only_what_cant_be_made_twice() -> None:
    deployment = {"resources": [PROVIDER], "pending_operations": [{"type": "creating", "resource": POOL}]}
    assert [one.name for one in pending_creates(deployment)] == ["pool"]
    assert [one.name for one in planned_creates([create(POOL), create(SERVICE)], deployment)] == ["pool"]


def replace(one: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    return {"op": "replace", "urn": one["urn"], "newState": one, "oldState": old}


OTHER = {**POOL, "inputs": {"workloadIdentityPoolId": "pool-2"}}


@pytest.mark.parametrize(
    ("steps", "known", "taken"),
    [
        ([replace(OTHER, POOL)], [POOL], ["projects/p/locations/global/workloadIdentityPools/pool-2"]),
        # The old one itself is what exists under this id.
        ([replace(POOL, POOL)], [POOL], []),
        # Another name of the stack's stands for it, and it would be deleted as one of the two.
        ([create({**POOL, "urn": f"{POOL['urn']}-b"})], [POOL], []),
        ([replace(SERVICE, SERVICE)], [], []),
    ],
)
def test_a_planned_replacement_is_taken_over_unless_the_stack_has_it(
    steps: list[dict[str, Any]], known: list[dict[str, Any]], taken: list[str]
) -> None:
    assert [one.import_id for one in planned_creates(steps, {"resources": [PROVIDER, *known]})] == taken


@pytest.mark.parametrize("gone", [False, True], ids=["old one is there", "old one was deleted"])
def test_what_is_put_in_place_stands_behind_the_old_one_that_is_still_to_be_deleted(gone: bool) -> None:
    old = {**POOL, "protect": True, **({"pendingReplacement": True} if gone else {})}
    imported = {**OTHER, "urn": f"{POOL['urn']}-taken-over", "id": "new", "outputs": {"state": "ACTIVE"}}
    state = {"resources": [PROVIDER, old, BINDING, imported], "manifest": {}}
    found = put_in_place(state, POOL["urn"], imported["urn"])
    new = {**POOL, "protect": True, "id": "new", "inputs": OTHER["inputs"], "outputs": {"state": "ACTIVE"}}
    assert found == {
        "resources": [PROVIDER, *([] if gone else [{**old, "delete": True}]), new, BINDING],
        "manifest": {},
    }


def of_reader(one: dict[str, Any]) -> dict[str, Any]:
    return {**one, "urn": f"{one['urn']}-first", "dependencies": [f"{COMPONENT['urn']}-first"]}


def test_a_reader_of_a_list_that_is_made_again_without_it_is_renamed_with_all_that_it_has() -> None:
    first, second = of_reader(POOL), {**POOL, "urn": f"{POOL['urn']}-second", "inputs": OTHER["inputs"]}
    component = {**COMPONENT, "urn": f"{COMPONENT['urn']}-first"}
    deleted = [{"op": "delete", "urn": one["urn"], "oldState": one} for one in (component, first, second)]
    steps, state = [create(COMPONENT), create(POOL), *deleted], {"resources": [PROVIDER, component, first, second]}
    names = renamed(steps, state)
    assert names == {component["urn"]: COMPONENT["urn"], first["urn"]: POOL["urn"]}
    mine = {**POOL, "dependencies": [COMPONENT["urn"]]}
    assert rename(state, names) == {"resources": [PROVIDER, COMPONENT, mine, second]}
    # An up that failed had made the component, the same pool once more, or another one.
    again = {"resources": [*state["resources"], COMPONENT, {**POOL, "id": first["id"]}]}
    assert rename(again, names) == {"resources": [PROVIDER, COMPONENT, mine, second]}
    another = {**POOL, "id": "another"}
    assert rename({"resources": [first, another]}, names) == {"resources": [mine, {**another, "delete": True}]}
    assert renamed([create(POOL)], state) == {}


@pytest.mark.parametrize(
    ("operation", "loses"), [("create", False), ("update", False), ("replace", True), ("delete", True)]
)
def test_what_exists_and_would_go_is_a_loss(operation: str, loses: bool) -> None:
    steps = [{"op": operation, "urn": POOL["urn"], "oldState": POOL, "newState": POOL, "diffReasons": ["state"]}]
    assert losses(steps) == [f"  {operation:8}  pool  (state)"] * loses
    assert (("Don't run it yet" in outlook(steps)), f"  {operation:8}  pool  (state)" in outlook(steps)) == (
        loses,
        True,
    )


def test_nothing_to_do_is_said_so() -> None:
    assert outlook([{"op": "same", "urn": POOL["urn"], "newState": POOL}]) == "`pulumi up` would change nothing."


@pytest.mark.parametrize("held", [{"protect": True}, {"inputs": {"deletionPolicy": "PREVENT"}}])
def test_what_engine_or_provider_protects_is_found(held: dict[str, Any]) -> None:
    assert protected([{**POOL, **held}, POOL]) == [{**POOL, **held}]
    assert "  pool  pool-id\n" in explanation("dev", [POOL])


def test_a_destroy_summary_counts_what_goes_and_names_what_doesnt_come_back() -> None:
    message = destroy_summary("dev", [COMPONENT, PROVIDER, POOL, BINDING, SERVICE])
    assert "deletes 2 resources" in message
    assert "  pool  pool-id: Google keeps its id taken for 30 days" in message
    assert "1 Google APIs stay on" in message


def test_a_replaced_grant_is_put_back_where_the_settings_are_the_old_ones_and_stays_replaced_where_not() -> None:
    grant = "gcp:projects/iAMMember:IAMMember"
    old = resource(grant, "may", project="p", role="r", member="serviceAccount:old") | {"delete": True}
    new = resource(grant, "may", project="p", role="r", member="principalSet://new")
    state = {"resources": [PROVIDER, old, new]}
    restored = {key: value for key, value in old.items() if key != "delete"}
    back = put_back(state, [{"op": "replace", "urn": new["urn"], "newState": restored}])
    assert back == {"resources": [PROVIDER, new | {"delete": True}, restored]}
    assert put_back(state, [{"op": "same", "urn": new["urn"], "newState": new}]) is None
