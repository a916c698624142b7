"""The reader's access token: fetched once, kept for its life, and renewed beside the work before it expires.

A fetch is the whole chain, from the role's session to the token. It runs in the invocation that has no token; or in a
thread, beside the imports of a cold start or beside the query of an invocation that finds its token about to expire.
Whatever a thread can't do is left to the next invocation without a token, which then says what is wrong.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import MutableMapping

import google.auth.credentials
import google.auth.exceptions
import google.auth.transport.requests
import requests

from keyless_bigquery.runtime.aws_credentials import Remembering, RoleSessionSupplier, Supplier
from keyless_bigquery.runtime.credentials import CredentialConfiguration
from keyless_bigquery.runtime.deadline import TimeLimit
from keyless_bigquery.runtime.transport import bounded

FETCH_SECONDS = 5.0
"""Longest fetch in a thread. Of the shortest timeout that the program allows it leaves enough to fetch once more."""

SETTLING_SECONDS = 2.0
"""Longest wait for a thread at the end of an invocation, after which Lambda may freeze the process in mid-answer."""

_REQUEST_SECONDS = 10.0


class TokenSource:
    """Fetches access tokens.

    Each fetch has credentials and connections of its own. So it may run in a thread, and never finds a connection that
    has died since the last one, an hour ago or before the process was frozen.

    Args:
        configuration: Where the tokens are to be had.
        supplier: Where the role's session comes from; ``None``: what AWS put into this process's environment.

    Attributes:
        secrets: Values of the latest role's session, which must not be logged.
    """

    def __init__(self, configuration: CredentialConfiguration, supplier: Supplier | None = None) -> None:
        self.universe_domain = configuration.universe_domain
        self.secrets: tuple[str, ...] = ()
        self._configuration = configuration
        self._supplier = supplier

    def fetch(self, limit: TimeLimit) -> google.auth.credentials.Credentials:
        """Credentials of google-auth's with a new token, and the time of its expiry.

        Raises:
            keyless_bigquery.runtime.errors.ReaderError: The configuration is invalid, or there is no role's session.
            google.auth.exceptions.GoogleAuthError: A request could not be made, or was refused.
            keyless_bigquery.runtime.deadline.OutOfTimeError: The time is up.
        """
        supplier = Remembering(self._supplier or RoleSessionSupplier(os.environ, limit))
        credentials = self._configuration.credentials(supplier, limit)
        with requests.Session() as session:
            # google-auth's own session for token requests waits 120 s, four times over.
            bounded(session, limit=limit, most_seconds=_REQUEST_SECONDS)
            try:
                credentials.refresh(google.auth.transport.requests.Request(session))  # type: ignore[no-untyped-call]  # google-auth has no types
            finally:
                self.secrets = supplier.secrets
        if credentials.token is None or credentials.expiry is None:
            # google-auth takes an answer without a token for one.
            raise google.auth.exceptions.OAuthError("no token in the answer")  # type: ignore[no-untyped-call]  # google-auth has no types
        return credentials


class AccessToken(google.auth.credentials.Credentials):
    """The credentials that the BigQuery client is given.

    google-auth's own would ask IAM Credentials in the background, upon their first use, in which regions the account
    may be used; these keep a token and do nothing else. They fetch one in the request that finds none, and begin to
    fetch the next in a thread while the one they have is still good.

    Threads of the function may use them, and the client that has them, at the same time: of several requests that find
    no token one fetches it, and the others wait for that; the same where BigQuery refuses the one they had. What they
    begin must end with the invocation. Source: google-cloud-bigquery's documentation: its client is safe to share so.

    Attributes:
        limit: The time that the current invocation has left, which the invocation begins.
    """

    def __init__(self, source: TokenSource) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # google-auth has no types
        self.limit = TimeLimit()
        self._source = source
        self._beside: _Fetch | None = None
        self._lock = threading.RLock()
        self._shown = threading.local()

    @property
    def universe_domain(self) -> str:
        """The universe that the token is of."""
        return self._source.universe_domain

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values of the role's latest session, and the token, which must not be logged."""
        return (*self._source.secrets, *([self.token] if self.token else []))

    def begin(self) -> None:
        """Begins to fetch a token in a thread, unless one is being fetched, or there is no thread to be had."""
        with self._lock:
            if self._beside is not None:
                return
            fetch = _Fetch(self._source)
            with contextlib.suppress(RuntimeError):
                fetch.start()
                self._beside = fetch

    def settle(self, most_seconds: float = SETTLING_SECONDS) -> None:
        """Waits for the thread, if there is one, and takes the token that it fetched.

        A thread that has not finished is not asked again: if the process is frozen now, it is unknown what its
        connection is worth afterwards.

        Args:
            most_seconds: How long at most; never longer than the invocation or the fetch may last.
        """
        beside = self._beside
        if beside is not None:
            # Without the lock: a thread of the function's that was left behind may hold it for longer.
            fetched = beside.wait(min(most_seconds, self.limit.seconds_left))
            self._beside = None
            if fetched is not None:
                self._keep(fetched)

    def before_request(self, request: object, method: str, url: str, headers: MutableMapping[str, str]) -> None:
        """What google-auth calls before each request to BigQuery: makes sure that there is a token, and adds it.

        Raises:
            Exception: As :meth:`TokenSource.fetch`.
        """
        del method, url
        with self._lock:
            if self.token_state is google.auth.credentials.TokenState.INVALID:
                self.settle(FETCH_SECONDS)
            if self.token_state is google.auth.credentials.TokenState.INVALID:
                self._shown.token = self.token
                self.refresh(request)
            elif self.token_state is google.auth.credentials.TokenState.STALE:
                self.begin()
            self._shown.token = self.token
            self.apply(headers)  # type: ignore[no-untyped-call]  # google-auth has no types

    def refresh(self, request: object) -> None:
        """Fetches a token at once. google-auth calls it as well, once, when BigQuery does not accept the one it had.

        Where another thread has fetched one since this one's last request, that is taken.

        Args:
            request: Not used: each fetch has a connection of its own.

        Raises:
            Exception: As :meth:`TokenSource.fetch`.
        """
        del request
        with self._lock:
            if self.token == getattr(self._shown, "token", self.token):
                self._keep(self._source.fetch(self.limit))

    def _keep(self, fetched: google.auth.credentials.Credentials) -> None:
        self.token, self.expiry = fetched.token, fetched.expiry


class _Fetch(threading.Thread):
    """One fetch in a thread, which no exit of the process waits for."""

    def __init__(self, source: TokenSource) -> None:
        super().__init__(name="token", daemon=True)
        self._source = source
        self._limit = TimeLimit.of(FETCH_SECONDS)
        self._fetched: google.auth.credentials.Credentials | None = None

    def run(self) -> None:
        try:
            self._fetched = self._source.fetch(self._limit)
        except Exception:  # noqa: BLE001 - the request that needs the token fetches it then, and raises the same error
            return

    def wait(self, most_seconds: float) -> google.auth.credentials.Credentials | None:
        """What it fetched, when the thread has ended; ``None``: it hasn't in time, or got nothing."""
        self.join(min(most_seconds, self._limit.seconds_left))
        return None if self.is_alive() else self._fetched
