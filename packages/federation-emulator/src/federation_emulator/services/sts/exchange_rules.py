"""What the fields of an exchange may be, before anything is looked up. Pure.

Source: Google, "Security Token Service API, v1.token". Texts are Google's where they are publicly known.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Sequence
from typing import NoReturn
from urllib.parse import unquote

from federation_emulator.core.errors import OAuthError
from federation_emulator.core.trace import Check, Part, refuse
from federation_emulator.services.sts.model import (
    ACCESS_TOKEN_TYPE,
    AWS_TOKEN_TYPE,
    GRANT_TYPE,
    JWT_TYPES,
    ExchangeRequest,
)

INVALID_TARGET = (
    'The target service indicated by the "audience" parameters is invalid. This might either be because the pool or '
    "provider is disabled or deleted or because it doesn't exist."
)
INVALID_AUDIENCE = (
    'Invalid value for "audience". This value should be the full resource name of the Identity Provider. See '
    "https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token for the list of possible formats."
)
MOST_SCOPES = 100
_AUDIENCE = re.compile(
    r"//iam\.googleapis\.com/(?P<name>projects/(?P<project>[!-.0-~]+)/locations/global/workloadIdentityPools/[!-.0-~]+"
    r"/providers/[!-.0-~]+)"
)
_WORKFORCE = re.compile(r"//iam\.googleapis\.com/locations/global/workforcePools/[!-.0-~]+/providers/[!-.0-~]+")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_WANTED_AUDIENCE = "//iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER"
GCLOUD = "32555940559.apps.googleusercontent.com"
"""gcloud's public client id, which it sends with every exchange that it makes without a service account."""


def check_client(authorization: Sequence[str]) -> None:
    """Insist that no credential but the subject token comes along.

    Google's page of the method asks for no ``Authorization`` header, since it can make the exchange fail; its own
    gcloud sends one all the same, with a client id and a secret that are public. They prove nothing, so the secret
    isn't looked at, and any other client is refused.
    """
    if not authorization or (len(authorization) == 1 and _client_id(authorization[0]) == GCLOUD):
        return
    refuse(
        Part.REQUEST,
        rule="an exchange must not carry an Authorization header, unless it is gcloud's own (STS v1 token)",
        actual="an Authorization header",
        expected="none",
        fix="send the exchange without credentials of its own; the subject token is the credential",
        answer=OAuthError("invalid_request", "The Authorization header must not be set for this token exchange."),
    )


def _client_id(authorization: str) -> str:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded.strip(), validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def check_request(request: ExchangeRequest) -> str:
    """Check the exchange's own fields.

    Returns:
        The provider's resource name that the audience points at.

    Raises:
        Refused: A field is missing or has a value that Google doesn't accept here.
    """
    fixed = {
        "grant_type": (request.grant_type, (GRANT_TYPE,), "unsupported_grant_type"),
        "requested_token_type": (request.requested_token_type, (ACCESS_TOKEN_TYPE,), "invalid_request"),
        "subject_token_type": (request.subject_token_type, (AWS_TOKEN_TYPE, *JWT_TYPES), "invalid_request"),
    }
    for name, (actual, known, kind) in fixed.items():
        if actual not in known:
            error = OAuthError(kind, f"Invalid value of {name} in request.")
            _refuse(name, actual[:80] or "none", " or ".join(known), error)
    _check_options(request.options)
    name = _provider_name(request.audience)
    _check_scopes(request.scope)
    if not request.subject_token:
        error = OAuthError("invalid_request", "Missing required parameter: subject_token")
        _refuse("subject_token", "none", "the signed GetCallerIdentity request, or the OIDC token", error)
    return name


def check_kind(request: ExchangeRequest, *, oidc: bool) -> None:
    """Insist that the token is of the provider's kind.

    Raises:
        Refused: It is of the other one. Google's text for that isn't publicly known; this is the one for a type that
            it doesn't take at all.
    """
    known = JWT_TYPES if oidc else (AWS_TOKEN_TYPE,)
    if request.subject_token_type not in known:
        error = OAuthError("invalid_request", "Invalid value of subject_token_type in request.")
        _refuse("subject_token_type", request.subject_token_type, f"{' or '.join(known)}, for this provider", error)


def _provider_name(audience: str) -> str:
    found = _AUDIENCE.fullmatch(audience)
    if found is None:
        known = _WORKFORCE.fullmatch(audience) is not None
        error = ("invalid_target", INVALID_TARGET) if known else ("invalid_request", INVALID_AUDIENCE)
        _refuse("audience", audience or "none", _WANTED_AUDIENCE, OAuthError(*error))
    return found["name"]


def _check_scopes(text: str) -> None:
    scopes = [scope for scope in text.split(" ") if scope]
    if not scopes:
        error = OAuthError("invalid_request", "Scope(s) must be provided.")
        _refuse("scope", "no scope", "https://www.googleapis.com/auth/cloud-platform", error)
    if len(scopes) > MOST_SCOPES or not all(map(_SCOPE.fullmatch, scopes)):
        error = OAuthError("invalid_scope", "Invalid value of scope in request.")
        _refuse("scope", text[:200], f"at most {MOST_SCOPES} scopes with single spaces between (RFC 6749, 3.3)", error)


def _check_options(text: str) -> None:
    """Insist that nothing is asked for that would have to be understood.

    The reference has ``userProject``, which is for workforce pools, ``accessBoundary``, which is for Google's own
    access tokens, and ``bindCertFingerprint``, which is for certificates. An empty object asks for nothing.
    """
    if not text:
        return
    try:
        options = json.loads(text if text.lstrip().startswith("{") else unquote(text, errors="strict"))
    except (ValueError, RecursionError):
        options = None
    if options != {}:
        actual = f"options {sorted(map(str, options))[:5]}" if isinstance(options, dict) else "no JSON object"
        error = OAuthError("invalid_request", "Invalid value of options in request.")
        _refuse("options", actual, "none, or {}: none of the options is for a workload identity pool with AWS", error)


def _refuse(name: str, actual: str, expected: str, error: OAuthError) -> NoReturn:
    refuse(
        Part.REQUEST,
        check=Check.AUDIENCE if name == "audience" else None,
        rule=f"the exchange's {name} must have a value that Google accepts",
        actual=actual,
        expected=expected,
        fix="use the credential configuration that gcloud or the program wrote",
        answer=error,
    )
