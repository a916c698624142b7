"""One invocation: what it printed, or what it failed with, and whether that may pass by itself. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from keyless_bigquery.runtime.errors import Link

# How the function's own text tells the link and Google's code: `keyless_bigquery.runtime.diagnosis` writes it.
_PASSES = {
    # Not invalid_request, which a wrong audience or too long a subject gives, and not invalid_grant, AWS's own word.
    Link.TOKEN_EXCHANGE: re.compile(
        r"token: (?:invalid_target|unauthorized_client|quota_exceeded|PERMISSION_DENIED)\b",
        re.ASCII,
    ),
    # An account that was just made is not found at first; one that is disabled is 400, and stays so.
    Link.IMPERSONATION: re.compile(r"service account: (?:403|404|429|503)\b", re.ASCII),
    Link.JOB_CREATION: re.compile(
        r"BigQuery answered 403 (?:accessDenied|accessNotConfigured|rateLimitExceeded)\b", re.ASCII
    ),
    Link.TABLE_ACCESS: re.compile(r"BigQuery answered (?:403|404)\b", re.ASCII),
}
"""Refusals that a change explains which is not seen everywhere yet. Source: Google, "Access change propagation"."""

_ROLE_NOT_SEEN_YET = "cannot be assumed by Lambda"
_AWS_PASSES = frozenset({"ResourceConflictException", "TooManyRequestsException", "ServiceException"})
"""Errors of ``Invoke`` that pass: the function is being made or changed, or is busy. Source: Lambda API."""

_OF_AN_INVOCATION = re.compile(r"(?:START|END|REPORT) RequestId: (\S+)", re.ASCII)
_OF_A_START = re.compile(r"(?:INIT_START|INIT_REPORT|RESTORE_START|RESTORE_REPORT) ")
_TAIL_BYTES = 4096
"""Of a longer log Lambda gives the end. Source: Lambda API, ``Invoke``, ``LogType``."""

_LONGEST = 400
_HEADING = "The query data:"
"""What the function prints before the rows: `keyless_bigquery.runtime.query`."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why there are no rows.

    Args:
        kind: The link that failed, by the function's own name for it; or an error code of AWS's.
        told: The last error line.
        may_pass: Waiting may mend it.
    """

    kind: str
    told: str
    may_pass: bool


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One invocation.

    Args:
        lines: What the function itself printed.
        failure: Why it failed; ``None``: it did not.
    """

    lines: tuple[str, ...]
    failure: Failure | None

    @property
    def empty(self) -> bool:
        """Whether it read, and there was no row."""
        return self.failure is None and self.lines[-1:] == (_HEADING,)


def of_answer(*, log: str, failed: bool, payload: str, request: str = "") -> Attempt:
    """What became of an invocation that Lambda carried out.

    Args:
        log: The end of the function's log, at most 4 KB of it.
        failed: The function raised, or was stopped.
        payload: What it returned, or Lambda's report of the error.
        request: The request's id; empty: that of the last line, if that is Lambda's.
    """
    lines = tuple(own_lines(log, request))
    if not failed:
        return Attempt(lines=lines, failure=None)
    report = _object(payload)
    told = str(report.get("errorMessage", "no message"))[:_LONGEST]
    link = failed_link(told)
    if link is None:
        return Attempt(lines=lines, failure=Failure(kind=str(report.get("errorType")), told=told, may_pass=False))
    passes = link in _PASSES and _PASSES[link].search(told) is not None
    return Attempt(lines=lines, failure=Failure(kind=link.value, told=told, may_pass=passes))


def of_refusal(code: str, message: str) -> Attempt:
    """What became of an invocation that Lambda did not carry out.

    Args:
        code: AWS's error code.
        message: Its message.
    """
    passes = code in _AWS_PASSES or _ROLE_NOT_SEEN_YET in message
    told = f"{code}: {message}"[:_LONGEST]
    return Attempt(lines=(), failure=Failure(kind=code, told=told, may_pass=passes))


def failed_link(told: str) -> Link | None:
    """The link that the function's own error text names; ``None`` if the text is not the function's."""
    return next((link for link in Link if told.startswith(f"{link.value} failed: ")), None)


def own_lines(log: str, request: str) -> Iterator[str]:
    """The lines of a log that are the function's, without Lambda's, which are there in either of its formats.

    A line that only looks like Lambda's is the function's. Lambda's name the request, which nothing that a row holds
    can know; those of the start name none, but stand before all others of a whole log.

    Args:
        log: The log, or the end of it.
        request: As for :func:`of_answer`.
    """
    lines = [line for line in log.split("\n") if line.strip()]
    marks = [_marked(line) for line in lines]
    if not request and marks and (last := marks[-1]):
        request = last
    before_others = len(log.encode()) < _TAIL_BYTES
    for line, mark in zip(lines, marks, strict=True):
        before_others = before_others and mark is not None
        if mark is None or not (mark == request if mark else before_others):
            yield line


def _marked(line: str) -> str | None:
    """The request that a line names that looks like Lambda's; empty: it names none; ``None``: it doesn't look so."""
    if found := _OF_AN_INVOCATION.match(line):
        return found[1]
    if _OF_A_START.match(line):
        return ""
    found_object = _object(line)
    if not str(found_object.get("type", "")).startswith("platform."):
        return None
    record = found_object.get("record")
    return str(record.get("requestId", "")) if isinstance(record, dict) else ""


def _object(text: str) -> dict[str, object]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
