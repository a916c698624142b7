"""What a reader's role may do in AWS, as policy documents: each names exactly what it is for."""

from __future__ import annotations

import json

from keyless_bigquery.runtime import token_request
from keyless_bigquery.settings.stack import StackSettings
from keyless_bigquery.trust.subject_tokens import AWS_OIDC

TOKEN_POLICY = "get-token-for-google"  # noqa: S105 - the name of a policy
"""Name of the role's policy by which AWS signs a token for it."""

NETWORK_POLICY_ARN = "arn:aws:iam::aws:policy/service-role/AWSLambdaENIManagementAccess"
"""AWS's own policy that lets a role, and the Lambda service as that role, manage network interfaces."""

_NETWORK_ACTIONS = (
    *("ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces"),
    *("ec2:DescribeSubnets", "ec2:DetachNetworkInterface"),
    *("ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"),
)


def inline_policies(settings: StackSettings) -> tuple[str, ...]:
    """The names of a role's own policies."""
    found: tuple[str, ...] = ("write-own-log",)
    found += ("find-subnets", "leave-network-to-lambda") if settings.subnet_ids else ()
    found += ("read-own-environment",) if settings.environment_kms_key_arn else ()
    return (*found, TOKEN_POLICY) if settings.subject_token == AWS_OIDC else found


def lambda_only() -> str:
    """The trust policy: only the Lambda service may assume the role, for any function that the role is passed to."""
    return _document({"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"})


def own_log_only(log_group_arn: str) -> str:
    """Write to one log group.

    Args:
        log_group_arn: Its ARN, with or without the ``:*`` that some APIs append.
    """
    return _document(
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": f"{log_group_arn.removesuffix(':*')}:*",
        }
    )


def no_network_changes_by_code(function_arn: str) -> str:
    """Keeps the function's own code from what :data:`NETWORK_POLICY_ARN` is for: that is the service's business.

    Source: AWS, "Giving Lambda functions access to resources in an Amazon VPC", which recommends this statement.
    """
    return _document(
        {
            "Effect": "Deny",
            "Action": list(_NETWORK_ACTIONS),
            "Resource": "*",
            "Condition": {"ArnEquals": {"lambda:SourceFunctionArn": function_arn}},
        }
    )


def find_subnets() -> str:
    """Look up subnets, as the Lambda service does when it manages network interfaces.

    :data:`NETWORK_POLICY_ARN` lacks it, and AWS's policy that has it since January 2024 allows every log group as well.
    The action has no resource type. Source: AWS, "AWS managed policy: AWSLambdaVPCAccessExecutionRole".
    """
    return _document({"Effect": "Allow", "Action": "ec2:DescribeSubnets", "Resource": "*"})


def decrypt_with(kms_key_arn: str) -> str:
    """Read the environment that one key encrypts."""
    return _document({"Effect": "Allow", "Action": "kms:Decrypt", "Resource": kms_key_arn})


def token_for_google(audience: str) -> str:
    """Get AWS's signed token for one provider of Google's, and for no other service.

    ``ForAllValues`` keeps other audiences out of the same token, and holds for a request that names none, too: so the
    key must be there. The action has no resource type. Sources: AWS IAM, "Controlling access with IAM policies" of
    outbound identity federation; "Multivalued context keys", which says when to add ``Null``.

    Args:
        audience: The audience of the token exchange.
    """
    return _document(
        {
            "Effect": "Allow",
            "Action": token_request.ACTION,
            "Resource": "*",
            "Condition": {
                "ForAllValues:StringEquals": {"sts:IdentityTokenAudience": [token_request.token_audience(audience)]},
                "Null": {"sts:IdentityTokenAudience": "false"},
                "StringEquals": {"sts:SigningAlgorithm": token_request.ALGORITHM},
                "NumericLessThanEquals": {"sts:DurationSeconds": token_request.SECONDS},
            },
        }
    )


def _document(statement: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
