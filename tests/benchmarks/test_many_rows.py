"""The stand-in for a million rows: pages that together are the table, each no larger than BigQuery's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks import many_rows
from benchmarks.many_rows import results, serving
from tests.benchmarks.asking import ask


def values(page: dict[str, Any]) -> list[str]:
    return [row["f"][0]["v"] for row in page["rows"]]


def test_pages_follow_each_other_to_the_end() -> None:
    first = json.loads(results(5, {"maxResults": 3}))
    last = json.loads(results(5, {"maxResults": "3", "pageToken": first["pageToken"]}))
    assert values(first) + values(last) == ["0", "1", "2", "3", "4"]
    assert "pageToken" not in last
    assert first["totalRows"] == last["totalRows"] == "5"


def test_an_answer_without_rows_says_where_they_begin() -> None:
    assert json.loads(results(5, {"maxResults": "0"}))["pageToken"] == "0"


def test_a_page_ends_before_it_is_larger_than_bigquerys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many_rows, "_PAGE_BYTES", 100)
    page = results(50, {})
    assert len(page) < 100 + 400
    assert json.loads(page)["pageToken"] == str(len(json.loads(page)["rows"]))


def test_it_gives_a_token_a_job_and_rows_to_whoever_asks() -> None:
    with serving(3) as url:
        assert ask(f"{url}/v1/token", {})["access_token"]
        assert ask(f"{url}/v1/projects/-/serviceAccounts/a:generateAccessToken", {})["accessToken"]
        assert ask(f"{url}/bigquery/v2/projects/p/jobs", {})["status"] == {"state": "DONE"}
        assert ask(f"{url}/bigquery/v2/projects/p/jobs/job?projection=full")["status"] == {"state": "DONE"}
        assert values(ask(f"{url}/bigquery/v2/projects/p/queries", {"maxResults": 2})) == ["0", "1"]
        assert values(ask(f"{url}/bigquery/v2/projects/p/queries/job?pageToken=2")) == ["2"]
