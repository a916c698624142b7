"""The quota project: who names one must be allowed to use it, whatever else they may."""

from __future__ import annotations

import pytest

from tests.emulator.chain import BIGQUERY_PATH, GENERATE, MEMBER, READER, SCOPE, Chain, Keys, token_of
from tests.emulator.google_server import PROJECT, SECOND_NUMBER, SECOND_PROJECT, Google

HEADER = "x-goog-user-project"
CONSUMER = "roles/serviceusage.serviceUsageConsumer"
QUERY = {"query": "SELECT 1", "useLegacySql": False}


def test_who_may_not_use_the_quota_project_is_refused_with_the_role_that_is_missing(
    chain: Chain, as_function: Keys
) -> None:
    assert as_function.token
    token, google = token_of(chain.credentials()), chain.google
    plain = google.call("POST", f"{BIGQUERY_PATH}/queries", QUERY, token=token)
    assert plain.status_code == 200
    for project in (SECOND_PROJECT, PROJECT, "third-project"):
        refused = google.call("POST", f"{BIGQUERY_PATH}/queries", QUERY, token=token, headers={HEADER: project})
        error = refused.json()["error"]
        assert (refused.status_code, error["status"]) == (403, "PERMISSION_DENIED")
        assert error["message"].startswith(f"Caller does not have required permission to use project {project}.")
        assert error["details"][0]["reason"] == "USER_PROJECT_DENIED"
    assert google.refusal().actual == "there is no project third-project"
    chain.grant(f"/v1/projects/{SECOND_PROJECT}", CONSUMER, f"serviceAccount:{READER}")
    for name in (SECOND_PROJECT, SECOND_NUMBER):
        allowed = google.call("POST", f"{BIGQUERY_PATH}/queries", QUERY, token=token, headers={HEADER: name})
        assert allowed.status_code == 200
    other = google.call("POST", f"{BIGQUERY_PATH}/queries", QUERY, token=token, headers={HEADER: PROJECT})
    assert other.status_code == 403, "one project's role is not another's"


def test_the_quota_project_of_the_federated_token_counts_too(chain: Chain, as_function: Keys) -> None:
    assert as_function.token
    token, body = token_of(chain.direct_credentials()), {"scope": [SCOPE]}
    assert chain.google.call("POST", GENERATE, body, token=token, headers={HEADER: PROJECT}).status_code == 403
    chain.grant(f"/v1/projects/{PROJECT}", CONSUMER, MEMBER)
    assert chain.google.call("POST", GENERATE, body, token=token, headers={HEADER: PROJECT}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({}, "", 200),
        ({HEADER: ""}, "", 200),
        ({HEADER: PROJECT}, "", 200),
        ({HEADER: SECOND_PROJECT}, "", 200),
        ({HEADER: f"projects/{PROJECT}"}, "", 200),
        ({HEADER: PROJECT}, f"?$userProject={PROJECT}", 200),
        ({HEADER: PROJECT}, f"?$userProject={SECOND_PROJECT}", 400),
        ({}, "?$userProject=third-project", 403),
        ({HEADER: "third-project"}, "", 403),
    ],
)
def test_the_owner_may_use_the_projects_that_there_are_one_at_a_time(
    quiet_google: Google, headers: dict[str, str], query: str, status: int
) -> None:
    assert quiet_google.call("GET", f"/v1/projects/{PROJECT}{query}", headers=headers).status_code == status
