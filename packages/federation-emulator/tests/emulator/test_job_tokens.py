"""The test issuer: a program comes as a job of GitHub's with a token that the local cloud signed for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from google.auth import identity_pool
from google.auth.exceptions import OAuthError
from google.auth.transport.requests import Request

from federation_emulator.client.issuer import GITHUB
from federation_emulator.client.oidc import Job, claims, job_environment, job_token
from federation_emulator.core.endpoints import Endpoints
from federation_emulator.servers.process import ProcessError
from tests.emulator.chain import POOL, POOL_PATH
from tests.emulator.google_server import DEPLOYER_TOKEN, NUMBER, PROJECT, Google
from tests.emulator.identity import AUDIENCE, PROVIDER, exchange, make_pool, make_provider

CONDITION = "assertion.repository_id == '74' && assertion.ref == 'refs/heads/main'"


@pytest.fixture
def endpoints(quiet_google: Google) -> Endpoints:
    """Of a local Google with a provider for jobs, whose keys are the test issuer's."""
    make_pool(quiet_google)
    keys = json.dumps(quiet_google.done("GET", "/_local/issuer"))
    make_provider(
        quiet_google,
        {"issuerUri": GITHUB, "jwksJson": keys},
        attributeMapping={"google.subject": "assertion.sub"},
        attributeCondition=CONDITION,
    )
    return Endpoints(
        google_url=quiet_google.url,
        aws_url="",
        bigquery_url="",
        project_id=PROJECT,
        project_number=NUMBER,
        aws_account_id="210987654321",
        aws_region="us-east-1",
        deployer_token=DEPLOYER_TOKEN,
    )


def refreshed(variables: dict[str, str]) -> identity_pool.Credentials:
    """What google-auth gets with the configuration that the variables name."""
    scopes = ["https://www.googleapis.com/auth/cloud-platform"]
    made = identity_pool.Credentials.from_file(variables["GOOGLE_APPLICATION_CREDENTIALS"], scopes=scopes)  # type: ignore[no-untyped-call]  # google-auth's own
    made.refresh(Request())
    assert isinstance(made, identity_pool.Credentials)
    return made


def test_the_right_job_is_let_in_and_one_of_another_branch_is_refused(
    quiet_google: Google, endpoints: Endpoints, tmp_path: Path
) -> None:
    right = Job(repository="octo/app", claims={"environment": "production", "immutable": True})
    variables = job_environment(tmp_path, endpoints, right)
    assert refreshed(variables).token
    assert quiet_google.decisions()[-1].principal.endswith("/subject/repo:octo@65/app@74:environment:production")
    assert variables["LOCAL_GOOGLE_AUDIENCE"] == AUDIENCE
    assert [path.stat().st_mode & 0o077 for path in (tmp_path / "credentials").iterdir()] == [0, 0]
    wrong = Job(repository="octo/app", claims={"branch": "feature"})
    with pytest.raises(OAuthError, match="rejected by the attribute condition"):
        refreshed(job_environment(tmp_path, endpoints, wrong))


def test_a_token_has_the_local_googles_time(quiet_google: Google, endpoints: Endpoints) -> None:
    old = job_token(endpoints, Job(repository="octo/app"))
    assert exchange(quiet_google, old).ok
    quiet_google.pass_time(7200)
    assert "is stale to sign-in" in exchange(quiet_google, old).json()["error_description"]
    assert exchange(quiet_google, job_token(endpoints, Job(repository="octo/app"))).ok


def test_what_can_not_be_signed_for_is_refused_with_its_fix(quiet_google: Google, endpoints: Endpoints) -> None:
    aws = f"{POOL_PATH}/providers?workloadIdentityPoolProviderId=aws-provider"
    quiet_google.done("POST", aws, {"aws": {"accountId": "210987654321"}})
    named = f"{POOL}/{PROVIDER}"
    assert job_token(endpoints, Job(repository="octo/app", provider=named)).count(".") == 2
    with pytest.raises(ProcessError, match="'octo' is no repository of GitHub's"):
        job_token(endpoints, Job(repository="octo", provider=named))
    assert job_token(endpoints, Job(repository="octo/app", provider=PROVIDER)).count(".") == 2
    for provider, why in (
        (None, "there are 2 providers; name one as POOL/PROVIDER"),
        ("a/b", "there is no provider a/b"),
        (f"{POOL}/aws-provider", "is a provider for AWS; name one for OIDC"),
    ):
        with pytest.raises(ProcessError, match=why):
            job_token(endpoints, Job(repository="octo/app", provider=provider))
    bodies: list[dict[str, Any]] = [{}, {"claims": []}, {"claims": {}, "kid": "x"}]
    for body in bodies:
        assert quiet_google.call("POST", "/_local/issuer", body).status_code == 400


def test_a_claim_is_json_or_a_text() -> None:
    assert claims(["ref=refs/tags/v1", "run_id=7", 'aud=["a"]', "x=a=b"]) == {
        "ref": "refs/tags/v1", "run_id": 7, "aud": ["a"], "x": "a=b",
    }  # fmt: skip
    for wrong in ("ref", "=x", "now=1", "audience=x"):
        with pytest.raises(ProcessError, match="is no claim; write NAME=VALUE"):
            claims([wrong])
