"""Chains of service accounts: each may speak for the next only where a binding says so, and is there to do it."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from google.auth import impersonated_credentials
from google.auth.transport.requests import Request

from federation_emulator.core.trace import Link, Part
from tests.emulator.chain import ACCOUNT_PATH, BIGQUERY_PATH, GENERATE, MEMBER, READER, SCOPE, Chain, Keys, token_of
from tests.emulator.google_server import PROJECT, SECOND_PROJECT

CREATOR = "roles/iam.serviceAccountTokenCreator"
FIRST = f"first-hop@{PROJECT}.iam.gserviceaccount.com"
SECOND = f"second-hop@{SECOND_PROJECT}.iam.gserviceaccount.com"
FIRST_PATH = f"/v1/projects/{PROJECT}/serviceAccounts/{FIRST}"
SECOND_PATH = f"/v1/projects/{SECOND_PROJECT}/serviceAccounts/{SECOND}"


@pytest.fixture
def hops(chain: Chain, as_function: Keys) -> Chain:
    """Caller → first → second (of another project) → reader, each granted on the next."""
    assert as_function.token
    google = chain.google
    google.done("POST", f"/v1/projects/{SECOND_PROJECT}/services/iam.googleapis.com:enable", {})
    for project, name in ((PROJECT, "first-hop"), (SECOND_PROJECT, "second-hop")):
        google.done("POST", f"/v1/projects/{project}/serviceAccounts", {"accountId": name})
    chain.revoke(ACCOUNT_PATH, "roles/iam.workloadIdentityUser", MEMBER)
    chain.grant(FIRST_PATH, CREATOR, MEMBER)
    chain.grant(SECOND_PATH, CREATOR, f"serviceAccount:{FIRST}")
    chain.grant(ACCOUNT_PATH, CREATOR, f"serviceAccount:{SECOND}")
    return chain


@pytest.fixture
def federated(hops: Chain) -> str:
    return token_of(hops.direct_credentials())


def ask(chain: Chain, token: str, *delegates: str, path: str = GENERATE) -> requests.Response:
    body: dict[str, Any] = {"scope": [SCOPE], "delegates": [f"projects/-/serviceAccounts/{d}" for d in delegates]}
    return chain.google.call("POST", path, body, token=token)


def test_a_chain_is_followed_hop_by_hop_and_each_is_in_the_trace(hops: Chain, federated: str) -> None:
    answer = ask(hops, federated, FIRST, SECOND)
    assert answer.status_code == 200, answer.text
    decision = hops.google.decisions()[-1]
    held = [step.actual for step in decision.steps if step.part is Part.PERMISSION]
    assert (decision.link, decision.allowed) == (Link.IMPERSONATION, True)
    assert decision.principal.startswith("principal://")
    for step, member, account in zip(
        held, (MEMBER, f"serviceAccount:{FIRST}", f"serviceAccount:{SECOND}"), (FIRST, SECOND, READER), strict=True
    ):
        assert step.startswith(f"{CREATOR} for {member} on ")
        assert step.endswith(account)
    assert hops.google.call("GET", f"{BIGQUERY_PATH}/jobs", token=answer.json()["accessToken"]).status_code == 200


WRONG_ORDERS: list[tuple[str, ...]] = [(), (FIRST,), (SECOND,), (SECOND, FIRST), (FIRST, SECOND, FIRST)]


def test_no_hop_can_be_left_out_or_taken_in_another_order(hops: Chain, federated: str) -> None:
    for delegates in WRONG_ORDERS:
        assert ask(hops, federated, *delegates).status_code == 403, delegates
    assert ask(hops, federated, FIRST, SECOND).status_code == 200


GRANTS: list[tuple[str, str, str]] = [
    (FIRST_PATH, MEMBER, "implicitDelegation"),
    (SECOND_PATH, f"serviceAccount:{FIRST}", "implicitDelegation"),
    (ACCOUNT_PATH, f"serviceAccount:{SECOND}", "getAccessToken"),
]


def test_a_hop_without_its_grant_is_refused_and_named(hops: Chain, federated: str) -> None:
    for path, member, permission in GRANTS:
        hops.revoke(path, CREATOR, member)
        answer = ask(hops, federated, FIRST, SECOND)
        assert answer.status_code == 403
        assert f"iam.serviceAccounts.{permission}" in answer.json()["error"]["message"]
        assert (
            hops.google.refusal().rule == f"iam.serviceAccounts.{permission} is needed on {path.removeprefix('/v1/')}"
        )
        hops.grant(path, CREATOR, member)
        assert ask(hops, federated, FIRST, SECOND).status_code == 200


def test_workload_identity_user_speaks_as_an_account_but_not_through_it(hops: Chain, federated: str) -> None:
    hops.revoke(FIRST_PATH, CREATOR, MEMBER)
    hops.grant(FIRST_PATH, "roles/iam.workloadIdentityUser", MEMBER)
    as_first = f"/v1/projects/-/serviceAccounts/{FIRST}:generateAccessToken"
    assert ask(hops, federated, path=as_first).status_code == 200
    assert ask(hops, federated, FIRST, SECOND).status_code == 403


PATHS: list[str] = [FIRST_PATH, SECOND_PATH, ACCOUNT_PATH]


def test_a_disabled_or_deleted_account_breaks_the_chain(hops: Chain, federated: str) -> None:
    google = hops.google
    for path in PATHS:
        google.done("POST", f"{path}:disable", {})
        disabled = ask(hops, federated, FIRST, SECOND)
        assert (disabled.status_code, "is disabled" in disabled.json()["error"]["message"]) == (400, True)
        google.done("POST", f"{path}:enable", {})
        assert ask(hops, federated, FIRST, SECOND).status_code == 200
        unique_id = google.done("GET", path)["uniqueId"]
        google.done("DELETE", path)
        assert ask(hops, federated, FIRST, SECOND).status_code == 404
        google.done("POST", f"{path.rpartition('/')[0]}/{unique_id}:undelete", {})
        assert ask(hops, federated, FIRST, SECOND).status_code == 200


def test_a_service_accounts_own_token_goes_as_far_as_its_own_grants(hops: Chain, federated: str) -> None:
    first = ask(hops, federated, path=f"/v1/projects/-/serviceAccounts/{FIRST}:generateAccessToken")
    token = first.json()["accessToken"]
    to_itself = f"/v1/projects/-/serviceAccounts/{FIRST}:generateAccessToken"
    assert ask(hops, token, path=to_itself).status_code == 403, "itself without a grant"
    assert ask(hops, token).status_code == 403
    assert ask(hops, token, SECOND).status_code == 200
    as_second = ask(hops, token, path=f"/v1/projects/-/serviceAccounts/{SECOND}:generateAccessToken")
    assert as_second.status_code == 200
    # The second account's token belongs to the second project, where the API is off.
    off = ask(hops, as_second.json()["accessToken"])
    assert (off.status_code, "has not been used in project" in off.json()["error"]["message"]) == (403, True)
    api = f"/v1/projects/{SECOND_PROJECT}/services/iamcredentials.googleapis.com:enable"
    hops.google.done("POST", api, {})
    assert ask(hops, as_second.json()["accessToken"]).status_code == 200
    chained = hops.google.decisions()[-1]
    assert chained.principal == f"serviceAccount:{SECOND}"


def test_google_auths_own_delegation_is_understood(hops: Chain) -> None:
    made = impersonated_credentials.Credentials(  # type: ignore[no-untyped-call]  # google-auth's own
        source_credentials=hops.direct_credentials(),
        target_principal=READER,
        target_scopes=[SCOPE],
        delegates=[f"projects/-/serviceAccounts/{name}" for name in (FIRST, SECOND)],
        iam_endpoint_override=f"{hops.google.url}{GENERATE}",
    )
    made.refresh(Request())  # type: ignore[no-untyped-call]  # google-auth's own
    assert made.token
