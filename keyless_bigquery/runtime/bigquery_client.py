"""One BigQuery client for the life of the process, and rows that come page by page."""

from __future__ import annotations

import contextlib
import time
import weakref
from collections.abc import Iterator, Mapping

import google.auth.transport.requests
from google.api_core.client_options import ClientOptions
from google.cloud import bigquery

from keyless_bigquery.runtime.access_token import SETTLING_SECONDS, AccessToken
from keyless_bigquery.runtime.credentials import PUBLIC_UNIVERSE
from keyless_bigquery.runtime.environment import API_ENDPOINT, Environment
from keyless_bigquery.runtime.errors import ConfigurationError
from keyless_bigquery.runtime.pages import FIRST_PAGE_ROWS, Pages
from keyless_bigquery.runtime.parameters import query_parameters
from keyless_bigquery.runtime.rows import Rows
from keyless_bigquery.runtime.transport import bounded

_REQUEST_SECONDS = 30.0
_RETRY_SECONDS = 10.0
_NO_JOB_IF_SHORT = "JOB_CREATION_OPTIONAL"


class BigQueryReader:
    """Runs queries with an access token, within the time of the current invocation.

    A short query is one request to BigQuery. No request outlives the invocation; what fails in passing is tried again
    for ten seconds at most.

    Threads of the function may share the reader and its client, and so one token; each result is read by one of them.
    They must end before the function does, since Lambda then freezes the process; and only what the function's own
    thread does is interrupted when the time is up.

    Attributes:
        table: The first of the tables that the function may read, as ``project.dataset.table``.
        tables: All of them; a whole dataset is ``project.dataset``.
        columns: What is selected in the first by default.

    Raises:
        keyless_bigquery.runtime.errors.ConfigurationError: The token is not of the universe in which BigQuery would be
            asked.
    """

    def __init__(self, environment: Environment, token: AccessToken) -> None:
        self.table = environment.table
        self.tables = environment.tables
        self.columns = environment.columns
        self._maximum_bytes_billed = environment.maximum_bytes_billed
        self._token = token
        self._pages: weakref.WeakSet[Pages] = weakref.WeakSet()
        self._client = _client(environment, token)

    @contextlib.contextmanager
    def invocation(self, remaining_milliseconds: int) -> Iterator[None]:
        """A context that ends in so many milliseconds, less a margin; queries are run inside it.

        Raises, from inside the context:
            keyless_bigquery.runtime.deadline.OutOfTimeError: The time is up.
        """
        self._token.limit.begin(remaining_milliseconds)
        try:
            with self._token.limit.enforced():
                yield
        finally:
            self._join()

    @property
    def client(self) -> bigquery.Client:
        """The client: authenticated, and no request of it outlives the invocation. For whatever else BigQuery does."""
        return self._client

    def plan(self, table: str) -> None:
        """Has BigQuery plan a query of a table, or of the list of a whole dataset's tables, without running it.

        Of the first table it is a query of :attr:`columns`: another may be guarded by a policy tag.

        Raises:
            Exception: As :meth:`query`.
        """
        config = bigquery.QueryJobConfig(dry_run=True, use_query_cache=False)
        left = self._token.limit.seconds_left
        whole_dataset = table.rpartition(":")[2].count(".") == 1
        columns = ", ".join(f"`{column}`" for column in self.columns) if table == self.table else "*"
        self._client.query(
            # Checked, and names can't be parameters.
            f"SELECT {columns} FROM `{table}`{'.INFORMATION_SCHEMA.TABLES' if whole_dataset else ''}",  # noqa: S608
            job_config=config,
            timeout=min(_REQUEST_SECONDS, max(left, 0.001)),
            retry=bigquery.DEFAULT_RETRY.with_timeout(_RETRY_SECONDS),
            job_retry=None,
        )

    def query(self, sql: str, parameters: Mapping[str, object] | None = None) -> Rows:
        """Runs a query.

        Args:
            sql: GoogleSQL, with ``@name`` for each parameter.
            parameters: The parameters by name; :mod:`keyless_bigquery.runtime.parameters` has a table of their types.

        Raises, also while the rows are taken:
            keyless_bigquery.runtime.errors.ParameterError: A value can't be a parameter. Nothing was sent.
            keyless_bigquery.runtime.errors.QueryError: The rows can't be read, or are not all there.
            google.auth.exceptions.GoogleAuthError: No token could be had.
            google.api_core.exceptions.GoogleAPIError: BigQuery refused or failed.
            keyless_bigquery.runtime.errors.NetworkError: Something else answered in BigQuery's place.
            requests.exceptions.RequestException: BigQuery could not be reached.
            keyless_bigquery.runtime.deadline.OutOfTimeError: The invocation's time is up.
        """
        left = self._token.limit.seconds_left
        config = bigquery.QueryJobConfig(
            maximum_bytes_billed=self._maximum_bytes_billed,
            query_parameters=query_parameters(parameters),
        )
        # BigQuery itself ends a job that no client waits for.
        config.job_timeout_ms = max(1, int(left * 1000))
        found = self._client.query_and_wait(
            sql,
            job_config=config,
            page_size=FIRST_PAGE_ROWS,
            api_timeout=min(_REQUEST_SECONDS, max(left, 0.001)),
            wait_timeout=left,
            retry=bigquery.DEFAULT_RETRY.with_timeout(_RETRY_SECONDS),
            job_retry=None,  # type: ignore[arg-type]  # documented: None turns it off
        )
        pages = Pages(found, self._token.limit)
        self._pages.add(pages)
        return Rows(found.schema, pages)

    def _join(self) -> None:
        """Ends the invocation: whatever is in flight when Lambda freezes the process may never be answered."""
        end = time.monotonic() + min(SETTLING_SECONDS, self._token.limit.seconds_left)
        for pages in tuple(self._pages):
            pages.join(max(0.0, end - time.monotonic()))
        self._token.settle(max(0.0, end - time.monotonic()))


def _client(environment: Environment, token: AccessToken) -> bigquery.Client:
    if environment.api_endpoint is None and token.universe_domain != PUBLIC_UNIVERSE:
        raise ConfigurationError(
            f"the credential configuration is of the universe {token.universe_domain!r}, and without"
            f" {API_ENDPOINT} the client would ask BigQuery in {PUBLIC_UNIVERSE}",
            f"{API_ENDPOINT}, and universe_domain in the credential configuration",
        )
    session = google.auth.transport.requests.AuthorizedSession(token)  # type: ignore[no-untyped-call]  # google-auth has no types
    bounded(session, limit=token.limit, most_seconds=_REQUEST_SECONDS)
    return bigquery.Client(
        project=environment.project,
        credentials=token,
        location=environment.location,
        client_options=ClientOptions(api_endpoint=environment.api_endpoint),
        default_job_creation_mode=_NO_JOB_IF_SHORT,
        # Documented, and the only way to give the client a session that keeps to the invocation's time.
        _http=session,
    )
