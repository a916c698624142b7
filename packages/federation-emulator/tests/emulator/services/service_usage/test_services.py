"""Service Usage under both versions, and the project look-up that comes before anything is enabled."""

from __future__ import annotations

import pytest

from tests.emulator.google_server import NUMBER, PROJECT, Google

NAMES = ["iam.googleapis.com", "sts.googleapis.com"]


def enabled(google: Google, version: str = "v1") -> list[str]:
    listed = google.done("GET", f"/{version}/projects/{PROJECT}/services?filter=state:ENABLED&pageSize=200")
    return [service["name"].rpartition("/")[2] for service in listed["services"]]


def test_services_are_enabled_one_by_one_or_in_a_batch_under_both_versions(quiet_google: Google) -> None:
    for version in ("v1", "v1beta1"):
        base = f"/{version}/projects/{PROJECT}/services"
        batch = quiet_google.done("POST", f"{base}:batchEnable", {"serviceIds": NAMES})
        assert batch["done"] is True
        for polled in ("v1", "v1beta1"):
            assert quiet_google.done("GET", f"/{polled}/{batch['name']}") == batch
        assert set(NAMES) <= set(enabled(quiet_google, version))
        for name in NAMES:
            quiet_google.done("POST", f"{base}/{name}:disable", {"checkIfServiceHasUsage": "SKIP"})
        assert not set(NAMES) & set(enabled(quiet_google, version))
        quiet_google.done("POST", f"{base}/{NAMES[0]}:enable", {})
        assert NAMES[0] in enabled(quiet_google, version)


def test_a_service_is_disabled_alone_only_if_nothing_depends_on_it(quiet_google: Google) -> None:
    base = f"/v1/projects/{PROJECT}/services"
    bigquery, storage = "bigquery.googleapis.com", "bigquerystorage.googleapis.com"
    quiet_google.done("POST", f"{base}/{storage}:enable", {})
    assert {bigquery, storage} <= set(enabled(quiet_google)), "what it needs is enabled with it"
    for body in ({}, {"disableDependentServices": False}):
        refused = quiet_google.call("POST", f"{base}/{bigquery}:disable", body)
        error = refused.json()["error"]
        assert (refused.status_code, error["status"]) == (400, "FAILED_PRECONDITION")
        assert f"is depended on by the following active service: {storage};" in error["message"]
        assert error["details"][0]["reason"] == "COMMON_SU_SERVICE_HAS_DEPENDENT_SERVICES"
        assert {bigquery, storage} <= set(enabled(quiet_google))
    quiet_google.done("POST", f"{base}/{bigquery}:disable", {"disableDependentServices": True})
    assert not {bigquery, storage} & set(enabled(quiet_google))
    quiet_google.done("POST", f"{base}/{storage}:enable", {})
    quiet_google.done("POST", f"{base}/{storage}:disable", {})
    assert enabled(quiet_google) == [bigquery, "serviceusage.googleapis.com"]
    quiet_google.done("POST", f"{base}/{bigquery}:disable", {})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 200),
        ({"checkIfServiceHasUsage": "SKIP", "disableDependentServices": True}, 200),
        ({"checkIfServiceHasUsage": "CHECK"}, 501),
        ({"checkIfServiceHasUsage": "PERHAPS"}, 400),
        ({"disableDependentService": True}, 400),
        ({"disableDependentServices": "yes"}, 400),
    ],
)
def test_a_request_to_disable_is_read_strictly(quiet_google: Google, body: dict[str, object], status: int) -> None:
    base = f"/v1/projects/{PROJECT}/services/{NAMES[0]}"
    quiet_google.done("POST", f"{base}:enable", {})
    assert quiet_google.call("POST", f"{base}:disable", body).status_code == status
    assert (NAMES[0] in enabled(quiet_google)) is (status != 200)


def test_a_service_that_is_off_can_not_be_disabled(quiet_google: Google) -> None:
    refused = quiet_google.call("POST", f"/v1/projects/{PROJECT}/services/{NAMES[0]}:disable", {})
    assert (refused.status_code, refused.json()["error"]["status"]) == (400, "FAILED_PRECONDITION")


def test_an_unknown_service_is_refused_and_enables_none_of_its_batch(quiet_google: Google) -> None:
    body = {"serviceIds": [*NAMES, "iaam.googleapis.com"]}
    answer = quiet_google.call("POST", f"/v1/projects/{PROJECT}/services:batchEnable", body)
    assert answer.status_code == 403
    assert not set(NAMES) & set(enabled(quiet_google))


def test_service_usage_itself_is_always_on(quiet_google: Google) -> None:
    assert enabled(quiet_google) == ["serviceusage.googleapis.com"]
    path = f"/v1/projects/{PROJECT}/services/serviceusage.googleapis.com:disable"
    assert quiet_google.call("POST", path, {}).status_code == 400


def test_the_project_is_found_before_any_api_is_enabled_by_id_and_number(quiet_google: Google) -> None:
    for project in (PROJECT, NUMBER):
        found = quiet_google.done("GET", f"/v1/projects/{project}")
        assert (found["projectId"], found["projectNumber"], found["lifecycleState"]) == (PROJECT, NUMBER, "ACTIVE")
        assert "billingAccountName" not in quiet_google.done("GET", f"/v1/projects/{project}/billingInfo")
    assert quiet_google.call("GET", "/v1/projects/other-project").status_code == 403
