"""Why a request got no answer at all: the error of what requests raised, in words of our own. Pure.

The libraries' texts can hold a whole URL, and a proxy's user and password.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import requests
import urllib3

from keyless_bigquery.runtime import advice
from keyless_bigquery.runtime.errors import NetworkError
from keyless_bigquery.runtime.foreign_answer import PASSING, PROXY, SUBJECT_TOKEN, needed_for

_TUNNEL = re.compile(r"Tunnel connection failed: ([0-9]{3})([^'\"\\)]{0,60})")
"""How http.client begins to say what a proxy answered to CONNECT."""

_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (requests.exceptions.ConnectTimeout, "no connection in time"),
    (requests.exceptions.ReadTimeout, "no answer in time"),
    (requests.exceptions.InvalidJSONError, "its answer is cut off, or no JSON"),
    (requests.exceptions.ContentDecodingError, "its answer is cut off, or no JSON"),
    (requests.exceptions.TooManyRedirects, "it redirects elsewhere, where no token may go"),
)

_UNKNOWN = "one of Google's services"
_CERTIFICATE = ("CERTIFICATE_VERIFY_FAILED", "doesn't match", "mismatch")
_SIGNS = {
    "BadStatusLine": "it answers something that is no HTTP",
    "UnknownProtocol": "it answers something that is no HTTP",
    "appears to only use HTTP": "it speaks no TLS: its address begins with http://",
    **advice.SOCKET_SIGNS,
    "ChunkedEncodingError": "it closed the connection in mid-answer",
    "timed out": "no connection in time",
}
"""Pieces of the text of an error, and what they mean; the first that is found."""


def failed(error: requests.exceptions.RequestException, asked: str = "") -> NetworkError:
    """The error to raise in place of one of requests'.

    Args:
        error: What requests raised.
        asked: The URL that was asked for, where the error does not have it.
    """
    if isinstance(error, requests.exceptions.ProxyError):
        return refused_by_proxy(error)
    url = (error.request.url if error.request is not None else None) or asked
    return unreachable(url, _reason(error), proxy=_proxy_of(error))


def unreachable(url: str, reason: str, *, proxy: str | None = None) -> NetworkError:
    """The error of a host that gave no answer.

    Args:
        url: What was asked for.
        reason: Why there was no answer.
        proxy: Host and port of the proxy in between.
    """
    place = urlsplit(url)
    by_way, link = f", by way of the proxy {proxy}" if proxy else "", needed_for(place.path)
    network = advice.AWS_NETWORK if link == SUBJECT_TOKEN else advice.NETWORK
    return NetworkError(
        f"{place.netloc or _UNKNOWN}, needed for {link}: {reason}{by_way}",
        f"{PROXY}; {network}" if proxy else network,
    )


def refused_by_proxy(error: requests.exceptions.ProxyError) -> NetworkError:
    """The error of a proxy that can't be reached, or does not let the request through."""
    url = urlsplit((error.request.url if error.request is not None else None) or "")
    host, link = url.netloc or _UNKNOWN, needed_for(url.path)
    proxy = _proxy_of(error) or "of HTTPS_PROXY"
    if (refused := _TUNNEL.search(str(error))) is not None:
        return NetworkError(
            f"{host}, needed for {link}: the proxy {proxy} refused ({(refused[1] + refused[2]).strip()})", PROXY
        )
    return NetworkError(f"{host}, needed for {link}: the proxy {proxy} can't be reached ({_reason(error)})", PROXY)


def may_pass(error: requests.exceptions.ProxyError) -> bool:
    """Whether the proxy may let the same request through in a moment."""
    refused = _TUNNEL.search(str(error))
    return refused is None or int(refused[1]) in PASSING


def _proxy_of(error: requests.exceptions.RequestException) -> str | None:
    """Host and port of the proxy that a request was to go through, without user and password."""
    proxy = getattr(getattr(error.args[0] if error.args else None, "pool", None), "proxy", None)
    return proxy.netloc if isinstance(proxy, urllib3.util.Url) else None


def _reason(error: requests.exceptions.RequestException) -> str:
    known = next((text for kind, text in _WORDS if isinstance(error, kind)), None)
    if known is not None:
        return known
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, requests.exceptions.SSLError) and not any(sign in text for sign in _SIGNS):
        trusted = not any(sign in text for sign in _CERTIFICATE)
        return "it speaks no TLS, or breaks it off" if trusted else "its certificate is not trusted"
    return next((meaning for sign, meaning in _SIGNS.items() if sign in text), type(error).__name__)
