"""Errors, lost connections and late answers come in the share asked for, in each API's shape, the same each time."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests
from google.api_core.exceptions import ServiceUnavailable
from google.api_core.retry import Retry

from federation_emulator.core.errors import Shape, body_of
from federation_emulator.faults.layer import too_many
from federation_emulator.faults.model import NO_FAULTS, FaultInjector, FaultSettings
from tests.emulator.chain import BIGQUERY_PATH, Chain
from tests.emulator.google_server import PROJECT, Google

SERVICES = f"/v1/projects/{PROJECT}/services"


def statuses(google: Google, count: int) -> list[int]:
    return [google.call("GET", SERVICES).status_code for _ in range(count)]


def test_the_share_asked_for_fails_the_same_way_for_the_same_seed(quiet_google: Google) -> None:
    quiet_google.inject(errorShare=0.5, seed=3)
    first = statuses(quiet_google, 40)
    assert set(first) == {200, 429, 503}
    assert 10 < first.count(200) < 30
    quiet_google.inject(errorShare=0.5, seed=3)
    assert statuses(quiet_google, 40) == first
    quiet_google.inject(errorShare=0.5, seed=4)
    assert statuses(quiet_google, 40) != first
    quiet_google.inject()
    assert statuses(quiet_google, 10) == [200] * 10


def test_errors_have_the_shape_of_their_api_and_say_who_made_them(quiet_google: Google) -> None:
    quiet_google.inject(errorShare=1)
    found = {}
    for path in ("/v1/token", SERVICES, f"{BIGQUERY_PATH}/datasets"):
        answers = [quiet_google.call("POST", path, {}) for _ in range(12)]
        assert all("X-Local-Fault" in answer.headers for answer in answers)
        found[path] = {answer.status_code: answer.json() for answer in answers}
    exchange = found["/v1/token"]
    assert exchange[429]["error"] == "quota_exceeded"
    assert set(exchange[503]) == {"error", "error_description"}
    assert found[SERVICES][429]["error"]["status"] == "RESOURCE_EXHAUSTED"
    assert found[SERVICES][503]["error"]["status"] == "UNAVAILABLE"
    bigquery = found[f"{BIGQUERY_PATH}/datasets"]
    assert bigquery[403]["error"]["errors"][0]["reason"] == "rateLimitExceeded"
    assert bigquery[503]["error"]["errors"][0]["reason"] == "backendError"


def test_its_own_paths_have_no_faults_ever(quiet_google: Google) -> None:
    quiet_google.inject(dropShare=1)
    for path in (
        "/",
        "/page/main.js",
        "/_local/health",
        "/_local/decisions",
        "/_local/resources",
        "/_local/clock",
        "/_local/faults",
    ):
        assert quiet_google.call("GET", path).status_code == 200


def test_a_dropped_connection_brings_no_answer_and_the_next_one_does(quiet_google: Google) -> None:
    quiet_google.inject(dropShare=1)
    with pytest.raises(requests.ConnectionError):
        quiet_google.call("GET", SERVICES)
    quiet_google.inject()
    assert quiet_google.call("GET", SERVICES).status_code == 200


def test_a_slow_answer_is_late_and_whole(quiet_google: Google) -> None:
    quiet_google.inject(slowShare=1, slowSeconds=0.3)
    began = time.monotonic()
    assert quiet_google.call("GET", SERVICES).status_code == 200
    assert time.monotonic() - began >= 0.3


@pytest.mark.usefixtures("as_function")
def test_the_bigquery_client_reads_through_faults_that_it_retries(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("google.api_core.retry.retry_unary.time.sleep", lambda _seconds: None)
    client = chain.client()
    sql = chain.sql("SELECT user_id FROM {users} ORDER BY 1")
    assert [row.user_id for row in client.query_and_wait(sql)] == [1, 2, 3]
    chain.google.inject(errorShare=0.3, dropShare=0.1, seed=5)
    for _ in range(5):
        assert [row.user_id for row in client.query_and_wait(sql)] == [1, 2, 3]
    chain.google.inject(errorShare=1)
    with pytest.raises(ServiceUnavailable):
        client.get_dataset(f"{PROJECT}.{chain.dataset}", retry=Retry(predicate=lambda _error: False))


IMPOSSIBLE: list[tuple[dict[str, Any], str]] = [
    ({"errorShare": 1.5}, "errorShare: Input should be less than or equal to 1, got 1.5"),
    ({"errorShare": 0.6, "dropShare": 0.6}, "they can be at most 1"),
    ({"slowSeconds": 3600}, "slowSeconds: Input should be less than or equal to 30"),
    ({"iamDelaySeconds": -1}, "iamDelaySeconds: Input should be greater than or equal to 0"),
    ({"iamDelaySeconds": "7"}, "iamDelaySeconds: Input should be a valid number, got '7'"),
    ({"rain": 1}, "rain: there is no such key"),
    ({"seed": -1, "rain": 1}, "seed: "),
]


def test_a_fault_that_is_none_is_refused_with_the_rule(quiet_google: Google) -> None:
    for body, why in IMPOSSIBLE:
        refused = quiet_google.call("POST", "/_local/faults", body)
        assert refused.status_code == 400, body
        assert why in refused.json()["error"]["message"]
    assert quiet_google.done("GET", "/_local/faults")["errorShare"] == 0


def test_without_faults_there_is_no_delay_and_no_failure() -> None:
    fault = FaultInjector().draw()
    assert (fault.delay_seconds, fault.error, fault.dropped) == (0.0, 0, False)
    assert not NO_FAULTS.iam_delay
    assert not NO_FAULTS.service_delay


def test_one_share_does_not_move_the_picks_of_another() -> None:
    def picks(settings: FaultSettings) -> list[int]:
        faults = FaultInjector()
        faults.change(settings)
        return [faults.draw().error for _ in range(50)]

    assert picks(FaultSettings(error_share=0.3)) == picks(
        FaultSettings(error_share=0.3, slow_share=0.5, drop_share=0.2)
    )


def test_too_many_exchanges_are_refused_in_the_documented_words() -> None:
    assert body_of(too_many(Shape.OAUTH), Shape.OAUTH) == {
        "error": "quota_exceeded",
        "error_description": (
            "The request was throttled due to rate limit: sts.googleapis.com/requests. Please retry after a few "
            "seconds."
        ),
    }
