"""A BigQuery of any number of rows, which answers from memory: the local one takes too long for a million.

It has the wire's shape and nothing else: any token is good, every query has the same result, and all rows are alike.
Its pages are as large as BigQuery's: as many rows as are asked for, up to 10 MB.
"""

from __future__ import annotations

import contextlib
import functools
import json
import time
from collections.abc import Iterator
from typing import Any

from tests.http_server import Answer, Request, json_answer
from tests.http_server import serving as http_serving

_PAGE_BYTES = 10_000_000
"""Most bytes of rows in one answer. Source: BigQuery, "Paging through results using the API"."""

_FURTHER = (("INTEGER", "1234567890"), ("STRING", "a word or two"), ("FLOAT", "3.14159265"), ("DATE", "2026-11-29"))
"""Types of the columns after the first two, in turn, and what each row has in them."""

_JOB = {"projectId": "local-keyless", "jobId": "job", "location": "US"}
_BEGUN = {
    "jobReference": _JOB,
    "status": {"state": "DONE"},
    "configuration": {
        "query": {"destinationTable": {"projectId": "local-keyless", "datasetId": "made", "tableId": "made"}}
    },
}


@contextlib.contextmanager
def serving(count: int, *, columns: int = 2, delay_seconds: float = 0.0) -> Iterator[str]:
    """The base URL of such a server, which ends with the context. A table has at least two columns."""

    def answer(request: Request) -> Answer:
        time.sleep(delay_seconds)
        if request.path.endswith("/token"):
            return json_answer({"access_token": "federated", "token_type": "Bearer", "expires_in": 3600})
        if request.path.endswith(":generateAccessToken"):
            return json_answer({"accessToken": "access", "expireTime": "2999-01-01T00:00:00Z"})
        if request.path.endswith("/jobs") or (request.method == "GET" and "/jobs/" in request.path):
            return json_answer(_BEGUN)
        asked = {name: values[0] for name, values in request.query.items()} if request.method == "GET" else request.json
        return Answer(body=results(count, asked, columns=columns))

    with http_serving(answer) as server:
        yield server.url


def results(count: int, asked: dict[str, Any], *, columns: int = 2) -> bytes:
    """One page of ``count`` rows, as ``jobs.query`` answers where ``pageToken`` and ``maxResults`` may be asked for."""
    fields, row = _table(columns)
    first = int(asked.get("pageToken", 0))
    most = min(int(asked.get("maxResults", count)), max(1, _PAGE_BYTES // len(row)))
    rows = min(count - first, most)
    head: dict[str, Any] = {"jobReference": _JOB, "jobComplete": True, "totalRows": str(count), "schema": fields}
    if first + rows < count:
        head["pageToken"] = str(first + rows)
    return json.dumps(head)[:-1].encode() + b',"rows":[' + (row * rows)[:-1] + b"]}"


@functools.cache
def _table(columns: int) -> tuple[dict[str, Any], bytes]:
    """The schema, and a row with the comma after it."""
    further = [_FURTHER[place % len(_FURTHER)] for place in range(columns - 2)]
    names = ["user_id", "name", *(f"column_{place}" for place in range(columns - 2))]
    kinds, values = zip(("INTEGER", "1234567"), ("STRING", "Alice"), *further, strict=True)
    fields = [{"name": name, "type": kind} for name, kind in zip(names, kinds, strict=True)]
    row = json.dumps({"f": [{"v": value} for value in values]}, separators=(",", ":"))
    return {"fields": fields}, row.encode() + b","
