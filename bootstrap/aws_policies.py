"""What GitHub's workflows may do in AWS, as policy documents made from :data:`bootstrap.aws_actions.ACTIONS`. Pure.

Source: AWS, "Permissions boundaries for IAM entities", "Delegating responsibility to others using permissions
boundaries".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bootstrap.aws_actions import ACTIONS, Access, Condition, Form
from bootstrap.settings import Settings
from bootstrap.subjects import ISSUER
from keyless_bigquery.components.role_policies import NETWORK_POLICY_ARN
from keyless_bigquery.runtime import token_request

AUDIENCE = "sts.amazonaws.com"
"""For whom GitHub signs the token; the action that logs in asks for this one."""

ISSUER_NAME = ISSUER.removeprefix("https://")
"""What the OIDC provider and its condition keys are called."""

_PROVIDERS = "https://iam.googleapis.com/projects/*/locations/global/workloadIdentityPools/*/providers/*"
"""The audiences of providers in Google. Which one a reader's token is for is in its own policy."""

_Statement = dict[str, Any]


def github_provider_arn(account_id: str) -> str:
    """ARN of the account's one OIDC provider for GitHub."""
    return f"arn:aws:iam::{account_id}:oidc-provider/{ISSUER_NAME}"


def boundary_name(settings: Settings) -> str:
    """Name of the policy that bounds every role of the deployed stack."""
    return f"{settings.name_prefix}-boundary"


def boundary_arn(settings: Settings) -> str:
    """Its ARN, which the deployed stack has as `permissionsBoundaryArn`."""
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
    """Read what the stack holds, and its state. A preview writes neither, and takes no lock."""
    return _document(*_statements(settings, Access.READ))


def deploying(settings: Settings) -> str:
    """Make, change and remove what the stack holds, and keep its state.

    A principal that may give a role rights and pass it to a function may do whatever a role can: so only to roles
    inside the boundary, and no action reaches the boundary itself.
    """
    return _document(*_statements(settings, Access.READ, Access.CHANGE))


def boundary(settings: Settings) -> str:
    """The most that a role of the deployed stack can do, whatever policies it has: what a reader is for."""
    return _document(*_statements(settings, Access.RUN))


def _statements(settings: Settings, *accesses: Access) -> list[_Statement]:
    """One statement for all actions that have the ARNs and the condition in common."""
    alike: dict[tuple[tuple[Form, ...], Condition], list[str]] = {}
    for action in ACTIONS:
        if action.access in accesses:
            alike.setdefault((action.forms, action.condition), []).append(action.name)
    found = []
    for (forms, condition), names in alike.items():
        resources = [arn for form in forms for arn in _resources(settings, form)]
        if resources:
            statement: _Statement = {"Effect": "Allow", "Action": names, "Resource": resources}
            when = _condition(settings, condition)
            found.append({**statement, "Condition": when} if when else statement)
    return found


def _resources(settings: Settings, form: Form) -> list[str]:
    """The ARNs of this form that are the deployed stack's: what has the prefix as its name, or before a hyphen."""
    state = settings.state
    single = {
        Form.STATE_BUCKET: state.aws_bucket,
        Form.STATE_OBJECT: state.aws_bucket,
        Form.STATE_KEY: state.aws_key,
        Form.ENVIRONMENT_KEY: settings.environment_kms_key_arn,
    }
    if form in single:
        value = single[form]
        return [] if value is None else [form.replace("BUCKET", value) if "BUCKET" in form else value]
    arn = form.replace("REGION", settings.aws_region).replace("ACCOUNT", settings.aws_account_id)
    arn = arn.replace("QUALIFIER", "*")
    names = (settings.name_prefix, f"{settings.name_prefix}-*")
    return list(dict.fromkeys(arn.replace("NAME", name) for name in names))


def _condition(settings: Settings, condition: Condition) -> Mapping[str, Mapping[str, str]]:
    """The condition as a policy has it: keys and values by operator."""
    inside = {"iam:PermissionsBoundary": boundary_arn(settings)}
    return {
        Condition.NONE: {},
        Condition.INSIDE_BOUNDARY: {"StringEquals": inside},
        Condition.NETWORK_POLICY: {"StringEquals": {**inside, "iam:PolicyARN": NETWORK_POLICY_ARN}},
        Condition.PASSED_TO_LAMBDA: {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
        Condition.THROUGH_LAMBDA: {
            "StringEquals": {"kms:ViaService": f"lambda.{settings.aws_region}.amazonaws.com"},
        },
        Condition.FOR_GOOGLE: {
            "StringEquals": {"sts:SigningAlgorithm": token_request.ALGORITHM},
            "ForAllValues:StringLike": {"sts:IdentityTokenAudience": _PROVIDERS},
            # `ForAllValues` holds for a request without an audience, too.
            "Null": {"sts:IdentityTokenAudience": "false"},
        },
    }[condition]


def _document(*statements: _Statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
