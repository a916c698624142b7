"""The client that ``bq`` is built on finds this server through the discovery document, and works with it."""

from __future__ import annotations

from typing import Any

import httplib2
import httpx
from google.oauth2.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.discovery import build

from tests.emulator.google_server import DEPLOYER_TOKEN, PROJECT, Google


def client(google: Google, token: str) -> Any:
    google.done("POST", f"/v1/projects/{PROJECT}/services/bigquery.googleapis.com:enable", {})
    credentials = Credentials(token)  # type: ignore[no-untyped-call]  # google-auth has no types
    return build(
        "bigquery",
        "v2",
        discoveryServiceUrl=f"{google.url}/$discovery/rest?version={{apiVersion}}",
        http=AuthorizedHttp(credentials, http=httplib2.Http(timeout=20)),
        static_discovery=False,
    )


def test_what_bq_does_with_a_dataset_a_table_and_a_query_works_through_the_discovered_client(google: Google) -> None:
    reference = {"projectId": PROJECT, "datasetId": "found"}
    table = {
        "tableReference": {**reference, "tableId": "numbers"},
        "schema": {"fields": [{"name": "a", "type": "INTEGER"}]},
    }
    job = {
        "jobReference": {"projectId": PROJECT, "jobId": "bqjob_r1"},
        "configuration": {"query": {"query": "SELECT a FROM `found.numbers`", "useLegacySql": False}},
    }
    with client(google, DEPLOYER_TOKEN) as bigquery:
        bigquery.datasets().insert(projectId=PROJECT, body={"datasetReference": reference, "location": "US"}).execute()
        bigquery.tables().insert(**reference, body=table).execute()
        bigquery.tabledata().insertAll(**reference, tableId="numbers", body={"rows": [{"json": {"a": 7}}]}).execute()
        listed = bigquery.datasets().list(projectId=PROJECT).execute()["datasets"]
        made = bigquery.jobs().insert(projectId=PROJECT, body=job).execute()
        result = bigquery.jobs().getQueryResults(projectId=PROJECT, jobId="bqjob_r1", location="US").execute()
        bigquery.datasets().delete(**reference, deleteContents=True).execute()
    assert "found" in [entry["datasetReference"]["datasetId"] for entry in listed]
    assert made["status"]["state"] == "DONE"
    assert result["rows"] == [{"f": [{"v": "7"}]}]


def test_another_version_of_the_api_is_not_found(quiet_google: Google) -> None:
    answer = httpx.get(f"{quiet_google.url}/$discovery/rest?version=v1", timeout=10)
    assert answer.status_code == 404
    assert answer.json()["error"]["status"] == "NOT_FOUND"
