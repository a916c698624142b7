"""The role's session for google-auth, which by itself knows Lambda's variables and EC2's metadata address only.

Small on purpose: boto3 knows more sources, and is too large and too slow to import for a function. Where its others
are needed, a supplier that asks boto3 takes the place of this one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus

import google.auth.aws
import urllib3

from lambda_src.container_endpoint import ContainerEndpoint, RoleSession, refused
from lambda_src.environment import AWS_REGIONS, AWS_SESSION, require_aws_session
from lambda_src.errors import SubjectTokenError
from lambda_src.redaction import scrub
from lambda_src.time_limit import TimeLimit

Supplier = google.auth.aws.AwsSecurityCredentialsSupplier
"""What google-auth asks for a session each time it makes a subject token."""

ATTEMPTS = 3
"""How often the endpoint is asked at most. Source: botocore does the same."""

LARGEST_ANSWER_BYTES = 64 * 1024
"""An answer that is larger is no session; a real one has about 2 KB."""

_ATTEMPT_SECONDS = 2.0
_PAUSE_SECONDS = 0.2
_PIECE_BYTES = 4096
_QUOTED_BYTES = 300
_REDIRECTS = range(300, 400)


class RoleSessionSupplier(Supplier):
    """The session that AWS gave this process: from its variables, or else from its container credentials endpoint.

    Nothing is kept: each subject token is signed with what is there at that moment, so neither a snapshot that is
    restored days later nor a process that lives for months signs with a session that has expired.

    Args:
        environ: The process's variables, looked at anew each time.
        limit: The time that is left.
        pause: Waits for so many seconds before the endpoint is asked again.
    """

    def __init__(
        self, environ: Mapping[str, str], limit: TimeLimit, *, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._environ = environ
        self._limit = limit
        self._pause = pause

    def get_aws_security_credentials(self, context: object, request: object) -> google.auth.aws.AwsSecurityCredentials:
        """The session. google-auth's own way to send, ``request``, would go through a proxy and is not used.

        Raises:
            lambda_src.errors.SubjectTokenError: There is none.
        """
        del context, request
        require_aws_session(self._environ)
        if self._environ.get(AWS_SESSION[0]):
            return google.auth.aws.AwsSecurityCredentials(*(self._environ[name] for name in AWS_SESSION))
        session = self._ask(ContainerEndpoint.from_environ(self._environ))
        return google.auth.aws.AwsSecurityCredentials(
            session.access_key_id, session.secret_access_key, session.session_token
        )

    def get_aws_region(self, context: object, request: object) -> str:
        """The region, for whose STS the subject token is signed.

        Raises:
            lambda_src.errors.SubjectTokenError: It is not set.
        """
        del context, request
        require_aws_session(self._environ)
        return next(region for name in AWS_REGIONS if (region := self._environ.get(name)))

    def _ask(self, endpoint: ContainerEndpoint) -> RoleSession:
        problem = ""
        # A pool of its own: no proxy, no cookies, and no connection that a snapshot could hold.
        with urllib3.PoolManager() as pool:
            for attempt in range(ATTEMPTS):
                if attempt:
                    self._pause(_PAUSE_SECONDS * attempt)
                if self._limit.seconds_left <= 0:
                    # Also where the alarm rang: urllib3 takes it for a broken connection.
                    raise _too_late(endpoint)
                try:
                    status, body = self._get(pool, endpoint)
                except urllib3.exceptions.HTTPError as error:
                    problem = f"{endpoint.host} {_reason(error)}"
                    continue
                if status == HTTPStatus.OK:
                    return RoleSession.from_answer(body, host=endpoint.host, now=datetime.now(UTC))
                problem = _answered(endpoint, status, body)
                if status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.TOO_MANY_REQUESTS:
                    break
        raise refused(problem)

    def _get(self, pool: urllib3.PoolManager, endpoint: ContainerEndpoint) -> tuple[int, bytes]:
        """One answer: its status and its body.

        Raises:
            lambda_src.errors.SubjectTokenError: It is too large, or the time was up meanwhile.
            urllib3.exceptions.HTTPError: There was none in time.
        """
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if endpoint.token is not None:
            headers["Authorization"] = endpoint.token
        bound = urllib3.Timeout(total=min(_ATTEMPT_SECONDS, max(self._limit.seconds_left, 0.001)))
        # Without retries urllib3 does not follow a redirect either.
        answer = pool.request("GET", endpoint.url, headers=headers, timeout=bound, retries=False, preload_content=False)
        with answer:
            body = b""
            while piece := answer.read1(_PIECE_BYTES):
                body += piece
                if len(body) > LARGEST_ANSWER_BYTES:
                    raise refused(f"{endpoint.host} answered more than {LARGEST_ANSWER_BYTES} bytes")
                if self._limit.seconds_left <= 0:
                    raise _too_late(endpoint)
            return answer.status, body


class Remembering(Supplier):
    """Another supplier, whose latest session is remembered, so that it can be kept out of the log.

    Args:
        supplier: Whose session it is.

    Attributes:
        secrets: Values that must not be logged.
    """

    def __init__(self, supplier: Supplier) -> None:
        self._supplier = supplier
        self.secrets: tuple[str, ...] = ()

    def get_aws_security_credentials(self, context: object, request: object) -> google.auth.aws.AwsSecurityCredentials:
        """As the other."""
        given: google.auth.aws.AwsSecurityCredentials = self._supplier.get_aws_security_credentials(context, request)  # type: ignore[no-untyped-call]  # google-auth has no types
        values = (given.access_key_id, given.secret_access_key, given.session_token)
        self.secrets = tuple(value for value in values if value)
        return given

    def get_aws_region(self, context: object, request: object) -> str:
        """As the other."""
        return str(self._supplier.get_aws_region(context, request))  # type: ignore[no-untyped-call]  # google-auth has no types


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
