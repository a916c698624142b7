"""From an exception to the link of the chain that broke: a pure function over what the client libraries raise.

google-auth raises ``OAuthError(text, body)`` for a refused exchange and ``RefreshError(text, body)`` for a refused
impersonation; ``TransportError`` wraps the ``requests`` error that it met. google-cloud-bigquery raises subclasses of
``GoogleAPICallError`` with Google's ``errors`` in them, ``requests`` errors as they are, and ``RetryError`` around the
last one when its retries are used up.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping
from http import HTTPStatus
from pathlib import PurePath
from typing import Any

import google.auth.exceptions
import google.auth.transport
import requests
from google.api_core import exceptions as api

from keyless_bigquery.runtime import advice
from keyless_bigquery.runtime.bigquery_signals import BIGQUERY
from keyless_bigquery.runtime.deadline import OutOfTimeError
from keyless_bigquery.runtime.errors import (
    ConfigurationError,
    ImpersonationError,
    NetworkError,
    ReaderError,
    SubjectTokenError,
    TokenExchangeError,
    UnexpectedError,
)
from keyless_bigquery.runtime.failed_request import failed
from keyless_bigquery.runtime.foreign_answer import foreign, foreign_response, is_token_request
from keyless_bigquery.runtime.late import Known, known, late
from keyless_bigquery.runtime.signals import OWN_WORDS, Refusal, signal_of
from keyless_bigquery.runtime.token_signals import EXCHANGE, IMPERSONATION
from keyless_bigquery.runtime.web_identity_signals import EXCHANGE as OF_A_TOKEN

_IMPERSONATION_REFUSED = "Unable to acquire impersonated credentials"
_LONGEST_READ = 4_000
"""Most characters of a message that are read."""

_SERVER_REASONS = frozenset({"backendError", "internalError", "jobBackendError", "jobInternalError"})
"""BigQuery's reasons of a 500. The client gives this status to every reason of a failed job that it does not know."""

UNKNOWN_PLACE = "an unknown place"
_RUNTIME = __name__.rpartition(".")[0]

CALLERS = frozenset(f"{_RUNTIME}.{name}" for name in ("wrapper", "loading", "entry"))
"""Modules that everything comes through."""


def diagnose(error: BaseException, granted: Collection[str] = ()) -> ReaderError:
    """The error to raise in its place. Its text may still quote a server: scrub it.

    Args:
        error: What a client library raised.
        granted: What the stack's grants cover: tables, ``project.dataset.table``, and datasets.
    """
    found = known(error)
    met = filter(None, (error, found.retried, error.cause if isinstance(error, api.RetryError) else None))
    strangers = (foreign_to(one, found if one is error else known(one)) for one in met)
    if (reported := next(filter(None, strangers), None) or late(error, found)) is not None:
        return reported
    # What ended is only the client's patience, or the time: the error that it met again and again is the reason.
    again = error.cause if isinstance(error, api.RetryError) else found.retried if _is_time(error) else None
    if again is not None:
        return diagnose(again, granted)
    if isinstance(error, api.GoogleAPICallError):
        return _bigquery(error, granted)
    if isinstance(error, api.RetryError):
        return NetworkError("BigQuery did not answer in time", advice.NETWORK)
    cause = error.args[0] if isinstance(error, google.auth.exceptions.TransportError) and error.args else error
    if isinstance(cause, requests.exceptions.RequestException):
        return failed(cause, found.url)
    for kind, rule in _RULES:
        if isinstance(error, kind):
            return rule(error)
    return unexpected(error)


def places(error: BaseException) -> str:
    """Where an error was raised: file and line, and those of its last callers, without this library's own."""
    frames = [
        (frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if not {name := str(frame.f_globals.get("__name__", "")), name.partition(".")[0]} & {*CALLERS, "importlib"}
    ]
    named = (f"{PurePath(file).name}:{line}" for file, line in reversed(frames[-3:]))
    return " < ".join(named) or UNKNOWN_PLACE


def name_of(error: BaseException) -> str:
    """The full name of an error's type."""
    return f"{type(error).__module__}.{type(error).__qualname__}"


def _is_time(error: BaseException) -> bool:
    return isinstance(error, OutOfTimeError | TimeoutError)


def foreign_to(error: BaseException, found: Known) -> ReaderError | None:
    """The error of an answer that is not Google's, as a client of the function's own meets it.

    The reader's own requests are judged in :mod:`keyless_bigquery.runtime.transport`.

    Args:
        error: What google-auth or the BigQuery client raised over the answer.
        found: What its frames know.
    """
    if isinstance(error, api.GoogleAPICallError):
        answer = error.response
    else:
        refused = isinstance(error, google.auth.exceptions.RefreshError) and _is_impersonation(error)
        # Of a ValueError or KeyError google-auth could not read the answer.
        read = isinstance(error, google.auth.exceptions.OAuthError | ValueError | LookupError | TypeError)
        answer = found.answer if refused or read else None
    if isinstance(answer, requests.Response):
        return foreign_response(answer)
    # Not of the metadata server, which google-auth asks for a session as well.
    if isinstance(answer, google.auth.transport.Response) and is_token_request(found.url):
        return foreign(
            method="POST", url=found.url, status=answer.status, headers=answer.headers, body=bytes(answer.data)
        )
    return None


def _is_impersonation(error: google.auth.exceptions.RefreshError) -> bool:
    return bool(error.args) and str(error.args[0]).startswith(_IMPERSONATION_REFUSED)


def _exchange(error: google.auth.exceptions.OAuthError) -> ReaderError:
    body = _json_object(error.args[1] if len(error.args) > 1 else None)
    if isinstance(envelope := body.get("error"), dict):
        # The envelope of Google's other APIs: STS answers so when it is switched off in the project.
        refusal = _refusal(envelope)
        name = envelope.get("status")
    else:
        name = envelope
        refusal = Refusal(
            code=None,
            reasons=frozenset([str(name)]),
            message=str(body.get("error_description") or "no description")[:_LONGEST_READ],
        )
    if not isinstance(name, str):
        return TokenExchangeError("Google STS gave an answer that is no token and no OAuth error", advice.STS_STATUS)
    signal = signal_of((*OF_A_TOKEN, *EXCHANGE), refusal)
    return signal.error(f"Google STS refused the subject token: {name}: {refusal.message}")


def _refresh(error: google.auth.exceptions.RefreshError) -> ReaderError:
    text = str(error.args[0]) if error.args else ""
    if not text.startswith(_IMPERSONATION_REFUSED):
        return SubjectTokenError(f"the GetCallerIdentity request could not be signed: {text}", advice.SIGNING)
    envelope = _json_object(error.args[1] if len(error.args) > 1 else None).get("error")
    if not isinstance(envelope, dict):
        # Not quoted: an answer that google-auth could not read may hold the token itself.
        return ImpersonationError(
            "IAM Credentials gave an answer that is no token and no Google error", advice.IAM_CREDENTIALS_STATUS
        )
    refusal = _refusal(envelope)
    named = f"{refusal.code} {envelope.get('status')}: {refusal.message}"
    return signal_of(IMPERSONATION, refusal).error(f"IAM Credentials refused a token for the service account: {named}")


def _transport(_: google.auth.exceptions.TransportError) -> ReaderError:
    return NetworkError("a token request could not be sent", advice.NETWORK)


def _bigquery(error: api.GoogleAPICallError, granted: Collection[str]) -> ReaderError:
    """The first of the error's reasons that a row knows; each is read with its own message."""
    code = int(error.code) if error.code is not None else None
    listed = [entry for entry in error.errors or () if isinstance(entry, dict)] or [{}]
    details = frozenset(_reasons({"details": error.details}))
    refusals = []
    for entry in listed:
        reason, message = str(entry.get("reason", "")), str(entry.get("message") or error.message)
        invented = code == HTTPStatus.INTERNAL_SERVER_ERROR and reason not in {"", *_SERVER_REASONS}
        refusal = Refusal(
            code=HTTPStatus.BAD_REQUEST if invented else code,
            reasons=details | ({reason} if reason else set()),
            message=message[:_LONGEST_READ],
        )
        named = f"{'an error' if invented or code is None else code} {reason}"
        refusals.append((signal_of(BIGQUERY, refusal, granted), f"BigQuery answered {named}: {refusal.message}"))
    signal, answer = next((one for one in refusals if one[0].check != OWN_WORDS), refusals[0])
    return signal.error(answer)


def _refusal(envelope: Mapping[str, Any]) -> Refusal:
    """An error of Google's. Source: Google, "Errors" of the API design guide."""
    code = envelope.get("code")
    named = [str(envelope.get("status", "")), *_reasons(envelope)]
    return Refusal(
        code=code if isinstance(code, int) else None,
        reasons=frozenset(filter(None, named)),
        message=str(envelope.get("message", ""))[:_LONGEST_READ],
    )


def _reasons(envelope: Mapping[str, Any]) -> Iterator[str]:
    """The reasons of an error's details and of its older list."""
    for entry in [*(envelope.get("details") or ()), *(envelope.get("errors") or ())]:
        if isinstance(entry, dict) and isinstance(reason := entry.get("reason"), str):
            yield reason


def _google_auth(error: google.auth.exceptions.GoogleAuthError) -> ReaderError:
    return SubjectTokenError(
        f"google-auth could not make the subject token ({type(error).__name__})", advice.CREDENTIAL_CONFIGURATION
    )


def _no_credentials(error: google.auth.exceptions.DefaultCredentialsError) -> ReaderError:
    return ConfigurationError(f"google-auth has no credentials: {error}", advice.CREDENTIAL_CONFIGURATION)


def unexpected(error: BaseException) -> ReaderError:
    """The place, without the text: what an unknown error quotes is not foreseen."""
    return UnexpectedError(f"{name_of(error)} at {places(error)}", advice.UNEXPECTED)


def _json_object(text: object) -> dict[str, Any]:
    """``text`` as a JSON object; empty if it is none."""
    try:
        parsed = json.loads(text) if isinstance(text, str | bytes) else None
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


# The first that fits, so a subclass stands before its base.
_RULES: tuple[tuple[type[BaseException], Callable[[Any], ReaderError]], ...] = (
    (google.auth.exceptions.OAuthError, _exchange),
    (google.auth.exceptions.RefreshError, _refresh),
    (google.auth.exceptions.TransportError, _transport),
    (google.auth.exceptions.DefaultCredentialsError, _no_credentials),
    (google.auth.exceptions.GoogleAuthError, _google_auth),
)

KINDS: tuple[type[BaseException], ...] = (
    *(api.GoogleAPICallError, api.RetryError, requests.exceptions.RequestException, OutOfTimeError, TimeoutError),
    *(kind for kind, _ in _RULES),
)
"""Types of error that a client library, or the time limit, raises."""
