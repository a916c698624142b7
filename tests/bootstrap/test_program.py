"""What the program registers, seen through Pulumi's mocks: two identities on each side, and no key."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pulumi
import pytest
import yaml

from bootstrap import variables
from bootstrap.settings import DECLARED as SETTINGS
from keyless_bigquery.settings.generated import config_block
from keyless_tools.guardrails.model import Resource
from keyless_tools.guardrails.rules import judge
from pulumi_offline.engine.pins import ROOT
from tests.bootstrap.given import ACCOUNT, DECLARED, GIVEN, PROGRAM
from tests.bootstrap.given import KEY as AWS_KEY
from tests.components.recording import PROJECT_NUMBER, UNKNOWN, Recording, record

OIDC_PROVIDER = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
POOL = "gcp:iam/workloadIdentityPool:WorkloadIdentityPool"
POOL_PROVIDER = "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"
MEMBER = "gcp:projects/iAMMember:IAMMember"
ROLE = "aws:iam/role:Role"
GOOGLE_KEY = "projects/p/locations/eu/keyRings/r/cryptoKeys/k"
POOL_NAME = f"projects/{PROJECT_NUMBER}/locations/global/workloadIdentityPools/github-prod"


def bootstrap(settings: Mapping[str, str] | None = None, *, preview: bool = False) -> Recording:
    return record(settings, stack="prod", program=PROGRAM, defaults=GIVEN, preview=preview)


@pytest.fixture(scope="module")
def made() -> Recording:
    return bootstrap()


def test_there_is_no_key_and_no_service_account(made: Recording) -> None:
    assert not [
        one.type for one in made.resources if re.search(r"key:|serviceaccount|accessKey", one.type, re.IGNORECASE)
    ]


def test_every_grant_is_of_one_member(made: Recording) -> None:
    grants = [one.type for one in made.resources if re.search(r"iam(binding|policy|member)", one.type, re.IGNORECASE)]
    assert set(grants) == {MEMBER}


def test_the_aws_roles_trust_github_alone_and_for_an_hour(made: Recording) -> None:
    roles = {role.inputs["name"]: role.inputs for role in made.of_type(ROLE)}
    assert set(roles) == {"ci-keyless-bigquery-prod-preview", "ci-keyless-bigquery-prod-deploy"}
    for inputs in roles.values():
        assert "sts:AssumeRoleWithWebIdentity" in inputs["assumeRolePolicy"]
        assert inputs["maxSessionDuration"] == 3600
    assert made.only(OIDC_PROVIDER).inputs["clientIdLists"] == ["sts.amazonaws.com"]


@pytest.mark.parametrize(
    ("given", "also"),
    [
        ({}, set()),
        ({"identityProject": "acme-ci"}, set()),
        ({"identityProject": "acme-ci", "backendUrl": "gs://acme-state"}, {"storage"}),
        ({"identityProject": "acme-ci", "secretsKey": GOOGLE_KEY}, {"cloudkms"}),
        ({"backendUrl": "gs://acme-state", "secretsKey": GOOGLE_KEY}, {"storage", "cloudkms"}),
        ({"backendUrl": "https://api.pulumi.com", "secretsKey": AWS_KEY}, set()),
    ],
)
def test_every_api_that_a_job_calls_is_on_in_the_project_of_its_pool_and_no_other(
    given: dict[str, str], also: set[str]
) -> None:
    services = bootstrap(given).of_type("gcp:projects/service:Service")
    assert {one.inputs["project"] for one in services} == {given.get("identityProject", "acme-reports")}
    assert {one.inputs["service"].removesuffix(".googleapis.com") for one in services} == {
        *("iam", "sts", "serviceusage", "cloudresourcemanager", "bigquery"),
        *also,
    }
    assert all(one.inputs["disableOnDestroy"] is False for one in services)


def test_the_google_pool_believes_githubs_tokens_on_a_condition(made: Recording) -> None:
    provider = made.only(POOL_PROVIDER).inputs
    assert provider["oidc"] == {"issuerUri": "https://token.actions.githubusercontent.com"}
    assert "assertion.repository_id == '456789'" in provider["attributeCondition"]


def test_only_the_environments_jobs_have_the_roles_that_change(made: Recording) -> None:
    members: dict[str, set[str]] = {}
    for grant in made.of_type(MEMBER):
        members.setdefault(grant.inputs["member"], set()).add(grant.name.partition("-")[0])
    assert members == {
        f"principalSet://iam.googleapis.com/{POOL_NAME}/attribute.repository_id/456789": {"preview"},
        f"principal://iam.googleapis.com/{POOL_NAME}/subject/repo:acme@123456/reports@456789:environment:prod": {
            "deploy"
        },
    }


def test_github_is_told_what_its_workflows_ask_for(made: Recording) -> None:
    provider = f"{POOL_NAME}/providers/github"
    assert made.outputs["repository_variables"].splitlines() == [
        "PROD_BACKEND_URL=s3://acme-state?region=us-east-1",
        "PROD_AWS_REGION=us-east-1",
        f"PROD_GOOGLE_PROVIDER={provider}",
        f"PROD_AWS_PREVIEW_ROLE=arn:aws:iam::{ACCOUNT}:role/ci-keyless-bigquery-prod-preview",
    ]
    assert made.outputs["environment_variables"].splitlines()[2:] == [
        f"GOOGLE_PROVIDER={provider}",
        f"AWS_DEPLOY_ROLE=arn:aws:iam::{ACCOUNT}:role/ci-keyless-bigquery-prod-deploy",
    ]


def test_the_workflows_ask_for_exactly_these_variables() -> None:
    asked: dict[str, set[str]] = {}
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        asked[path.stem] = set(re.findall(r"vars\.(\w+)", path.read_text()))
    previews = {
        variables.for_environment(environment, name)
        for environment in ("dev", "prod")
        for name in variables.OF_A_PREVIEW
    }
    assert asked == {
        "check": set(),
        "preview": {variables.SWITCH, *previews},
        "drift": {variables.SWITCH, *previews},
        "deploy": {variables.SWITCH, *variables.OF_A_DEPLOYMENT},
        "destroy": {variables.SWITCH, *variables.OF_A_DEPLOYMENT},
    }


def test_a_provider_that_the_account_has_is_named_and_not_made() -> None:
    leaning = bootstrap({"githubProvider": "existing"})
    assert not leaning.of_type(OIDC_PROVIDER)
    assert f"arn:aws:iam::{ACCOUNT}:oidc-provider/token" in leaning.of_type(ROLE)[0].inputs["assumeRolePolicy"]


def test_a_state_on_googles_side_is_granted_there() -> None:
    google = bootstrap({"backendUrl": "gs://acme-state", "secretsKey": GOOGLE_KEY})
    granted = {one.name: one.inputs for one in google.of_type("gcp:storage/bucketIAMMember:BucketIAMMember")}
    assert {name: inputs["role"] for name, inputs in granted.items()} == {
        "preview-state": "roles/storage.objectViewer",
        "deploy-state": "roles/storage.objectUser",
    }
    assert google.only("gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember").inputs["cryptoKeyId"] == GOOGLE_KEY


def test_a_first_preview_works_with_every_computed_value_unknown() -> None:
    planned = bootstrap(preview=True)
    assert planned.outputs["repository_variables"] == UNKNOWN
    assert {one.name for one in planned.resources} == {one.name for one in bootstrap().resources}


def test_the_project_file_declares_every_setting() -> None:
    assert list(DECLARED.items()) == list(yaml.safe_load(config_block(SETTINGS))["config"].items())


def test_bad_settings_end_the_program_with_their_message_before_anything_is_registered() -> None:
    with pytest.raises(
        pulumi.RunError, match=r"(?s)2 settings.*repositoryId is 'reports'.*backendUrl is 'file:///tmp'"
    ):
        bootstrap({"repositoryId": "reports", "backendUrl": "file:///tmp"})


@pytest.mark.parametrize("backend", ["s3://acme-state", "gs://acme-state"])
def test_of_the_guardrails_it_breaks_only_those_that_are_about_readers(backend: str) -> None:
    resources = [
        Resource(urn=f"urn:pulumi:prod::ci::{one.type}::{one.name}", type=one.type, inputs=one.inputs)
        for one in bootstrap({"backendUrl": backend}).resources
    ]
    broken = {verdict.rule for verdict in judge(resources, ())}
    # Who deploys makes what isn't there yet, so it goes by the beginning of a name, and by roles for whole projects.
    assert broken == {"no-wildcard", "no-broad-role"}
