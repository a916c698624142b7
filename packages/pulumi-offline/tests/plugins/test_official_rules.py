"""Rules of the official plugins by type, each with where it stands; the stand-ins keep them.

pulumi-aws and pulumi-gcp: `provider/resources.go`. The schemas: terraform-provider-aws, `internal/service/…`;
terraform-provider-google-beta, `google-beta/services/…`. The bridge: pulumi-terraform-bridge v3.137, `pkg/tfbridge`.
"""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from pulumi.automation import EngineEvent, OpType

from federation_emulator.servers.aws import LocalAws
from pulumi_offline.plugins.aws import served as served_aws
from pulumi_offline.plugins.aws.api import AwsApi
from pulumi_offline.plugins.gcp import served_by as served_by_gcp
from pulumi_offline.plugins.kind import Kind, changes
from tests.plugins.stacks import ACCOUNT, PROJECT, Deployment, Program, aws_provider
from tests.plugins.test_rules import GOOGLE

OPTIONAL = "optional: left out it is empty, and something else is put back"
WHATEVER_IS_THERE = "optional and computed, or its difference suppressed: left out it stays as it is"

ORDERS: dict[str, tuple[str | None, bool]] = {
    # SetAutonaming: each input that is called `name`.
    "aws:cloudwatch/logGroup:LogGroup": ("name", False),
    "aws:cloudwatch/eventRule:EventRule": ("name", False),
    "aws:iam/role:Role": ("name", False),
    "aws:iam/rolePolicy:RolePolicy": ("name", False),
    "aws:iam/policy:Policy": ("name", False),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": (None, False),
    "aws:lambda/alias:Alias": ("name", False),
    # AutoName of `function_name` (as `name`), `target_id`, `statement_id`, `account_id`.
    "aws:lambda/function:Function": ("name", False),
    "aws:cloudwatch/eventTarget:EventTarget": ("targetId", False),
    "aws:lambda/permission:Permission": ("statementId", False),
    "aws:lambda/layerVersion:LayerVersion": (None, False),
    # DeleteBeforeReplace: true.
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": (None, True),
}
"""Type to the input that the plugin could name by itself, and whether the plugin always deletes first."""

LEFT_OUT = [
    # lambda/function.go
    ("aws:lambda/function:Function", "architectures", ["arm64"], WHATEVER_IS_THERE),
    ("aws:lambda/function:Function", "loggingConfig", {"logFormat": "JSON"}, WHATEVER_IS_THERE),
    ("aws:lambda/function:Function", "codeSha256", "another", WHATEVER_IS_THERE),
    ("aws:lambda/function:Function", "description", "by hand", OPTIONAL),
    ("aws:lambda/function:Function", "environment", {"variables": {"BY": "hand"}}, OPTIONAL),
    ("aws:lambda/function:Function", "kmsKeyArn", "arn:aws:kms:us-east-1:1:key/1", OPTIONAL),
    ("aws:lambda/function:Function", "memorySize", 256, OPTIONAL),
    ("aws:lambda/function:Function", "reservedConcurrentExecutions", 5, OPTIONAL),
    ("aws:lambda/function:Function", "snapStart", {"applyOn": "PublishedVersions"}, OPTIONAL),
    ("aws:lambda/function:Function", "timeout", 9, OPTIONAL),
    ("aws:lambda/function:Function", "vpcConfig", {"subnetIds": ["subnet-1"]}, OPTIONAL),
    # events/rule.go: DiffSuppressFunc of `state`; events/target.go
    ("aws:cloudwatch/eventRule:EventRule", "state", "DISABLED", WHATEVER_IS_THERE),
    ("aws:cloudwatch/eventRule:EventRule", "description", "by hand", OPTIONAL),
    ("aws:cloudwatch/eventTarget:EventTarget", "input", "{}", OPTIONAL),
    ("aws:cloudwatch/eventTarget:EventTarget", "retryPolicy", {"maximumRetryAttempts": 1}, OPTIONAL),
    ("aws:iam/role:Role", "permissionsBoundary", "arn:aws:iam::1:policy/b", OPTIONAL),
    ("aws:iam/role:Role", "maxSessionDuration", 7200, OPTIONAL),
    ("aws:cloudwatch/logGroup:LogGroup", "retentionInDays", 3, OPTIONAL),
    # bigquery/resource_bigquery_dataset.go, resource_bigquery_table.go
    ("gcp:bigquery/dataset:Dataset", "defaultTableExpirationMs", 3_600_000, OPTIONAL),
    ("gcp:bigquery/table:Table", "schema", "[]", WHATEVER_IS_THERE),
]


def kinds() -> dict[str, Kind]:
    api = AwsApi(endpoints={}, region="us-east-1", key=ACCOUNT, secret="test", session=None)
    return {**served_aws(api).kinds, **served_by_gcp(GOOGLE | {"accessToken": "t", "project": PROJECT}).kinds}


def test_each_type_of_aws_is_replaced_in_the_order_of_its_plugin() -> None:
    """What the gcp plugin does is asked of the plugin itself in `test_conformance.py`."""
    orders = {token: (kind.autoname, kind.deletes_first) for token, kind in kinds().items() if token.startswith("aws:")}
    assert orders == ORDERS


@pytest.mark.parametrize(("token", "name", "live", "rule"), LEFT_OUT)
def test_what_a_program_leaves_out_is_put_back_or_left_alone(token: str, name: str, live: Any, rule: str) -> None:
    assert set(changes(kinds()[token], {name: live}, {})) & {name} == ({name} if rule is OPTIONAL else set())
    assert name in kinds()[token].inputs.names


def test_code_that_was_replaced_by_hand_shows_in_its_digest_alone() -> None:
    function = kinds()["aws:lambda/function:Function"]
    state = {"code": "the archive", "codeSha256": "another's", "sourceCodeHash": "another's"}
    assert set(changes(function, state, {"code": "the archive"})) == set()
    assert set(changes(function, state, {"code": "the archive", "codeSha256": "its own"})) == {"codeSha256"}


def replaced(deployment: Deployment, before: Program, after: Program) -> dict[str, str]:
    """What came first to each resource that is replaced, by its logical name."""
    deployment.up(before)
    events: list[EngineEvent] = []
    deployment.stack.workspace.program = after
    deployment.stack.up(on_event=events.append)
    first: dict[str, str] = {}
    for event in events:
        if event.res_outputs_event is not None:
            metadata = event.res_outputs_event.metadata
            if metadata.op in {OpType.CREATE_REPLACEMENT, OpType.DELETE_REPLACED}:
                done = "created" if metadata.op is OpType.CREATE_REPLACEMENT else "deleted"
                first.setdefault(metadata.urn.rpartition("::")[2], done)
    deployment.destroy()
    return first


def test_a_name_that_is_given_is_deleted_first_unless_the_program_decides(
    deployment: Deployment, local_aws: LocalAws
) -> None:
    def program(name: str, region: str) -> Program:
        def registered() -> None:
            options = pulumi.ResourceOptions(provider=aws_provider(local_aws.url))
            decided = pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(delete_before_replace=False))
            aws.cloudwatch.LogGroup("named", name=f"/{name}", opts=options)
            aws.cloudwatch.LogGroup("same-name", name="/same", region=region, opts=options)
            aws.cloudwatch.LogGroup("decided", name=f"/decided-{name}", opts=decided)
            aws.cloudwatch.LogGroup("made-up", region=region, opts=options)

        return registered

    assert replaced(deployment, program("one", "us-east-1"), program("two", "eu-west-1")) == {
        "named": "deleted",
        "same-name": "deleted",
        "decided": "created",
        "made-up": "created",
    }
