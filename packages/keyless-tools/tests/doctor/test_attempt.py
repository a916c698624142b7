"""Which failures of an invocation may pass by themselves; Google's answers are in tests/runtime/answers.md."""

from __future__ import annotations

import io
import json

import pytest
import requests
from rich.console import Console

from keyless_bigquery.attempt import Attempt, failed_link, of_answer, of_refusal
from keyless_bigquery.runtime.deadline import OutOfTimeError
from keyless_bigquery.runtime.diagnosis import diagnose
from keyless_bigquery.runtime.signals import may_pass
from keyless_tools.doctor.verify.report import Report
from keyless_tools.doctor.verify.waiting import Outcome

LASTING = [requests.exceptions.ConnectTimeout(), OutOfTimeError(), ValueError("a defect")]


def failed(message: str, kind: str = "ReaderError") -> str:
    return json.dumps({"errorType": kind, "errorMessage": message})


@pytest.mark.parametrize("error", LASTING, ids=repr)
def test_what_is_no_answer_of_googles_does_not_pass(error: Exception) -> None:
    attempt = of_answer(log="", failed=True, payload=failed(str(diagnose(error))))
    assert attempt.failure is not None
    assert not attempt.failure.may_pass
    assert failed_link(attempt.failure.text) is not None


@pytest.mark.parametrize("message", ["", "Task timed out after 60.00 seconds", "No module named 'handler'"])
def test_what_lambda_itself_reports_does_not_pass(message: str) -> None:
    attempt = of_answer(log="", failed=True, payload=failed(message, "Sandbox.Timedout"))
    assert attempt.failure is not None
    assert attempt.failure.kind == "Sandbox.Timedout"
    assert not attempt.failure.may_pass


@pytest.mark.parametrize("payload", ["", "null", "[]", "no JSON"])
def test_a_failure_without_a_report_does_not_pass(payload: str) -> None:
    attempt = of_answer(log="", failed=True, payload=payload)
    assert attempt.failure is not None
    assert not attempt.failure.may_pass


@pytest.mark.parametrize(
    ("code", "message", "passes"),
    [
        ("ResourceConflictException", "The function is currently in the following state: Pending", True),
        ("TooManyRequestsException", "Rate exceeded", True),
        ("AccessDeniedException", "The role defined for the function cannot be assumed by Lambda.", True),
        ("AccessDeniedException", "User is not authorized to perform: lambda:InvokeFunction", False),
        ("ResourceNotFoundException", "Function not found", False),
        ("ExpiredTokenException", "The security token included in the request is expired", False),
    ],
)
def test_what_lambda_does_not_carry_out_passes_only_while_the_function_is_being_made(
    code: str, message: str, passes: bool
) -> None:
    attempt = of_refusal(code, message)
    assert attempt.failure is not None
    assert attempt.failure.may_pass is passes
    assert attempt.failure.text == f"{code}: {message}"


QUOTED = "query failed: BigQuery answered 400 x: y. Check: if it was deployed minutes ago, wait: z. Check: the query."


def test_the_librarys_advice_alone_says_that_waiting_may_help_and_no_text_that_it_quotes() -> None:
    assert may_pass(
        "query failed: x. Check: if it was deployed minutes ago, wait: Google takes up to 7 minutes to"
        " spread a change; else y."
    )
    assert not may_pass(QUOTED)


@pytest.mark.parametrize(
    ("payload", "probed"),
    [
        ('{"keyless-bigquery": {"tables": ["p.d.t"]}}', True),
        # What a function of before returns: its event, or anything of its own.
        ('{"keyless-bigquery": "probe"}', False),
        ("null", False),
        ("[]", False),
        ("[" * 3_000, False),
    ],
)
def test_only_the_library_answers_the_probe(payload: str, probed: bool) -> None:
    assert of_answer(log="", failed=False, payload=payload).probed is probed
    assert not of_answer(log="", failed=True, payload=payload).probed


def test_a_table_that_needs_a_filter_is_never_reported_as_passed() -> None:
    printed = io.StringIO()
    attempt = of_answer(
        log="", failed=False, payload='{"keyless-bigquery": {"tables": ["p.d.t"], "filtered": ["p.d.t"]}}'
    )
    assert attempt.filtered == ("p.d.t",)
    Report(Console(file=printed, width=200), "dev").not_tried(attempt.filtered)
    assert "not tried: a query of p.d.t, which needs a filter" in printed.getvalue()
    assert "all checks passed" not in printed.getvalue()


WORKS = Outcome(
    attempt=of_answer(log="", failed=False, payload='{"keyless-bigquery": {"tables": []}}'), tries=1, seconds=1
)


@pytest.mark.parametrize(
    ("attempt", "line"),
    [
        (None, "all checks passed"),
        (of_answer(log="", failed=False, payload='[{"name": "Ada"}]'), "all checks passed; your function returned [{"),
        (
            of_answer(log="", failed=True, payload=failed("'least'", "KeyError")),
            "all checks passed; your function raised KeyError: 'least'",
        ),
        (
            of_answer(log="", failed=True, payload=failed("query failed: BigQuery answered 400", "QueryError")),
            "all checks passed; your function raised query failed: BigQuery answered 400",
        ),
        (
            of_refusal("TooManyRequestsException", "Rate exceeded"),
            "all checks passed; your function was not invoked: TooManyRequestsException: Rate exceeded",
        ),
    ],
)
def test_the_functions_own_outcome_is_reported_as_such(attempt: Attempt | None, line: str) -> None:
    printed = io.StringIO()
    report = Report(Console(file=printed, width=200), "dev")
    report.finish(WORKS)
    report.passed(attempt)
    assert printed.getvalue().splitlines()[-1].strip().startswith(line)
