"""What the local Google doesn't serve: how that is answered, and the list of what was asked for.

The list and the log show which methods a client would need that was never tried before. What Google has and this server
has not is 501, never 404, which clients take for "gone" (and for success, when they delete), and never 500, which they
retry for minutes.
"""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from dataclasses import asdict, dataclass, replace
from typing import Any

from starlette.requests import Request

from federation_emulator.core.errors import ApiError, not_found, unimplemented
from federation_emulator.core.http import GZIP, encoding_of

MOST_KEPT = 200
"""How many different requests are kept; after that the one not seen for longest goes."""

_LONGEST_PATH = 200
_LONGEST_REASON = 200
_LONGEST_ENCODING = 40
_log = logging.getLogger("local_cloud")

# Where Google's APIs are, whatever is below. A segment is never empty: Google's front end knows no `//`.
_GOOGLES = re.compile(
    r"/(?:"
    r"(?:v[0-9]+(?:(?:alpha|beta|p)[0-9]*)*|\$discovery|discovery/v1)/[A-Za-z][A-Za-z0-9-]*(?::[A-Za-z]+)?(?:/[^/]+)*"
    r"|(?:bigquery|storage|compute|dns|sql|oauth2|tokeninfo|batch|upload|resumable|download)(?:/[^/]+)*"
    r")"
)
_PRODUCT = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,40}(?:/[A-Za-z0-9._+-]{1,40})?")


@dataclass(frozen=True, kw_only=True)
class Unsupported:
    """A request that wasn't served. It holds no query, no header but the client's name, and no body.

    Attributes:
        path: Path as it was sent, without its query.
        client: The first products of ``User-Agent``, for example ``google-cloud-sdk gcloud/528.0.0``.
        reason: Why, as the client got it, without what is in brackets there.
        count: How many times it came.
    """

    method: str
    path: str
    client: str
    status: int
    reason: str
    count: int = 1


class UnsupportedRequests:
    """The latest requests that weren't served: each once, bounded, and logged when it comes for the first time."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Unsupported, int] = OrderedDict()

    def note(self, request: Request, error: ApiError) -> None:
        """Keep a request that is answered with this error."""
        found = Unsupported(
            method=_printable(request.method, 20),
            path=_path(request)[:_LONGEST_PATH],
            client=_client(request.headers.get("user-agent", "")),
            status=error.code,
            # What is in brackets are words of the server behind this one, which may quote a row.
            reason=_printable(error.message.partition(" (")[0], _LONGEST_REASON),
        )
        before = self._kept.pop(found, 0)
        self._kept[found] = before + 1
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        if not before:
            client = found.client or "a client without a name"
            _log.warning("unsupported: %s %s from %s: %s", found.method, found.path, client, found.reason)

    def to_json(self) -> list[dict[str, Any]]:
        """Write them as JSON values, the one seen last at the end."""
        return [asdict(replace(found, count=count)) for found, count in self._kept.items()]


def of_unknown_path(request: Request) -> ApiError:
    """Build the answer to a path, or a method of one, that no route has: 501 where Google has an API, else 404."""
    path = _path(request)
    if _GOOGLES.fullmatch(path) and not _has_escaped_slash(path):
        return unimplemented(f"{_printable(request.method, 20)} {path[:_LONGEST_PATH]} is not served here.")
    return _no_such_path(path)


def of_wrong_method(request: Request, *, allowed: list[str]) -> ApiError:
    """Build the answer to a known path with a method that it hasn't got."""
    return ApiError(
        405,
        "UNIMPLEMENTED",
        f"The method {_printable(request.method, 20)} is not allowed for {_path(request)[:_LONGEST_PATH]}; use "
        f"{', '.join(allowed)}.",
        reason="httpMethodNotAllowed",
        headers={"Allow": ", ".join(allowed)},
    )


def of_known_route(request: Request) -> ApiError | None:
    """Refuse what would be read as another request than its sender meant, on a path and method that are served.

    Sources: Google's client libraries send ``X-HTTP-Method-Override: GET`` with a POST when a URL is very long, and
    Google accepts other encodings than gzip. An escaped slash belongs to a name, where no name of ours may have one.
    """
    if "x-http-method-override" in request.headers:
        return unimplemented("X-HTTP-Method-Override is not served here; send the method itself.")
    if (encoding := encoding_of(request)) not in {"", GZIP}:
        named = _printable(encoding, _LONGEST_ENCODING)
        return unimplemented(f"Content-Encoding {named} is not served here; send the body as it is, or as gzip.")
    path = _path(request)
    return _no_such_path(path) if _has_escaped_slash(path) else None


def _no_such_path(path: str) -> ApiError:
    return not_found(f"The requested URL {path[:_LONGEST_PATH]} was not found on this server.")


def _has_escaped_slash(path: str) -> bool:
    return "%2f" in path.lower()


def _path(request: Request) -> str:
    """Return the path as it was sent: decoded, it could hold a line break, or a slash that was part of a name."""
    return _printable(request.scope.get("raw_path", b"").decode("ascii", "backslashreplace"), 100_000)


def _client(agent: str) -> str:
    """Return the first two products of a ``User-Agent``: later ones describe the machine, and differ each time."""
    products = [part for part in agent.split() if _PRODUCT.fullmatch(part)]
    return " ".join(products[:2])


def _printable(text: str, most: int) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text[:most])
