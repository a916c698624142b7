"""From an exception to the link of the chain that broke: a pure function over what the client libraries raise.

google-auth raises ``OAuthError(text, body)`` for a refused exchange and ``RefreshError(text, body)`` for a refused
impersonation; ``TransportError`` wraps the ``requests`` error that it met. google-cloud-bigquery raises subclasses of
``GoogleAPICallError`` with Google's ``errors`` in them, ``requests`` errors as they are, and ``RetryError`` around the
last one when its retries are used up.
"""

from __future__ import annotations

import dataclasses
import json
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import urlsplit

import google.auth.exceptions
import requests
from google.api_core import exceptions as api

from keyless_bigquery.runtime import advice
from keyless_bigquery.runtime.deadline import OutOfTimeError
from keyless_bigquery.runtime.errors import Diagnosis, Link, ReaderError, error_for
from keyless_bigquery.runtime.redaction import holds, scrub

_IMPERSONATION_REFUSED = "Unable to acquire impersonated credentials"
_HERE = Path(__file__)
_CALLERS = frozenset({"wrapper.py", "loading.py"})
_LINK_BY_PATH = (
    (":generateAccessToken", "impersonation"),
    ("/token", "the token exchange"),
    ("/queries", "the query"),
    ("/jobs", "the query"),
)


def diagnose(error: BaseException) -> Diagnosis:
    """Which link broke, what happened there, and what to look at. The texts may still quote a server: scrub them."""
    for kind, rule in _RULES:
        if isinstance(error, kind):
            return rule(error)
    return _unexpected(error)


def failure(error: Exception, *, secrets: Iterable[str]) -> Exception:
    """What to raise and to print in place of ``error``.

    Args:
        error: Whatever went wrong.
        secrets: Values that must not come through.

    Returns:
        Of a failure of the chain its diagnosis, without credentials, as a :class:`ReaderError`. Of anything else, which
        is the function's own, the error as it is; or a :class:`ReaderError` in its place, if a text in it holds a
        secret.
    """
    held = list(secrets)
    if not isinstance(error, tuple(kind for kind, _ in _RULES)):
        if not _is_ours(error) and not any(holds(str(one), held) for one in _chained(error)):
            return error
        diagnosis = _unexpected(error)
    else:
        diagnosis = diagnose(error)
    return error_for(dataclasses.replace(diagnosis, what=scrub(diagnosis.what, held)))


def _is_ours(error: BaseException) -> bool:
    """Whether it was raised under this library, which no function's own code is called from but by the wrapper."""
    files = (Path(frame.filename) for frame in traceback.extract_tb(error.__traceback__))
    return any(file.parent == _HERE.parent and file.name not in _CALLERS for file in files)


def _chained(error: BaseException) -> Iterator[BaseException]:
    """An error, and those that Lambda prints with it."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [other for other in (one.__cause__, one.__context__) if other is not None]


def _diagnosed(error: ReaderError) -> Diagnosis:
    return error.diagnosis


def _exchange(error: google.auth.exceptions.OAuthError) -> Diagnosis:
    body = _json_object(error.args[1] if len(error.args) > 1 else None)
    code, description = body.get("error"), body.get("error_description")
    if isinstance(envelope := body.get("error"), dict):
        # The envelope of Google's other APIs: STS answers so when it is switched off in the project.
        code, description = envelope.get("status"), envelope.get("message")
    if not isinstance(code, str):
        return Diagnosis(
            link=Link.TOKEN_EXCHANGE,
            what="Google STS gave an answer that is no token and no OAuth error",
            look_at=advice.STS_STATUS,
        )
    return Diagnosis(
        link=Link.TOKEN_EXCHANGE,
        what=f"Google STS refused the subject token: {code}: {description or 'no description'}",
        look_at=advice.for_exchange(code, str(description)),
    )


def _refresh(error: google.auth.exceptions.RefreshError) -> Diagnosis:
    text = str(error.args[0]) if error.args else ""
    if not text.startswith(_IMPERSONATION_REFUSED):
        return Diagnosis(
            link=Link.SUBJECT_TOKEN,
            what=f"the GetCallerIdentity request could not be signed: {text}",
            look_at=advice.SIGNING,
        )
    envelope = _json_object(error.args[1] if len(error.args) > 1 else None).get("error")
    if not isinstance(envelope, dict):
        # Not quoted: an answer that google-auth could not read may hold the token itself.
        return Diagnosis(
            link=Link.IMPERSONATION,
            what="IAM Credentials gave an answer that is no token and no Google error",
            look_at=advice.IAM_CREDENTIALS_STATUS,
        )
    code, status, message = envelope.get("code"), envelope.get("status"), envelope.get("message")
    return Diagnosis(
        link=Link.IMPERSONATION,
        what=f"IAM Credentials refused a token for the service account: {code} {status}: {message}",
        look_at=advice.for_impersonation(code, str(message)),
    )


def _transport(error: google.auth.exceptions.TransportError) -> Diagnosis:
    cause = error.args[0] if error.args else None
    if isinstance(cause, requests.exceptions.RequestException):
        return _request(cause)
    return Diagnosis(link=Link.NETWORK, what="a token request could not be sent", look_at=advice.NETWORK)


def _request(error: requests.exceptions.RequestException) -> Diagnosis:
    url = urlsplit((error.request.url if error.request is not None else None) or "")
    return _unreachable(host=url.netloc, path=url.path, reason=_reason(error))


def _out_of_time(error: OutOfTimeError) -> Diagnosis:
    if not error.host:
        return _late(error)
    return _unreachable(host=error.host, path=error.path, reason="no answer before the function's time was up")


def _unreachable(*, host: str, path: str, reason: str) -> Diagnosis:
    needed_for = next((link for ending, link in _LINK_BY_PATH if ending in path), "the chain")
    return Diagnosis(
        link=Link.NETWORK, what=f"{host or 'a host'}, needed for {needed_for}: {reason}", look_at=advice.NETWORK
    )


def _reason(error: requests.exceptions.RequestException) -> str:
    """Why a request failed, in words of our own: the libraries' texts can hold a whole URL."""
    words = (
        (requests.exceptions.SSLError, "its certificate is not trusted"),
        (requests.exceptions.ProxyError, "the proxy can't be reached"),
        (requests.exceptions.ConnectTimeout, "no connection in time"),
        (requests.exceptions.ReadTimeout, "no answer in time"),
        (requests.exceptions.TooManyRedirects, "it redirects elsewhere, where no token may go"),
    )
    known = next((text for kind, text in words if isinstance(error, kind)), None)
    if known is not None:
        return known
    text = str(error)
    for sign, meaning in advice.SOCKET_SIGNS.items():
        if sign in text:
            return meaning
    return type(error).__name__


def _retry(error: api.RetryError) -> Diagnosis:
    cause = error.cause
    if cause is None:
        return Diagnosis(link=Link.NETWORK, what="BigQuery did not answer in time", look_at=advice.NETWORK)
    return diagnose(cause)


def _bigquery(error: api.GoogleAPICallError) -> Diagnosis:
    first = error.errors[0] if error.errors and isinstance(error.errors[0], dict) else {}
    reason, message = str(first.get("reason", "")), str(first.get("message") or error.message)
    link, look_at = advice.for_bigquery(error.code, reason, message)
    code = int(error.code) if error.code is not None else "an error"
    return Diagnosis(link=link, what=f"BigQuery answered {code} {reason}: {message}", look_at=look_at)


def _late(_: TimeoutError) -> Diagnosis:
    return Diagnosis(
        link=Link.QUERY, what="not all rows were read before the function's time was up", look_at=advice.QUERY_TIME
    )


def _google_auth(error: google.auth.exceptions.GoogleAuthError) -> Diagnosis:
    return Diagnosis(
        link=Link.SUBJECT_TOKEN,
        what=f"google-auth could not make the subject token ({type(error).__name__})",
        look_at=advice.CREDENTIAL_CONFIGURATION,
    )


def _unexpected(error: BaseException) -> Diagnosis:
    """Says where, but not what: nobody knows what the text of an unknown error holds."""
    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(f"{PurePath(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-3:]))
    return Diagnosis(
        link=Link.UNEXPECTED,
        what=f"{type(error).__module__}.{type(error).__qualname__} at {places or 'an unknown place'}",
        look_at=advice.UNEXPECTED,
    )


def _json_object(text: object) -> dict[str, Any]:
    """``text`` as a JSON object; empty if it is none."""
    try:
        parsed = json.loads(text) if isinstance(text, str | bytes) else None
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


# The first that fits, so a subclass stands before its base.
_RULES: tuple[tuple[type[BaseException], Callable[[Any], Diagnosis]], ...] = (
    (ReaderError, _diagnosed),
    (google.auth.exceptions.OAuthError, _exchange),
    (google.auth.exceptions.RefreshError, _refresh),
    (google.auth.exceptions.TransportError, _transport),
    (google.auth.exceptions.GoogleAuthError, _google_auth),
    (api.RetryError, _retry),
    (api.GoogleAPICallError, _bigquery),
    (requests.exceptions.RequestException, _request),
    (OutOfTimeError, _out_of_time),
    (TimeoutError, _late),
)
