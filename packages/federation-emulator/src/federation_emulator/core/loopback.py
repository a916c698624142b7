"""HTTP to servers on this machine, with the standard library: what runs in a user's process needs no more."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException

NO_ANSWER = (OSError, HTTPException)
"""What :func:`ask` raises where there is no answer: nothing listens, time is up, or it is no HTTP."""

CLOSED = "http://127.0.0.1:9"
"""A proxy that refuses each connection at once."""

_MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    body: bytes

    @property
    def good(self) -> bool:
        """Whether it did what it was asked for."""
        return 200 <= self.status < 300


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: object) -> None:
        """A redirect could lead away from this machine, with a token."""


# No proxy of the environment's may get a token.
_DIRECT = (urllib.request.ProxyHandler({}), _NoRedirect)
_OPENER = urllib.request.build_opener(*_DIRECT)


def _trusting(ca_file: str) -> urllib.request.OpenerDirector:
    # Read each time: the next run in a folder has another authority in the same file.
    context = ssl.create_default_context(cafile=ca_file)
    return urllib.request.build_opener(*_DIRECT, urllib.request.HTTPSHandler(context=context))


def ask(
    method: str,
    url: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    limit_seconds: float,
    ca_file: str = "",
) -> Answer:
    """Send one request, and return the answer whatever its status. Over https an authority may be trusted alone.

    Raises:
        OSError: Nothing answers at this address in time.
        http.client.HTTPException: What answers is no HTTP.
    """
    request = urllib.request.Request(url, data=body, headers=dict(headers or {}), method=method)  # noqa: S310 - see below
    if request.type not in {"http", "https"}:
        raise OSError(f"{url!r} is no address of a server")
    try:
        with (_trusting(ca_file) if ca_file else _OPENER).open(request, timeout=limit_seconds) as response:
            return Answer(status=response.status, body=response.read(_MOST_BYTES))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(status=error.code, body=error.read(_MOST_BYTES))
