"""A BigQuery of as many rows as one likes, which answers from memory: the local one takes too long for a million.

It has the wire's shape and nothing else: any token is good, and every query has the same rows. Its pages are as large
as BigQuery's: as many rows as are asked for, up to 10 MB.
"""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from benchmarks.serving import Answering, served

_PAGE_BYTES = 10_000_000
"""Most bytes of rows in one answer. Source: BigQuery, "Paging through results using the API"."""

_KEPT_PAGES = 256
_SCHEMA = {"fields": [{"name": "user_id", "type": "INTEGER"}, {"name": "name", "type": "STRING"}]}
_JOB = {"projectId": "local-keyless", "jobId": "job", "location": "US"}
_BEGUN = {
    "jobReference": _JOB,
    "status": {"state": "DONE"},
    "configuration": {
        "query": {"destinationTable": {"projectId": "local-keyless", "datasetId": "made", "tableId": "made"}}
    },
}
_NAMES = ("Alice", "Bob", "Chiyo")


@contextlib.contextmanager
def serving(count: int) -> Iterator[str]:
    """The base URL of such a server, whose table has so many rows; it ends with the context."""

    class Rows(Answering):
        def respond(self) -> None:
            if self.command == "GET":
                self._of_job()
            else:
                self._of_post()

        def _of_job(self) -> None:
            parts = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self.answer(_json(_BEGUN) if "/jobs/" in parts.path else results(count, asked))

        def _of_post(self) -> None:
            body = self.body()
            path = urlsplit(self.path).path
            if path.endswith("/token"):
                self.answer(_json({"access_token": "federated", "token_type": "Bearer", "expires_in": 3600}))
            elif path.endswith(":generateAccessToken"):
                self.answer(_json({"accessToken": "access", "expireTime": "2999-01-01T00:00:00Z"}))
            elif path.endswith("/jobs"):
                self.answer(_json(_BEGUN))
            else:
                self.answer(results(count, json.loads(body)))

    with served(Rows, name="many rows") as url:
        yield url


def results(count: int, asked: dict[str, Any]) -> bytes:
    """One page of the rows, as ``jobs.query`` and ``jobs.getQueryResults`` answer.

    Args:
        count: How many rows there are in all.
        asked: ``pageToken`` and ``maxResults``, where they are given.
    """
    first = int(asked.get("pageToken", 0))
    most = asked.get("maxResults")
    return _page(count, first, count if most is None else int(most))


@functools.lru_cache(_KEPT_PAGES)
def _page(count: int, first: int, most: int) -> bytes:
    rows: list[str] = []
    size = 0
    for number in range(first, min(count, first + most)):
        rows.append(f'{{"f":[{{"v":"{number}"}},{{"v":"{_NAMES[number % len(_NAMES)]}"}}]}}')
        size += len(rows[-1]) + 1
        if size > _PAGE_BYTES:
            break
    head: dict[str, Any] = {"jobReference": _JOB, "jobComplete": True, "totalRows": str(count), "schema": _SCHEMA}
    if first + len(rows) < count:
        head["pageToken"] = str(first + len(rows))
    return json.dumps(head)[:-1].encode() + b',"rows":[' + ",".join(rows).encode() + b"]}"


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
