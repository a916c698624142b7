"""The real gcloud against the running local cloud: what it creates, reads, changes and is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from federation_emulator.client.cloud import LocalCloud
from keyless_bigquery.trust.trust import TrustChain, attribute_condition, attribute_mapping
from tests.emulator.chain import LocalAccount
from tests.official_tools.shell import Shell, installed

pytestmark = installed("gcloud")

GCLOUD_SETTINGS = {
    "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING",
    "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK",
    "CLOUDSDK_CONFIG",
}
POOLS = "iam workload-identity-pools"
PROVIDERS = f"{POOLS} providers"
ACCOUNTS = "iam service-accounts"
ROLE = "Keyless-Reader"
LAMBDA = "reader-function"
USER = "roles/iam.workloadIdentityUser"


def trust(cloud: LocalCloud) -> TrustChain:
    return TrustChain(aws_account_id=cloud.aws_account_id, role_name=ROLE, function_name=LAMBDA)


def bindings(policy: dict[str, Any]) -> dict[str, list[str]]:
    return {binding["role"]: sorted(binding["members"]) for binding in policy.get("bindings", [])}


def test_services_are_enabled_one_and_several_and_listed(shell: Shell) -> None:
    listed = {service["config"]["name"] for service in shell.done("services list --enabled")}
    assert "iam.googleapis.com" in listed
    assert "monitoring.googleapis.com" not in listed
    assert shell.gcloud("services enable monitoring.googleapis.com").status == 0
    assert shell.gcloud("services enable iam.googleapis.com bigquery.googleapis.com").status == 0


@pytest.mark.soak
def test_a_pool_and_its_provider_live_die_and_come_back(shell: Shell, cloud: LocalCloud) -> None:
    place, inside = "--location=global", "--workload-identity-pool=lifecycle"
    name = f"projects/{cloud.project_number}/locations/global/workloadIdentityPools/lifecycle"
    created = shell.gcloud(f"{POOLS} create lifecycle {place} --display-name=First")
    assert "Created workload identity pool [lifecycle]." in created.errors
    assert shell.gcloud(f"{POOLS} update lifecycle {place}", "--description=with words").status == 0

    expression = attribute_mapping()["attribute.aws_role"]
    made = shell.gcloud(
        f"{PROVIDERS} create-aws lambda {place} {inside} --account-id={cloud.aws_account_id}",
        f"--attribute-mapping=google.subject=assertion.arn,attribute.aws_role={expression}",
    )
    assert "Created workload identity pool provider [lambda]." in made.errors
    condition = attribute_condition([trust(cloud)])
    changed = shell.done(f"{PROVIDERS} update-aws lambda {place} {inside}", f"--attribute-condition={condition}")
    assert changed["done"] is True
    assert shell.done(f"{PROVIDERS} describe lambda {place} {inside}") == {
        "name": f"{name}/providers/lambda",
        "state": "ACTIVE",
        "aws": {"accountId": cloud.aws_account_id},
        "attributeMapping": attribute_mapping(),
        "attributeCondition": condition,
    }

    assert shell.gcloud(f"{POOLS} delete lifecycle {place}").status == 0
    (gone,) = [pool for pool in shell.done(f"{POOLS} list {place} --show-deleted") if pool["name"] == name]
    assert (gone["state"], "expireTime" in gone) == ("DELETED", True)
    again = shell.gcloud(f"{POOLS} create lifecycle {place}")
    assert again.status == 1
    assert "ALREADY_EXISTS: Requested entity already exists" in again.errors
    assert shell.gcloud(f"{POOLS} undelete lifecycle {place}").status == 0
    assert shell.done(f"{POOLS} describe lifecycle {place}") == {
        "name": name, "displayName": "First", "description": "with words", "state": "ACTIVE",
    }  # fmt: skip


@pytest.mark.soak
def test_a_service_account_lives_is_shared_disabled_deleted_and_comes_back(
    shell: Shell, cloud: LocalCloud, tmp_path: Path
) -> None:
    email = f"lifecycle@{cloud.project_id}.iam.gserviceaccount.com"
    created = shell.done(f"{ACCOUNTS} create lifecycle --display-name=First")
    assert (created["email"], created["displayName"]) == (email, "First")
    assert shell.gcloud(f"{ACCOUNTS} disable {email}").status == 0
    (listed,) = [account for account in shell.done(f"{ACCOUNTS} list") if account["email"] == email]
    assert listed["disabled"] is True

    pool = f"projects/{cloud.project_number}/locations/global/workloadIdentityPools/some-pool"
    member = trust(cloud).principal_set(pool)
    added = shell.done(f"{ACCOUNTS} add-iam-policy-binding {email} --role={USER} --member={member}")
    assert bindings(added) == {USER: [member]}
    removed = shell.done(f"{ACCOUNTS} remove-iam-policy-binding {email} --role={USER} --member={member}")
    assert bindings(removed) == {}
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(added))
    stale = shell.gcloud(f"{ACCOUNTS} set-iam-policy {email} {file}")
    assert stale.status == 1
    assert "concurrent policy changes" in stale.errors
    file.write_text(json.dumps({**added, "etag": removed["etag"]}))
    assert bindings(shell.done(f"{ACCOUNTS} set-iam-policy {email} {file}")) == {USER: [member]}

    assert shell.gcloud(f"{ACCOUNTS} delete {email}").status == 0
    missing = shell.gcloud(f"{ACCOUNTS} describe {email}")
    assert "NOT_FOUND: Unknown service account" in missing.errors
    assert shell.gcloud(f"{ACCOUNTS} undelete {created['uniqueId']}").status == 0
    assert shell.done(f"{ACCOUNTS} describe {email}")["uniqueId"] == created["uniqueId"]


@pytest.mark.soak
def test_a_project_is_described_and_shared_under_a_condition(shell: Shell, cloud: LocalCloud) -> None:
    assert shell.done(f"projects describe {cloud.project_id}")["projectNumber"] == cloud.project_number
    role, member = "--role=roles/bigquery.jobUser", "--member=user:someone@local.invalid"
    condition = "--condition=title=until,expression=request.time < timestamp('2030-01-01T00:00:00Z')"
    added = shell.done(f"projects add-iam-policy-binding {cloud.project_id} {role} {member}", condition)
    assert added["version"] == 3
    (conditional,) = [binding for binding in added["bindings"] if "condition" in binding]
    assert (conditional["condition"]["title"], conditional["members"]) == ("until", ["user:someone@local.invalid"])
    broken = "--condition=title=broken,expression=request.time <"
    refused = shell.gcloud(f"projects add-iam-policy-binding {cloud.project_id} {role} {member}", broken)
    assert "INVALID_ARGUMENT" in refused.errors
    removed = shell.done(f"projects remove-iam-policy-binding {cloud.project_id} {role} {member}", condition)
    assert not [binding for binding in removed["bindings"] if "condition" in binding]


def test_a_token_that_was_never_issued_prints_googles_refusal(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("never-issued")
    refused = shell.but(CLOUDSDK_AUTH_ACCESS_TOKEN_FILE=str(file)).gcloud(f"{POOLS} list --location=global")
    assert refused.status == 1
    assert "Request had invalid authentication credentials. Expected OAuth 2 access token" in refused.errors


@pytest.fixture(scope="module")
def federation(cloud: LocalCloud) -> str:
    """A pool with a provider, and a service account that the role may take on and that may start jobs; its e-mail.

    Made over REST: that gcloud can do it is held above, and takes it some seconds.
    """
    project = f"/v1/projects/{cloud.project_id}"
    pools = f"{project}/locations/global/workloadIdentityPools"
    email = f"federated@{cloud.project_id}.iam.gserviceaccount.com"
    chain = trust(cloud)
    provider = {"aws": {"accountId": cloud.aws_account_id}, "attributeCondition": attribute_condition([chain])}
    pool = f"projects/{cloud.project_number}/locations/global/workloadIdentityPools/federation"
    impersonator = {"role": USER, "members": [chain.principal_set(pool)]}
    deployer = {"Authorization": f"Bearer {cloud.deployer_token}"}
    with httpx.Client(base_url=cloud.google_url, headers=deployer, trust_env=False) as google:

        def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
            answer = google.post(path, json=body)
            answer.raise_for_status()
            return dict(answer.json())

        post(f"{pools}?workloadIdentityPoolId=federation", {})
        post(f"{pools}/federation/providers?workloadIdentityPoolProviderId=lambda", provider)
        post(f"{project}/serviceAccounts", {"accountId": "federated"})
        post(f"{project}/serviceAccounts/{email}:setIamPolicy", {"policy": {"bindings": [impersonator]}})
        policy = post(f"{project}:getIamPolicy", {})
        policy["bindings"].append({"role": "roles/bigquery.user", "members": [f"serviceAccount:{email}"]})
        post(f"{project}:setIamPolicy", {"policy": policy})
    return email


def as_role(shell: Shell, cloud: LocalCloud, role: str, config: Path) -> Shell:
    """The shell of one who has nothing but the role's AWS credentials."""
    keys = LocalAccount(cloud.aws_url, cloud.aws_account_id).assume(role, session=LAMBDA)
    return shell.but(
        without=["CLOUDSDK_AUTH_ACCESS_TOKEN_FILE", "GOOGLE_OAUTH_ACCESS_TOKEN"],
        CLOUDSDK_CONFIG=str(config),
        AWS_ACCESS_KEY_ID=keys.key,
        AWS_SECRET_ACCESS_KEY=keys.secret,
        AWS_SESSION_TOKEN=keys.token,
    )


def configure(shell: Shell, cloud: LocalCloud, file: Path, account: str | None = None) -> None:
    """Have gcloud write a credential configuration, byte for byte the program's, and point it at the local cloud."""
    provider = f"projects/{cloud.project_number}/locations/global/workloadIdentityPools/federation/providers/lambda"
    more = [] if account is None else [f"--service-account={account}"]
    assert shell.gcloud(f"{POOLS} create-cred-config {provider} --aws --output-file={file}", *more).status == 0
    text = file.read_text()
    assert text == trust(cloud).credential_configuration(provider_name=provider, service_account_email=account)
    for service in ("sts", "iamcredentials"):
        text = text.replace(f"https://{service}.googleapis.com", cloud.google_url)
    file.write_text(text)


def test_gcloud_and_bq_themselves_exchange_impersonate_and_query(
    shell: Shell, cloud: LocalCloud, federation: str, tmp_path: Path
) -> None:
    """The federation rules, used by clients that are not this project's: Google's own, in Google's own universe."""
    reader = as_role(shell, cloud, ROLE, tmp_path / "reader")
    file = tmp_path / "written.json"
    configure(reader, cloud, file, federation)
    said = reader.gcloud(f"auth login --cred-file={file}").errors
    assert f"Authenticated with external account credentials for: [{federation}]" in said
    assert reader.bq("query 'SELECT 42 AS answer'") == ["+--------+ | answer | +--------+ | 42 | +--------+"]
    refused = reader.gcloud(f"projects describe {cloud.project_id}")
    assert "'resourcemanager.projects.get' denied" in refused.errors

    other = as_role(shell, cloud, f"{ROLE}-2", tmp_path / "other")
    assert other.gcloud(f"auth login --cred-file={file}").status == 0
    refused = other.gcloud("auth print-access-token")
    assert refused.status == 1
    assert "The given credential is rejected by the attribute condition." in refused.errors


def test_gcloud_without_a_service_account_is_the_principal_itself(
    shell: Shell, cloud: LocalCloud, federation: str, tmp_path: Path
) -> None:
    assert federation
    reader = as_role(shell, cloud, ROLE, tmp_path / "direct")
    configure(reader, cloud, tmp_path / "written.json")
    said = reader.gcloud("auth login", f"--cred-file={tmp_path / 'written.json'}").errors
    subject = f"arn:aws:sts::{cloud.aws_account_id}:assumed-role/{ROLE}/{LAMBDA}"
    pool = f"projects/{cloud.project_number}/locations/global/workloadIdentityPools/federation"
    assert f"[principal://iam.googleapis.com/{pool}/subject/{subject}]" in said


def test_nothing_of_the_users_own_is_read_or_written(shell: Shell, cloud: LocalCloud) -> None:
    assert shell.variables.keys() >= GCLOUD_SETTINGS
    assert {name: shell.variables[name] for name in cloud.environment() if name not in {"PATH"}} == {
        name: text for name, text in cloud.environment().items() if name != "PATH"
    }
    assert not [path for path in shell.home.rglob("*") if path.name.startswith((".big", ".config", "gcloud"))]
