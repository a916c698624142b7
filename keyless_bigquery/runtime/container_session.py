"""The role's session from the container credentials endpoint: asked, three times at most, within the time there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus

import urllib3

from keyless_bigquery.runtime.container_endpoint import ContainerEndpoint, RoleSession, refused
from keyless_bigquery.runtime.deadline import TimeLimit
from keyless_bigquery.runtime.errors import SubjectTokenError
from keyless_bigquery.runtime.redaction import scrub

ATTEMPTS = 3
"""How often the endpoint is asked at most. Source: botocore does the same."""

LARGEST_ANSWER_BYTES = 64 * 1024
"""An answer that is larger is no session; a real one has about 2 KB."""

_ATTEMPT_SECONDS = 2.0
_PAUSE_SECONDS = 0.2
_PIECE_BYTES = 4096
_QUOTED_BYTES = 300
_REDIRECTS = range(300, 400)


def session_from(environ: Mapping[str, str], limit: TimeLimit, *, pause: Callable[[float], None]) -> RoleSession:
    """Asks the endpoint that the environment names.

    Raises:
        keyless_bigquery.runtime.errors.SubjectTokenError: It has no session, or none in time.
    """
    endpoint = ContainerEndpoint.from_environ(environ)
    problem = ""
    # A pool of its own: no proxy, no cookies, and no connection that a snapshot could hold.
    with urllib3.PoolManager() as pool:
        for attempt in range(ATTEMPTS):
            if attempt:
                pause(_PAUSE_SECONDS * attempt)
            if limit.seconds_left <= 0:
                # Also where the alarm rang: urllib3 takes it for a broken connection.
                raise _too_late(endpoint)
            try:
                status, body = _get(pool, endpoint, limit)
            except urllib3.exceptions.HTTPError as error:
                problem = f"{endpoint.host} {_reason(error)}"
                continue
            if status == HTTPStatus.OK:
                return RoleSession.from_answer(body, host=endpoint.host, now=datetime.now(UTC))
            problem = _answered(endpoint, status, body)
            if status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.TOO_MANY_REQUESTS:
                break
    raise refused(problem)


def _get(pool: urllib3.PoolManager, endpoint: ContainerEndpoint, limit: TimeLimit) -> tuple[int, bytes]:
    """One answer: its status and its body.

    Raises:
        keyless_bigquery.runtime.errors.SubjectTokenError: It is too large, or the time was up meanwhile.
        urllib3.exceptions.HTTPError: There was none in time.
    """
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    if endpoint.token is not None:
        headers["Authorization"] = endpoint.token
    bound = urllib3.Timeout(total=min(_ATTEMPT_SECONDS, max(limit.seconds_left, 0.001)))
    # Without retries urllib3 does not follow a redirect either.
    answer = pool.request("GET", endpoint.url, headers=headers, timeout=bound, retries=False, preload_content=False)
    with answer:
        body = b""
        while piece := answer.read1(_PIECE_BYTES):
            body += piece
            if len(body) > LARGEST_ANSWER_BYTES:
                raise refused(f"{endpoint.host} answered more than {LARGEST_ANSWER_BYTES} bytes")
            if limit.seconds_left <= 0:
                raise _too_late(endpoint)
        return answer.status, body


def _too_late(endpoint: ContainerEndpoint) -> SubjectTokenError:
    return refused(f"{endpoint.host} gave no answer before the time was up")


def _answered(endpoint: ContainerEndpoint, status: int, body: bytes) -> str:
    if status in _REDIRECTS:
        return f"{endpoint.host} redirects elsewhere, where no token may go"
    said = scrub(body[:_QUOTED_BYTES].decode(errors="replace"), [endpoint.token] if endpoint.token else [])
    return f"{endpoint.host} answered {status}: {said or 'nothing'}"


def _reason(error: urllib3.exceptions.HTTPError) -> str:
    """Why there was no answer, in words of our own: the library's text can hold the whole URL."""
    words: tuple[tuple[type[Exception], str], ...] = (
        (urllib3.exceptions.NameResolutionError, "can't be resolved"),
        (urllib3.exceptions.ConnectTimeoutError, "took no connection in time"),
        (urllib3.exceptions.ReadTimeoutError, "gave no answer in time"),
        (urllib3.exceptions.SSLError, "has a certificate that is not trusted"),
        (urllib3.exceptions.NewConnectionError, "took no connection"),
    )
    return next((text for kind, text in words if isinstance(error, kind)), "closed the connection")
