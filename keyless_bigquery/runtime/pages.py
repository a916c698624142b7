"""The pages of a result: as large as memory allows, and the next one fetched while one is used."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

from google.cloud.bigquery.table import RowIterator

from keyless_bigquery.runtime.answers import UndecodedRows
from keyless_bigquery.runtime.deadline import OutOfTimeError, TimeLimit
from keyless_bigquery.runtime.errors import QueryError

FIRST_PAGE_ROWS = 10_000
"""Most rows of a first page: the size of a row is not known before it. A result of no more rows is one request."""

PAGE_BYTES = 1_500_000
"""Size of each further page, by the size of the rows before it. BigQuery itself ends a page at 10 MB."""

Page = Sequence[Any]
"""Rows as JSON has them."""


class Pages:
    """A result's pages, from the first to the last, once.

    At most one page is fetched ahead, in a thread, and only once the one before it has been taken. What goes wrong
    there is raised where that page would be taken.

    Attributes:
        found: The result, as the client has it.
    """

    def __init__(self, found: RowIterator, limit: TimeLimit) -> None:
        self.found = found
        self._limit = limit
        # What the client returns for a statement without rows can't be asked for pages.
        self._pages = iter(()) if found.api_request is None else found.pages
        self._rows = 0
        self._ahead: _Fetch | None = None

    def __iter__(self) -> Iterator[Page]:
        """The pages.

        Raises:
            QueryError: They hold more or fewer rows than BigQuery counted.
            keyless_bigquery.runtime.deadline.OutOfTimeError: The time is up.
            Exception: As :meth:`keyless_bigquery.runtime.bigquery_client.BigQueryReader.query`.
        """
        while (page := self._take()) is not None:
            if self.found.next_page_token is not None:
                self._begin()
            yield page

    def join(self, most_seconds: float) -> None:
        """Waits for the page that is being fetched, if there is one."""
        if self._ahead is not None:
            self._ahead.join(most_seconds)

    def _begin(self) -> None:
        ahead = _Fetch(self)
        try:
            ahead.start()
        except RuntimeError:
            # There is no thread to be had: the page is fetched when it is needed.
            return
        self._ahead = ahead

    def _take(self) -> Page | None:
        if self._ahead is None:
            return self.fetch()
        self._ahead.join(self._limit.seconds_left)
        if self._ahead.is_alive():
            # Left as it is: the end of the invocation waits for it once more.
            raise OutOfTimeError
        fetched, self._ahead = self._ahead, None
        if fetched.error is not None:
            raise fetched.error
        return fetched.page

    def fetch(self) -> Page | None:
        """Fetches the next page; ``None``: there is none. Not to be called while it is running."""
        fetched = next(self._pages, None)
        page: Page | None = None if fetched is None else fetched.raw_page.get("rows", ())
        self._rows += len(page or ())
        self._check(last=page is None)
        if isinstance(page, UndecodedRows):
            # Documented, and sent with each request for a page.
            self.found.extra_params["maxResults"] = max(1, PAGE_BYTES * len(page) // page.size)
        return page

    def _check(self, *, last: bool) -> None:
        counted = self.found.total_rows
        if counted is None or self.found.num_dml_affected_rows is not None:
            return
        if self._rows > counted or (last and self._rows < counted):
            raise QueryError(
                f"BigQuery counted {counted} rows in the result, and sent {self._rows}",
                "Google Cloud's status page; then try again",
            )


class _Fetch(threading.Thread):
    """One page in a thread, which no exit of the process waits for."""

    def __init__(self, pages: Pages) -> None:
        super().__init__(name="page", daemon=True)
        self._pages = pages
        self.page: Page | None = None
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self.page = self._pages.fetch()
        except Exception as error:  # noqa: BLE001 - raised again where the page is taken
            self.error = error
