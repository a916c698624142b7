"""A stack whose subject tokens AWS signs: changed over from signed requests, read with, and refused by each guard."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from pulumi import automation

from federation_emulator.core.trace import Link
from federation_emulator.ports.web_identity import ISSUER
from keyless_bigquery.components import outputs, role_policies
from keyless_tools.doctor.report import PASSED, exit_code
from pulumi_offline.stack_harness import Invocation, StackHarness
from tests.doctor import changes
from tests.doctor.users import examined

OIDC = {"subjectToken": "aws-oidc", "awsTokenIssuer": ISSUER}
CHAIN = [Link.TOKEN_EXCHANGE, Link.IMPERSONATION, Link.JOB, Link.TABLE]


@pytest.fixture(scope="module")
def changed_over(deployed: StackHarness) -> Iterator[StackHarness]:
    """A stack that signed requests, and now has AWS sign tokens."""
    before = deployed.beside("token", {"providerId": "aws-before"})
    before.up()
    assert not before.invoke().failed
    old = before.output(outputs.PROVIDER_NAME)
    harness = deployed.beside("token", OIDC | {"providerId": "aws-before"})
    steps = harness.up()
    # The new provider has an id of its own: the old one's stays taken for 30 days.
    assert steps[automation.OpType.REPLACE], steps
    assert harness.output(outputs.PROVIDER_NAME) == f"{old}-oidc"
    assert harness.google("GET", f"/v1/{old}")["state"] == "DELETED"
    yield harness
    harness.destroy()


@pytest.fixture
def token(changed_over: StackHarness) -> StackHarness:
    changed_over.forget_tokens()
    return changed_over


def refused(invocation: Invocation, says: str) -> None:
    assert invocation.failed
    assert says in invocation.error, invocation.log
    assert "eyJ" not in invocation.log


def test_the_function_reads_rows_and_nothing_is_left_to_deploy_or_to_fix(token: StackHarness) -> None:
    read = token.invoke()
    assert not read.failed, read.log
    assert [decision.link for decision in read.decisions] == CHAIN
    assert [decision.link for decision in token.invoke().decisions] == CHAIN[2:]
    provider = token.google("GET", f"/v1/{token.output(outputs.PROVIDER_NAME)}")
    assert provider["oidc"] == {"issuerUri": ISSUER}
    assert set(token.preview().change_summary) == {"same"}
    (walked,) = examined(token)
    assert exit_code([walked]) == PASSED, walked


def test_another_role_is_refused_by_google_though_aws_signs_for_it(token: StackHarness) -> None:
    name, policy = "Token-Reader", role_policies.TOKEN_POLICY
    allowed = token.aws("iam").get_role_policy(RoleName=changes.role_name(token), PolicyName=policy)["PolicyDocument"]
    token.give_another_role(name)
    without = token.invoke()
    token.aws("iam").put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(allowed))
    token.forget_tokens()
    other = token.invoke()
    changes.function(token, Role=token.output(outputs.ROLE_ARN))
    token.aws("iam").delete_role_policy(RoleName=name, PolicyName=policy)
    token.delete_role(name)
    refused(without, "subject token failed: AWS STS refused a token for the role: 403 AccessDenied")
    assert not without.decisions, "nothing was sent to Google"
    refused(other, "token exchange failed: Google STS refused the subject token: unauthorized_client")
    assert other.refusal is not None
    assert not token.invoke().failed


def test_a_policy_for_another_audience_gives_no_token(token: StackHarness) -> None:
    iam, role, policy = token.aws("iam"), changes.role_name(token), role_policies.TOKEN_POLICY
    before = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
    other = role_policies.token_for_google(f"{token.output(outputs.AUDIENCE)}-other")
    iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=other)
    done = token.invoke()
    iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(before))
    refused(done, "AWS STS refused a token for the role: 403 AccessDenied")
    assert not token.invoke().failed


def test_an_account_in_which_it_is_not_enabled_is_named_with_the_command(token: StackHarness) -> None:
    token.aws("iam").disable_outbound_web_identity_federation()
    done = token.invoke()
    token.aws("iam").enable_outbound_web_identity_federation()
    refused(done, "Cause: outbound identity federation is not enabled in the AWS account")
    refused(done, "aws iam enable-outbound-web-identity-federation")
    assert not token.invoke().failed


def test_a_provider_for_another_issuer_refuses_the_token(token: StackHarness) -> None:
    with changes.provider(token, oidc={"issuerUri": ISSUER.replace("5f3c", "5f3d")}):
        done = token.invoke()
    refused(done, "token exchange failed: Google STS refused the subject token: invalid_grant")
    assert not token.invoke().failed
