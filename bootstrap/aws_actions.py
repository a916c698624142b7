"""Each action that CI's roles and a function's boundary allow, and the ARN on which AWS evaluates it. Pure.

What a request names and what AWS compares with a statement's ``Resource`` are not the same text. A log group has two
ARNs, and all but the tagging actions are evaluated on the longer one; a function has one ARN more for each version and
alias. A statement with the other form is accepted, and allows nothing.
"""

from __future__ import annotations

import dataclasses
import enum


class Form(enum.StrEnum):
    """How AWS writes the ARN of what an action is evaluated on; capitals stand for values."""

    ROLE = "arn:aws:iam::ACCOUNT:role/NAME"
    FUNCTION = "arn:aws:lambda:REGION:ACCOUNT:function:NAME"
    FUNCTION_QUALIFIED = "arn:aws:lambda:REGION:ACCOUNT:function:NAME:QUALIFIER"
    LOG_GROUP = "arn:aws:logs:REGION:ACCOUNT:log-group:/aws/lambda/NAME"
    LOG_GROUP_AND_STREAMS = "arn:aws:logs:REGION:ACCOUNT:log-group:/aws/lambda/NAME:*"
    RULE = "arn:aws:events:REGION:ACCOUNT:rule/NAME"
    STATE_BUCKET = "arn:aws:s3:::BUCKET"
    STATE_OBJECT = "arn:aws:s3:::BUCKET/*"
    STATE_KEY = "secretsKey"
    ENVIRONMENT_KEY = "environmentKmsKeyArn"
    ANY_KEY = "arn:aws:kms:REGION:ACCOUNT:key/*"
    ANYTHING = "*"


class Access(enum.StrEnum):
    """Who is allowed an action."""

    READ = "preview, deploy"
    CHANGE = "deploy"
    RUN = "boundary"


class Condition(enum.StrEnum):
    """On what condition beside the ARN."""

    NONE = ""
    INSIDE_BOUNDARY = "iam:PermissionsBoundary is the boundary"
    NETWORK_POLICY = f"{INSIDE_BOUNDARY}, and iam:PolicyARN is AWSLambdaENIManagementAccess"
    PASSED_TO_LAMBDA = "iam:PassedToService is Lambda"
    THROUGH_LAMBDA = "kms:ViaService is Lambda"
    FOR_GOOGLE = "sts:IdentityTokenAudience is a provider of Google's, and sts:SigningAlgorithm what Google takes"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Action:
    """One action.

    Args:
        name: As a policy writes it.
        forms: The ARNs that it is evaluated on, depending on the request.
        access: Who is allowed it.
        condition: What else must hold.
    """

    name: str
    forms: tuple[Form, ...]
    access: Access
    condition: Condition = Condition.NONE


def _actions(
    access: Access, forms: tuple[Form, ...], service: str, names: str, condition: Condition = Condition.NONE
) -> tuple[Action, ...]:
    return tuple(
        Action(name=f"{service}:{name}", forms=forms, access=access, condition=condition) for name in names.split()
    )


_READ, _CHANGE, _RUN = Access.READ, Access.CHANGE, Access.RUN
_ROLE, _RULE, _ANYTHING = (Form.ROLE,), (Form.RULE,), (Form.ANYTHING,)
_FUNCTION, _EITHER = (Form.FUNCTION,), (Form.FUNCTION, Form.FUNCTION_QUALIFIED)
_TAGGED, _LOG = (Form.LOG_GROUP,), (Form.LOG_GROUP_AND_STREAMS,)

# The program sets no tag: what a deployment may do with tags is to take off those that were put on by hand.
ACTIONS: tuple[Action, ...] = (
    # The execution role. Source: AWS, "Service Authorization Reference": which resource type an action has, and its
    # condition keys.
    *_actions(_READ, _ROLE, "iam", "GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies"),
    *_actions(
        *(_CHANGE, _ROLE, "iam"),
        "DeleteRole DeleteRolePolicy DetachRolePolicy ListInstanceProfilesForRole UntagRole"
        " UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription",
    ),
    *_actions(
        *(_CHANGE, _ROLE, "iam"), "CreateRole PutRolePermissionsBoundary PutRolePolicy", Condition.INSIDE_BOUNDARY
    ),
    *_actions(_CHANGE, _ROLE, "iam", "AttachRolePolicy", Condition.NETWORK_POLICY),
    *_actions(_CHANGE, _ROLE, "iam", "PassRole", Condition.PASSED_TO_LAMBDA),
    # The function, its versions and its alias. Source: Lambda developer guide, "Resources and conditions for Lambda
    # actions": the function, and its version or alias where the request names one. By the Lambda API reference these
    # operations take a ``Qualifier`` or an alias's name.
    *_actions(_READ, _EITHER, "lambda", "GetAlias GetFunction GetPolicy"),
    *_actions(_READ, _FUNCTION, "lambda", "GetFunctionCodeSigningConfig ListVersionsByFunction"),
    # Source: Lambda API reference, GetFunction: it returns tags only to a caller that this is allowed.
    *_actions(_READ, _FUNCTION, "lambda", "ListTags"),
    *_actions(
        *(_CHANGE, _EITHER, "lambda"),
        "AddPermission CreateAlias DeleteAlias DeleteFunction GetFunctionConfiguration InvokeFunction RemovePermission"
        " UpdateAlias",
    ),
    *_actions(
        *(_CHANGE, _FUNCTION, "lambda"),
        "CreateFunction DeleteFunctionConcurrency PublishVersion PutFunctionConcurrency UntagResource"
        " UpdateFunctionCode UpdateFunctionConfiguration",
    ),
    # Source: Lambda developer guide, "Giving Lambda functions access to resources in an Amazon VPC": what the role, and
    # the caller, must be allowed. None of these actions can be limited to a resource that is known beforehand.
    *_actions(_CHANGE, _ANYTHING, "ec2", "DescribeSecurityGroups DescribeSubnets DescribeVpcs"),
    # Source: Lambda developer guide, "Securing Lambda environment variables": Lambda uses the caller's permissions on a
    # customer managed key. KMS developer guide, ``kms:ViaService``, lists Lambda.
    *_actions(_READ, (Form.ENVIRONMENT_KEY,), "kms", "Decrypt", Condition.THROUGH_LAMBDA),
    *_actions(_CHANGE, (Form.ENVIRONMENT_KEY,), "kms", "CreateGrant Encrypt", Condition.THROUGH_LAMBDA),
    # The log group. Source: CloudWatch Logs user guide, "Overview of managing access permissions": ``TagResource``,
    # ``UntagResource`` and ``ListTagsForResource`` take the ARN without ``:*``, all other actions the one with it. The
    # denial that elastic/apm-aws-lambda#526 quotes is of ``logs:CreateLogGroup`` on ``…:log-group:NAME:log-stream:``.
    # ``DescribeLogGroups`` has no resource type ("Service Authorization Reference"): it is evaluated on
    # ``…:log-group::log-stream:`` (hashicorp/terraform-provider-aws#8804), which names no log group.
    *_actions(_READ, _ANYTHING, "logs", "DescribeLogGroups"),
    *_actions(_READ, _TAGGED, "logs", "ListTagsForResource"),
    *_actions(_CHANGE, _LOG, "logs", "CreateLogGroup DeleteLogGroup PutRetentionPolicy"),
    *_actions(_CHANGE, _TAGGED, "logs", "UntagResource"),
    # The schedule. Source: "Service Authorization Reference".
    *_actions(_READ, _RULE, "events", "DescribeRule ListTagsForResource ListTargetsByRule"),
    *_actions(_CHANGE, _RULE, "events", "DeleteRule PutRule PutTargets RemoveTargets UntagResource"),
    # The stack's state: the bucket's objects, and the key that encrypts the data key. A preview writes none, and takes
    # no lock. Source: Pulumi, "State & backends" and "Secrets providers".
    *_actions(_READ, (Form.STATE_BUCKET,), "s3", "ListBucket"),
    *_actions(_READ, (Form.STATE_OBJECT,), "s3", "GetObject"),
    *_actions(_CHANGE, (Form.STATE_OBJECT,), "s3", "DeleteObject PutObject"),
    # A preview too decrypts the stack's data key; only `pulumi stack init` encrypts it.
    *_actions(_READ, (Form.STATE_KEY,), "kms", "Decrypt"),
    # The most that a function's role can be allowed: its own log, and what Lambda does as the role.
    *_actions(_RUN, _LOG, "logs", "CreateLogStream PutLogEvents"),
    *_actions(
        *(_RUN, _ANYTHING, "ec2"),
        "AssignPrivateIpAddresses CreateNetworkInterface DeleteNetworkInterface DescribeNetworkInterfaces"
        " DescribeSubnets UnassignPrivateIpAddresses",
    ),
    *_actions(_RUN, (Form.ANY_KEY,), "kms", "Decrypt"),
    # With subjectToken=aws-oidc.
    *_actions(_RUN, _ANYTHING, "sts", "GetWebIdentityToken", condition=Condition.FOR_GOOGLE),
)
"""The one table from which the policies are made."""
