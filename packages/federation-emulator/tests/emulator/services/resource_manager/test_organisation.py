"""Organisation policies: who may set one, and which providers may then be made or changed."""

from __future__ import annotations

from typing import Any

import pytest

from keyless_bigquery.trust.organisation import ACCOUNTS_CONSTRAINT, AWS_ISSUER, PROVIDERS_CONSTRAINT
from tests.emulator.chain import ACCOUNT, MAPPING, POOL, POOL_PATH, POOLS_PATH, PROVIDER, PROVIDER_PATH
from tests.emulator.google_server import PROJECT, Google

PROJECT_PATH = f"/v1/projects/{PROJECT}"
BODY = {"aws": {"accountId": ACCOUNT}, "attributeMapping": MAPPING}


@pytest.fixture
def governed(quiet_google: Google) -> Google:
    """A Google whose deployer is the organisation's administrator too, with a pool."""
    google = quiet_google
    bindings = google.done("POST", f"{PROJECT_PATH}:getIamPolicy", {})["bindings"]
    admin = {"role": "roles/orgpolicy.policyAdmin", "members": bindings[0]["members"]}
    google.done("POST", f"{PROJECT_PATH}:setIamPolicy", {"policy": {"bindings": [*bindings, admin]}})
    google.done("POST", f"{PROJECT_PATH}/services/iam.googleapis.com:enable", {})
    google.done("POST", f"{POOLS_PATH}?workloadIdentityPoolId={POOL}", {})
    return google


def set_policy(google: Google, constraint: str, **list_policy: Any) -> Any:
    return google.done(
        "POST", f"{PROJECT_PATH}:setOrgPolicy", {"policy": {"constraint": constraint, "listPolicy": list_policy}}
    )


def make_provider(google: Google) -> Any:
    return google.call("POST", f"{POOL_PATH}/providers?workloadIdentityPoolProviderId={PROVIDER}", BODY)


@pytest.mark.parametrize(
    ("constraint", "list_policy", "value"),
    [
        (PROVIDERS_CONSTRAINT, {"allowedValues": ["https://accounts.example.com"]}, AWS_ISSUER),
        (PROVIDERS_CONSTRAINT, {"deniedValues": [AWS_ISSUER]}, AWS_ISSUER),
        (PROVIDERS_CONSTRAINT, {"allValues": "DENY"}, AWS_ISSUER),
        (ACCOUNTS_CONSTRAINT, {"allowedValues": ["999999999999"]}, ACCOUNT),
    ],
)
def test_a_provider_that_the_policy_does_not_allow_is_neither_made_nor_changed(
    governed: Google, constraint: str, list_policy: dict[str, Any], value: str
) -> None:
    set_policy(governed, constraint, **list_policy)
    refused = make_provider(governed)
    governed.done("POST", f"{PROJECT_PATH}:clearOrgPolicy", {"constraint": constraint})
    made = make_provider(governed)
    set_policy(governed, constraint, **list_policy)
    unchanged = governed.call("PATCH", f"{PROVIDER_PATH}?updateMask=displayName", {"displayName": "other"})

    assert made.status_code == 200
    assert governed.done("GET", PROVIDER_PATH)["state"] == "ACTIVE", "what is there stays as it is"
    for answer in (refused, unchanged):
        error = answer.json()["error"]
        assert (error["code"], error["status"]) == (400, "FAILED_PRECONDITION")
        (violation,) = error["details"][0]["violations"]
        assert violation == {"type": constraint, "description": f"Org Policy violated for value: '{value}'."}


@pytest.mark.parametrize(
    ("constraint", "list_policy"),
    [
        (PROVIDERS_CONSTRAINT, {"allowedValues": [AWS_ISSUER]}),
        (PROVIDERS_CONSTRAINT, {"deniedValues": ["https://accounts.example.com"]}),
        (PROVIDERS_CONSTRAINT, {"allValues": "ALLOW"}),
        (ACCOUNTS_CONSTRAINT, {"allowedValues": ["999999999999", f"is:{ACCOUNT}"]}),
    ],
)
def test_a_provider_that_the_policy_allows_is_made(
    governed: Google, constraint: str, list_policy: dict[str, Any]
) -> None:
    set_policy(governed, constraint, **list_policy)
    assert make_provider(governed).status_code == 200


def test_what_is_set_is_read_back_and_what_counts_is_everything_where_nothing_is_set(governed: Google) -> None:
    asked = {"constraint": PROVIDERS_CONSTRAINT}
    everything = {"constraint": PROVIDERS_CONSTRAINT, "listPolicy": {"allValues": "ALLOW"}}
    assert governed.done("POST", f"{PROJECT_PATH}:getOrgPolicy", asked) == asked
    assert governed.done("POST", f"{PROJECT_PATH}:getEffectiveOrgPolicy", asked) == everything
    policy = set_policy(governed, PROVIDERS_CONSTRAINT, allowedValues=[AWS_ISSUER])
    assert governed.done("POST", f"{PROJECT_PATH}:getOrgPolicy", asked) == policy
    effective = governed.done("POST", f"{PROJECT_PATH}:getEffectiveOrgPolicy", asked)
    assert effective == {"constraint": PROVIDERS_CONSTRAINT, "listPolicy": {"allowedValues": [AWS_ISSUER]}}


def test_an_etag_of_before_another_change_is_refused(governed: Google) -> None:
    first = set_policy(governed, PROVIDERS_CONSTRAINT, allValues="DENY")
    set_policy(governed, PROVIDERS_CONSTRAINT, allValues="ALLOW")
    stale = governed.call("POST", f"{PROJECT_PATH}:setOrgPolicy", {"policy": first})
    assert (stale.status_code, stale.json()["error"]["status"]) == (409, "ABORTED")


def test_an_etag_in_the_url_safe_alphabet_is_the_same_etag(governed: Google) -> None:
    """gcloud reads an etag as bytes and sends it back URL-safe: about one in three differs then."""
    policy = set_policy(governed, PROVIDERS_CONSTRAINT, allValues="DENY")
    for _ in range(30):
        policy["etag"] = policy["etag"].replace("+", "-").replace("/", "_")
        policy = governed.done("POST", f"{PROJECT_PATH}:setOrgPolicy", {"policy": policy})


@pytest.mark.parametrize("method", ["getOrgPolicy", "getEffectiveOrgPolicy", "setOrgPolicy", "clearOrgPolicy"])
def test_the_projects_owner_may_neither_see_nor_set_one(quiet_google: Google, method: str) -> None:
    refused = quiet_google.call("POST", f"{PROJECT_PATH}:{method}", {"constraint": PROVIDERS_CONSTRAINT})
    assert refused.status_code == 403
    assert "orgpolicy.policy." in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    ("policy", "status"),
    [
        ({"constraint": "constraints/iam.disableServiceAccountKeyCreation", "listPolicy": {}}, 501),
        ({"constraint": "iam.workloadIdentityPoolProviders"}, 400),
        ({"constraint": PROVIDERS_CONSTRAINT, "booleanPolicy": {"enforced": True}}, 400),
        ({"constraint": PROVIDERS_CONSTRAINT, "listPolicy": {"allowed": []}}, 400),
        ({"constraint": PROVIDERS_CONSTRAINT, "listPolicy": {"allValues": "SOME"}}, 400),
        ({"constraint": PROVIDERS_CONSTRAINT, "listPolicy": {"allValues": "DENY", "allowedValues": ["x"]}}, 400),
        ({"constraint": PROVIDERS_CONSTRAINT, "listPolicy": {"allowedValues": [1]}}, 400),
        ({"constraint": PROVIDERS_CONSTRAINT, "listPolicy": {"allowedValues": ["x"] * 501}}, 400),
    ],
)
def test_a_policy_that_is_none_is_refused(governed: Google, policy: dict[str, Any], status: int) -> None:
    assert governed.call("POST", f"{PROJECT_PATH}:setOrgPolicy", {"policy": policy}).status_code == status
