"""A seed is applied through the server's own rules, can be applied again, and never takes anything away."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from federation_emulator.client.issuer import Issuer
from federation_emulator.core.endpoints import Endpoints
from federation_emulator.expected import SeedError
from federation_emulator.seed.apply import apply_seed
from federation_emulator.seed.model import seed_from
from tests.emulator.chain import CONDITION, MAPPING, MEMBER, POOL_PATH, PROVIDER_PATH
from tests.emulator.google_server import DEPLOYER_TOKEN, NUMBER, PROJECT
from tests.emulator.in_process import InProcess

ACCOUNT_POLICY = f"/v1/projects/{PROJECT}/serviceAccounts/reader@{PROJECT}.iam.gserviceaccount.com:getIamPolicy"
SEED: dict[str, Any] = {
    "pools": {"keyless-pool": {"providers": {"aws-provider": {"mapping": MAPPING, "condition": CONDITION}}}},
    "serviceAccounts": ["reader"],
    "grants": [{"resource": "serviceAccounts/reader", "role": "roles/iam.workloadIdentityUser", "members": [MEMBER]}],
}


@pytest.fixture
def google() -> InProcess:
    return InProcess.open()


def sow(google: InProcess, written: dict[str, Any]) -> None:
    endpoints = Endpoints(
        google_url="http://127.0.0.1:1", aws_url="", bigquery_url="", project_id=PROJECT, project_number=NUMBER,
        aws_account_id="210987654321", aws_region="us-east-1", deployer_token=DEPLOYER_TOKEN,
    )  # fmt: skip
    asyncio.run(apply_seed(google.app, endpoints, seed_from(written)))


def test_everything_that_the_seed_names_is_there(google: InProcess) -> None:
    sow(google, SEED)
    provider = google.call("GET", PROVIDER_PATH).json()
    assert (provider["aws"], provider["attributeMapping"]) == ({"accountId": "210987654321"}, MAPPING)
    assert provider["attributeCondition"] == CONDITION
    bindings = google.call("POST", ACCOUNT_POLICY).json()["bindings"]
    assert bindings == [{"role": "roles/iam.workloadIdentityUser", "members": [MEMBER]}]


def test_an_oidc_provider_is_made_and_corrected_and_stays_one(google: InProcess) -> None:
    keys = Issuer("", algorithms=("ES256",)).key_set()
    oidc = {"issuerUri": "https://issuer.example.com", "allowedAudiences": ["shop"], "jwksJson": keys}
    written = {
        "issuer": oidc["issuerUri"], "allowedAudiences": ["shop"], "jwks": keys,
        "mapping": {"google.subject": "assertion.sub"}, "condition": "assertion.sub == 'job'",
    }  # fmt: skip
    seed = {"pools": {"keyless-pool": {"providers": {"aws-provider": written}}}}
    sow(google, seed)
    provider = google.call("GET", PROVIDER_PATH).json()
    assert (provider["oidc"], provider["attributeCondition"]) == (oidc, "assertion.sub == 'job'")
    assert "aws" not in provider
    google.done("PATCH", f"{PROVIDER_PATH}?updateMask=oidc", {"oidc": {"issuerUri": "https://other.example.com"}})
    sow(google, seed)
    assert google.call("GET", PROVIDER_PATH).json()["oidc"] == oidc
    sow(google, {"pools": {"keyless-pool": {"providers": {"aws-provider": {**written, "jwks": "test-issuer"}}}}})
    uploaded = json.loads(google.call("GET", PROVIDER_PATH).json()["oidc"]["jwksJson"])
    assert uploaded == google.done("GET", "/_local/issuer")
    with pytest.raises(SeedError, match="aws-provider: refused with 400: The kind of a provider can't be changed"):
        sow(google, SEED)


def test_a_grant_keeps_its_condition_next_to_one_without(google: InProcess) -> None:
    condition = {"title": "until next year", "expression": "request.time < timestamp('2027-01-01T00:00:00Z')"}
    grant = {"resource": "serviceAccounts/reader", "role": "roles/iam.workloadIdentityUser", "members": [MEMBER]}
    for _ in range(2):
        sow(google, {**SEED, "grants": [grant, {**grant, "condition": condition}, grant]})
    asked = {"options": {"requestedPolicyVersion": 3}}
    bindings = google.done("POST", ACCOUNT_POLICY, asked)["bindings"]
    assert [binding.get("condition") for binding in bindings] == [None, condition]
    assert all(binding["members"] == [MEMBER] for binding in bindings)


def test_applied_again_it_corrects_what_differs_and_takes_nothing_away(google: InProcess) -> None:
    sow(google, SEED)
    google.call("PATCH", f"{PROVIDER_PATH}?updateMask=attributeCondition", {"attributeCondition": "true"})
    google.call("DELETE", POOL_PATH)
    own = {"role": "roles/iam.serviceAccountUser", "members": ["user:somebody@local.invalid"]}
    policy = google.call("POST", ACCOUNT_POLICY).json()
    policy["bindings"].append(own)
    google.call("POST", ACCOUNT_POLICY.replace("get", "set"), {"policy": policy})
    sow(google, SEED)
    assert google.call("GET", POOL_PATH).json()["state"] == "ACTIVE"
    assert google.call("GET", PROVIDER_PATH).json()["attributeCondition"] == CONDITION
    bindings = google.call("POST", ACCOUNT_POLICY).json()["bindings"]
    assert own in bindings
    assert [binding["members"] for binding in bindings if binding != own] == [[MEMBER]]


@pytest.mark.parametrize(
    ("change", "where", "why"),
    [
        ({"services": ["nothing.googleapis.com"]}, "services: refused with 403", "nothing.googleapis.com"),
        (
            {"grants": [{"resource": "project", "role": "roles/nothing", "members": ["user:a@b.c"]}]},
            "grants[0]: refused with 400",
            "roles/nothing",
        ),
        ({"datasets": {"d": {}}}, "datasets.d: refused with 501", "--without bigquery"),
    ],
)
def test_what_the_server_refuses_is_told_with_its_key_and_its_words(
    google: InProcess, change: dict[str, Any], where: str, why: str
) -> None:
    with pytest.raises(SeedError) as raised:
        sow(google, change)
    assert where in str(raised.value)
    assert why in str(raised.value)


def test_the_faults_of_the_seed_begin_after_it(google: InProcess) -> None:
    sow(google, {**SEED, "faults": {"iamDelaySeconds": 300, "errorShare": 1}})
    assert google.call("GET", "/_local/faults").json()["iamDelaySeconds"] == 300
    assert google.call("GET", PROVIDER_PATH).status_code in {429, 503}
    google.call("POST", "/_local/faults", {})
    assert google.call("GET", PROVIDER_PATH).status_code == 200
