"""What Google's documentation has for Python.

https://googleapis.dev/python/google-auth/latest/user-guide.html and
https://cloud.google.com/bigquery/docs/reference/libraries#client-libraries-usage-python
"""

import json
import os
import sys


def token():
    import google.auth
    from google.auth.transport.requests import Request

    credentials, _project = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
    credentials.refresh(Request())
    return {"token": bool(credentials.token)}


def query():
    from google.cloud import bigquery

    rows = bigquery.Client().query_and_wait(os.environ["QUERY"])
    return {"rows": [dict(row) for row in rows]}


try:
    found = {"token": token, "query": query}[sys.argv[1]]()
except Exception as error:  # noqa: BLE001  (what a client raises is what is asked here)
    found = {"error": type(error).__name__, "message": str(error)}
sys.stdout.write(json.dumps(found) + "\n")
