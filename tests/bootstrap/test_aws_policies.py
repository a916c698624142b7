"""What GitHub's jobs may do in AWS, and that who deploys can't make itself more than that."""

from __future__ import annotations

import re

import pytest

from bootstrap import aws_policies
from bootstrap.subjects import deploying, previewing
from infra.role_policies import NETWORK_POLICY_ARN
from tests.bootstrap.given import ACCOUNT, JOBS, KEY, settings, token
from tests.bootstrap.policy import allowed, statements

SETTINGS = settings(secretsKey=KEY)
PREVIEW = aws_policies.previewing(SETTINGS)
DEPLOY = aws_policies.deploying(SETTINGS)
BOUNDARY = aws_policies.boundary(SETTINGS)
BOUNDED = {"iam__PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/keyless-bigquery-prod-boundary"}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/keyless-bigquery-prod"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:keyless-bigquery-prod"
LOG = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/lambda/keyless-bigquery-prod"
INLINE_LIMIT = 10_240
"""Characters of all inline policies of a role together, white space apart. Source: AWS, "IAM and STS quotas"."""


def opened(claims: dict[str, str]) -> set[str]:
    trusts = {
        "preview": aws_policies.trust(SETTINGS, previewing(SETTINGS.repository)),
        "deploy": aws_policies.trust(SETTINGS, [deploying(SETTINGS.repository, "prod")]),
    }
    issuer = claims["iss"].removeprefix("https://")
    context = {f"{issuer}:{name}": value for name, value in claims.items()}
    return {access for access, trust in trusts.items() if allowed(trust, "sts:AssumeRoleWithWebIdentity", **context)}


@pytest.mark.parametrize("job", JOBS)
def test_a_token_opens_exactly_what_its_job_is_for(job: str) -> None:
    claims, expected = JOBS[job]
    # AWS knows one subject from another, and not that a job in the environment is on main as well.
    assert opened(claims) == (expected if expected != {"preview", "deploy"} else {"deploy"})


def test_a_token_for_somebody_else_opens_nothing() -> None:
    assert opened({**token("environment:prod"), "aud": "https://github.com/acme"}) == set()
    assert opened({**token("environment:prod"), "iss": "https://token.example.org"}) == set()


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("lambda:UpdateFunctionCode", FUNCTION),
        ("lambda:InvokeFunction", f"{FUNCTION}:live"),
        ("lambda:CreateFunction", f"{FUNCTION}-sales"),
        ("logs:CreateLogGroup", LOG),
        ("events:PutRule", f"arn:aws:events:us-east-1:{ACCOUNT}:rule/keyless-bigquery-prod"),
        ("s3:PutObject", "arn:aws:s3:::acme-state/.pulumi/stacks/keyless-bigquery/prod.json"),
        ("kms:Decrypt", KEY),
    ],
)
def test_a_deployment_may_change_what_is_its_own_and_a_preview_may_not(action: str, resource: str) -> None:
    assert allowed(DEPLOY, action, resource)
    assert allowed(PREVIEW, action, resource) is (action == "kms:Decrypt")


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("lambda:UpdateFunctionCode", FUNCTION.replace("prod", "production")),
        ("lambda:UpdateFunctionCode", FUNCTION.replace("prod", "dev")),
        ("lambda:UpdateFunctionCode", FUNCTION.replace(ACCOUNT, "1" * 12)),
        ("iam:DeleteRole", ROLE.replace("role/", "role/ci-") + "-deploy"),
        ("iam:UpdateAssumeRolePolicy", ROLE.replace("role/", "role/ci-") + "-deploy"),
        ("iam:CreatePolicyVersion", BOUNDED["iam__PermissionsBoundary"]),
        ("iam:DeletePolicy", BOUNDED["iam__PermissionsBoundary"]),
        ("iam:DeleteRolePermissionsBoundary", ROLE),
        ("iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/anybody"),
        ("iam:UpdateOpenIDConnectProviderThumbprint", aws_policies.github_provider_arn(ACCOUNT)),
        ("s3:DeleteBucket", "arn:aws:s3:::acme-state"),
        ("s3:GetObject", "arn:aws:s3:::acme-state-2/x"),
        ("kms:ScheduleKeyDeletion", KEY),
    ],
)
def test_a_deployment_may_not_touch_what_is_not_its_own(action: str, resource: str) -> None:
    assert not allowed(DEPLOY, action, resource, **BOUNDED)


@pytest.mark.parametrize("action", ["iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"])
def test_a_role_gets_rights_only_inside_the_boundary(action: str) -> None:
    assert allowed(DEPLOY, action, ROLE, **BOUNDED)
    assert not allowed(DEPLOY, action, ROLE)
    assert not allowed(DEPLOY, action, ROLE, iam__PermissionsBoundary=f"arn:aws:iam::{ACCOUNT}:policy/another")


def test_only_the_network_policy_can_be_attached_and_only_to_lambda_a_role_be_handed() -> None:
    attach = {"action": "iam:AttachRolePolicy", "resource": ROLE, **BOUNDED}
    assert allowed(DEPLOY, **attach, iam__PolicyARN=NETWORK_POLICY_ARN)
    assert not allowed(DEPLOY, **attach, iam__PolicyARN="arn:aws:iam::aws:policy/AdministratorAccess")
    assert allowed(DEPLOY, "iam:PassRole", ROLE, iam__PassedToService="lambda.amazonaws.com")
    assert not allowed(DEPLOY, "iam:PassRole", ROLE, iam__PassedToService="ec2.amazonaws.com")
    assert not allowed(
        DEPLOY, "iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/Admin", iam__PassedToService="lambda.amazonaws.com"
    )


def test_inside_the_boundary_there_is_what_a_reader_is_for_and_nothing_else() -> None:
    assert allowed(BOUNDARY, "logs:PutLogEvents", f"{LOG}:log-stream:x")
    assert allowed(BOUNDARY, "ec2:CreateNetworkInterface")
    assert allowed(BOUNDARY, "kms:Decrypt", KEY)
    for action in ("iam:CreateUser", "s3:GetObject", "sts:AssumeRole", "lambda:InvokeFunction", "kms:CreateGrant"):
        assert not allowed(BOUNDARY, action, "arn:aws:any:::thing")
    assert not allowed(BOUNDARY, "logs:PutLogEvents", f"{LOG.replace('prod', 'dev')}:log-stream:x")


def test_a_preview_reads_and_decrypts_and_does_nothing_else() -> None:
    actions = {action for statement in statements(PREVIEW) for action in statement["Action"]}
    assert {action for action in actions if not re.search(r":(Get|List|Describe)", action)} == {"kms:Decrypt"}


@pytest.mark.parametrize("document", [PREVIEW, DEPLOY, BOUNDARY], ids=["preview", "deploy", "boundary"])
def test_no_action_is_a_pattern_and_only_what_has_no_resource_has_them_all(document: str) -> None:
    for statement in statements(document):
        assert not [action for action in statement["Action"] if "*" in action]
        if "*" in statement["Resource"]:
            assert all(re.match(r"ec2:|logs:DescribeLogGroups$", action) for action in statement["Action"])
    assert len(re.sub(r"\s", "", document)) < INLINE_LIMIT


def test_a_state_that_is_elsewhere_needs_no_right_here() -> None:
    google = settings(backendUrl="gs://acme-state", secretsKey="projects/p/locations/eu/keyRings/r/cryptoKeys/k")
    for document in (aws_policies.previewing(google), aws_policies.deploying(google)):
        assert not re.search(r"s3:|kms:", document)
