"""One invocation: what it returned, or what it failed with, and whether that may pass by itself. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from keyless_bigquery.runtime.errors import Link

# How the function's own text names the link and Google's code: `keyless_bigquery.runtime.diagnosis` writes it.
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

_LONGEST = 400


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why an invocation failed.

    Args:
        kind: The link that failed, by the library's name for it; or another error's type; or an error code of AWS's.
        text: The error's text.
        may_pass: Waiting may fix it.
        ran: The function ran, and this is its error.
    """

    kind: str
    text: str
    may_pass: bool
    ran: bool = True


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One invocation: what it returned, as JSON, the end of its log, and why it failed; ``None``: it did not."""

    payload: str
    log: str
    failure: Failure | None

    @property
    def probed(self) -> bool:
        """Whether it is the library's answer to the probe."""
        answer = _object(self.payload).get("keyless-bigquery")
        return self.failure is None and isinstance(answer, dict) and "tables" in answer


def of_answer(*, log: str, failed: bool, payload: str) -> Attempt:
    """What became of an invocation that Lambda carried out.

    Args:
        log: The end of the function's log, at most 4 KB of it.
        failed: The function raised, or was stopped.
        payload: What it returned, or Lambda's report of the error.
    """
    if not failed:
        return Attempt(payload=payload, log=log, failure=None)
    report = _object(payload)
    text = str(report.get("errorMessage", "no message"))[:_LONGEST]
    link = failed_link(text)
    passes = link in _PASSES and _PASSES[link].search(text) is not None
    kind = str(report.get("errorType")) if link is None else link.value
    return Attempt(payload=payload, log=log, failure=Failure(kind=kind, text=text, may_pass=passes))


def of_refusal(code: str, message: str) -> Attempt:
    """What became of an invocation that Lambda did not carry out."""
    passes = code in _AWS_PASSES or _ROLE_NOT_SEEN_YET in message
    text = f"{code}: {message}"[:_LONGEST]
    return Attempt(payload="", log="", failure=Failure(kind=code, text=text, may_pass=passes, ran=False))


def failed_link(text: str) -> Link | None:
    """The link that an error's text names; ``None`` if the text is not the library's."""
    return next((link for link in Link if text.startswith(f"{link.value} failed: ")), None)


def _object(text: str) -> dict[str, object]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
