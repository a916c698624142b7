"""Bootstrap's identities on the local cloud: which of GitHub's jobs get them, and that they suffice for a stack's life.

GitHub's issuer is one of the tests', whose keys the local cloud is given as GitHub's. All else is the real program, on
the real engine, with its own policies enforced on both sides.
"""

from __future__ import annotations

import dataclasses
import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Mapping

import pytest
from botocore.exceptions import ClientError
from google.auth.exceptions import OAuthError

from bootstrap import aws_policies, google_roles
from bootstrap.settings import Settings
from bootstrap.subjects import ISSUER
from federation_emulator.client.cloud import LocalCloud
from federation_emulator.client.issuer import Issuer
from federation_emulator.core.permissions import ROLES
from federation_emulator.ports import issuers
from keyless_bigquery.components import outputs
from pulumi_offline.engine.pins import ROOT
from pulumi_offline.engine.workspace import Workspace
from pulumi_offline.stack_harness import StackHarness
from tests.bootstrap.given import JOBS, KEY, REQUIRED, settings
from tests.bootstrap.policy import statements
from tests.bootstrap.reasons import REFUSED_TO_LOOK, TO_DEPLOY, TO_LOOK
from tests.e2e.github_jobs import Jobs
from tests.e2e.test_drift import drift

NAME = "prod"
# The audience is another one on each side.
WITHOUT_AUDIENCE = {
    job: {name: value for name, value in claims.items() if name != "aud"} for job, (claims, _) in JOBS.items()
}
DEPLOYS, PREVIEWS = WITHOUT_AUDIENCE["main in the environment deploys"], WITHOUT_AUDIENCE["a pull request's job looks"]
SETTINGS = settings(secretsKey=KEY, environmentKmsKeyArn=KEY.replace("1111", "9999"))
TRUSTS_EC2 = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
ALWAYS_ALLOWED = {"sts:GetCallerIdentity"}
"""Source: AWS STS API, "GetCallerIdentity": no permission is needed."""

ENVIRONMENT_KEY = KEY.replace("1111", "9999")


@pytest.fixture(scope="module")
def bootstrap(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackHarness]:
    """The identities, deployed by the owner of both clouds."""
    google = {
        f"GOOGLE_{name}_CUSTOM_ENDPOINT": f"{cloud.google_url}/{version}/"
        for name, version in {
            "IAM_BETA": "v1",
            "SERVICE_USAGE": "v1beta1",
            "RESOURCE_MANAGER": "v1",
            "BIG_QUERY": "bigquery/v2",
            "CLOUD_BILLING": "v1",
        }.items()
    }
    given = {
        **REQUIRED,
        "googleProject": cloud.project_id,
        "awsAccountId": cloud.aws_account_id,
        "environmentKmsKeyArn": ENVIRONMENT_KEY,
        "secretsKey": KEY,
    }
    with StackHarness(
        cloud,
        tmp_path_factory.mktemp("bootstrap"),
        given,
        name=NAME,
        program=ROOT / "bootstrap",
        environment=google,
    ) as harness:
        harness.up()
        try:
            yield harness
        finally:
            unprotect(harness)
            harness.destroy()


def unprotect(harness: StackHarness) -> None:
    """Let pool, provider and issuer be deleted, as an administrator would."""
    exported = harness.stack.export_stack()
    for resource in exported.deployment["resources"]:
        resource["protect"] = False
    harness.stack.import_stack(exported)


@pytest.fixture(scope="module")
def jobs(cloud: LocalCloud, bootstrap: StackHarness) -> Jobs:
    """What GitHub's jobs get for their tokens."""
    github = Issuer(ISSUER, algorithms=("RS256",))
    (cloud.folder / issuers.FILE).write_text(json.dumps({ISSUER: json.loads(github.key_set())}))
    return Jobs(cloud, github, bootstrap)


@pytest.mark.parametrize("job", JOBS)
def test_a_job_gets_what_it_is_for_and_no_more(jobs: Jobs, job: str) -> None:
    claims, expected = WITHOUT_AUDIENCE[job], JOBS[job][1]
    assert jobs.opened_on_google(claims) == expected
    # AWS distinguishes subjects, and does not know that a job in the environment is on main as well.
    assert jobs.opened_on_aws(claims) == (expected if expected != {"preview", "deploy"} else {"deploy"})


NOW = int(time.time())


@pytest.mark.parametrize(
    ("changed", "google", "aws"),
    [
        ({"aud": "https://github.com/acme"}, "audience in ID Token", "Incorrect token audience"),
        ({"iat": NOW - 900, "nbf": NOW - 900, "exp": NOW - 600}, "is stale", "ExpiredToken"),
        ({"iat": NOW + 600, "nbf": NOW + 600, "exp": NOW + 900}, "not valid yet", "not valid yet"),
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


def test_a_token_that_another_key_signed_is_refused(jobs: Jobs) -> None:
    forged = dataclasses.replace(jobs, github=Issuer(ISSUER, algorithms=("RS256",)))
    assert forged.opened_on_google(DEPLOYS) == forged.opened_on_aws(DEPLOYS) == set()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Life:
    """What the engine did of a stack, as a job of GitHub's, and what both clouds recorded of it."""

    steps: dict[str, set[str]]
    used_on_aws: dict[str, set[str]]
    used_on_google: dict[str, set[str]]


WHOLE = {
    "schedule": "rate(1 hour)",
    "reservedConcurrency": 5,
    "subnetIds": ["subnet-0123456789abcdef0"],
    "securityGroupIds": ["sg-0123456789abcdef0"],
}
CHANGED = {
    "schedule": "rate(2 hours)",
    "memoryMb": 256,
    "columns": [{"name": "user_id", "type": "INTEGER"}, {"name": "name", "type": "STRING"}],
}


@pytest.fixture(scope="module")
def life(cloud: LocalCloud, jobs: Jobs, tmp_path_factory: pytest.TempPathFactory) -> Life:
    """A stack from its first preview to its end."""
    folder, elsewhere = (tmp_path_factory.mktemp(name) for name in ("stack", "elsewhere"))
    state = {"PULUMI_BACKEND_URL": Workspace(folder).backend.as_uri()}
    always = {
        "permissionsBoundaryArn": jobs.bootstrap.output("permissions_boundary_arn"),
        "environmentKmsKeyArn": ENVIRONMENT_KEY,
    }
    steps, last = {}, cloud.decisions()[-1].id
    deployer = jobs.environment(DEPLOYS, "deploy", session="life")
    previewer = jobs.environment(PREVIEWS, "preview", session="life")
    with (
        StackHarness(cloud, folder, always | WHOLE, name=NAME, environment=deployer) as stack,
        # In a folder of its own, as on another machine: its plugins have other credentials.
        StackHarness(cloud, elsewhere, always | WHOLE, name=NAME, environment=previewer | state) as looking,
    ):
        steps["a preview of what is not there"] = set(looking.preview().change_summary)
        steps["a deployment"] = set(stack.up())
        steps["a preview of no change"] = set(stack.preview().change_summary)
        no_drift = drift(looking, elsewhere)
        by_hand(stack)
        found = drift(looking, elsewhere)
        steps["a change"] = set(stack.beside(NAME, always | CHANGED).up(refresh=True))
        steps["the end"] = set(stack.destroy())
    assert (no_drift.returncode, found.returncode) == (0, 1), no_drift.stdout + no_drift.stderr + found.stderr
    return Life(steps=steps, used_on_aws=jobs.used_on_aws("life"), used_on_google=jobs.used_on_google(after=last))


def by_hand(stack: StackHarness) -> None:
    """Change what a deployment may put right, as the account's owner."""
    name, tags = stack.output(outputs.FUNCTION_NAME), {"by": "hand"}
    pair = [{"Key": "by", "Value": "hand"}]
    iam, function, logs, events = (stack.aws(service) for service in ("iam", "lambda", "logs", "events"))
    iam.update_role(RoleName=name, Description="Changed by hand.", MaxSessionDuration=7200)
    iam.update_assume_role_policy(
        RoleName=name, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": TRUSTS_EC2})
    )
    iam.delete_role_permissions_boundary(RoleName=name)
    iam.tag_role(RoleName=name, Tags=pair)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("handler.py", "")
    function.update_function_code(FunctionName=name, ZipFile=archive.getvalue())
    function.tag_resource(Resource=function.get_function(FunctionName=name)["Configuration"]["FunctionArn"], Tags=tags)
    (group,) = logs.describe_log_groups(logGroupNamePrefix=stack.output(outputs.LOG_GROUP))["logGroups"]
    logs.tag_resource(resourceArn=group["arn"].removesuffix(":*"), tags=tags)
    events.tag_resource(ResourceARN=events.describe_rule(Name=name)["Arn"], Tags=pair)


def test_the_identities_suffice_for_a_stacks_whole_life(life: Life) -> None:
    assert life.steps == {
        "a preview of what is not there": {"create"},
        "a deployment": {"create"},
        "a preview of no change": {"same"},
        "a change": {"same", "update", "delete"},
        "the end": {"delete"},
    }
    refused = life.used_on_aws["refused"] | life.used_on_google["refused"]
    assert refused == set(REFUSED_TO_LOOK)


@pytest.mark.parametrize(
    ("identity", "document", "reasons"),
    [("deploy", aws_policies.deploying, TO_DEPLOY), ("preview", aws_policies.previewing, TO_LOOK)],
)
def test_each_action_is_used_or_named_with_its_reason(
    life: Life, identity: str, document: Callable[[Settings], str], reasons: Mapping[str, str]
) -> None:
    granted = {name for one in statements(document(SETTINGS)) for name in one["Action"]}
    used = life.used_on_aws[identity] - ALWAYS_ALLOWED
    assert used <= granted
    assert granted - used == set(reasons)


def test_each_role_gives_a_permission_that_is_used_and_that_no_other_role_gives(life: Life) -> None:
    looking = {grant.role for grant in google_roles.previewing(SETTINGS)}
    deploying = {grant.role for grant in google_roles.deploying(SETTINGS)}
    # Who deploys may look as well.
    for identity, roles, all_roles in (("preview", looking, looking), ("deploy", deploying, looking | deploying)):
        for role in roles:
            others = frozenset().union(*(ROLES[other] for other in all_roles - {role}))
            assert (life.used_on_google[identity] & ROLES[role]) - others, f"{role} is for nothing: {identity}"


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
