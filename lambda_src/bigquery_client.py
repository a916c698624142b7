"""One BigQuery client for the life of the process, and rows that come page by page."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import google.auth.transport.requests
from google.api_core.client_options import ClientOptions
from google.cloud import bigquery
from google.cloud.bigquery.table import RowIterator

from lambda_src.access_token import AccessToken
from lambda_src.credentials import PUBLIC_UNIVERSE
from lambda_src.environment import API_ENDPOINT, Environment
from lambda_src.errors import ConfigurationError, Diagnosis, Link
from lambda_src.transport import bounded

PAGE_ROWS = 1_000
"""Most rows that are in memory at once, and so in one answer. BigQuery also ends a page at 10 MB.

A row of two columns takes about a kilobyte while it is a dictionary of dictionaries, and each page after the first is
one more request, of some 50 to 100 ms. This many keep the peak within a tenth of what the function takes without rows,
with each Python that it may run on; twice as many don't with 3.13."""

_REQUEST_SECONDS = 30.0
_RETRY_SECONDS = 10.0
_NO_JOB_IF_SHORT = "JOB_CREATION_OPTIONAL"


class BigQueryReader:
    """Runs queries with an access token, within the time of the current invocation.

    A short query is one request to BigQuery. No request outlives the invocation; what fails in passing is tried again
    for ten seconds at most.

    Args:
        environment: What the deployer told the function.
        token: What BigQuery is shown.

    Attributes:
        table: The table that the function is for.
        columns: What it selects there.

    Raises:
        lambda_src.errors.ConfigurationError: The token is not of the universe in which BigQuery would be asked.
    """

    def __init__(self, environment: Environment, token: AccessToken) -> None:
        self.table = environment.table
        self.columns = environment.columns
        self._maximum_bytes_billed = environment.maximum_bytes_billed
        self._token = token
        self._client = _client(environment, token)

    @contextlib.contextmanager
    def invocation(self, remaining_milliseconds: int) -> Iterator[None]:
        """A context that ends in so many milliseconds, less a margin; queries are run inside it.

        Raises, from inside the context:
            lambda_src.time_limit.OutOfTimeError: The time is up.
        """
        self._token.limit.begin(remaining_milliseconds)
        with self._token.limit.enforced():
            try:
                yield
            finally:
                self._token.settle()

    def rows(self, sql: str) -> Iterator[Sequence[Any]]:
        """Runs a query, and gives its rows, values in the query's order, one page in memory at a time.

        Raises, also while the rows are taken:
            google.auth.exceptions.GoogleAuthError: No token could be had.
            google.api_core.exceptions.GoogleAPIError: BigQuery refused or failed.
            requests.exceptions.RequestException: BigQuery could not be reached.
            lambda_src.time_limit.OutOfTimeError: The invocation's time is up.
        """
        left = self._token.limit.seconds_left
        config = bigquery.QueryJobConfig(maximum_bytes_billed=self._maximum_bytes_billed)
        # BigQuery itself ends a job that nobody waits for any more.
        config.job_timeout_ms = max(1, int(left * 1000))
        found = self._client.query_and_wait(
            sql,
            job_config=config,
            page_size=PAGE_ROWS,
            api_timeout=min(_REQUEST_SECONDS, max(left, 0.001)),
            wait_timeout=left,
            retry=bigquery.DEFAULT_RETRY.with_timeout(min(_RETRY_SECONDS, left)),
            job_retry=None,  # type: ignore[arg-type]  # documented: None turns it off
        )
        return _rows(found)


def _rows(found: RowIterator) -> Iterator[Sequence[Any]]:
    for page in found.pages:
        yield from page
        # The client keeps a page until it has the next one, so there would be two in memory.
        page.raw_page.get("rows", []).clear()


def _client(environment: Environment, token: AccessToken) -> bigquery.Client:
    if environment.api_endpoint is None and token.universe_domain != PUBLIC_UNIVERSE:
        raise ConfigurationError(
            Diagnosis(
                link=Link.CONFIGURATION,
                what=f"the credential configuration is of the universe {token.universe_domain!r}, and without"
                f" {API_ENDPOINT} the client would ask BigQuery in {PUBLIC_UNIVERSE}",
                look_at=f"{API_ENDPOINT}, and universe_domain in the credential configuration",
            )
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
