"""Errors as values that the one boundary in ``app.py`` turns into responses.

The envelopes follow Google's "Errors" page of API design (``code``, ``message``, ``status``, ``details``) and
BigQuery's "Error messages" page (``errors[].reason``). Messages that Google is known to send are kept word for
word, since users search for them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import Any

from federation_emulator.expected import ExpectedError

Json = dict[str, Any]

INVALID_CREDENTIALS = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
    "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
)
MISSING_CREDENTIALS = (
    "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other "
    "valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
)


_FIELD = re.compile(r" at '([^']+)'")
_AT: Mapping[tuple[int, str], tuple[str, ...]] = {
    (401, "required"): ("Login Required.", "Authorization", "header"),
    (401, "authError"): ("Invalid Credentials", "Authorization", "header"),
    (403, "insufficientPermissions"): ("Insufficient Permission",),
    (412, "conditionNotMet"): ("", "If-Match", "header"),
    (400, "invalidQuery"): ("", "q", "parameter"),
}
"""BigQuery's own words and the place of some errors, by status and reason."""


class Shape(Enum):
    """The wire shape in which a path's errors are written."""

    GOOGLE = "google"
    BIGQUERY = "bigquery"
    OAUTH = "oauth"


def shape_of(path: str) -> Shape:
    """Say in which shape the errors of a path are written."""
    if path in {"/v1/token", "/v1/introspect"}:
        return Shape.OAUTH
    return Shape.BIGQUERY if path.startswith(("/bigquery/", "/upload/bigquery/")) else Shape.GOOGLE


class StateError(ExpectedError):
    """A state folder holds something that can't be read."""


class ApiError(Exception):
    """An error of a Google API; written as Google's envelope, or BigQuery's.

    Args:
        code: HTTP status.
        status: Google's canonical code, for example ``PERMISSION_DENIED``.
        reason: BigQuery's ``errors[].reason``; ignored in Google's envelope.
        details: ``google.rpc`` detail blocks.
    """

    def __init__(
        self,
        code: int,
        status: str,
        message: str,
        *,
        reason: str = "invalid",
        details: Sequence[Json] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.message = message
        self.reason = reason
        self.details = tuple(details)
        self.headers = dict(headers or {})


class OAuthError(Exception):
    """A refused token exchange, written as RFC 6749, 5.2: ``error`` from it or RFC 8693, and Google's description."""

    headers: Mapping[str, str] = MappingProxyType({})

    def __init__(self, error: str, description: str, *, code: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.error = error
        self.description = description


def body_of(error: ApiError | OAuthError, shape: Shape) -> Json:
    """Write an error in the shape that its path's clients parse."""
    if isinstance(error, OAuthError):
        return {"error": error.error, "error_description": error.description}
    if shape is Shape.OAUTH and error.reason != "accessNotConfigured":
        name = "server_error" if error.code >= 500 else "invalid_request"
        return {"error": name, "error_description": error.message}
    body: Json = {"code": error.code, "message": error.message, "status": error.status}
    if shape is Shape.BIGQUERY:
        short, *where = _AT.get((error.code, error.reason), ("",))
        entry = {"message": short or error.message, "domain": "global", "reason": error.reason}
        body["errors"] = [{**entry, **dict(zip(("location", "locationType"), where, strict=False))}]
    if error.details:
        body["details"] = list(error.details)
    return {"error": body}


def invalid_argument(message: str, *, reason: str = "invalid") -> ApiError:
    """400: the request itself is wrong."""
    return ApiError(400, "INVALID_ARGUMENT", message, reason=reason)


def bad_request(message: str) -> ApiError:
    """400: a field or parameter is none of the method's, or of another type. The field's path is in the message."""
    at = _FIELD.search(message)
    violation = {**({"field": at[1]} if at else {}), "description": message}
    details: Json = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}
    return ApiError(400, "INVALID_ARGUMENT", message, details=[details])


def failed_precondition(message: str) -> ApiError:
    """400: right in itself, but not in the present state."""
    return ApiError(400, "FAILED_PRECONDITION", message, reason="failedPrecondition")


def not_found(message: str) -> ApiError:
    """404: no such resource, or no such path."""
    return ApiError(404, "NOT_FOUND", message, reason="notFound")


def already_exists(message: str = "Requested entity already exists", *, resource: str = "") -> ApiError:
    """409: the id is taken, by a live resource or a soft-deleted one; some APIs name the resource in the details."""
    details = [{"@type": "type.googleapis.com/google.rpc.ResourceInfo", "resourceName": resource}] if resource else []
    return ApiError(409, "ALREADY_EXISTS", message, reason="duplicate", details=details)


def aborted(message: str) -> ApiError:
    """409: another caller wrote in between; read again and retry."""
    return ApiError(409, "ABORTED", message, reason="conflict")


def unimplemented(message: str) -> ApiError:
    """501: real Google does this, the local cloud doesn't. Not 500, which clients retry for minutes."""
    return ApiError(501, "UNIMPLEMENTED", message, reason="notImplemented")


def unavailable(message: str) -> ApiError:
    """503: a server behind this one did not answer."""
    return ApiError(503, "UNAVAILABLE", message, reason="backendError")


def unauthenticated(message: str = INVALID_CREDENTIALS, *, reason: str = "authError") -> ApiError:
    """401: no token, or none that is known and unexpired."""
    challenge = 'Bearer realm="https://accounts.google.com/"'
    if reason == "authError":
        challenge += ', error="invalid_token"'
    return ApiError(
        401,
        "UNAUTHENTICATED",
        message,
        reason=reason,
        details=[error_info("CREDENTIALS_MISSING")] if reason == "required" else [],
        headers={"WWW-Authenticate": challenge},
    )


def error_info(reason: str, domain: str = "googleapis.com", **metadata: str) -> Json:
    """Write the detail block by which Google's clients distinguish errors: ``google.rpc.ErrorInfo``."""
    info: Json = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": domain}
    return {**info, "metadata": metadata} if metadata else info


def permission_denied(message: str, *, permission: str = "", domain: str = "iam.googleapis.com") -> ApiError:
    """403: the principal lacks a permission on the resource."""
    details = [error_info("IAM_PERMISSION_DENIED", domain, permission=permission)] if permission else []
    return ApiError(403, "PERMISSION_DENIED", message, reason="accessDenied", details=details)


def service_disabled(*, service: str, title: str, project_number: str) -> ApiError:
    """403: the API is not enabled in the project, with Google's Help and ErrorInfo details."""
    url = f"https://console.developers.google.com/apis/api/{service}/overview?project={project_number}"
    message = (
        f"{title} has not been used in project {project_number} before or it is disabled. Enable it by visiting "
        f"{url} then retry. If you enabled this API recently, wait a few minutes for the action to propagate to "
        "our systems and retry."
    )
    details: list[Json] = [
        {
            "@type": "type.googleapis.com/google.rpc.Help",
            "links": [{"description": "Google developers console API activation", "url": url}],
        },
        error_info("SERVICE_DISABLED", service=service, consumer=f"projects/{project_number}"),
    ]
    return ApiError(403, "PERMISSION_DENIED", message, reason="accessNotConfigured", details=details)
