"""The floor: google-auth for the token, urllib3 for one query over REST. No paging, no retries, no types, no advice.

google-auth's own transport over urllib3 would load twice as much as it needs; a few lines do.
"""

from __future__ import annotations

import functools
import json
import os
from pathlib import Path
from typing import Any

import google.auth.aws
import google.auth.transport
import urllib3

_SCOPE = "https://www.googleapis.com/auth/bigquery"
_LIMIT_SECONDS = 30.0


def lambda_handler(event: object, context: object) -> object:
    """Prints the rows of the table and returns ``event``."""
    del context
    answer = _pool().request(
        "POST",
        f"{_endpoint()}/bigquery/v2/projects/{os.environ['GOOGLE_CLOUD_PROJECT']}/queries",
        json={
            "query": f"SELECT user_id, name FROM `{os.environ['BIGQUERY_TABLE']}`",  # noqa: S608 - the program's own
            "useLegacySql": False,
            "jobCreationMode": "JOB_CREATION_OPTIONAL",
            "location": os.environ["BIGQUERY_LOCATION"],
        },
        headers={"Authorization": f"Bearer {_token()}"},
        timeout=_LIMIT_SECONDS,
        retries=False,
    )
    found = answer.json()
    if answer.status != 200 or not found["jobComplete"] or "pageToken" in found:
        raise RuntimeError(f"BigQuery answered {answer.status}, and not with all rows: {answer.data[:500]!r}")
    print("The query data:")
    for row in found.get("rows", ()):
        user_id, name = (cell["v"] for cell in row["f"])
        print(f"user_id={user_id}, name={name}")
    return event


class _TokenRequest(google.auth.transport.Request):
    """What google-auth sends its requests with."""

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        timeout: float | None = _LIMIT_SECONDS,
        **_: object,
    ) -> urllib3.BaseHTTPResponse:
        """Sends one. The answer has the attributes that google-auth reads."""
        return _pool().request(method, url, body=body, headers=headers, timeout=timeout, retries=False)


def _token() -> str:
    credentials = _credentials()
    if not credentials.valid:
        credentials.refresh(_TokenRequest())
    return str(credentials.token)


@functools.cache
def _credentials() -> Any:  # noqa: ANN401 - google-auth has no types
    configuration = json.loads(Path(os.environ["GOOGLE_APPLICATION_CREDENTIALS"]).read_text())
    return google.auth.aws.Credentials.from_info(configuration, scopes=[_SCOPE])  # type: ignore[no-untyped-call]  # google-auth has no types


@functools.cache
def _pool() -> urllib3.PoolManager:
    return urllib3.PoolManager()


def _endpoint() -> str:
    return os.environ.get("BIGQUERY_EMULATOR_HOST", "https://bigquery.googleapis.com").rstrip("/")
