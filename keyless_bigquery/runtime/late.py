"""What was known when the time was up: whose answer was waited for, and whether BigQuery has a job that still runs.

A host that has answered in this invocation can be reached, so that its silence is no matter of the network. What the
client knew is read from the frames that its error came through, since none of its errors carries it: a job that
BigQuery has accepted, the request that was under way, an answer, and the error that was being tried again. So a client
that the function made itself is known as well as the reader's.

=====================================  =================================================================================
what was known                         what is reported
=====================================  =================================================================================
a job that BigQuery has accepted       query: the job, by project, location and id
BigQuery has answered, without a job   query: it can be reached; or its last answer, where that was tried again
STS or IAM Credentials has answered    network: it can be reached
no answer, an error tried again        that error
no answer                              network: the host, and how it can be reached
=====================================  =================================================================================
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType

import google.auth.exceptions
import google.auth.transport
import requests
import urllib3
from google.api_core import exceptions as api
from google.cloud import bigquery
from google.cloud.bigquery.table import RowIterator

from keyless_bigquery.runtime.deadline import OutOfTimeError
from keyless_bigquery.runtime.errors import NetworkError, QueryError, ReaderError
from keyless_bigquery.runtime.failed_request import unreachable
from keyless_bigquery.runtime.foreign_answer import EXCHANGE, IMPERSONATION, SUBJECT_TOKEN, service_of
from keyless_bigquery.runtime.pages import Pages
from keyless_bigquery.runtime.transport import SlowAnswerError

CHECK = (
    "timeoutSeconds, the function's timeout: a higher one, or a query that reads less; and the job in BigQuery's job"
    " history"
)
_SLOW = "Google Cloud's status page; then run the function again, or set a higher timeoutSeconds"
_READ = (
    "google.cloud.bigquery",
    "google.api_core",
    "google.auth",
    "google.oauth2",
    "requests",
    "keyless_bigquery.runtime",
)
"""Packages whose frames are read."""

_URLS = ("url", "iam_endpoint")
"""What google-auth calls the address of a token request."""

_JOBS = (bigquery.QueryJob, bigquery.LoadJob, bigquery.CopyJob, bigquery.ExtractJob)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the frames of an error know.

    Args:
        job: The job that BigQuery has accepted, as ``project:location.id``.
        url: What was asked for last.
        answer: The answer that was being read, of requests' or google-auth's.
        reused: A connection to the host was used again, as one is only after a whole answer.
        retried: The error that was being tried again.
    """

    job: str | None = None
    url: str = ""
    answer: requests.Response | google.auth.transport.Response | None = None
    reused: bool = False
    retried: Exception | None = None


def known(error: BaseException) -> Known:
    """What is known by the frames of an error, and of the one that it wraps."""
    job: str | None = None
    url = ""
    answer: requests.Response | google.auth.transport.Response | None = None
    retried: Exception | None = None
    reused = False
    # From the outermost frame inwards, so that the innermost has the last word.
    for one in _wrapped(error):
        for frame, _ in traceback.walk_tb(one.__traceback__):
            if not _is_read(frame):
                continue
            for name, value in frame.f_locals.items():
                if isinstance(value, requests.PreparedRequest):
                    url = value.url or ""
                elif isinstance(value, requests.Response | google.auth.transport.Response):
                    answer = value
                elif isinstance(value, urllib3.HTTPConnectionPool):
                    reused = value.num_requests > value.num_connections
                elif name in _URLS and isinstance(value, str) and value.startswith("http"):
                    url = value
                elif name == "error_list" and isinstance(value, list):
                    # The one that ended it is in there too.
                    met = [other for other in value if other is not one and not isinstance(other, OutOfTimeError)]
                    retried = met[-1] if met else retried
                else:
                    job = _job(value) or job
    return Known(job=job, url=url, answer=answer, reused=reused, retried=retried)


def late(error: BaseException, found: Known) -> ReaderError | None:
    """The error of an invocation, or of a client's patience, that ended before an answer came.

    Args:
        error: What ended it.
        found: What its frames know.

    Returns:
        ``None``: it did not end so, or what was being tried again says why.
    """
    *outer, inner = _wrapped(error)
    up = isinstance(inner, OutOfTimeError | TimeoutError)
    slow = isinstance(inner, requests.exceptions.ReadTimeout | api.RetryError)
    gave_up = any(isinstance(one, api.RetryError) for one in outer) and _last_answer(inner) != ""
    if not (up or slow or gave_up):
        return None
    url = _asked(inner) or found.url
    host, link = service_of(url)
    when = "before the function's time was up" if up else "in time"
    begun = isinstance(found.answer, requests.Response) and found.answer.url == url
    answered = begun or found.reused or (host != "" and (host, link) in _answered(inner))
    if link in (EXCHANGE, IMPERSONATION, SUBJECT_TOKEN):
        if answered:
            return NetworkError(f"{host}, needed for {link}: it can be reached, and gave no answer {when}", _SLOW)
    elif found.job is not None:
        last = _last_answer(inner) or _last_answer(found.retried)
        return QueryError(f"not all rows of the job {found.job} were read {when}{last}", CHECK)
    elif up and (last := _last_answer(found.retried)):
        return QueryError(f"not all rows were read {when}{last}", CHECK)
    elif answered and (found.retried is None or isinstance(found.retried, requests.exceptions.Timeout)):
        return QueryError(f"BigQuery can be reached, and gave no answer to this query {when}", CHECK)
    if not up or found.retried is not None:
        return None
    proxy = inner.proxy if isinstance(inner, OutOfTimeError) else None
    return (
        unreachable(url, f"no answer {when}", proxy=proxy)
        if host
        else QueryError(f"not all rows were read {when}", CHECK)
    )


def _wrapped(error: BaseException) -> Iterator[BaseException]:
    """An error, and those that the libraries wrap in it."""
    inner: object = error
    while isinstance(inner, BaseException):
        yield inner
        if isinstance(inner, api.RetryError):
            inner = inner.cause
        elif isinstance(inner, google.auth.exceptions.TransportError):
            inner = inner.args[0] if inner.args else None
        else:
            return


def _asked(error: BaseException) -> str:
    """What was asked for, where the error itself has it."""
    if isinstance(error, OutOfTimeError):
        return f"//{error.host}{error.path}" if error.host else ""
    request = error.request if isinstance(error, requests.exceptions.RequestException) else None
    return (request.url if request is not None else None) or ""


def _answered(error: BaseException) -> frozenset[tuple[str, str]]:
    if isinstance(error, OutOfTimeError):
        return error.answered
    return frozenset([service_of(_asked(error))] if isinstance(error, SlowAnswerError) else ())


def _last_answer(error: BaseException | None) -> str:
    """What BigQuery answered last, where that is asked for again."""
    if not isinstance(error, api.GoogleAPICallError):
        return ""
    first = error.errors[0] if error.errors and isinstance(error.errors[0], dict) else {}
    return f"; BigQuery's last answer was {int(error.code or 0)} {first.get('reason', '')}".rstrip()


def _is_read(frame: FrameType) -> bool:
    name = str(frame.f_globals.get("__name__", ""))
    return any(f"{name}.".startswith(f"{package}.") for package in _READ)


def _job(value: object) -> str | None:
    """A job that BigQuery has accepted. One that the client is about to ask for has no state yet."""
    value = value.found if isinstance(value, Pages) else value
    if (isinstance(value, _JOBS) and value.state is not None) or isinstance(value, RowIterator):
        return f"{value.project}:{value.location or '?'}.{value.job_id}" if value.job_id else None
    return None
