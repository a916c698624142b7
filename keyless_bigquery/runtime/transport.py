"""HTTP that keeps to the time there is, and does once for the process what requests does for each request.

For each connection requests reads the list of trusted certificate authorities anew, for 20 ms, and for each request it
looks through the environment for proxies. Here the list is read once, and the environment once for each host.
"""

from __future__ import annotations

import functools
import os
import ssl
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
import requests.adapters
import requests.utils
import urllib3

from keyless_bigquery.runtime.answers import Answer
from keyless_bigquery.runtime.deadline import OutOfTimeError, TimeLimit
from keyless_bigquery.runtime.environment import require_proxy
from keyless_bigquery.runtime.errors import ConfigurationError
from keyless_bigquery.runtime.foreign_answer import PASSING, foreign_response, service_of

CA_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables that name a file or folder of certificate authorities to trust in place of certifi's. Source: requests."""

_CONNECT_SECONDS = 5.0
_PAUSES_SECONDS = (0.2, 0.8)
"""Before a request is sent again that something else than Google answered, where that may pass."""


@functools.cache
def trust() -> ssl.SSLContext:
    """Whom the process trusts: read once, at the first encrypted connection. It holds no secret.

    Raises:
        ConfigurationError: The certificate authorities can't be read.
    """
    named = next(filter(None, map(os.environ.get, CA_BUNDLES)), None)
    place = Path(named or requests.utils.DEFAULT_CA_BUNDLE_PATH)
    context = urllib3.util.create_urllib3_context()
    try:
        if place.is_dir():
            context.load_verify_locations(capath=str(place))
        else:
            context.load_verify_locations(cafile=str(place))
    except OSError as error:
        problem = f"the certificate authorities in {str(place)!r} can't be read ({error.strerror})"
        raise ConfigurationError(problem, " and ".join(CA_BUNDLES)) from None
    return context


class SlowAnswerError(requests.exceptions.ReadTimeout):
    """No answer in time, of a service that has answered in this invocation: it can be reached, and is slow."""


class BoundedAdapter(requests.adapters.HTTPAdapter):
    """Sends a request within the time that is left.

    A connection that was kept since the last invocation may have been closed while the process was frozen, which only
    the next request finds out. So a request whose connection is closed before an answer comes is sent once more, at
    once, on a new one. What is sent here can be: a query has an id by which BigQuery knows it again, and the others
    change nothing.

    Args:
        limit: The time that is left.
        most_seconds: Longest wait for an answer, however much is left.
    """

    def __init__(self, *, limit: TimeLimit, most_seconds: float) -> None:
        self._limit = limit
        self._most_seconds = most_seconds
        self._proxies: dict[str, dict[str, str]] = {}
        super().__init__(max_retries=0)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: object = None,
        verify: object = True,
        cert: object = None,
        proxies: object = None,
    ) -> requests.Response:
        """As the base class, but never past the end of the time, and trusting as :func:`trust` does.

        ``timeout``, ``verify``, ``cert`` and ``proxies`` are not looked at.

        Raises:
            keyless_bigquery.runtime.errors.ReaderError: The answer is not Google's, or a proxy let nothing through.
            OutOfTimeError: No time is left.
            requests.exceptions.RequestException: As the base class.
        """
        del timeout, verify, cert, proxies
        for pause in (*_PAUSES_SECONDS, None):
            try:
                response = self._send_twice(request, stream=stream)
            except requests.exceptions.ProxyError as error:
                # Imported here: a start that goes well does without.
                from keyless_bigquery.runtime.failed_request import may_pass, refused_by_proxy

                # Not requests' own error: the client would ask the proxy again for as long as it asks Google.
                foreign, passing = refused_by_proxy(error), may_pass(error)
            else:
                found = None if stream else foreign_response(response, proxy=self._proxy_for(request))
                if found is None:
                    return response
                foreign, passing = found, response.status_code in PASSING
            if pause is None or not passing or self._limit.seconds_left <= pause:
                break
            time.sleep(pause)
        raise foreign

    def _send_twice(self, request: requests.PreparedRequest, *, stream: bool) -> requests.Response:
        try:
            return self._send(request, stream=stream)
        except requests.exceptions.ConnectionError as error:
            if not (error.args and isinstance(error.args[0], urllib3.exceptions.ProtocolError)):
                raise
        return self._send(request, stream=stream)

    def _send(self, request: requests.PreparedRequest, *, stream: bool) -> requests.Response:
        left = self._limit.seconds_left
        if left <= 0:
            raise self._out_of_time(request)
        # requests hands a urllib3.Timeout through; only that one can bound connecting and waiting together.
        bound: Any = urllib3.Timeout(connect=min(_CONNECT_SECONDS, left), total=min(self._most_seconds, left))
        try:
            response = super().send(request, stream=stream, timeout=bound, proxies=self._way_to(request))
            # Whatever becomes of the rest of the answer, the service can be reached.
            self._limit.answered.add(_service(request))
            if not stream:
                response.content  # noqa: B018 - reads it, as requests would next
        except (requests.exceptions.Timeout, requests.exceptions.ConnectionError) as error:
            _name(error, request)
            if not _is_timeout(error):
                raise
            if self._limit.seconds_left <= 0:
                # The answer that did not come is the reason; trying again would only find no time left.
                raise self._out_of_time(request) from None
            if _service(request) in self._limit.answered:
                raise SlowAnswerError(request=request) from None
            raise
        except requests.exceptions.RequestException as error:
            _name(error, request)
            raise
        return response

    def _out_of_time(self, request: requests.PreparedRequest) -> OutOfTimeError:
        url = urlsplit(request.url or "")
        return OutOfTimeError(
            host=url.netloc, path=url.path, answered=self._limit.answered, proxy=self._proxy_for(request)
        )

    def _proxy_for(self, request: requests.PreparedRequest) -> str | None:
        """Host and port of the proxy of a request."""
        proxy = requests.utils.select_proxy(request.url or "", self._way_to(request))
        return urllib3.util.parse_url(proxy).netloc if proxy else None

    def _way_to(self, request: requests.PreparedRequest) -> dict[str, str]:
        """The proxies, as the environment names them, for the request's host."""
        url = request.url or ""
        host = urlsplit(url).netloc
        if host not in self._proxies:
            proxies = requests.utils.get_environ_proxies(url, no_proxy=None)
            if (proxy := requests.utils.select_proxy(url, proxies)) is not None:
                require_proxy(os.environ, urlsplit(url).scheme, proxy)
            self._proxies[host] = proxies
        return self._proxies[host]

    def build_response(self, req: requests.PreparedRequest, resp: urllib3.BaseHTTPResponse) -> requests.Response:
        """As the base class; the rows of an answer stay text."""
        return Answer.of(super().build_response(req, resp))

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: bool | str | None, cert: object = None
    ) -> tuple[Any, Any]:
        """As the base class, for subclasses: here the context of an encrypted connection is the process's own."""
        del verify, cert
        host, tls = super().build_connection_pool_key_attributes(request, True)
        return host, {**tls, "ssl_context": trust()} if host["scheme"] == "https" else tls

    def cert_verify(self, conn: urllib3.HTTPSConnectionPool, url: str, verify: object, cert: object) -> None:
        """As the base class, for subclasses: the context knows whom to trust, and nothing is read into it again."""
        del url, verify, cert
        conn.cert_reqs = "CERT_REQUIRED"


def bounded(session: requests.Session, *, limit: TimeLimit, most_seconds: float) -> None:
    """Makes ``session`` keep to ``limit``, and follow no redirect: what it sends is for one host only.

    It takes no credentials from a ``.netrc`` file, either.
    """
    adapter = BoundedAdapter(limit=limit, most_seconds=most_seconds)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.max_redirects = 0
    session.trust_env = False


def _service(request: requests.PreparedRequest) -> tuple[str, str]:
    return service_of(request.url or "")


def _name(error: requests.exceptions.RequestException, request: requests.PreparedRequest) -> None:
    """Gives an error its request, which one that is met in the midst of an answer does not have."""
    error.request = error.request or request


def _is_timeout(error: requests.exceptions.RequestException) -> bool:
    """Whether the time was up: before the answer began, or in its midst, where requests has another error for it."""
    cause = error.args[0] if error.args else None
    return isinstance(error, requests.exceptions.Timeout) or isinstance(cause, urllib3.exceptions.ReadTimeoutError)
