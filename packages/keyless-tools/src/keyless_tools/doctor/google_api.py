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
from keyless_tools.doctor.answer import JSON, Absent, Answer, Found, Hidden, Off, Silent

TOKEN_VARIABLE = "GOOGLE_OAUTH_ACCESS_TOKEN"  # noqa: S105 - the name of a variable
"""Environment variable with an access token; the Pulumi provider takes the same one."""

READING_METHODS = (":getIamPolicy", ":getEffectiveOrgPolicy")
"""The POSTs that read. Source: IAM API and Resource Manager API v1."""

ROLES: Mapping[str, str] = {
    "serviceusage.services.get": "roles/serviceusage.serviceUsageViewer",
    "iam.workloadIdentityPools.get": "roles/iam.workloadIdentityPoolViewer",
    "iam.workloadIdentityPoolProviders.get": "roles/iam.workloadIdentityPoolViewer",
    "iam.workloadIdentityPoolProviders.list": "roles/iam.workloadIdentityPoolViewer",
    "iam.serviceAccounts.get": "roles/iam.serviceAccountViewer",
    "iam.serviceAccounts.getIamPolicy": "roles/iam.securityReviewer",
    "resourcemanager.projects.getIamPolicy": "roles/browser",
    "orgpolicy.policy.get": "roles/orgpolicy.policyViewer",
    "bigquery.datasets.get": "roles/bigquery.metadataViewer",
    "bigquery.tables.get": "roles/bigquery.metadataViewer",
    "bigquery.tables.getIamPolicy": "roles/iam.securityReviewer",
}
"""Each permission that a look needs, and a predefined role for reading that has it."""

_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
_CONNECT_SECONDS = 5.0
_READ_SECONDS = 20.0
_LONGEST_TEXT = 200


class CredentialsError(Exception):
    """There are no Google credentials to look with. The message says how to get some."""


class GoogleApi:
    """Reads, with the rights of whose credentials these are.

    Args:
        credentials: An expired token of theirs is renewed where that is possible.
        endpoints: Where the APIs are.
    """

    def __init__(self, credentials: google.auth.credentials.Credentials, endpoints: GoogleEndpoints) -> None:
        self._endpoints = endpoints
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
            found = response.json() if response.content else {}
        except google.auth.exceptions.GoogleAuthError as error:
            return Silent(why=f"your Google credentials give no token: {error!s:.{_LONGEST_TEXT}}")
        except requests.JSONDecodeError:
            return Silent(why=f"{service} answered {response.status_code} with something that is no JSON")
        except requests.RequestException as error:
            return Silent(why=f"{self._endpoints.url(service, '')} does not answer ({type(error).__name__})")
        return read(response.status_code, found, service=service, permission=permission)


def read(status: int, body: object, *, service: str, permission: str) -> Answer[JSON]:
    """What an answer of Google's means. Source: Google, "Errors" of the API design guide.

    Args:
        status: HTTP status.
        body: The JSON in it.
        service: First part of the API's host name.
        permission: What the request needed.
    """
    if status == HTTPStatus.OK and isinstance(body, dict):
        return Found(value=body)
    envelope = body.get("error") if isinstance(body, dict) else None
    error = envelope if isinstance(envelope, dict) else {}
    message = str(error.get("message", "no message"))[:_LONGEST_TEXT]
    if status == HTTPStatus.NOT_FOUND:
        return Absent()
    if status == HTTPStatus.UNAUTHORIZED:
        return Silent(why=f"your Google credentials are not accepted ({message})")
    if status == HTTPStatus.FORBIDDEN and _reasons(error) & {"SERVICE_DISABLED", "accessNotConfigured"}:
        named = _metadata(error, "SERVICE_DISABLED")
        consumer = named.get("consumer", "").removeprefix("projects/") or _project_in(message)
        return Off(service=named.get("service") or f"{service}.googleapis.com", project=consumer)
    if status == HTTPStatus.FORBIDDEN:
        return Hidden(permission=permission, role=ROLES[permission])
    return Silent(why=f"{service} answered {status}: {message}")


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


def _metadata(error: Mapping[str, Any], reason: str) -> dict[str, str]:
    """What an error's details say beside a reason. Source: ``google.rpc.ErrorInfo``."""
    details = [entry for entry in error.get("details") or [] if isinstance(entry, dict)]
    found = next((entry.get("metadata") for entry in details if entry.get("reason") == reason), None)
    return {key: str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def _project_in(message: str) -> str:
    """The project that "… API has not been used in project PROJECT before or it is disabled" names."""
    found = re.search(r"in project (\S+) before", message, re.ASCII)
    return found[1] if found else ""


def _reasons(error: Mapping[str, Any]) -> set[str]:
    entries = [*(error.get("details") or []), *(error.get("errors") or [])]
    return {str(entry.get("reason")) for entry in entries if isinstance(entry, dict)}
