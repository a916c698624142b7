"""A unit test that you can copy: your program against Pulumi's mocks, without an engine and without a cloud."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_gcp as gcp
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks

from keyless_bigquery.components.federated_role import FederatedRole

made: dict[str, dict[str, Any]] = {}


class Clouds(Mocks):
    """Keeps what the program makes; an object's outputs are its inputs, and what Google would add."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        made[args.name] = dict(args.inputs)
        pool = "projects/123456789012/locations/global/workloadIdentityPools/pool"
        names = {"orders-pool": pool, "orders-aws-provider": f"{pool}/providers/aws-role"}
        return f"{args.name}-id", {**args.inputs, "name": names.get(args.name, args.name), "hex": "a1b2"}

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:  # noqa: ARG002 (each table is there)
        return {}, []


def program() -> None:
    """What you test; in your project you import it."""
    google = gcp.Provider("google", project="my-project")
    FederatedRole(
        "orders",
        {
            "role_arn": "arn:aws:iam::210987654321:role/orders",
            "google_project": "my-project",
            "tables": ["my-project.shop.orders"],
        },
        pulumi.ResourceOptions(providers=[google]),
    )


def test_only_the_role_is_admitted() -> None:
    pulumi.runtime.set_mocks(Clouds(), project="your-project", stack="dev")
    pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]  # the SDK's has no types
    role = "arn:aws:sts::210987654321:assumed-role/orders"
    assert f"assertion.arn.startsWith('{role}/')" in made["orders-aws-provider"]["attributeCondition"]
    assert made["orders-may-impersonate"]["member"].endswith(f"/attribute.aws_role/{role}")
    assert made["orders-may-start-jobs"]["role"] == "roles/bigquery.jobUser"
