"""One invocation: what it returned, or what it failed with, and whether that may pass by itself. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass

from keyless_bigquery.runtime.errors import Link
from keyless_bigquery.runtime.signals import may_pass

_ROLE_NOT_SEEN_YET = "cannot be assumed by Lambda"
_AWS_PASSES = frozenset({"ResourceConflictException", "TooManyRequestsException", "ServiceException"})
"""Errors of ``Invoke`` that pass: the function is being made or changed, or is busy. Source: Lambda API."""

_LONGEST = 2_000


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
        return self.failure is None and "tables" in self._probe

    @property
    def filtered(self) -> tuple[str, ...]:
        """Of the probe, the tables that only a query with a filter on their partitions reads."""
        named = self._probe.get("filtered")
        return tuple(map(str, named)) if isinstance(named, list) else ()

    @property
    def _probe(self) -> dict[str, object]:
        answer = _object(self.payload).get("keyless-bigquery")
        return answer if isinstance(answer, dict) else {}


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
    text = str(report.get("errorMessage", "no message"))
    link = failed_link(text)
    kind = str(report.get("errorType")) if link is None else link.value
    passes = link is not None and may_pass(text)
    return Attempt(payload=payload, log=log, failure=Failure(kind=kind, text=text[:_LONGEST], may_pass=passes))


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
