"""What GitHub's jobs may do in AWS, and that who deploys can't make itself more than that."""

from __future__ import annotations

import re

import botocore.session
import pytest

from bootstrap import aws_policies
from bootstrap.aws_actions import ACTIONS, Form
from bootstrap.subjects import deploying, previewing
from keyless_bigquery.components.role_policies import NETWORK_POLICY_ARN
from tests.bootstrap.given import ACCOUNT, JOBS, KEY, settings, token
from tests.bootstrap.policy import allowed, statements
from tests.bootstrap.provider_calls import ENVIRONMENT_KEY, PREFIX, Call, calls

SETTINGS = settings(secretsKey=KEY, environmentKmsKeyArn=ENVIRONMENT_KEY)
PREVIEW = aws_policies.previewing(SETTINGS)
DEPLOY = aws_policies.deploying(SETTINGS)
BOUNDARY = aws_policies.boundary(SETTINGS)
BOUNDED = {"iam__PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/keyless-bigquery-prod-boundary"}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/keyless-bigquery-prod"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:keyless-bigquery-prod"
LOG = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/lambda/keyless-bigquery-prod"
RULE = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/keyless-bigquery-prod"
STREAM = f"{LOG}:log-stream:2026/11/28/[$LATEST]0123456789abcdef"
INLINE_LIMIT = 10_240
"""Characters of all inline policies of a role together, white space apart. Source: AWS, "IAM and STS quotas"."""

MANAGED_LIMIT = 6_144
"""Characters of a managed policy, white space apart. Source: the same."""

NETWORK_ACTIONS = {
    *("ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces"),
    *("ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses", "ec2:DescribeSubnets"),
}
"""What Lambda does as the role of a function in a VPC. Source: AWS managed policy AWSLambdaVPCAccessExecutionRole."""

EVALUATED = {
    "iam:CreateRole": {ROLE},
    "iam:PassRole": {ROLE},
    "lambda:CreateFunction": {FUNCTION},
    "lambda:UpdateFunctionCode": {FUNCTION},
    "lambda:PublishVersion": {FUNCTION},
    "lambda:ListVersionsByFunction": {FUNCTION},
    "lambda:GetFunctionConfiguration": {FUNCTION, f"{FUNCTION}:7"},
    "lambda:InvokeFunction": {FUNCTION, f"{FUNCTION}:live"},
    "lambda:UpdateAlias": {FUNCTION, f"{FUNCTION}:live"},
    "lambda:AddPermission": {FUNCTION, f"{FUNCTION}:live"},
    "lambda:GetPolicy": {FUNCTION, f"{FUNCTION}:live"},
    "lambda:DeleteFunction": {FUNCTION, f"{FUNCTION}:7"},
    "logs:CreateLogGroup": {f"{LOG}:*", f"{LOG}:log-stream:"},
    "logs:PutRetentionPolicy": {f"{LOG}:*", f"{LOG}:log-stream:"},
    "logs:DeleteLogGroup": {f"{LOG}:*", f"{LOG}:log-stream:"},
    "logs:UntagResource": {LOG},
    "logs:ListTagsForResource": {LOG},
    "logs:DescribeLogGroups": {f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group::log-stream:"},
    "events:PutRule": {RULE},
    "events:PutTargets": {RULE},
}
"""For the default names: each action whose ARN is easily taken for another, as AWS's documents have it."""

REFUSED_ON_PURPOSE = {
    "iam:DeleteRolePermissionsBoundary": "a role outside the boundary could be given any right",
    "iam:RemoveRoleFromInstanceProfile": "called only for a role that was put into an instance profile by hand",
    "iam:ListRoleTags": "role.go takes tags from GetRole",
    "lambda:GetFunctionConcurrency": "only the data source calls it",
    "lambda:PutFunctionCodeSigningConfig": "the program sets none",
    "lambda:DeleteFunctionCodeSigningConfig": "CI must not take code signing off",
    **dict.fromkeys(
        ("iam:TagRole", "lambda:TagResource", "logs:TagResource", "events:TagResource"), "the program sets no tags"
    ),
    "logs:DeleteRetentionPolicy": "the program always sets a retention",
    "logs:AssociateKmsKey": "the program sets no key for the log group",
    "events:EnableRule": "rule.go sets the state by PutRule",
    "ec2:DetachNetworkInterface": "only the provider's subnets and security groups call it, and the stack has none",
}
"""Actions of these types in the provider's sources or in former policies, and why they are left out."""


def opened(claims: dict[str, str]) -> set[str]:
    trusts = {
        "preview": aws_policies.trust(SETTINGS, previewing(SETTINGS.github)),
        "deploy": aws_policies.trust(SETTINGS, [deploying(SETTINGS.github, "prod")]),
    }
    issuer = claims["iss"].removeprefix("https://")
    context = {f"{issuer}:{name}": value for name, value in claims.items()}
    return {access for access, trust in trusts.items() if allowed(trust, "sts:AssumeRoleWithWebIdentity", **context)}


def actions_of(document: str) -> set[str]:
    return {action for statement in statements(document) for action in statement["Action"]}


def is_allowed(document: str, call: Call) -> bool:
    return allowed(document, call.action, call.arn, **call.context)


@pytest.mark.parametrize("job", JOBS)
def test_a_token_opens_exactly_what_its_job_is_for(job: str) -> None:
    claims, expected = JOBS[job]
    # AWS knows one subject from another, and not that a job in the environment is on main as well.
    assert opened(claims) == (expected if expected != {"preview", "deploy"} else {"deploy"})


def test_a_token_for_somebody_else_opens_nothing() -> None:
    assert opened({**token("environment:prod"), "aud": "https://github.com/acme"}) == set()
    assert opened({**token("environment:prod"), "iss": "https://token.example.org"}) == set()


@pytest.mark.parametrize("name", [PREFIX, f"{PREFIX}-sales"])
def test_every_call_of_the_provider_is_allowed_to_a_deployment_and_every_read_to_a_preview(name: str) -> None:
    assert [call for call in calls(name) if not is_allowed(DEPLOY, call)] == []
    assert [call for call in calls(name) if call.operation == "read" and not is_allowed(PREVIEW, call)] == []


def test_no_action_is_granted_that_no_call_needs() -> None:
    assert actions_of(DEPLOY) == {call.action for call in calls()}
    assert actions_of(PREVIEW) == {call.action for call in calls() if call.operation == "read"}
    assert actions_of(DEPLOY) & set(REFUSED_ON_PURPOSE) == set()


@pytest.mark.parametrize(
    ("part", "neighbour"),
    [
        (PREFIX, f"{PREFIX}2"),
        (PREFIX, "keyless-bigquery-production"),
        (PREFIX, "keyless-bigquery-dev"),
        (PREFIX, f"x-{PREFIX}"),
        ("us-east-1", "eu-west-1"),
        (ACCOUNT, "111111111111"),
        ("acme-state", "acme-state-2"),
        ("99992222", "99992223"),
        ("11112222", "11112223"),
    ],
)
def test_a_neighbours_resource_is_out_of_reach(part: str, neighbour: str) -> None:
    # The listing has no resource type.
    concerned = [call for call in calls() if part in call.arn and call.action != "logs:DescribeLogGroups"]
    assert concerned
    for call in concerned:
        arn = call.arn.replace(part, neighbour, 1)
        assert not allowed(DEPLOY, call.action, arn, **call.context), (call.action, arn)


def test_a_call_without_its_condition_is_refused() -> None:
    for call in calls():
        for key in call.context:
            for context in ({}, {**call.context, key: "arn:aws:iam::aws:policy/AdministratorAccess"}):
                assert not allowed(DEPLOY, call.action, call.arn, **context) or _also_without(call), call


def _also_without(call: Call) -> bool:
    return any(other.action == call.action and other.arn == call.arn and not other.context for other in calls())


@pytest.mark.parametrize("action", EVALUATED)
def test_the_policy_has_each_action_on_the_arn_that_aws_evaluates(action: str) -> None:
    context = next((call.context for call in calls() if call.action == action), {})
    for arn in EVALUATED[action]:
        assert allowed(DEPLOY, action, arn, **context), arn


def test_an_action_of_a_log_group_is_on_the_arn_with_a_part_behind_and_its_tags_on_the_one_without() -> None:
    for action in ("logs:CreateLogGroup", "logs:PutRetentionPolicy", "logs:DeleteLogGroup"):
        assert not allowed(DEPLOY, action, LOG)
    assert not allowed(DEPLOY, "logs:UntagResource", f"{LOG}:*")


def test_exactly_what_lambdas_api_takes_a_qualifier_for_is_allowed_on_versions_and_aliases() -> None:
    model = botocore.session.get_session().get_service_model("lambda")
    named = {action.name: action for action in ACTIONS if action.name.startswith("lambda:")}
    operations = {name.replace("InvokeFunction", "Invoke").removeprefix("lambda:"): name for name in named}
    for operation, name in operations.items():
        members = model.operation_model(operation).input_shape.members
        qualified = "Qualifier" in members or operation.endswith("Alias")
        assert (Form.FUNCTION_QUALIFIED in named[name].forms) is qualified, name


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("lambda:UpdateFunctionCode", FUNCTION),
        ("iam:DeleteRole", ROLE),
        ("logs:DeleteLogGroup", f"{LOG}:*"),
        ("events:PutRule", RULE),
        ("s3:PutObject", "arn:aws:s3:::acme-state/.pulumi/stacks/keyless-bigquery/prod.json"),
    ],
)
def test_a_deployment_may_change_what_is_its_own_and_a_preview_may_not(action: str, resource: str) -> None:
    assert allowed(DEPLOY, action, resource)
    assert not allowed(PREVIEW, action, resource)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("iam:DeleteRole", ROLE.replace("role/", "role/ci-") + "-deploy"),
        ("iam:UpdateAssumeRolePolicy", ROLE.replace("role/", "role/ci-") + "-deploy"),
        ("iam:CreatePolicyVersion", BOUNDED["iam__PermissionsBoundary"]),
        ("iam:DeletePolicy", BOUNDED["iam__PermissionsBoundary"]),
        ("iam:DeleteRolePermissionsBoundary", ROLE),
        ("iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/anybody"),
        ("iam:UpdateOpenIDConnectProviderThumbprint", aws_policies.github_provider_arn(ACCOUNT)),
        ("s3:DeleteBucket", "arn:aws:s3:::acme-state"),
        ("kms:ScheduleKeyDeletion", KEY),
        ("kms:CreateGrant", KEY),
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
    key = KEY.replace("1111", "7777")
    assert allowed(BOUNDARY, "logs:CreateLogStream", STREAM)
    assert allowed(BOUNDARY, "logs:PutLogEvents", STREAM)
    assert allowed(BOUNDARY, "kms:Decrypt", key)
    assert all(allowed(BOUNDARY, action) for action in NETWORK_ACTIONS)
    others = {"logs:CreateLogStream", "logs:PutLogEvents", "kms:Decrypt", "sts:GetWebIdentityToken"}
    assert actions_of(BOUNDARY) == {*NETWORK_ACTIONS, *others}
    for other in (STREAM.replace("prod", "dev"), STREAM.replace("prod", "prod2"), STREAM.replace(ACCOUNT, "1" * 12)):
        assert not allowed(BOUNDARY, "logs:PutLogEvents", other)
    assert not allowed(BOUNDARY, "kms:Decrypt", key.replace("us-east-1", "eu-west-1"))


def test_inside_the_boundary_a_signed_token_is_for_a_provider_of_googles_and_for_no_other_service() -> None:
    pool = "https://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p"
    good = {"sts__SigningAlgorithm": "RS256", "sts__IdentityTokenAudience": f"{pool}/providers/aws-oidc"}
    assert allowed(BOUNDARY, "sts:GetWebIdentityToken", **good)
    without = {key: value for key, value in good.items() if key != "sts__IdentityTokenAudience"}
    for wrong in (
        without,
        good | {"sts__SigningAlgorithm": "ES384"},
        good | {"sts__IdentityTokenAudience": pool},
        good | {"sts__IdentityTokenAudience": "https://sts.example.com"},
    ):
        assert not allowed(BOUNDARY, "sts:GetWebIdentityToken", **wrong)


def test_a_preview_reads_and_decrypts_and_does_nothing_else() -> None:
    others = {action for action in actions_of(PREVIEW) if not re.search(r":(Get|List|Describe)", action)}
    assert others == {"kms:Decrypt"}


@pytest.mark.parametrize(
    ("document", "limit"),
    [(PREVIEW, INLINE_LIMIT), (DEPLOY, INLINE_LIMIT), (BOUNDARY, MANAGED_LIMIT)],
    ids=["preview", "deploy", "boundary"],
)
def test_no_action_is_a_pattern_and_only_what_has_no_resource_has_them_all(document: str, limit: int) -> None:
    for statement in statements(document):
        assert not [action for action in statement["Action"] if "*" in action]
        if "*" in statement["Resource"]:
            assert all(
                re.match(r"ec2:|logs:DescribeLogGroups$|sts:GetWebIdentityToken$", action)
                for action in statement["Action"]
            )
    assert len(re.sub(r"\s", "", document)) < limit


def test_a_state_that_is_elsewhere_needs_no_right_here() -> None:
    google = settings(backendUrl="gs://acme-state", secretsKey="projects/p/locations/eu/keyRings/r/cryptoKeys/k")
    for document in (aws_policies.previewing(google), aws_policies.deploying(google)):
        assert not re.search(r"s3:|kms:", document)
