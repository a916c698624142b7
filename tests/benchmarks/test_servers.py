"""The stand-in for a million rows, and what passes on its way to the local Google."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest

from benchmarks import many_rows
from benchmarks.counting import ELSEWHERE, counting, purpose
from benchmarks.many_rows import results, serving


def ask(url: str, body: object = None) -> dict[str, Any]:
    """What a server answers to a GET, or to a POST where there is a body."""
    answer = httpx.request("GET" if body is None else "POST", url, json=body, timeout=10, trust_env=False)
    answer.raise_for_status()
    return dict(answer.json())


def values(page: dict[str, Any]) -> list[str]:
    return [row["f"][1]["v"] for row in page["rows"]]


def test_pages_follow_each_other_to_the_end() -> None:
    first = json.loads(results(5, {"maxResults": 3}))
    last = json.loads(results(5, {"maxResults": "3", "pageToken": first["pageToken"]}))
    assert values(first) + values(last) == ["Alice"] * 5
    assert (len(first["rows"]), "pageToken" in last) == (3, False)
    assert first["totalRows"] == last["totalRows"] == "5"


def test_an_answer_without_rows_says_where_they_begin() -> None:
    assert json.loads(results(5, {"maxResults": "0"}))["pageToken"] == "0"


@pytest.mark.parametrize("columns", [2, 40])
def test_a_row_has_a_cell_for_each_column(columns: int) -> None:
    page = json.loads(results(1, {}, columns=columns))
    assert len(page["schema"]["fields"]) == len(page["rows"][0]["f"]) == columns
    assert len({field["name"] for field in page["schema"]["fields"]}) == columns


def test_a_page_ends_before_it_is_larger_than_bigquerys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many_rows, "_PAGE_BYTES", 100)
    page = results(50, {})
    assert len(page) < 100 + 400
    assert json.loads(page)["pageToken"] == str(len(json.loads(page)["rows"]))


def test_it_gives_a_token_a_job_and_rows_to_any_client_and_waits_before_each() -> None:
    with serving(3, delay_seconds=0.02) as url:
        begun = time.monotonic()
        assert ask(f"{url}/v1/token", {})["access_token"]
        assert ask(f"{url}/v1/projects/-/serviceAccounts/a:generateAccessToken", {})["accessToken"]
        assert ask(f"{url}/bigquery/v2/projects/p/jobs", {})["status"] == {"state": "DONE"}
        assert ask(f"{url}/bigquery/v2/projects/p/jobs/job?projection=full")["status"] == {"state": "DONE"}
        assert len(values(ask(f"{url}/bigquery/v2/projects/p/queries", {"maxResults": 2}))) == 2
        assert len(values(ask(f"{url}/bigquery/v2/projects/p/queries/job?pageToken=2"))) == 1
        assert time.monotonic() - begun >= 6 * 0.02


def test_each_request_is_counted_and_answered_by_whom_it_was_meant_for() -> None:
    with serving(3) as google, counting(google) as counter:
        assert ask(f"{counter.url}/v1/token", {})["access_token"]
        assert ask(f"{counter.url}/bigquery/v2/projects/p/queries", {"maxResults": 1})["totalRows"] == "3"
        assert ask(f"{counter.url}/bigquery/v2/projects/p/queries/job?pageToken=1")["rows"]
        assert counter.taken() == ("POST token exchange", "POST BigQuery queries", "GET BigQuery queries/ID")
        assert counter.taken() == ()


def test_what_would_leave_the_machine_is_counted_and_refused() -> None:
    with serving(1) as google, counting(google) as counter:
        with pytest.raises(httpx.ProxyError), httpx.Client(proxy=counter.url, trust_env=False, timeout=10) as client:
            client.get("https://iamcredentials.invalid/v1/projects")
        assert counter.taken() == (f"{ELSEWHERE}iamcredentials.invalid:443",)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/projects/-/serviceAccounts/reader@p.iam.gserviceaccount.com:generateAccessToken", "impersonation"),
        ("/bigquery/v2/projects/p/jobs?prettyPrint=false", "BigQuery jobs"),
        ("/bigquery/v2/projects/p/queries/1f2e?maxResults=0", "BigQuery queries/ID"),
    ],
)
def test_a_request_is_counted_by_what_it_is_for(path: str, expected: str) -> None:
    assert purpose(path) == expected
