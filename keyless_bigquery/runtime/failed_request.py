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
from keyless_bigquery.runtime.foreign_answer import PASSING, PROXY, needed_for

_TUNNEL = re.compile(r"Tunnel connection failed: ([0-9]{3})([^'\"\\)]{0,60})")
"""How http.client begins to say what a proxy answered to CONNECT."""

_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (requests.exceptions.SSLError, "its certificate is not trusted"),
    (requests.exceptions.ConnectTimeout, "no connection in time"),
    (requests.exceptions.ReadTimeout, "no answer in time"),
    (requests.exceptions.InvalidJSONError, "its answer is cut off, or no JSON"),
    (requests.exceptions.TooManyRedirects, "it redirects elsewhere, where no token may go"),
)


def failed(error: requests.exceptions.RequestException) -> NetworkError:
    """The error to raise in place of one of requests'."""
    if isinstance(error, requests.exceptions.ProxyError):
        return refused_by_proxy(error)
    url = (error.request.url if error.request is not None else None) or ""
    return unreachable(url, _reason(error), proxy=_proxy_of(error))


def unreachable(url: str, reason: str, *, proxy: str | None = None) -> NetworkError:
    """The error of a host that gave no answer.

    Args:
        url: What was asked for.
        reason: Why there was no answer.
        proxy: Host and port of the proxy in between.
    """
    place = urlsplit(url)
    by_way = f", by way of the proxy {proxy}" if proxy else ""
    return NetworkError(
        f"{place.netloc or 'a host'}, needed for {needed_for(place.path)}: {reason}{by_way}",
        f"{PROXY}; {advice.NETWORK}" if proxy else advice.NETWORK,
    )


def refused_by_proxy(error: requests.exceptions.ProxyError) -> NetworkError:
    """The error of a proxy that can't be reached, or does not let the request through."""
    url = urlsplit((error.request.url if error.request is not None else None) or "")
    host, link = url.netloc or "Google", needed_for(url.path)
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
    text = str(error)
    for sign, meaning in advice.SOCKET_SIGNS.items():
        if sign in text:
            return meaning
    return "no connection in time" if "timed out" in text else type(error).__name__
