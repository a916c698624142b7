"""The stand-in for a million rows: pages that together are the table, each no larger than BigQuery's."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from benchmarks import many_rows
from benchmarks.many_rows import results, serving
from tests.benchmarks.asking import ask


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
