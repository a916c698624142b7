"""What Google's documentation has for Python.

https://googleapis.dev/python/google-auth/latest/user-guide.html and
https://cloud.google.com/bigquery/docs/reference/libraries#client-libraries-usage-python
"""

import json
import os
import sys


def token() -> dict[str, object]:
    import google.auth
    from google.auth.transport.requests import Request

    credentials, _project = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
    credentials.refresh(Request())  # type: ignore[no-untyped-call]  # google-auth has no types
    return {"token": bool(credentials.token)}


def query() -> dict[str, object]:
    from google.cloud import bigquery

    rows = bigquery.Client().query_and_wait(os.environ["QUERY"])
    return {"rows": [dict(row) for row in rows]}


try:
    found: dict[str, object] = {"token": token, "query": query}[sys.argv[1]]()
except Exception as error:  # noqa: BLE001  (what a client raises is what is asked here)
    found = {"error": type(error).__name__, "message": str(error)}
sys.stdout.write(json.dumps(found, default=str) + "\n")
