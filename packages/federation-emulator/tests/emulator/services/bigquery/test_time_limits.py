"""No statement takes longer than it may, and none keeps others waiting: it is stopped, and the next one answers."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.emulator.chain import BIGQUERY_PATH, make_dataset
from tests.emulator.google_server import DEPLOYER_TOKEN, PROJECT, Google, serving
from tests.emulator.services.bigquery.asking import query

ENDLESS = (
    "SELECT COUNT(*) FROM UNNEST(GENERATE_ARRAY(1, 100000)) AS a, UNNEST(GENERATE_ARRAY(1, 100000)) AS b "
    "WHERE MOD(a * b, 7) = 9"
)
"""Ten thousand million rows, each of which has to be looked at."""


@pytest.fixture(scope="module")
def short(bigquery_url: str) -> Iterator[Google]:
    """A Google whose BigQuery stops a statement after a second."""
    with serving(aws_url="http://127.0.0.1:9", bigquery_url=bigquery_url, statement_seconds=1.0) as running:
        running.done("POST", f"/v1/projects/{PROJECT}/services/bigquery.googleapis.com:enable", {})
        yield running


def test_a_statement_that_runs_out_of_time_is_stopped_and_the_next_one_answers(short: Google) -> None:
    began = time.monotonic()
    stopped = query(short, ENDLESS)
    assert (stopped.status_code, stopped.json()["error"]["errors"][0]["reason"]) == (400, "resourcesExceeded")
    assert time.monotonic() - began < 10
    began = time.monotonic()
    assert query(short, "SELECT 1 AS a").json()["rows"] == [{"f": [{"v": "1"}]}]
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a, b FROM UNNEST(GENERATE_ARRAY(1, 100000)) AS a, UNNEST(GENERATE_ARRAY(1, 100000)) AS b",
        "SELECT STRING_AGG(REPEAT('x', 1000)) FROM UNNEST(GENERATE_ARRAY(1, 100000)), UNNEST(GENERATE_ARRAY(1, 1000))",
        "SELECT ARRAY_LENGTH(GENERATE_ARRAY(1, 10000000000))",
        "SELECT ARRAY_LENGTH(GENERATE_ARRAY(1, 3000000000))",
        "SELECT LENGTH(REPEAT('x', 9000000000))",
        "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT MAX(n) FROM t",
    ],
)
def test_a_statement_that_has_no_end_in_rows_or_memory_is_stopped(short: Google, sql: str) -> None:
    stopped = query(short, sql)
    assert stopped.status_code in {400, 403}, stopped.text
    assert query(short, "SELECT 1 AS a").json()["rows"] == [{"f": [{"v": "1"}]}]


def test_a_caller_waits_no_longer_than_it_says_and_asks_again(enabled: Google) -> None:
    sql = "SELECT COUNT(*) AS n FROM UNNEST(GENERATE_ARRAY(1, 4000)) AS a, UNNEST(GENERATE_ARRAY(1, 4000)) AS b"
    first = query(enabled, sql + " WHERE MOD(a * b, 7) = 9", timeoutMs=0).json()
    assert first["jobComplete"] is False
    assert "rows" not in first
    path = f"{BIGQUERY_PATH}/queries/{first['jobReference']['jobId']}"
    assert enabled.done("GET", f"{path}?timeoutMs=20000")["rows"] == [{"f": [{"v": "0"}]}]


def test_a_job_is_stopped_after_its_own_time_limit(enabled: Google) -> None:
    stopped = query(enabled, ENDLESS, jobTimeoutMs="300").json()["error"]
    assert stopped["errors"][0]["reason"] == "stopped"
    assert "Job timed out after 0.3 s" in stopped["message"]
    assert query(enabled, "SELECT 1 AS a", jobTimeoutMs="20000").json()["jobComplete"] is True


def test_a_job_that_is_cancelled_ends_and_says_so(enabled: Google) -> None:
    configuration = {"query": {"query": ENDLESS, "useLegacySql": False}}
    job = enabled.done("POST", f"{BIGQUERY_PATH}/jobs", {"configuration": configuration})
    assert job["status"] == {"state": "RUNNING"}
    path = f"{BIGQUERY_PATH}/jobs/{job['jobReference']['jobId']}"
    enabled.done("POST", f"{path}/cancel")
    enabled.call("GET", f"{BIGQUERY_PATH}/queries/{job['jobReference']['jobId']}?timeoutMs=10000")
    status = enabled.done("GET", path)["status"]
    assert (status["state"], status["errorResult"]["reason"]) == ("DONE", "stopped")


def test_others_are_answered_while_a_long_statement_is_read_and_run(enabled: Google) -> None:
    dataset = make_dataset(enabled)
    table = f"{BIGQUERY_PATH}/datasets/{dataset}/tables/users"
    numbers = ",".join(str(number) for number in range(40_000))
    sql = f"SELECT name FROM `{dataset}.users` WHERE user_id IN ({numbers})"
    assert len(sql) > 200_000
    answers: list[Any] = []

    def read() -> None:
        body = {"query": sql, "useLegacySql": False, "timeoutMs": "60000"}
        headers = {"Authorization": f"Bearer {DEPLOYER_TOKEN}"}
        answers.append(requests.post(f"{enabled.url}{BIGQUERY_PATH}/queries", json=body, headers=headers, timeout=100))

    reading = threading.Thread(target=read)
    reading.start()
    taken = []
    while reading.is_alive():
        for method, path in (("GET", "/_local/health"), ("GET", table), ("GET", f"/v1/projects/{PROJECT}")):
            began = time.monotonic()
            assert enabled.call(method, path).ok
            taken.append(time.monotonic() - began)
    reading.join(60)
    assert answers[0].ok, answers[0].text
    assert len(answers[0].json()["rows"]) == 3, answers[0].text
    assert len(taken) > 10
    # The machine may be busy: as a rule they take a few milliseconds.
    assert statistics.median(taken) < 0.1
    assert max(taken) < 1.0
