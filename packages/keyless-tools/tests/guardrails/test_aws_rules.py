"""What each rule about AWS lets through and what it doesn't, where the two are close together."""

from __future__ import annotations

import json
from typing import Any

import pytest

from keyless_bigquery.components import role_policies
from keyless_tools.guardrails.model import UNKNOWN
from keyless_tools.guardrails.rules.execution_roles import NO_WILDCARD, ONLY_LAMBDA
from keyless_tools.guardrails.rules.function_environment import NO_SECRET_IN_ENVIRONMENT
from tests.guardrails.judging import breaks, is_open
from tests.guardrails.programs.parts import document, statement, trust

AUDIENCE = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/aws-oidc"
LOGS = "arn:aws:logs:us-east-1:210987654321:log-group:/aws/lambda/reader"


@pytest.mark.parametrize(
    ("action", "where", "refused"),
    [
        ("logs:PutLogEvents", f"{LOGS}:*", False),
        ("logs:PutLogEvents", f"{LOGS}:log-stream:*", False),
        ("logs:PutLogEvents", LOGS, False),
        ("logs:PutLogEvents", f"{LOGS}*", True),
        ("logs:PutLogEvents", f"{LOGS}*:*", True),
        ("logs:PutLogEvents", "arn:aws:logs:us-east-1:210987654321:log-group:*", True),
        ("logs:PutLogEvents", "arn:aws:logs:us-east-1:210987654321:*", True),
        ("logs:PutLogEvents", "arn:aws:logs:*:210987654321:log-group:/aws/lambda/reader:*", True),
        ("logs:PutLogEvents", "*", True),
        ("*", LOGS, True),
        ("logs:*", LOGS, True),
        ("logs:Put*", LOGS, True),
        ("s3:GetObject", "arn:aws:s3:::bucket/report", False),
        ("s3:GetObject", "arn:aws:s3:::bucket/*", True),
        ("s3:GetObject", "arn:aws:s3:::bucket/repor?", True),
        (["s3:GetObject", "s3:*"], ["arn:aws:s3:::bucket/report"], True),
        ("ec2:DescribeSubnets", "*", False),
        (["ec2:DescribeSubnets", "ec2:DeleteNetworkInterface"], "*", True),
        (["ec2:DescribeSubnets", 1], "*", True),
        ("ec2:Describe*", "*", True),
        ("sts:GetWebIdentityToken", "*", True),
    ],
)
@pytest.mark.parametrize("form", ["rolePolicy", "policy", "inline"])
def test_a_star_is_let_through_for_the_streams_of_one_log_group_and_where_there_is_no_resource_type(
    action: Any, where: Any, refused: bool, form: str
) -> None:
    text = document(statement(Action=action, Resource=where))
    forms: dict[str, tuple[str, dict[str, Any]]] = {
        "rolePolicy": ("aws:iam/rolePolicy:RolePolicy", {"policy": text}),
        "policy": ("aws:iam/policy:Policy", {"policy": text}),
        "inline": ("aws:iam/role:Role", {"inlinePolicies": [{"name": "a", "policy": text}]}),
    }
    kind, inputs = forms[form]
    assert breaks(NO_WILDCARD, kind, **inputs) is refused


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        (role_policies.own_log_only(LOGS), False),
        (role_policies.decrypt_with("arn:aws:kms:us-east-1:210987654321:key/1"), False),
        (role_policies.find_subnets(), False),
        (role_policies.token_for_google(AUDIENCE), False),
        (role_policies.token_for_google(AUDIENCE.replace("pool", "*")), True),
        (role_policies.token_for_google(AUDIENCE).replace("ForAllValues", "ForAnyValue"), True),
        (role_policies.token_for_google(AUDIENCE).replace('"false"', '"true"'), True),
        (role_policies.no_network_changes_by_code("arn:aws:lambda:us-east-1:210987654321:function:reader"), False),
        (document(statement(NotAction="iam:*", Resource=LOGS)), True),
        (document(statement(Action="a:B", NotResource=LOGS)), True),
        (json.dumps({"statement": []}), True),
        (json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}), True),
        (json.dumps({"Statement": [{"effect": "Allow", "action": "*", "resource": "*"}]}), True),
        ("{", True),
        ("", True),
    ],
)
def test_a_document_is_judged_by_what_it_allows(text: str, refused: bool) -> None:
    assert breaks(NO_WILDCARD, "aws:iam/rolePolicy:RolePolicy", policy=text) is refused


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("AdministratorAccess", True),
        ("AdministratorAccess-Amplify", True),
        ("PowerUserAccess", True),
        ("IAMFullAccess", True),
        ("AmazonS3FullAccess", True),
        ("job-function/DatabaseAdministrator", True),
        ("SecretsManagerReadWrite", True),
        ("ReadOnlyAccess", True),
        ("service-role/AWSLambdaBasicExecutionRole", False),
        ("service-role/AWSLambdaVPCAccessExecutionRole", False),
        ("AmazonS3ReadOnlyAccess", False),
    ],
)
def test_a_policy_of_awss_own_is_judged_by_its_name(name: str, refused: bool) -> None:
    arn = f"arn:aws:iam::aws:policy/{name}"
    assert breaks(NO_WILDCARD, "aws:iam/rolePolicyAttachment:RolePolicyAttachment", policyArn=arn) is refused
    assert breaks(NO_WILDCARD, "aws:iam/role:Role", managedPolicyArns=[arn]) is refused


def test_the_policy_for_a_network_is_let_through() -> None:
    kind = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    assert not breaks(NO_WILDCARD, kind, policyArn=role_policies.NETWORK_POLICY_ARN)
    assert not breaks(NO_WILDCARD, kind, policyArn="arn:aws:iam::210987654321:policy/AdminOfNothing")


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("aws:iam/rolePolicy:RolePolicy", {"policy": UNKNOWN}),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {"policyArn": UNKNOWN}),
        ("aws:iam/role:Role", {"inlinePolicies": UNKNOWN}),
        ("aws:iam/role:Role", {"inlinePolicies": [{"policy": UNKNOWN}]}),
        ("aws:iam/role:Role", {"inlinePolicies": [UNKNOWN]}),
        ("aws:iam/role:Role", {"managedPolicyArns": UNKNOWN}),
    ],
)
def test_a_policy_that_is_not_known_yet_is_open(kind: str, inputs: dict[str, Any]) -> None:
    assert is_open(NO_WILDCARD, kind, **inputs)


LAMBDA = {"Service": "lambda.amazonaws.com"}


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        (role_policies.lambda_only(), False),
        (trust(LAMBDA), False),
        (trust({"Service": ["lambda.amazonaws.com"]}), False),
        (trust({"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"]}), True),
        (trust(LAMBDA, {"AWS": "arn:aws:iam::210987654321:root"}), True),
        (trust(LAMBDA, {"Federated": "arn:aws:iam::210987654321:oidc-provider/x"}), True),
        (trust({"Service": "ecs-tasks.amazonaws.com"}), False),
        (trust({"AWS": "*"}), True),
        (document(statement(Principal="*", Action="sts:AssumeRole")), True),
        (document(statement(NotPrincipal={"AWS": "arn:aws:iam::1:root"}, Action="sts:AssumeRole")), True),
        (document({"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}), False),
        ("[]", True),
    ],
)
def test_lambda_alone_assumes_a_role_that_lambda_assumes(text: str, refused: bool) -> None:
    assert breaks(ONLY_LAMBDA, "aws:iam/role:Role", assumeRolePolicy=text) is refused


def test_a_trust_that_is_not_known_yet_is_open() -> None:
    assert is_open(ONLY_LAMBDA, "aws:iam/role:Role", assumeRolePolicy=UNKNOWN)


FUNCTION = "aws:lambda/function:Function"


@pytest.mark.parametrize(
    ("environment", "refused"),
    [
        (None, False),
        ({}, False),
        ({"variables": {"BIGQUERY_TABLE": "a.b.c"}}, False),
        ({"variables": {"BIGQUERY_TABLE": UNKNOWN, "API_KEY": "x"}}, True),
        ({"variables": {"API_KEY": UNKNOWN}}, True),
        ({"variables": {"NOTE": "[secret]"}}, True),
        ({"variables": {"NUMBER": 5}}, False),
    ],
)
def test_a_function_is_given_no_secret(environment: Any, refused: bool) -> None:
    assert breaks(NO_SECRET_IN_ENVIRONMENT, FUNCTION, environment=environment) is refused


@pytest.mark.parametrize("environment", [UNKNOWN, {"variables": UNKNOWN}, {"variables": {"NOTE": UNKNOWN}}])
def test_an_environment_that_is_not_known_yet_is_open(environment: Any) -> None:
    assert is_open(NO_SECRET_IN_ENVIRONMENT, FUNCTION, environment=environment)
