"""A table of the scripted Google's, whose rows come in pages as large as is asked for."""

from __future__ import annotations

from typing import Any

from tests.http_server import Answer, Request, json_answer
from tests.runtime.google_stand_in import QUERY_PATH, SCHEMA, rows

REFERENCE = {"projectId": "local-keyless", "jobId": "job-1", "location": "US"}


class Table:
    """So many rows, ``("0", "name-0")`` and so on.

    Args:
        rows: How many there are.
        counted: How many ``totalRows`` says there are; ``None``: as many.

    Attributes:
        asked: The size of each page that was asked for.
    """

    def __init__(self, *, rows: int, counted: int | None = None) -> None:
        self._rows = rows
        self._counted = rows if counted is None else counted
        self.asked: list[int] = []

    def __call__(self, sent: Request) -> Answer:
        """What Google answers to a query, and to each request after it."""
        if "/jobs/" in sent.path:
            return json_answer(
                {
                    "jobReference": REFERENCE,
                    "configuration": {"query": {"query": "…"}, "jobType": "QUERY"},
                    "status": {"state": "DONE"},
                    "statistics": {"creationTime": "1", "startTime": "1", "endTime": "2", "query": {}},
                }
            )
        most = sent.json["maxResults"] if sent.path == QUERY_PATH else int(sent.query["maxResults"][0])
        self.asked.append(most)
        first = int(sent.query.get("pageToken", ["0"])[0])
        return json_answer(self.page(first, min(self._rows, first + most)))

    def page(self, first: int, last: int) -> dict[str, Any]:
        """The rows from one to before another."""
        answer = {
            "jobComplete": True,
            "jobReference": REFERENCE,
            "schema": SCHEMA,
            "totalRows": str(self._counted),
            "rows": rows([(str(number), f"name-{number}") for number in range(first, last)]),
        }
        return {**answer, "pageToken": str(last)} if last < self._rows else answer
