"""One invocation: what it printed, or what it failed with, and whether that may pass by itself. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from lambda_src.errors import Link

# How the function's own text tells the link and Google's code: `lambda_src.diagnosis` writes it.
_PASSES = {
    # Not invalid_request, which a wrong audience or too long a subject gives, and not invalid_grant, AWS's own word.
    Link.TOKEN_EXCHANGE: re.compile(
        r"token: (?:invalid_target|unauthorized_client|quota_exceeded|PERMISSION_DENIED)\b"
    ),
    # An account that was just made is not found at first; one that is disabled is 400, and stays so.
    Link.IMPERSONATION: re.compile(r"service account: (?:403|404|429|503)\b"),
    Link.JOB_CREATION: re.compile(r"BigQuery answered 403 (?:accessDenied|accessNotConfigured|rateLimitExceeded)\b"),
    Link.TABLE_ACCESS: re.compile(r"BigQuery answered (?:403|404)\b"),
}
"""Refusals that a change explains which is not seen everywhere yet. Source: Google, "Access change propagation"."""

_ROLE_NOT_SEEN_YET = "cannot be assumed by Lambda"
_AWS_PASSES = frozenset({"ResourceConflictException", "TooManyRequestsException", "ServiceException"})
"""Errors of ``Invoke`` that pass: the function is being made or changed, or is busy. Source: Lambda API."""

_PLATFORM = re.compile(r"(?:START|END|REPORT|INIT_START|RESTORE_START|RESTORE_REPORT) ")
_LONGEST = 400


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


def of_answer(*, log: str, failed: bool, payload: str) -> Attempt:
    """What became of an invocation that Lambda carried out.

    Args:
        log: The end of the function's log, at most 4 KB of it.
        failed: The function raised, or was stopped.
        payload: What it returned, or Lambda's report of the error.
    """
    lines = tuple(line for line in log.splitlines() if line.strip() and not _of_the_platform(line))
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


def _of_the_platform(line: str) -> bool:
    """Whether a log line is Lambda's own, in either of its formats."""
    return bool(_PLATFORM.match(line)) or str(_object(line).get("type", "")).startswith("platform.")


def _object(text: str) -> dict[str, object]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
