"""Google's APIs, read only: every request is a GET, or one of the POSTs that read."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import google.auth
import google.auth.exceptions
import google.oauth2.credentials
import requests
from google.auth.transport.requests import AuthorizedSession, Request

from keyless_bigquery.trust.trust import GoogleEndpoints
from keyless_tools.doctor.answer import JSON, Absent, Answer, Found, Silent
from keyless_tools.doctor.google_reasons import LONGEST_TEXT, refusal

TOKEN_VARIABLE = "GOOGLE_OAUTH_ACCESS_TOKEN"  # noqa: S105 - the name of a variable
"""Environment variable with an access token; the Pulumi provider takes the same one."""

READING_METHODS = (":getIamPolicy", ":getEffectiveOrgPolicy")
"""The POSTs that read. Source: IAM API and Resource Manager API v1."""

_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
_CONNECT_SECONDS = 5.0
_READ_SECONDS = 20.0
_REFUSED_BY_PROXY = re.compile(r"Tunnel connection failed: (\d{3})", re.ASCII)


class CredentialsError(Exception):
    """There are no Google credentials to look with. The message says how to get some."""


class GoogleApi:
    """Reads, with the rights of whose credentials these are.

    Args:
        credentials: An expired token of theirs is renewed where that is possible.
        endpoints: Where the APIs are.
        project: One that the calls may count for, where the credentials name none that they can.
    """

    def __init__(
        self, credentials: google.auth.credentials.Credentials, endpoints: GoogleEndpoints, *, project: str
    ) -> None:
        self._endpoints = endpoints
        self._project = project
        # A refused request is not sent again, and a token is renewed within the time limit of its request, once.
        self._session: requests.Session = AuthorizedSession(
            credentials, refresh_status_codes=(), auth_request=Request(requests.Session())
        )  # type: ignore[no-untyped-call]  # google-auth has no types

    def look(
        self, service: str, path: str, *, permission: str, question: Mapping[str, Any] | None = None
    ) -> Answer[JSON]:
        """Reads a resource, or asks by one of Google's POST methods that change nothing.

        Args:
            service: First part of the API's host name, such as ``iam``.
            path: Path and query on it.
            permission: What the request needs, to be named if it is refused.
            question: The POST's body; its path ends in one of :data:`READING_METHODS`.

        Raises:
            ValueError: ``path`` is of another method, which might change something.
        """
        if question is not None and not path.endswith(READING_METHODS):
            raise ValueError(f"{path} is not one of {', '.join(READING_METHODS)}: the doctor only reads")
        method, url = "GET" if question is None else "POST", self._endpoints.url(service, path)
        timeout = (_CONNECT_SECONDS, _READ_SECONDS)
        try:
            response = self._session.request(method, url, json=question, timeout=timeout, allow_redirects=False)
            found = response.json()
        except google.auth.exceptions.GoogleAuthError as error:
            how = "`gcloud auth application-default login`"
            return Silent(why=f"your Google credentials give no token: {error!s:.{LONGEST_TEXT}}; {how}")
        except requests.JSONDecodeError:
            return _not_googles(service, response.status_code)
        except requests.RequestException as error:
            return Silent(why=f"{self._endpoints.url(service, '')}: {_unreachable(error)}")
        return read(response.status_code, found, service=service, permission=permission, project=self._project)


def read(status: int, body: object, *, service: str, permission: str, project: str = "") -> Answer[JSON]:
    """What an answer in JSON means. Source: Google, "Errors" of the API design guide.

    Args:
        status: HTTP status.
        body: The JSON in it.
        service: First part of the API's host name.
        permission: What the request needed.
        project: One that the request may count for.
    """
    if status == HTTPStatus.OK and isinstance(body, dict):
        return Found(value=body)
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return _not_googles(service, status)
    if status == HTTPStatus.NOT_FOUND:
        return Absent()
    return refusal(status, error, service=service, permission=permission, project=project)


def credentials_from(environment: Mapping[str, str] = os.environ) -> google.auth.credentials.Credentials:
    """The credentials to look with, found as the Pulumi provider finds them.

    Raises:
        CredentialsError: There are none.
    """
    token = environment.get(TOKEN_VARIABLE)
    if token:
        return google.oauth2.credentials.Credentials(token)  # type: ignore[no-untyped-call]  # google-auth has no types
    try:
        found: google.auth.credentials.Credentials
        found, _ = google.auth.default(scopes=_SCOPES)
    except google.auth.exceptions.DefaultCredentialsError as error:
        raise CredentialsError(
            f"there are no Google credentials. Run `gcloud auth application-default login`, or set {TOKEN_VARIABLE}"
        ) from error
    return found


def _not_googles(service: str, status: int) -> Silent:
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return Silent(why=f"{service}: the proxy refused ({status:d})")
    return Silent(why=f"{service} answered {status} with something that is not Google's: a proxy's?")


def _unreachable(error: requests.RequestException) -> str:
    """Why there is no answer. The libraries' texts can hold a whole URL, and a proxy's its password."""
    if isinstance(error, requests.exceptions.ProxyError):
        found = _REFUSED_BY_PROXY.search(str(error))
        return f"the proxy refused ({found[1]})" if found else "the proxy can't be reached"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted"
    return f"it does not answer ({type(error).__name__})"
