"""What each resource of a deployed stack makes the AWS provider call, and on which ARN AWS evaluates the call.

Written down from the provider's sources and AWS's documents, apart from :mod:`bootstrap.aws_actions`, so that a wrong
belief there is not believed here as well. Source of the calls: hashicorp/terraform-provider-aws, ``internal/service``,
the file that each table names; it is what pulumi-aws bridges. Reads that only follow a write are in the write's row.
The program sets no tags: the provider takes off those that were put on by hand, and puts on none.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from keyless_bigquery.components.role_policies import NETWORK_POLICY_ARN
from tests.bootstrap.given import ACCOUNT, KEY

REGION = "us-east-1"
PREFIX = "keyless-bigquery-prod"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/{PREFIX}-boundary"
ENVIRONMENT_KEY = KEY.replace("1111", "9999")

_INSIDE = {"iam:PermissionsBoundary": BOUNDARY}
_ATTACH = {**_INSIDE, "iam:PolicyARN": NETWORK_POLICY_ARN}
_PASSED = {"iam:PassedToService": "lambda.amazonaws.com"}
_THROUGH_LAMBDA = {"kms:ViaService": "lambda.us-east-1.amazonaws.com"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Call:
    """One request as AWS evaluates it.

    Args:
        resource: Whose life it belongs to: a resource type of the program, or who makes it.
        operation: ``create``, ``read``, ``update``, ``delete``, or what is done.
        action: Name of the action.
        arn: What it is evaluated on.
        context: The condition keys that the request brings.
    """

    resource: str
    operation: str
    action: str
    arn: str
    context: Mapping[str, str]


def calls(name: str = PREFIX) -> list[Call]:
    """Every call for one reader.

    Args:
        name: What its role, function and rule are called; the first reader's is the prefix itself.
    """
    return list(_calls(name))


def _calls(name: str) -> Iterator[Call]:
    role = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    log = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/{name}"
    rule = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}"
    anything = "*"
    alias, version = f"{function}:live", f"{function}:7"
    # All but tagging is evaluated with a part behind the name: elastic/apm-aws-lambda#526.
    streams = f"{log}:log-stream:"
    listing = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group::log-stream:"

    def of(resource: str, operation: str, arn: str, actions: str, **context: str) -> Iterator[Call]:
        for action in actions.split():
            yield Call(resource=resource, operation=operation, action=action, arn=arn, context=context)

    # iam/role.go; it reads inline and attached policies as well, and detaches both before it deletes.
    yield from of("Role", "create", role, "iam:CreateRole", **_INSIDE)
    yield from of(
        "Role", "read", role, "iam:GetRole iam:ListRolePolicies iam:GetRolePolicy iam:ListAttachedRolePolicies"
    )
    yield from of("Role", "update", role, "iam:UpdateAssumeRolePolicy iam:UpdateRoleDescription iam:UpdateRole")
    yield from of("Role", "update", role, "iam:PutRolePermissionsBoundary", **_INSIDE)
    yield from of("Role", "update", role, "iam:UntagRole")
    yield from of("Role", "delete", role, "iam:ListInstanceProfilesForRole iam:DetachRolePolicy iam:DeleteRolePolicy")
    yield from of("Role", "delete", role, "iam:DeleteRole")
    # iam/role_policy.go
    yield from of("RolePolicy", "create", role, "iam:PutRolePolicy", **_INSIDE)
    yield from of("RolePolicy", "read", role, "iam:GetRolePolicy")
    yield from of("RolePolicy", "update", role, "iam:PutRolePolicy", **_INSIDE)
    yield from of("RolePolicy", "delete", role, "iam:DeleteRolePolicy")
    # iam/role_policy_attachment.go
    yield from of("RolePolicyAttachment", "create", role, "iam:AttachRolePolicy", **_ATTACH)
    yield from of("RolePolicyAttachment", "read", role, "iam:ListAttachedRolePolicies")
    yield from of("RolePolicyAttachment", "delete", role, "iam:DetachRolePolicy")
    # lambda/function.go; Lambda looks the network up, and uses the key, with the caller's permissions.
    network = "ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcs"
    yield from of("Function", "create", function, "lambda:CreateFunction lambda:GetFunction")
    yield from of("Function", "create", function, "lambda:PutFunctionConcurrency")
    yield from of("Function", "create", role, "iam:PassRole", **_PASSED)
    yield from of("Function", "create", anything, network)
    yield from of("Function", "create", ENVIRONMENT_KEY, "kms:CreateGrant kms:Encrypt", **_THROUGH_LAMBDA)
    yield from of("Function", "read", function, "lambda:GetFunction lambda:ListTags lambda:ListVersionsByFunction")
    yield from of("Function", "read", function, "lambda:GetFunctionCodeSigningConfig")
    yield from of("Function", "read", ENVIRONMENT_KEY, "kms:Decrypt", **_THROUGH_LAMBDA)
    yield from of("Function", "update", function, "lambda:UpdateFunctionConfiguration lambda:UpdateFunctionCode")
    yield from of("Function", "update", function, "lambda:PutFunctionConcurrency lambda:DeleteFunctionConcurrency")
    yield from of("Function", "update", function, "lambda:PublishVersion lambda:UntagResource")
    yield from of("Function", "update", version, "lambda:GetFunctionConfiguration")
    yield from of("Function", "update", role, "iam:PassRole", **_PASSED)
    yield from of("Function", "update", anything, network)
    yield from of("Function", "update", ENVIRONMENT_KEY, "kms:CreateGrant kms:Encrypt", **_THROUGH_LAMBDA)
    yield from of("Function", "delete", function, "lambda:DeleteFunction lambda:GetFunction")
    # lambda/alias.go; AWS documents the function as the resource. The alias's own ARN has to do as well.
    for either in (function, alias):
        yield from of("Alias", "create", either, "lambda:CreateAlias")
        yield from of("Alias", "read", either, "lambda:GetAlias")
        yield from of("Alias", "update", either, "lambda:UpdateAlias")
        yield from of("Alias", "delete", either, "lambda:DeleteAlias")
        # lambda/permission.go; with snapStart it names the alias as qualifier.
        yield from of("Permission", "create", either, "lambda:AddPermission")
        yield from of("Permission", "read", either, "lambda:GetPolicy")
        yield from of("Permission", "delete", either, "lambda:RemovePermission")
    # logs/group.go, logs/tags_gen.go
    yield from of("LogGroup", "create", streams, "logs:CreateLogGroup logs:PutRetentionPolicy")
    yield from of("LogGroup", "read", listing, "logs:DescribeLogGroups")
    yield from of("LogGroup", "read", log, "logs:ListTagsForResource")
    yield from of("LogGroup", "update", streams, "logs:PutRetentionPolicy")
    yield from of("LogGroup", "update", log, "logs:UntagResource")
    yield from of("LogGroup", "delete", streams, "logs:DeleteLogGroup")
    # events/rule.go, events/tags_gen.go
    yield from of("EventRule", "create", rule, "events:PutRule")
    yield from of("EventRule", "read", rule, "events:DescribeRule events:ListTagsForResource")
    yield from of("EventRule", "update", rule, "events:PutRule events:UntagResource")
    yield from of("EventRule", "delete", rule, "events:DeleteRule")
    # events/target.go
    yield from of("EventTarget", "create", rule, "events:PutTargets")
    yield from of("EventTarget", "read", rule, "events:ListTargetsByRule")
    yield from of("EventTarget", "update", rule, "events:PutTargets")
    yield from of("EventTarget", "delete", rule, "events:RemoveTargets")
    # keyless_tools/doctor/aws_api.py, and what could be attached to role and function by hand.
    for either in (function, alias):
        yield from of("doctor", "read", either, "lambda:GetFunction lambda:GetPolicy")
    yield from of("doctor", "read", role, "iam:GetRole iam:ListRolePolicies iam:ListAttachedRolePolicies")
    yield from of("doctor", "read", listing, "logs:DescribeLogGroups")
    # keyless_tools/doctor/verify/invoke.py; the output `function_name` is the alias with snapStart.
    for either in (function, alias):
        yield from of("verify", "invoke", either, "lambda:InvokeFunction")
    # Pulumi's backend on S3, and its secrets provider.
    yield from of("state", "read", "arn:aws:s3:::acme-state", "s3:ListBucket")
    state = "arn:aws:s3:::acme-state/.pulumi/stacks/keyless-bigquery/prod.json"
    yield from of("state", "read", state, "s3:GetObject")
    yield from of("state", "read", KEY, "kms:Decrypt")
    yield from of("state", "write", state, "s3:PutObject s3:DeleteObject")
