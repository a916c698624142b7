"""Whether a request may come from where it comes from. Pure.

A web page that is open in the user's browser can send requests to 127.0.0.1, and one whose DNS name is turned to
127.0.0.1 can read the answers. A browser gives both away: it names the page in ``Origin`` or ``Sec-Fetch-Site``, and
the DNS name in ``Host``; a page can change none of the three. Sources: Fetch standard ("Origin header"), W3C Fetch
Metadata Request Headers, RFC 9112 section 3.2 ("Request Target").
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote

_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
_MOST_HEADERS = 100
MOST_HEAD_BYTES = 64 * 1024
"""Of request target and headers; h11 itself limits only those that come in several pieces."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request before its body is read.

    Attributes:
        target: Its request target without the query, as it was sent.
        query: Its query, as it was sent.
        headers: Its headers, with names in lower case; a name can occur several times.
        scheme: How it came: ``http`` or ``https``, by the connection and no header.
    """

    method: str
    target: str
    query: str
    headers: Sequence[tuple[str, str]]
    scheme: str = "http"

    @classmethod
    def of(cls, scope: MutableMapping[str, Any]) -> Asked:
        """Read an ASGI scope."""
        return cls(
            method=scope["method"],
            target=scope["raw_path"].decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            headers=[(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]],
            scheme=scope.get("scheme", "http"),
        )

    @cached_property
    def path(self) -> str:
        """The decoded path, by which both servers choose a route."""
        return unquote(self.target)

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, value in self.headers:
            found.setdefault(name, []).append(value)
        return found

    def values(self, name: str) -> list[str]:
        """Every value of a header."""
        return self._by_name.get(name, [])


@dataclass(frozen=True, kw_only=True)
class Objection:
    """Why a request is refused.

    Attributes:
        message: One sentence with the value that was found, and the fix.
    """

    status: int
    message: str


Rule = Callable[[Asked], Objection | None]


def objection(
    asked: Asked,
    *,
    is_page: Callable[[str], bool] = lambda _path: False,
    other_host: Callable[[Asked, str], bool] = lambda _asked, _host: False,
) -> Objection | None:
    """Say why a request is refused before anything else is done; ``None`` if it is not.

    ``is_page`` finds the paths of this server's own page, which may call its own origin; ``other_host`` allows a
    request a host that is not this machine.
    """
    host = asked.values("host")
    return (
        _too_large(asked)
        or _host_objection(asked, host, other_host)
        or _origin_objection(asked, own=host[0] if is_page(asked.path) else None)
        or _upgrade_objection(asked)
    )


def is_this_machine(host: str) -> bool:
    """Whether a ``Host`` names this machine. Its port proves nothing: it may be forwarded, and no page chooses it."""
    name, colon, port = host.lower().rpartition(":")
    return host.lower() in _HOSTS or (bool(colon) and name in _HOSTS and port.isascii() and port.isdigit())


def _too_large(asked: Asked) -> Objection | None:
    size = len(asked.target) + len(asked.query) + sum(len(name) + len(value) for name, value in asked.headers)
    if size <= MOST_HEAD_BYTES and len(asked.headers) <= _MOST_HEADERS:
        return None
    return Objection(
        status=431,
        message=f"The request has {len(asked.headers)} headers, and {size} bytes before its body; the limits are "
        f"{_MOST_HEADERS} and {MOST_HEAD_BYTES}.",
    )


def _host_objection(asked: Asked, host: list[str], other_host: Callable[[Asked, str], bool]) -> Objection | None:
    absolute = f"{asked.scheme}://"
    if asked.target.startswith(absolute):
        named = asked.target.removeprefix(absolute).partition("/")[0]
    else:
        named = "localhost" if asked.target.startswith("/") else ""
    if not is_this_machine(named):
        return Objection(
            status=421, message=f"The request target {asked.target:.80} is not on this machine: send the path alone."
        )
    if len(host) == 1 and (is_this_machine(host[0]) or other_host(asked, host[0])):
        return None
    return Objection(
        status=421,
        message=f"The host {', '.join(host):.80} is not this machine: open {asked.scheme}://127.0.0.1 with the "
        "server's port.",
    )


def _origin_objection(asked: Asked, *, own: str | None) -> Objection | None:
    """Refuse what a browser sends for a page of another origin; ``own`` is the host of a page's own route."""
    origins, sites = asked.values("origin"), asked.values("sec-fetch-site")
    own_origin = None if own is None else f"{asked.scheme}://{own.lower()}"
    allowed = {"none"} if own is None else {"none", "same-origin"}
    if [one for one in origins if one.lower() != own_origin] or len(origins) > 1:
        return Objection(
            status=403,
            message=f"The origin {', '.join(origins):.80} is refused: no web page may call this server; call it from "
            "a program.",
        )
    if [one for one in sites if one not in allowed]:
        return Objection(
            status=403,
            message=f"The request was made for a web page (Sec-Fetch-Site: {', '.join(sites):.40}): open the address "
            "in the browser itself, or call it from a program.",
        )
    if not origins and (
        asked.values("access-control-request-method") or asked.values("access-control-request-headers")
    ):
        return Objection(status=403, message="The request is a CORS preflight: no web page may call this server.")
    return None


def _upgrade_objection(asked: Asked) -> Objection | None:
    """Refuse a WebSocket, which no rule of origin holds back once it is open. Any other upgrade is not made."""
    upgrades = {part.strip().lower() for value in asked.values("upgrade") for part in value.split(",")}
    if "websocket" not in {part.partition("/")[0] for part in upgrades} and not asked.values("sec-websocket-key"):
        return None
    return Objection(status=403, message="No WebSocket is served here: send a plain HTTP request.")
