"""How the tests ask: the deployer's statements, the deployer's client, and queries that are never sent again."""

from __future__ import annotations

from typing import Any

import requests
from google.api_core.client_options import ClientOptions
from google.cloud import bigquery
from google.oauth2.credentials import Credentials

from tests.emulator.chain import READER, UNIVERSE
from tests.emulator.google_server import DEPLOYER_TOKEN, PROJECT, Google

MEMBER = f"serviceAccount:{READER}"
VIEWER = "roles/bigquery.dataViewer"
NEVER: dict[str, Any] = {"retry": None, "job_retry": None}


def query(google: Google, sql: str, *, payer: str = PROJECT, **settings: Any) -> requests.Response:
    """Send a statement as the deployer."""
    body = {"query": sql, "useLegacySql": False, **settings}
    return google.call("POST", f"/bigquery/v2/projects/{payer}/queries", body)


def run(google: Google, sql: str, **settings: Any) -> Any:
    """Send a statement as the deployer that has to succeed; return its JSON."""
    answered = query(google, sql, **settings)
    assert answered.ok, answered.text
    return answered.json()


def rows(client: bigquery.Client, sql: str, **settings: Any) -> list[tuple[object, ...]]:
    """Return the rows of a query of a real client's, sorted."""
    found = client.query_and_wait(sql, job_config=bigquery.QueryJobConfig(**settings), **NEVER)
    return sorted(tuple(row.values()) for row in found)


def deployer_client(google: Google) -> bigquery.Client:
    """A real client of the deployer's."""
    options = ClientOptions(api_endpoint=google.url, universe_domain=UNIVERSE)
    credentials = Credentials(DEPLOYER_TOKEN, universe_domain=UNIVERSE)  # type: ignore[no-untyped-call]  # its own
    return bigquery.Client(project=PROJECT, credentials=credentials, client_options=options)
