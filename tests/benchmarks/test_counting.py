"""What passes on its way to the local Google is counted, and what would go elsewhere is refused."""

from __future__ import annotations

import httpx
import pytest

from benchmarks.counting import ELSEWHERE, counting, purpose
from benchmarks.many_rows import serving
from tests.benchmarks.asking import ask


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
