"""Bootstrap's identities on the local cloud: which of GitHub's jobs get them, and what they are for.

GitHub's issuer is one of the tests', whose keys the local cloud is given as GitHub's. All else is the real program, on
the real engine, with its own policies enforced on both sides.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from google.auth.exceptions import OAuthError

from bootstrap.subjects import ISSUER
from federation_emulator.client.cloud import LocalCloud
from federation_emulator.client.issuer import Issuer
from pulumi_offline.stack_harness import StackHarness
from tests.bootstrap.given import JOBS
from tests.e2e.github_jobs import CLAIMS, DEPLOYS, NAME, PREVIEWS, Jobs, deployed
from tests.e2e.github_jobs import cloud as cloud


@pytest.fixture(scope="module")
def jobs(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    """What GitHub's jobs get for their tokens."""
    with deployed(cloud, tmp_path_factory.mktemp("bootstrap")) as found:
        yield found


@pytest.mark.parametrize("job", JOBS)
def test_a_job_gets_what_it_is_for_and_no_more(jobs: Jobs, job: str) -> None:
    claims, expected = CLAIMS[job], JOBS[job][1]
    assert jobs.opened_on_google(claims) == expected
    # AWS distinguishes subjects, and does not know that a job in the environment is on main as well.
    assert jobs.opened_on_aws(claims) == (expected if expected != {"preview", "deploy"} else {"deploy"})


NOW = int(time.time())


@pytest.mark.parametrize(
    ("changed", "google", "aws"),
    [
        ({"aud": "https://github.com/acme"}, "audience in ID Token", "Incorrect token audience"),
        ({"iat": NOW - 900, "nbf": NOW - 900, "exp": NOW - 600}, "is stale", "ExpiredToken"),
        ({"iat": NOW + 86400, "nbf": NOW + 86400, "exp": NOW + 86700}, "is stale to sign-in", "not valid yet"),
        ({"iss": "https://token.example.org"}, "does not match the expected", "No OpenIDConnect provider"),
    ],
)
def test_a_token_of_the_right_job_is_refused_for_all_else_that_is_wrong_with_it(
    jobs: Jobs, changed: Mapping[str, Any], google: str, aws: str
) -> None:
    with pytest.raises(OAuthError, match=google):
        jobs.google_token({**DEPLOYS, **changed})
    with pytest.raises(ClientError, match=aws):
        jobs.aws_session({**DEPLOYS, **changed}, "deploy")


@pytest.mark.parametrize("known", [False, True], ids=["an unknown key", "a known key's id"])
def test_a_token_that_another_key_signed_is_refused(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, *, known: bool
) -> None:
    forger = Issuer(ISSUER, algorithms=("RS256",))
    if known:
        monkeypatch.setattr(forger, "token", functools.partial(forger.token, kid=jobs.github.key_id("RS256")))
    forged = dataclasses.replace(jobs, github=forger)
    assert forged.opened_on_google(DEPLOYS) == forged.opened_on_aws(DEPLOYS) == set()


def test_the_deploy_identity_deploys_a_stack_sees_no_change_and_destroys_it(
    cloud: LocalCloud, jobs: Jobs, tmp_path: Path
) -> None:
    bounded = {"permissionsBoundaryArn": jobs.bootstrap.output("permissions_boundary_arn")}
    deployer = jobs.environment(DEPLOYS, "deploy", session="deploy")
    with StackHarness(cloud, tmp_path, bounded, name=NAME, environment=deployer) as stack:
        assert set(stack.up()) == {"create"}
        assert set(stack.preview().change_summary) == {"same"}
        assert set(stack.destroy()) == {"delete"}
    used = jobs.used_on_aws("deploy")
    assert used["deploy"] > {"lambda:CreateFunction", "iam:PassRole", "iam:CreateRole", "lambda:DeleteFunction"}
    assert "refused" not in used


ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
FOREIGN_ROLE = {"RoleName": "keyless-bigquery-dev", "AssumeRolePolicyDocument": json.dumps({"Statement": []})}


@pytest.mark.parametrize(
    ("service", "method", "request_", "denied"),
    [
        ("iam", "create_role", {**FOREIGN_ROLE, "RoleName": "keyless-bigquery-prod-x"}, "iam:CreateRole"),
        ("iam", "create_role", FOREIGN_ROLE | {"PermissionsBoundary": "BOUNDARY"}, "iam:CreateRole"),
        (
            "iam",
            "delete_role_permissions_boundary",
            {"RoleName": "ci-keyless-bigquery-prod-deploy"},
            "iam:DeleteRolePerm",
        ),
        (
            "iam",
            "attach_role_policy",
            {"RoleName": "keyless-bigquery-prod", "PolicyArn": ADMINISTRATOR},
            "iam:AttachRole",
        ),
        (
            "iam",
            "put_role_policy",
            {"RoleName": "ci-keyless-bigquery-prod-deploy", "PolicyName": "p", "PolicyDocument": "{}"},
            "iam:PutRolePolicy",
        ),
        ("iam", "create_policy_version", {"PolicyArn": "BOUNDARY", "PolicyDocument": "{}"}, "iam:CreatePolicyVersion"),
        ("iam", "list_users", {}, "iam:ListUsers"),
        ("lambda", "delete_function", {"FunctionName": "keyless-bigquery-dev"}, "lambda:DeleteFunction"),
        ("lambda", "list_functions", {}, "lambda:ListFunctions"),
        ("logs", "delete_log_group", {"logGroupName": "/aws/lambda/keyless-bigquery-dev"}, "logs:DeleteLogGroup"),
        ("events", "delete_rule", {"Name": "keyless-bigquery-dev"}, "events:DeleteRule"),
    ],
)
def test_who_deploys_can_not_reach_beyond_its_own_on_aws(
    jobs: Jobs, service: str, method: str, request_: Mapping[str, str], denied: str
) -> None:
    session = jobs.aws_session(DEPLOYS, "deploy")
    boundary = jobs.bootstrap.output("permissions_boundary_arn")
    given = {name: boundary if value == "BOUNDARY" else value for name, value in request_.items()}
    with pytest.raises(ClientError, match=rf"not authorized to perform: {denied}"):
        getattr(jobs.client(service, session), method)(**given)


@pytest.mark.parametrize(
    ("claims", "path", "body"),
    [
        (PREVIEWS, "/v1/projects/PROJECT/services/iam.googleapis.com:enable", {}),
        (PREVIEWS, "/v1/projects/PROJECT/serviceAccounts", {"accountId": "another"}),
        (PREVIEWS, "/bigquery/v2/projects/PROJECT/queries", {"query": "SELECT 1", "useLegacySql": False}),
        (DEPLOYS, "/bigquery/v2/projects/PROJECT/queries", {"query": "SELECT 1", "useLegacySql": False}),
    ],
)
def test_who_looks_changes_nothing_on_google_and_neither_reads_rows(
    jobs: Jobs, claims: Mapping[str, Any], path: str, body: Mapping[str, Any]
) -> None:
    assert jobs.google("POST", path, body, claims=claims).status_code == 403


@pytest.mark.parametrize(("role", "status"), [("roles/owner", 403), ("roles/bigquery.jobUser", 200)])
def test_who_deploys_can_grant_on_the_project_what_a_stack_grants_and_no_more(
    jobs: Jobs, role: str, status: int
) -> None:
    path = "/v1/projects/PROJECT"
    policy = jobs.google(
        "POST", f"{path}:getIamPolicy", {"options": {"requestedPolicyVersion": 3}}, claims=DEPLOYS
    ).json()
    granted = {"role": role, "members": ["user:mallory@example.com"]}
    changed = {**policy, "bindings": [*policy["bindings"], granted], "version": 3}
    assert jobs.google("POST", f"{path}:setIamPolicy", {"policy": changed}, claims=DEPLOYS).status_code == status
    if status == 200:
        restored = {**policy, "etag": "", "version": 3}
        assert jobs.google("POST", f"{path}:setIamPolicy", {"policy": restored}, claims=DEPLOYS).status_code == 200
