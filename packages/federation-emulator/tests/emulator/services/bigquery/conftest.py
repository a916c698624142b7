"""A Google for all tests of a module that make datasets of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.emulator.google_server import PROJECT, SECOND_PROJECT, Google, serving


@pytest.fixture(scope="module")
def enabled(bigquery_url: str) -> Iterator[Google]:
    """A Google with the BigQuery API on in both projects, and no AWS."""
    with serving(aws_url="http://127.0.0.1:9", bigquery_url=bigquery_url) as google:
        for project in (PROJECT, SECOND_PROJECT):
            google.done("POST", f"/v1/projects/{project}/services/bigquery.googleapis.com:enable", {})
        yield google
