"""With a delay, changes are seen late, in both directions; without one, at once. Time is moved, never waited for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.emulator.chain import ACCOUNT_PATH, BIGQUERY_PATH, GENERATE, MEMBER, READER, SCOPE, Chain, token_of
from tests.emulator.google_server import PROJECT, Google

DELAY = 420
IMPERSONATOR = "roles/iam.workloadIdentityUser"


@pytest.fixture
def impersonate(chain: Chain, federated: str) -> Callable[[], int]:
    return lambda: chain.google.call("POST", GENERATE, {"scope": [SCOPE]}, token=federated).status_code


def test_a_grant_is_refused_until_it_is_seen_and_the_policy_shows_it_at_once(
    chain: Chain, impersonate: Callable[[], int]
) -> None:
    chain.revoke(ACCOUNT_PATH, IMPERSONATOR, MEMBER)
    chain.google.inject(iamDelaySeconds=DELAY)
    chain.grant(ACCOUNT_PATH, IMPERSONATOR, MEMBER)
    assert impersonate() == 403
    policy = chain.google.done("POST", f"{ACCOUNT_PATH}:getIamPolicy")
    assert policy["bindings"] == [{"role": IMPERSONATOR, "members": [MEMBER]}]
    chain.google.pass_time(DELAY - 30)
    assert impersonate() == 403
    chain.google.pass_time(31)
    assert impersonate() == 200


def test_a_revoked_grant_still_works_until_that_is_seen(chain: Chain, impersonate: Callable[[], int]) -> None:
    chain.google.inject(iamDelaySeconds=DELAY)
    chain.revoke(ACCOUNT_PATH, IMPERSONATOR, MEMBER)
    assert impersonate() == 200
    chain.google.pass_time(DELAY + 1)
    assert impersonate() == 403


def test_without_a_delay_both_are_seen_at_once(chain: Chain, impersonate: Callable[[], int]) -> None:
    chain.revoke(ACCOUNT_PATH, IMPERSONATOR, MEMBER)
    assert impersonate() == 403
    chain.grant(ACCOUNT_PATH, IMPERSONATOR, MEMBER)
    assert impersonate() == 200


def test_what_was_changed_before_the_faults_changed_is_seen_at_once(
    chain: Chain, impersonate: Callable[[], int]
) -> None:
    chain.google.inject(iamDelaySeconds=DELAY)
    chain.revoke(ACCOUNT_PATH, IMPERSONATOR, MEMBER)
    assert impersonate() == 200
    chain.google.inject()
    assert impersonate() == 403
    chain.google.inject(iamDelaySeconds=DELAY)
    assert impersonate() == 403


def test_changes_in_quick_succession_are_seen_one_after_another(chain: Chain, impersonate: Callable[[], int]) -> None:
    chain.google.inject(iamDelaySeconds=DELAY)
    chain.revoke(ACCOUNT_PATH, IMPERSONATOR, MEMBER)
    chain.google.pass_time(100)
    chain.grant(ACCOUNT_PATH, IMPERSONATOR, MEMBER)
    seen = [impersonate()]
    for _ in range(2):
        chain.google.pass_time(DELAY - 90)
        seen.append(impersonate())
    assert seen == [200, 403, 200]


@pytest.mark.usefixtures("as_function")
def test_a_deleted_accounts_grants_never_pass_to_its_namesake(chain: Chain) -> None:
    chain.google.inject(iamDelaySeconds=DELAY)
    chain.google.done("DELETE", ACCOUNT_PATH)
    chain.google.done("POST", f"/v1/projects/{PROJECT}/serviceAccounts", {"accountId": "reader"})
    chain.google.done("POST", f"{ACCOUNT_PATH}:setIamPolicy", {"policy": {"bindings": [_binding()]}})
    chain.google.pass_time(DELAY + 1)
    token = token_of(chain.credentials())
    query = {"query": chain.sql("SELECT * FROM {users}"), "useLegacySql": False}
    refused = chain.google.call("POST", f"{BIGQUERY_PATH}/queries", query, token=token)
    assert (refused.status_code, "jobs.create" in refused.text) == (403, True)


def _binding() -> dict[str, Any]:
    return {"role": IMPERSONATOR, "members": [MEMBER]}


@pytest.mark.usefixtures("as_function")
def test_a_dataset_is_its_makers_at_once_and_a_changed_access_list_is_seen_late(chain: Chain) -> None:
    chain.google.inject(iamDelaySeconds=DELAY)
    name = f"{chain.dataset}_new"
    chain.google.done("POST", f"{BIGQUERY_PATH}/datasets", {"datasetReference": {"datasetId": name}})
    path = f"{BIGQUERY_PATH}/datasets/{name}"
    reader = {"role": "READER", "userByEmail": READER}
    chain.google.done("PATCH", path, {"access": [*chain.google.done("GET", path)["access"], reader]})
    token = token_of(chain.credentials())
    assert chain.google.call("GET", path, token=token).status_code == 403
    chain.google.pass_time(DELAY + 1)
    assert chain.google.call("GET", path, token=token_of(chain.credentials())).status_code == 200


def test_an_enabled_api_answers_disabled_until_that_is_seen(quiet_google: Google) -> None:
    quiet_google.inject(serviceDelaySeconds=DELAY)
    service = f"/v1/projects/{PROJECT}/services/iam.googleapis.com"
    accounts = f"/v1/projects/{PROJECT}/serviceAccounts"
    quiet_google.done("POST", f"{service}:enable")
    assert quiet_google.done("GET", service)["state"] == "ENABLED"
    assert _reason(quiet_google.call("GET", accounts)) == "SERVICE_DISABLED"
    quiet_google.pass_time(DELAY + 1)
    assert quiet_google.call("GET", accounts).status_code == 200
    quiet_google.done("POST", f"{service}:disable")
    assert _reason(quiet_google.call("GET", accounts)) == "SERVICE_DISABLED"


def _reason(response: requests.Response) -> str:
    return next(str(d["reason"]) for d in response.json()["error"]["details"] if "reason" in d)
