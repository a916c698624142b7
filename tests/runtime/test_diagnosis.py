"""Each answer of the table, through the packaged function and verify: link, cause, check, and whether to wait."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from google.api_core import exceptions as api
from rich.console import Console

from keyless_bigquery.attempt import Attempt, of_answer
from keyless_bigquery.runtime.diagnosis import diagnose
from keyless_tools.doctor.verify.report import Report
from keyless_tools.doctor.verify.waiting import RetryPolicy, wait_for_success
from tests.docs.pages import read
from tests.doctor.users import FakeTime
from tests.http_server import Answer, Request, json_answer
from tests.runtime.conftest import PackagedFunction
from tests.runtime.google_stand_in import GoogleStandIn, aws_error, google_error, oauth_error

TABLE = Path(__file__).with_name("answers.md")
SERVICES = {
    "AWS STS": "signed_token",
    "Google STS": "exchange",
    "Google STS, of a signed token": "exchange",
    "IAM Credentials": "impersonation",
    "BigQuery": "query",
}


BY_SIGNED_TOKEN = {"AWS STS", "Google STS, of a signed token"}


class Row(NamedTuple):
    """One answer, and what is reported of it."""

    answer: str
    message: str
    link: str
    cause: str
    check: str
    waits: str
    source: str


def rows_of(service: str) -> list[Row]:
    (table,) = [table for table in read(TABLE).tables if table.heading == service]
    return [Row(*(cell.strip() for cell in row)) for row in table.rows[1:]]


def answer_of(service: str, row: Row) -> Answer:
    """The HTTP answer that a row describes."""
    if service.startswith("Google STS"):
        return oauth_error(row.answer, row.message)
    code, _, name = row.answer.partition(" ")
    if service == "AWS STS":
        return aws_error(int(code), name, row.message)
    if service == "BigQuery":
        return google_error(int(code), name, row.message)
    return json_answer({"error": {"code": int(code), "message": row.message, "status": name}}, status=int(code))


@pytest.mark.parametrize("service", SERVICES)
def test_each_answer_is_reported_as_what_it_is(function: PackagedFunction, google: GoogleStandIn, service: str) -> None:
    rows = rows_of(service)
    answers, well = [answer_of(service, row) for row in rows], getattr(google, SERVICES[service])
    asked: list[object] = []

    def answer(sent: Request) -> Answer:
        # Some answers have the client ask again, with the same id.
        if (known := sent.json["requestId"] if service == "BigQuery" else len(asked)) not in asked:
            asked.append(known)
        place = asked.index(known)
        return answers[place] if place < len(answers) else well(sent)

    setattr(google, SERVICES[service], answer)
    environ = function.by_signed_token(google.url) if service in BY_SIGNED_TOKEN else {}
    # One process for all: a function that failed works again.
    *failed, worked = function.invoke(events=tuple(range(len(rows) + 1)), environ=environ).results
    assert worked["returned"] == len(rows)
    wrong = [problem for row, result in zip(rows, failed, strict=True) for problem in problems(row, result)]
    assert not wrong, "\n".join(wrong)


def problems(row: Row, result: Mapping[str, Any]) -> list[str]:
    """What the function's line and verify do not say as the row has it."""
    line = result["message"]
    what, _, check = line.rpartition(". Check: ")
    said, _, cause = what.partition(". Cause: ")
    attempt = of_answer(log="", failed=True, payload=json.dumps({"errorType": "E", "errorMessage": line}))
    tries, printed = verified(attempt)
    expected = {
        "link": said.startswith(f"{row.link} failed: "),
        "type": result["raised"] == f"{row.link.title().replace(' ', '')}Error" and not result["chained"],
        "message": row.message.rstrip(".") in said,
        "cause": row.cause in cause if row.cause else not cause,
        "check": row.check in check,
        "waits": (tries > 1) == (row.waits == "yes"),
        "printed": line in printed,
        "advice": ("gave up" in printed) == (row.waits == "yes"),
    }
    return [f"{what}: {row.answer} {row.message}\n  {line}" for what, right in expected.items() if not right]


def verified(attempt: Attempt) -> tuple[int, str]:
    """How often verify tries where each attempt ends so, and what it prints."""
    printed = io.StringIO()
    report = Report(Console(file=printed), "dev")
    policy = RetryPolicy(limit_seconds=600, time=FakeTime())
    outcome = wait_for_success(lambda: attempt, policy, report.wait)
    report.finish(outcome)
    return outcome.tries, printed.getvalue()


def test_the_table_has_every_link_that_an_answer_can_break_and_waits_only_for_the_stacks_own_changes() -> None:
    rows = [row for service in SERVICES for row in rows_of(service)]
    assert {row.link for row in rows} == {
        *("subject token", "token exchange", "impersonation", "job creation", "table access", "query")
    }
    waiting = {row.message for row in rows_of("BigQuery") if row.waits == "yes"}
    ours = ("jobs.create", "API has not been used", "keyless_local", "Exceeded rate limits")
    assert [text for text in waiting if not any(word in text for word in ours)] == []


TWO = [
    {"reason": "accessDenied", "message": "Access Denied: A guard that is not known."},
    {"reason": "quotaExceeded", "message": "Quota exceeded: Your project exceeded quota."},
]


@pytest.mark.parametrize(
    ("code", "errors", "line"),
    [
        # The client's own 500, for a reason of a failed job that it does not know.
        (500, [{"reason": "timeout", "message": "Operation timed out after 6.0 hours."}], "its time was up"),
        (500, [{"reason": "new", "message": "Something new"}], "answered an error new: Something new. Check: Google's"),
        (500, [{"reason": "internalError", "message": "An error."}], "answered 500 internalError: An error. Cause"),
        # Each with its own message.
        (403, TWO, "quotaExceeded: Quota exceeded: Your project exceeded quota. Cause: a quota"),
        (403, TWO[:1], "accessDenied: Access Denied: A guard that is not known. Check: Google's message"),
        (403, [], "answered 403 : text. Check: Google's message"),
    ],
)
def test_each_reason_of_an_error_is_read_with_its_own_message(
    code: int, errors: list[dict[str, str]], line: str
) -> None:
    assert line in str(diagnose(api.from_http_status(code, "text", errors=errors)))  # type: ignore[no-untyped-call]  # google-api-core has no types here
