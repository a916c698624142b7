"""A component takes the options that Pulumi's users know, and hands them on to what is in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pulumi
import pytest

from federation_emulator.core.roles import make_roles
from keyless_bigquery.components.clouds import Clouds
from keyless_bigquery.components.federated_role import FederatedRole
from keyless_bigquery.components.program import running
from pulumi_offline.stack_harness import StackHarness
from tests.e2e.test_federated_role import dataset_of_tables


@pytest.fixture(scope="module")
def own(deployed: StackHarness) -> Iterator[StackHarness]:
    """A stack whose program has one role at its root."""
    dataset_of_tables(deployed, "options", "users")
    make_roles(deployed.cloud.endpoints, ["Options"])
    own = deployed.beside("options")
    own.stack.workspace.program = lambda: program()
    own.up()
    yield own
    own.stack.workspace.program = lambda: program("sales", parent=True)  # protected no more
    own.up()
    own.destroy()


def program(name: str = "shop", **options: Any) -> None:
    with running() as settings:
        clouds = Clouds(settings)
        team = pulumi.ComponentResource(
            "test:index:Team", "team", None, pulumi.ResourceOptions(providers=[clouds.google, clouds.aws])
        )
        at = {"parent": team} if "parent" in options else {"providers": [clouds.google, clouds.aws]}
        table = f"{settings.google_project}.options.users"
        FederatedRole(
            name,
            {
                "pool_id": "shop-readers",
                "service_account_id": "shop-reader",
                "role_arn": f"arn:aws:iam::{settings.aws_account_id}:role/Options",
                "google_project": settings.google_project,
                "tables": [table],
                "google_universe_domain": settings.google_universe_domain,
                "google_endpoint": settings.google_endpoint,
            },
            pulumi.ResourceOptions(**{**options, **at}),
        )


def other_name(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult:
    """Answers for each resource, as one that sets labels does."""
    more = {"displayName": "by a transform"} if args.type_ == "gcp:serviceaccount/account:Account" else {}
    return pulumi.ResourceTransformResult(props={**args.props, **more}, opts=args.opts)


def other_text(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
    if args.type_ != "gcp:iam/workloadIdentityPool:WorkloadIdentityPool":
        return None
    return pulumi.ResourceTransformationResult(props={**args.props, "description": "by another"}, opts=args.opts)


def test_name_parent_aliases_protect_and_transforms_reach_all_that_is_in_it(own: StackHarness) -> None:
    own.stack.workspace.program = lambda: program(
        name="sales",
        parent=True,
        aliases=[pulumi.Alias(name="shop", parent=pulumi.ROOT_STACK_RESOURCE)],
        protect=True,
        transforms=[other_name],
        transformations=[other_text],
    )
    before = {one["urn"]: one for one in resources(own)}
    assert set(own.up()) <= {"same", "update"}, "it has moved, and nothing was made again"
    after = [one for one in resources(own) if "sales" in one["urn"].split("::")[-1]]
    assert len(after) == len([urn for urn in before if "shop" in urn.split("::")[-1]])
    assert all("test:index:Team$keyless-bigquery:index:FederatedRole" in one["urn"] for one in after)
    assert all(one["protect"] for one in after)
    clouds = {one["provider"].split("::")[2].split("$")[-1] for one in after if one["type"].startswith("gcp:")}
    assert clouds == {"pulumi:providers:gcp"}
    assert all("::google::" in one["provider"] for one in after if one["type"].startswith("gcp:"))
    inputs = {one["type"]: one["inputs"] for one in after if one["custom"]}
    assert inputs["gcp:serviceaccount/account:Account"]["displayName"] == "by a transform"
    assert inputs["gcp:iam/workloadIdentityPool:WorkloadIdentityPool"]["description"] == "by another"


def resources(stage: StackHarness) -> list[dict[str, Any]]:
    """What is in the stack's state."""
    return list((stage.stack.export_stack().deployment or {})["resources"])
