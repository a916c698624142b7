"""The role's session from the container credentials endpoint: asked, three times at most, within the time there is.

SnapStart, ECS and EKS Pod Identity keep the role's session at an address inside the machine in place of variables,
so that it can be renewed while the process lives, and so that no snapshot holds one.
Source: AWS SDKs and Tools Reference Guide, "Container credential provider".
"""

from __future__ import annotations

import dataclasses
import ipaddress
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import google.auth.aws
import urllib3

from keyless_bigquery.runtime import forms
from keyless_bigquery.runtime.deadline import OutOfTimeError, TimeLimit
from keyless_bigquery.runtime.environment import CONTAINER_PATH, CONTAINER_TOKEN, CONTAINER_TOKEN_FILE, CONTAINER_URL
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

ECS_ADDRESS = "169.254.170.2"
"""Where ECS serves the path that it names. Source: Amazon ECS Developer Guide, "Task IAM role"."""

_EKS_ADDRESSES = ("169.254.170.23", "fd00:ec2::23")
_PLAIN_HTTP = frozenset(map(ipaddress.ip_address, (ECS_ADDRESS, *_EKS_ADDRESSES)))
_LARGEST_TOKEN_BYTES = 16 * 1024


@dataclasses.dataclass(frozen=True, kw_only=True)
class ContainerEndpoint:
    """Where to ask for the role's session.

    Args:
        url: The address, checked: what is sent there stays on this machine, or travels encrypted.
        token: What to show there; ``None``: nothing.
    """

    url: str = dataclasses.field(repr=False)
    token: str | None = dataclasses.field(repr=False)

    @property
    def host(self) -> str:
        """Host and port: the part of the address that may be shown."""
        return urlsplit(self.url).netloc

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> ContainerEndpoint:
        """Reads and checks the variables that AWS sets. A path comes before an address, a file before a token.

        Raises:
            SubjectTokenError: None is set, or one is invalid. No value is shown.
        """
        return cls(url=_url(environ), token=_token(environ))


def session_from(
    environ: Mapping[str, str], limit: TimeLimit, *, pause: Callable[[float], None]
) -> google.auth.aws.AwsSecurityCredentials:
    """Asks the endpoint that the environment names.

    Raises:
        SubjectTokenError: It has no session, or none in time.
    """
    endpoint = ContainerEndpoint.from_environ(environ)
    problem = ""
    # A pool of its own: no proxy, no cookies, and no connection that a snapshot could hold.
    with urllib3.PoolManager() as pool:
        for attempt in range(ATTEMPTS):
            if attempt:
                pause(_PAUSE_SECONDS * attempt)
            if limit.seconds_left <= 0:
                raise _too_late(endpoint, problem)
            try:
                status, body = _get(pool, endpoint, limit)
            except OutOfTimeError:
                # The alarm rang, or bytes came until the time was up.
                raise _too_late(endpoint, problem) from None
            except urllib3.exceptions.HTTPError as error:
                problem = f"{endpoint.host} {_reason(error)}"
                continue
            if status == HTTPStatus.OK:
                return _session(body, host=endpoint.host)
            problem = _answered(endpoint, status, body)
            if status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.TOO_MANY_REQUESTS:
                break
    raise _refused(problem)


def _get(pool: urllib3.PoolManager, endpoint: ContainerEndpoint, limit: TimeLimit) -> tuple[int, bytes]:
    """One answer: its status and its body.

    Raises:
        SubjectTokenError: It is too large.
        OutOfTimeError: The time was up meanwhile.
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
                raise _refused(f"{endpoint.host} answered more than {LARGEST_ANSWER_BYTES} bytes")
            if limit.seconds_left <= 0:
                raise OutOfTimeError(host=endpoint.host)
        return answer.status, body


def _too_late(endpoint: ContainerEndpoint, problem: str) -> SubjectTokenError:
    """Of the attempts before, the last one says more than the time."""
    before = f"{problem}; asked again, it" if problem else endpoint.host
    return _refused(f"{before} gave no answer before the time was up")


def _answered(endpoint: ContainerEndpoint, status: int, body: bytes) -> str:
    if status in _REDIRECTS:
        return f"{endpoint.host} redirects elsewhere, where no token may go"
    if body.lstrip().startswith(b"<"):
        return f"{endpoint.host} answered {status} with a page, and no agent does: a proxy, or another address"
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


def _session(answer: bytes, *, host: str) -> google.auth.aws.AwsSecurityCredentials:
    """What the endpoint answered.

    Raises:
        SubjectTokenError: It is no session, or one that has expired. Nothing of the answer is shown but that time.
    """
    try:
        found = json.loads(answer)
    except ValueError:
        raise _refused(f"{host} answered something that is not JSON") from None
    if not isinstance(found, dict):
        raise _refused(f"{host} answered something that is no JSON object")
    names = ("AccessKeyId", "SecretAccessKey", "Token", "Expiration")
    if missing := [name for name in names if not isinstance(found.get(name), str) or not found[name]]:
        raise _refused(f"{host} answered without {', '.join(missing)}")
    key_id, secret, token, expiration = (found[name] for name in names)
    if (expires := _time(expiration)) is None:
        raise _refused(f"{host} answered with an Expiration that is no time in RFC 3339")
    if expires <= datetime.now(UTC):
        raise _refused(f"{host} gave a session that expired at {expires:%Y-%m-%dT%H:%M:%SZ}")
    return google.auth.aws.AwsSecurityCredentials(key_id, secret, token)


def _refused(problem: str) -> SubjectTokenError:
    """The error of a session that could not be had from the endpoint."""
    return SubjectTokenError(
        f"the role's session could not be had from the container credentials endpoint: {problem}",
        "whether the task, pod or function has a role, and the agent that serves its session (ECS agent,"
        " EKS Pod Identity Agent); AWS itself sets the variables AWS_CONTAINER_…",
    )


def _url(environ: Mapping[str, str]) -> str:
    if path := environ.get(CONTAINER_PATH):
        # Without the slash, what follows could turn the address into another host's.
        if not path.startswith("/"):
            raise _refused(f"{CONTAINER_PATH} does not begin with a slash")
        if forms.session_value(path) is not None:
            raise _refused(
                f"{CONTAINER_PATH} holds a space, a line break or another character that no address may have"
            )
        return f"http://{ECS_ADDRESS}{path}"
    url = environ.get(CONTAINER_URL)
    if not url:
        raise _refused(f"neither {CONTAINER_PATH} nor {CONTAINER_URL} is set")
    if not _may_be_asked(url):
        raise _refused(
            f"{CONTAINER_URL} is invalid: it must be https, or http for this machine itself, {ECS_ADDRESS}"
            f" or {' or '.join(_EKS_ADDRESSES)}, without user or password"
        )
    return url


def _may_be_asked(url: str) -> bool:
    # A character that not everybody reads alike could hide another host.
    if not (url.isascii() and url.isprintable()) or " " in url or "\\" in url:
        return False
    try:
        parts = urlsplit(url)
        return parts.port != 0 and parts.username is parts.password is None and _is_fit(parts.scheme, parts.hostname)
    except ValueError:  # its port or its address is none
        return False


def _is_fit(scheme: str, host: str | None) -> bool:
    if not host or scheme not in {"http", "https"}:
        return False
    if scheme == "https" or host == "localhost":
        return True
    address = ipaddress.ip_address(host)
    return address.is_loopback or address in _PLAIN_HTTP


def _token(environ: Mapping[str, str]) -> str | None:
    name = CONTAINER_TOKEN_FILE if environ.get(CONTAINER_TOKEN_FILE) else CONTAINER_TOKEN
    value = environ.get(name)
    if value and name == CONTAINER_TOKEN_FILE:
        try:
            with Path(value).open("rb") as file:
                value = file.read(_LARGEST_TOKEN_BYTES).decode("ascii")
        except OSError as error:
            raise _refused(f"the file that {name} names can't be read ({error.strerror})") from None
        except UnicodeDecodeError:
            raise _refused(f"the file that {name} names holds no token") from None
    # It becomes a header: a line break in it would begin another one.
    if value and not (value.isascii() and value.isprintable()):
        raise _refused(f"{name} holds a token with a line break or another character that no header may have")
    return value or None


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None
