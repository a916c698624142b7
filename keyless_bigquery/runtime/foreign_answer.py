"""Whether an answer is Google's: a proxy, a firewall or a captive portal may answer in its place. Pure.

What is Google's is known by the body's shape, never by the status: a proxy's 403 is no refusal of Google's. Google's
APIs answer a JSON object; an error is one with the envelope ``error``, or of STS an OAuth error. Google's front end
answers some errors with a page of its own, for an API that is down, an address that no API has, or too large a request.
Sources: Google, "Error model"; RFC 8693, section 2.2.2; of the front end's pages googleapis/google-cloud-go#868 and
googleapis/python-bigquery#1296.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests

from keyless_bigquery.runtime.errors import NetworkError

EXCHANGE, IMPERSONATION, QUERY = "the token exchange", "impersonation", "the query"
SUBJECT_TOKEN = "the subject token"  # noqa: S105 - the name of a link
_LINKS = ((":generateAccessToken", IMPERSONATION), ("/token", EXCHANGE), ("/queries", QUERY), ("/jobs", QUERY))
_ADDRESSES = {
    EXCHANGE: "token_url in credential-configuration.json",
    IMPERSONATION: "service_account_impersonation_url in credential-configuration.json",
}
_FIELDS: Mapping[str, Mapping[str, type]] = {
    EXCHANGE: {"access_token": str, "expires_in": int},
    IMPERSONATION: {"accessToken": str, "expireTime": str},
}
"""What a token's answer holds. Sources: Security Token Service API, ``token``; IAM Credentials API,
``generateAccessToken``."""

_OF_A_QUERY = (b'"jobComplete"', b'"jobReference"', b'"kind"')
"""Of these an answer to a query holds one. Source: BigQuery API, ``jobs.query`` and ``jobs.getQueryResults``."""

_OAUTH_ERRORS = frozenset(
    {
        *("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type"),
        *("invalid_scope", "invalid_target", "access_denied", "server_error", "temporarily_unavailable"),
        *("quota_exceeded", "internal_failure"),
    }
)
_FRONT_END = re.compile(
    rb"<title>Error \d{3} \([^<]*\)!!1</title>|<ins>That.{1,12}s an error\.</ins>"
    rb"|<h1>Error: Server Error</h1>\s*<h2>The server encountered a temporary error and could not complete your request"
)
_TITLE = re.compile(r"<title[^>]*>([^<]{1,200})", re.ASCII | re.IGNORECASE)
_READ_BYTES = 4_000
_LONGEST_TITLE, _LONGEST_TYPE = 60, 40
_REDIRECTS = range(300, 400)
PASSING = frozenset({429, 502, 503, 504})
"""Statuses by which a proxy says that it may let the next request through."""

_PROXY_AUTHENTICATION_REQUIRED = 407

PROXY = "HTTPS_PROXY (user, password, host and port), NO_PROXY, and what the proxy lets through"


def needed_for(path: str) -> str:
    """The link of the chain that a request of this path is for."""
    if path == "/":  # AWS STS is asked there, and no API of Google's
        return SUBJECT_TOKEN
    return next((link for ending, link in _LINKS if ending in path), "the chain")


def service_of(url: str) -> tuple[str, str]:
    """Which service a URL is of: its host, and what that is needed for. One host may be several services'."""
    place = urlsplit(url)
    link = needed_for(place.path)
    return place.netloc, link if link in {*_ADDRESSES, SUBJECT_TOKEN} else QUERY


def is_token_request(url: str) -> bool:
    """Whether a URL is that of an exchange or an impersonation."""
    return needed_for(urlsplit(url).path) in _ADDRESSES


def foreign(
    *, method: str, url: str, status: int, headers: Mapping[str, str], body: bytes, proxy: str | None = None
) -> NetworkError | None:
    """The error of an answer that is not Google's; ``None``: it is.

    Args:
        method: HTTP method of the request.
        url: Its URL.
        status: HTTP status of the answer.
        headers: Its headers; case makes no difference.
        body: Its body.
        proxy: Host and port of the proxy that the request went through.
    """
    place = urlsplit(url)
    link = needed_for(place.path)
    host = place.netloc.rpartition("@")[2]
    if _FRONT_END.search(body[:_READ_BYTES]) and status != requests.codes.ok:
        if status in PASSING or status >= requests.codes.server_error:
            return None
        return NetworkError(
            f"{host} answered {status} with a page of Google's front end, and no API's answer ({_kind(headers, body)});"
            f" it is needed for {link}",
            f"{_address(link)}: path and host; and the size of the request",
        )
    if _is_googles(method=method, path=place.path, link=link, status=status, body=body):
        return None
    by_way = f", by way of the proxy {proxy}" if proxy else ""
    if status == _PROXY_AUTHENTICATION_REQUIRED and proxy:
        return NetworkError(f"{host}, needed for {link}: the proxy {proxy} refused (407, it asks for a login)", PROXY)
    return NetworkError(
        f"{host} answered {status} with something that is not Google's ({_kind(headers, body)}){by_way}; it is needed"
        f" for {link}",
        f"what answers in the place of Google: a proxy ({PROXY}), a firewall or a captive portal; and the address,"
        f" {_address(link)}",
    )


def foreign_response(response: requests.Response, *, proxy: str | None = None) -> NetworkError | None:
    """As :func:`foreign`, of a response of requests'."""
    return foreign(
        method=str(response.request.method) if response.request is not None else "",
        url=response.url or "",
        status=response.status_code,
        headers=response.headers,
        body=response.content,
        proxy=proxy,
    )


def _is_googles(*, method: str, path: str, link: str, status: int, body: bytes) -> bool:
    if status in _REDIRECTS and not path.startswith("/upload/"):
        return False
    if requests.codes.ok <= status < requests.codes.multiple_choices:
        return _is_success(method=method, path=path, link=link, status=status, body=body)
    if path.startswith("/upload/") and status in _REDIRECTS:
        return True
    found = _object(body)
    error = found.get("error")
    if isinstance(error, dict):
        return isinstance(error.get("message"), str) and any(name in error for name in ("code", "errors", "status"))
    return link == EXCHANGE and isinstance(error, str) and (error in _OAUTH_ERRORS or "error_description" in found)


def _is_success(*, method: str, path: str, link: str, status: int, body: bytes) -> bool:
    if path.startswith("/upload/") or (not body and (status == requests.codes.no_content or method == "DELETE")):
        return True
    if re.match(rb"\s*\{", body) is None:
        return False
    if link in _FIELDS:
        found = _object(body)
        return "error" in found or all(isinstance(found.get(name), kind) for name, kind in _FIELDS[link].items())
    return "/queries" not in path or any(name in body for name in _OF_A_QUERY)


def _object(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _kind(headers: Mapping[str, str], body: bytes) -> str:
    """What an answer is, without its text: its type, and a page's title or where it leads."""
    named = {name.lower(): value for name, value in headers.items()}
    parts = [named.get("content-type", "").partition(";")[0].strip()[:_LONGEST_TYPE] or "no content type"]
    if not body:
        parts.append("an empty body")
    if leads_to := urlsplit(named.get("location", "")).hostname:
        parts.append(f"it redirects to {leads_to}"[:_LONGEST_TITLE])
    if (title := _TITLE.search(body[:_READ_BYTES].decode(errors="replace"))) is not None:
        parts.append(repr(" ".join(title[1].split())[:_LONGEST_TITLE]))
    return ", ".join(parts)


def _address(link: str) -> str:
    return _ADDRESSES.get(link, "BIGQUERY_EMULATOR_HOST where it is set")
