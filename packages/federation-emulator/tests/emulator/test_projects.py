"""Several projects: what is made, enabled or granted in one is nowhere in another."""

from __future__ import annotations

from pathlib import Path

import pytest

from federation_emulator.core.trace import Part
from tests.emulator.chain import ACCOUNT, ACCOUNT_PATH, MEMBER, POOL, PROVIDER, SCOPE, Chain, Keys, token_of
from tests.emulator.google_server import NUMBER, PROJECT, SECOND_NUMBER, SECOND_PROJECT, Google, config

MAIN, SECOND = f"/v1/projects/{PROJECT}", f"/v1/projects/{SECOND_PROJECT}"
POOLS = "locations/global/workloadIdentityPools"
IAM, STS = "iam.googleapis.com", "sts.googleapis.com"


@pytest.fixture
def both(quiet_google: Google) -> Google:
    """A Google with the IAM API on in both projects."""
    for project in (MAIN, SECOND):
        quiet_google.done("POST", f"{project}/services/{IAM}:enable", {})
    return quiet_google


def test_a_project_is_known_by_id_and_number_and_an_unknown_one_is_refused(quiet_google: Google) -> None:
    for project in (SECOND_PROJECT, SECOND_NUMBER):
        found = quiet_google.done("GET", f"/v1/projects/{project}")
        assert (found["projectId"], found["projectNumber"]) == (SECOND_PROJECT, SECOND_NUMBER)
    answer = quiet_google.call("GET", "/v1/projects/third-project")
    assert answer.status_code == 403
    assert answer.json()["error"]["message"].startswith("Permission denied on resource project third-project")
    refusal = quiet_google.refusal()
    assert (refusal.part, refusal.actual) == (Part.REQUEST, "third-project")
    assert SECOND_PROJECT in refusal.expected


def test_an_api_is_on_only_in_the_project_that_enabled_it(quiet_google: Google) -> None:
    operation = quiet_google.done("POST", f"{SECOND}/services:batchEnable", {"serviceIds": [IAM]})
    assert quiet_google.done("GET", f"/v1/{operation['name']}") == operation
    assert quiet_google.done("GET", f"{SECOND}/services/{IAM}")["state"] == "ENABLED"
    assert quiet_google.done("GET", f"{MAIN}/services/{IAM}")["state"] == "DISABLED"
    assert quiet_google.call("GET", f"{SECOND}/serviceAccounts").status_code == 200
    refused = quiet_google.call("GET", f"{MAIN}/serviceAccounts")
    assert (refused.status_code, f"project {NUMBER} " in refused.json()["error"]["message"]) == (403, True)
    quiet_google.done("POST", f"{SECOND}/services/{IAM}:disable", {})
    refused = quiet_google.call("GET", f"{SECOND}/serviceAccounts")
    assert f"project {SECOND_NUMBER} " in refused.json()["error"]["message"]


def test_pools_of_the_same_id_live_apart_in_two_projects(both: Google) -> None:
    for project, number in ((MAIN, NUMBER), (SECOND, SECOND_NUMBER)):
        made = both.done("POST", f"{project}/{POOLS}?workloadIdentityPoolId={POOL}", {})
        assert made["response"]["name"] == f"projects/{number}/{POOLS}/{POOL}"
    both.done("PATCH", f"{SECOND}/{POOLS}/{POOL}?updateMask=disabled", {"disabled": True})
    assert "disabled" not in both.done("GET", f"{MAIN}/{POOLS}/{POOL}")
    both.done("DELETE", f"{MAIN}/{POOLS}/{POOL}")
    assert "workloadIdentityPools" not in both.done("GET", f"{MAIN}/{POOLS}")
    assert [pool["state"] for pool in both.done("GET", f"{SECOND}/{POOLS}")["workloadIdentityPools"]] == ["ACTIVE"]


def test_accounts_of_the_same_id_live_apart_and_are_found_only_in_their_own_project(both: Google) -> None:
    emails = [both.done("POST", f"{p}/serviceAccounts", {"accountId": "reader"})["email"] for p in (MAIN, SECOND)]
    assert emails == [f"reader@{PROJECT}.iam.gserviceaccount.com", f"reader@{SECOND_PROJECT}.iam.gserviceaccount.com"]
    for project, email, other in ((MAIN, *emails), (SECOND, *reversed(emails))):
        assert [a["email"] for a in both.done("GET", f"{project}/serviceAccounts")["accounts"]] == [email]
        assert both.done("GET", f"{project}/serviceAccounts/{email}")["email"] == email
        assert both.call("GET", f"{project}/serviceAccounts/{other}").status_code == 404
        assert both.call("DELETE", f"{project}/serviceAccounts/{other}").status_code == 404
        assert both.done("GET", f"/v1/projects/-/serviceAccounts/{other}")["email"] == other
    unique_id = both.done("GET", f"{SECOND}/serviceAccounts/{emails[1]}")["uniqueId"]
    both.done("DELETE", f"{SECOND}/serviceAccounts/{emails[1]}")
    assert both.call("POST", f"{MAIN}/serviceAccounts/{unique_id}:undelete", {}).status_code == 404
    both.done("POST", f"{SECOND}/serviceAccounts/{unique_id}:undelete", {})


def test_an_owner_of_one_project_administers_nothing_in_the_other(both: Google) -> None:
    owner = [{"role": "roles/owner", "members": ["user:somebody@local.invalid"]}]
    both.done("POST", f"{SECOND}:setIamPolicy", {"policy": {"bindings": owner}})
    for path in (SECOND, f"{SECOND}/serviceAccounts", f"{SECOND}/services", f"{SECOND}/{POOLS}"):
        assert both.call("GET", path).status_code == 403
    for path in (MAIN, f"{MAIN}/serviceAccounts", f"{MAIN}/services", f"{MAIN}/{POOLS}"):
        assert both.call("GET", path).status_code == 200


def test_a_grant_on_one_project_does_not_reach_an_account_of_the_other(chain: Chain, as_function: Keys) -> None:
    assert as_function.token
    google, role = chain.google, "roles/iam.workloadIdentityUser"
    google.done("POST", f"{SECOND}/services/{IAM}:enable", {})
    far = google.done("POST", f"{SECOND}/serviceAccounts", {"accountId": "reader"})["email"]
    generate = f"/v1/projects/-/serviceAccounts/{far}:generateAccessToken"
    federated = token_of(chain.direct_credentials())
    chain.grant(MAIN, role, MEMBER)
    assert google.call("POST", generate, {"scope": [SCOPE]}, token=federated).status_code == 403
    chain.grant(SECOND, role, MEMBER)
    assert google.call("POST", generate, {"scope": [SCOPE]}, token=federated).status_code == 200


def test_an_exchange_asks_for_the_api_in_the_project_of_its_pool(chain: Chain, as_function: Keys) -> None:
    assert as_function.token
    google = chain.google
    google.done("POST", f"{SECOND}/services/{IAM}:enable", {})
    google.done("POST", f"{SECOND}/{POOLS}?workloadIdentityPoolId={POOL}", {})
    provider = {"aws": {"accountId": ACCOUNT}}
    google.done("POST", f"{SECOND}/{POOLS}/{POOL}/providers?workloadIdentityPoolProviderId={PROVIDER}", provider)
    audience = f"//iam.googleapis.com/projects/{SECOND_NUMBER}/{POOLS}/{POOL}/providers/{PROVIDER}"
    with pytest.raises(Exception, match=f"has not been used in project {SECOND_NUMBER}"):
        token_of(chain.direct_credentials(audience=audience))
    google.done("POST", f"{SECOND}/services/{STS}:enable", {})
    federated = token_of(chain.direct_credentials(audience=audience))
    # A principal of the second project's pool, so the binding for the first one's does not mean it.
    generate = f"{ACCOUNT_PATH.replace(PROJECT + '/', '-/', 1)}:generateAccessToken"
    off = google.call("POST", generate, {"scope": [SCOPE]}, token=federated)
    assert f"has not been used in project {SECOND_NUMBER}" in off.json()["error"]["message"]
    google.done("POST", f"{SECOND}/services/iamcredentials.googleapis.com:enable", {})
    denied = google.call("POST", generate, {"scope": [SCOPE]}, token=federated)
    assert "iam.serviceAccounts.getAccessToken" in denied.json()["error"]["message"]
    by_id = audience.replace(SECOND_NUMBER, SECOND_PROJECT)
    with pytest.raises(Exception, match="invalid_target"):
        token_of(chain.direct_credentials(audience=by_id))


def test_the_resources_of_every_project_are_shown(both: Google) -> None:
    both.done("POST", f"{SECOND}/services/{STS}:enable", {})
    shown = both.done("GET", "/_local/resources")
    assert {p["projectId"]: p["enabledServices"] for p in shown["projects"]} == {
        PROJECT: [IAM],
        SECOND_PROJECT: [IAM, STS],
    }
    assert {f"projects/{PROJECT}", f"projects/{SECOND_PROJECT}"} <= set(shown["policies"])


@pytest.mark.parametrize(
    ("others", "text"),
    [
        ({"second": "12x"}, "must be digits"),
        ({"second": NUMBER}, "the same number"),
        ({PROJECT: "1"}, "is the main project"),
        ({"a/b": "1"}, "can't be a project's id"),
        ({"123": "1"}, "can't be a project's id"),
        ({"": "1"}, "can't be a project's id"),
    ],
)
def test_projects_that_can_not_be_told_apart_are_refused(others: dict[str, str], text: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=text):
        config(other_projects=others, state_directory=tmp_path)
    assert [p.id for p in config(other_projects={"second": "1"}).projects] == [PROJECT, "second"]
