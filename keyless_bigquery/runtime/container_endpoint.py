"""The container credentials endpoint: where it is, what it is shown, and what its answer is worth.

SnapStart, ECS and EKS Pod Identity keep the role's session at an address inside the machine in place of variables,
so that it can be renewed while the process lives, and so that no snapshot holds one. All pure but for the token's file.
Source: AWS SDKs and Tools Reference Guide, "Container credential provider".
"""

from __future__ import annotations

import dataclasses
import ipaddress
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from keyless_bigquery.runtime.environment import CONTAINER_PATH, CONTAINER_TOKEN, CONTAINER_TOKEN_FILE, CONTAINER_URL
from keyless_bigquery.runtime.errors import SubjectTokenError

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
        """Host and port: the part of the address that may be told."""
        return urlsplit(self.url).netloc

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> ContainerEndpoint:
        """Reads and checks the variables that AWS sets. A path comes before an address, a file before a token.

        Raises:
            SubjectTokenError: None is set, or one is invalid. No value is shown.
        """
        return cls(url=_url(environ), token=_token(environ))


@dataclasses.dataclass(frozen=True, kw_only=True)
class RoleSession:
    """Credentials of a role's session; their values are secret."""

    access_key_id: str = dataclasses.field(repr=False)
    secret_access_key: str = dataclasses.field(repr=False)
    session_token: str = dataclasses.field(repr=False)

    @classmethod
    def from_answer(cls, answer: bytes, *, host: str, now: datetime) -> RoleSession:
        """What the endpoint answered.

        Raises:
            SubjectTokenError: It is no session, or one that has expired. Nothing of the answer is shown but that time.
        """
        try:
            found = json.loads(answer)
        except ValueError:
            raise refused(f"{host} answered something that is not JSON") from None
        if not isinstance(found, dict):
            raise refused(f"{host} answered something that is no JSON object")
        names = ("AccessKeyId", "SecretAccessKey", "Token", "Expiration")
        if missing := [name for name in names if not isinstance(found.get(name), str) or not found[name]]:
            raise refused(f"{host} answered without {', '.join(missing)}")
        key_id, secret, token, expiration = (found[name] for name in names)
        if (expires := _time(expiration)) is None:
            raise refused(f"{host} answered with an Expiration that is no time in RFC 3339")
        if expires <= now:
            raise refused(f"{host} gave a session that expired at {expires:%Y-%m-%dT%H:%M:%SZ}")
        return cls(access_key_id=key_id, secret_access_key=secret, session_token=token)


def refused(problem: str) -> SubjectTokenError:
    """The error of a session that could not be had from the endpoint."""
    return SubjectTokenError(
        f"the role's session could not be had from the container credentials endpoint: {problem}",
        "whether the task, pod or function has a role, and the agent that serves its session (ECS agent,"
        " EKS Pod Identity Agent); AWS itself sets the variables AWS_CONTAINER_…",
    )


def _url(environ: Mapping[str, str]) -> str:
    if path := environ.get(CONTAINER_PATH):
        # Without the slash, what follows could turn the address into somebody else's.
        if not path.startswith("/"):
            raise refused(f"{CONTAINER_PATH} does not begin with a slash")
        return f"http://{ECS_ADDRESS}{path}"
    url = environ.get(CONTAINER_URL)
    if not url:
        raise refused(f"neither {CONTAINER_PATH} nor {CONTAINER_URL} is set")
    if not _may_be_asked(url):
        raise refused(
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
            raise refused(f"the file that {name} names can't be read ({error.strerror})") from None
        except UnicodeDecodeError:
            raise refused(f"the file that {name} names holds no token") from None
    # It becomes a header: a line break in it would begin another one.
    if value and not (value.isascii() and value.isprintable()):
        raise refused(f"{name} holds a token with a line break or another character that no header may have")
    return value or None


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None
