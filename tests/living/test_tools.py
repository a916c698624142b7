"""What the commands decide, without an engine: what can be imported, what would be lost, what goes with a stack."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.recording import record
from tools.adopt import candidates, groundwork
from tools.destroy import explanation, farewell, protected
from tools.imports import IMPORT_IDS, import_file
from tools.outlook import outlook
from tools.recover import pending_creates, planned_creates
from tools.stack import UNKNOWN

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
}


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


def test_every_cloud_resource_of_the_program_can_be_imported() -> None:
    kinds = {found.type for found in record(EVERYTHING).resources if not found.type.startswith(IN_NO_CLOUD)}
    assert kinds <= set(IMPORT_IDS)
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
    assert "--protect=true" in found[0].command(protect=True)


def test_recovery_takes_only_what_cant_be_made_twice() -> None:
    deployment = {"resources": [PROVIDER], "pending_operations": [{"type": "creating", "resource": POOL}]}
    assert [one.name for one in pending_creates(deployment)] == ["pool"]
    assert [one.name for one in planned_creates([create(POOL), create(SERVICE)], deployment)] == ["pool"]


@pytest.mark.parametrize(
    ("operation", "loses"), [("create", False), ("update", False), ("replace", True), ("delete", True)]
)
def test_what_exists_and_would_go_is_a_loss(operation: str, loses: bool) -> None:
    found = outlook([{"op": operation, "urn": POOL["urn"], "oldState": POOL, "newState": POOL}])
    assert bool(found.losses) is loses
    assert f"{operation:8}  pool" in str(found)


def test_nothing_to_do_is_said_so() -> None:
    assert str(outlook([{"op": "same", "urn": POOL["urn"], "newState": POOL}])) == "`pulumi up` would change nothing."


@pytest.mark.parametrize("held", [{"protect": True}, {"inputs": {"deletionPolicy": "PREVENT"}}])
def test_what_engine_or_provider_protects_is_found(held: dict[str, Any]) -> None:
    assert protected([{**POOL, **held}, POOL]) == [{**POOL, **held}]
    assert "  pool  pool-id\n" in explanation("dev", [POOL])


def test_a_farewell_counts_what_goes_and_names_what_doesnt_come_back() -> None:
    told = farewell("dev", [COMPONENT, PROVIDER, POOL, BINDING, SERVICE])
    assert "deletes 2 resources" in told
    assert "  pool  pool-id: Google keeps its id taken for 30 days" in told
    assert "1 Google APIs stay on" in told
