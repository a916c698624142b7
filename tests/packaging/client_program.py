"""Run out of the unpacked package, whose folder is its argument: makes use of the BigQuery client.

A line is written for each use of something that is left out: what it was that refused.
"""

from __future__ import annotations

import datetime
import importlib
import io
import json
import sys
from collections.abc import Callable
from typing import Any

VALUES = {
    "INTEGER": ("1", "1"),
    "FLOAT": ("1.5", "1.5"),
    "NUMERIC": ("2.5", "Decimal('2.5')"),
    "BOOLEAN": ("true", "True"),
    "STRING": ("ä", "'ä'"),
    "BYTES": ("YQ==", "b'a'"),
    "DATE": ("2026-01-02", "datetime.date(2026, 1, 2)"),
    "TIME": ("01:02:03", "datetime.time(1, 2, 3)"),
    "DATETIME": ("2026-01-02T03:04:05", "datetime.datetime(2026, 1, 2, 3, 4, 5)"),
    "TIMESTAMP": ("0", "datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)"),
    "INTERVAL": ("1-2 3 4:5:6", "relativedelta(years=+1, months=+2, days=+3, hours=+4, minutes=+5, seconds=+6)"),
    "GEOGRAPHY": ("POINT(1 2)", "'POINT(1 2)'"),
    "JSON": ('{"a": 1}', "{'a': 1}"),
}
"""For each type what BigQuery answers, and what the client makes of it."""


def main(folder: str) -> None:
    """Runs everything."""
    sys.path.insert(0, folder)
    # By name, since it is the package's that are meant and not those that the tests are checked with.
    bigquery: Any = importlib.import_module("google.cloud.bigquery")
    for name in bigquery.__all__:
        getattr(bigquery, name)
    session = canned()
    client = bigquery.Client(project="p", credentials=session.credentials, _http=session)
    config = bigquery.QueryJobConfig(
        query_parameters=[
            bigquery.ScalarQueryParameter("at", "TIMESTAMP", datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)),
            bigquery.ArrayQueryParameter("names", "STRING", ["a"]),
            bigquery.StructQueryParameter("s", bigquery.ScalarQueryParameter("x", "INT64", 1)),
        ]
    )
    (row,) = client.query_and_wait("SELECT 1", job_config=config)
    assert [repr(value) for value in row.values()] == [made for _, made in VALUES.values()]
    for use in uses(client):
        try:
            sys.stdout.write(f"went on: {use()}\n")
        except (ImportError, AttributeError) as error:
            sys.stdout.write(str(error).partition(" was used")[0] + "\n")


def canned() -> Any:
    """A session that sends nothing, and answers every query with one row."""
    requests: Any = importlib.import_module("requests")
    transport: Any = importlib.import_module("google.auth.transport.requests")
    credentials: Any = importlib.import_module("google.auth.credentials")
    fields = [{"name": kind.lower(), "type": kind} for kind in VALUES]
    answer = {
        "jobComplete": True,
        "schema": {"fields": fields},
        "rows": [{"f": [{"v": value} for value, _ in VALUES.values()]}],
        "totalRows": "1",
        "queryId": "q",
    }

    class Canned(transport.AuthorizedSession):  # type: ignore[misc]  # whatever the package has
        def request(self, *_: object, **__: object) -> Any:
            response = requests.Response()
            response.status_code = 200
            response.headers["Content-Type"] = "application/json"
            response.raw = io.BytesIO(json.dumps(answer).encode())
            return response

    return Canned(credentials.AnonymousCredentials())


def uses(client: Any) -> tuple[Callable[[], object], ...]:
    """Uses of what is left out."""
    crypt: Any = importlib.import_module("google.auth.crypt")
    return (
        lambda: client.load_table_from_file(io.BytesIO(b"a"), "p.d.t"),
        lambda: crypt.RSASigner.from_string("-----BEGIN PRIVATE KEY-----"),
        lambda: crypt.verify_signature(b"message", b"signature", b"-----BEGIN CERTIFICATE-----"),
        lambda: crypt.EsVerifier.from_string(b"-----BEGIN PUBLIC KEY-----"),
    )


if __name__ == "__main__":
    main(sys.argv[1])
