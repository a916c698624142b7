"""What GitHub's workflows may do in AWS, as policy documents: each names exactly what it is for. Pure.

Source: AWS, "Service Authorization Reference" for actions, resources and condition keys; "Permissions boundaries for
IAM entities", "Delegating responsibility to others using permissions boundaries".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bootstrap.settings import Settings
from bootstrap.subjects import ISSUER
from infra.role_policies import NETWORK_POLICY_ARN

AUDIENCE = "sts.amazonaws.com"
"""For whom GitHub signs the token; the action that logs in asks for this one."""

ISSUER_NAME = ISSUER.removeprefix("https://")
"""What the OIDC provider and its condition keys are called."""

_Statement = dict[str, Any]

_LOOK = {
    "role": (
        *("iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListInstanceProfilesForRole"),
        *("iam:ListRolePolicies", "iam:ListRoleTags"),
    ),
    "function": (
        *("lambda:GetAlias", "lambda:GetFunction", "lambda:GetFunctionCodeSigningConfig", "lambda:GetPolicy"),
        *("lambda:GetFunctionConcurrency", "lambda:GetFunctionConfiguration", "lambda:ListTags"),
        "lambda:ListVersionsByFunction",
    ),
    "log": ("logs:ListTagsForResource",),
    "rule": ("events:DescribeRule", "events:ListTagsForResource", "events:ListTargetsByRule"),
}
"""For each kind of resource, what a refresh reads of it."""

_CHANGE = {
    "role": (
        *("iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:TagRole", "iam:UntagRole"),
        *("iam:UpdateAssumeRolePolicy", "iam:UpdateRole", "iam:UpdateRoleDescription"),
    ),
    "function": (
        *("lambda:AddPermission", "lambda:CreateAlias", "lambda:CreateFunction", "lambda:DeleteAlias"),
        *("lambda:DeleteFunction", "lambda:DeleteFunctionConcurrency", "lambda:PublishVersion"),
        *("lambda:PutFunctionConcurrency", "lambda:RemovePermission", "lambda:TagResource", "lambda:UntagResource"),
        *("lambda:UpdateAlias", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"),
        # `make verify` reads the rows once.
        "lambda:InvokeFunction",
    ),
    "log": (
        *("logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:DeleteRetentionPolicy", "logs:PutRetentionPolicy"),
        *("logs:TagResource", "logs:UntagResource"),
    ),
    "rule": (
        *("events:DeleteRule", "events:PutRule", "events:PutTargets", "events:RemoveTargets"),
        *("events:TagResource", "events:UntagResource"),
    ),
}
"""For each kind of resource, what a deployment does to it, besides giving a role more rights."""

_GIVE_RIGHTS = ("iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary")


def github_provider_arn(account_id: str) -> str:
    """ARN of the account's one OIDC provider for GitHub."""
    return f"arn:aws:iam::{account_id}:oidc-provider/{ISSUER_NAME}"


def boundary_name(settings: Settings) -> str:
    """Name of the policy that bounds every role of the deployed stack."""
    return f"{settings.name_prefix}-boundary"


def boundary_arn(settings: Settings) -> str:
    """Its ARN, which the deployed stack is told as `permissionsBoundaryArn`."""
    return f"arn:aws:iam::{settings.aws_account_id}:policy/{boundary_name(settings)}"


def trust(settings: Settings, subjects: Sequence[str]) -> str:
    """The trust policy of a role that jobs with exactly one of these subjects may take on."""
    equals = {f"{ISSUER_NAME}:aud": AUDIENCE, f"{ISSUER_NAME}:sub": list(subjects)}
    return _document(
        {
            "Effect": "Allow",
            "Principal": {"Federated": github_provider_arn(settings.aws_account_id)},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": equals},
        }
    )


def previewing(settings: Settings) -> str:
    """Look at what the stack holds, and read its state. A preview writes neither, and takes no lock."""
    return _document(*_looking(settings), *_state(settings, ["s3:GetObject"]))


def deploying(settings: Settings) -> str:
    """Make, change and remove what the stack holds, and keep its state.

    Who may give a role rights and hand it to a function may do whatever a role can: so only to roles inside the
    boundary, and the boundary is out of reach.
    """
    own, bounded = _resources(settings), boundary_arn(settings)
    return _document(
        *_looking(settings),
        *(_allow(actions, own[kind]) for kind, actions in _CHANGE.items()),
        _when({"iam:PermissionsBoundary": bounded}, _allow(_GIVE_RIGHTS, own["role"])),
        _when(
            {"iam:PermissionsBoundary": bounded, "iam:PolicyARN": NETWORK_POLICY_ARN},
            _allow(["iam:AttachRolePolicy"], own["role"]),
        ),
        _when({"iam:PassedToService": "lambda.amazonaws.com"}, _allow(["iam:PassRole"], own["role"])),
        # Lambda looks a function's network up as whoever configures it.
        _allow(["ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"], ["*"]),
        *_state(settings, ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]),
    )


def boundary(settings: Settings) -> str:
    """The most that a role of the deployed stack can do, whatever policies it has: what a reader is for."""
    network = ("ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces")
    addresses = ("ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses")
    return _document(
        _allow(["logs:CreateLogStream", "logs:PutLogEvents"], [f"{arn}:*" for arn in _resources(settings)["log"]]),
        _allow([*network, *addresses, "ec2:DescribeSubnets", "ec2:DetachNetworkInterface"], ["*"]),
        _allow(["kms:Decrypt"], [f"arn:aws:kms:{settings.aws_region}:{settings.aws_account_id}:key/*"]),
    )


def _looking(settings: Settings) -> list[_Statement]:
    own = _resources(settings)
    statements = [_allow(actions, own[kind]) for kind, actions in _LOOK.items()]
    # It lists by name, and takes no single log group as its resource.
    return [*statements, _allow(["logs:DescribeLogGroups"], ["*"])]


def _state(settings: Settings, actions: Sequence[str]) -> list[_Statement]:
    state, statements = settings.state, []
    if state.aws_bucket is not None:
        arn = f"arn:aws:s3:::{state.aws_bucket}"
        statements += [_allow(["s3:ListBucket"], [arn]), _allow(actions, [f"{arn}/*"])]
    if state.aws_key is not None:
        # Also a preview decrypts the stack's data key, and only its making encrypts it.
        statements.append(_allow(["kms:Decrypt"], [state.aws_key]))
    return statements


def _resources(settings: Settings) -> dict[str, list[str]]:
    """The deployed stack's resources by kind: what has the prefix as its name, or before a hyphen."""
    regional = f"{settings.aws_region}:{settings.aws_account_id}"
    forms = {
        "role": f"arn:aws:iam::{settings.aws_account_id}:role/",
        "function": f"arn:aws:lambda:{regional}:function:",
        "log": f"arn:aws:logs:{regional}:log-group:/aws/lambda/",
        "rule": f"arn:aws:events:{regional}:rule/",
    }
    prefix = settings.name_prefix
    named = {kind: [f"{form}{prefix}", f"{form}{prefix}-*"] for kind, form in forms.items()}
    # A version or an alias stands behind one more colon.
    return {**named, "function": [*named["function"], f"{forms['function']}{prefix}:*"]}


def _allow(actions: Sequence[str], resources: Sequence[str]) -> _Statement:
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def _when(equals: Mapping[str, str], statement: _Statement) -> _Statement:
    return {**statement, "Condition": {"StringEquals": dict(equals)}}


def _document(*statements: _Statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
