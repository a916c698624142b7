"""Which failures of an invocation may pass by themselves, by the texts that the function really writes."""

from __future__ import annotations

import io
import json

import google.auth.exceptions
import pytest
import requests
from google.api_core import exceptions as api
from rich.console import Console

from keyless_bigquery.attempt import Attempt, failed_link, of_answer, of_refusal
from keyless_bigquery.runtime.deadline import OutOfTimeError
from keyless_bigquery.runtime.diagnosis import diagnose
from keyless_bigquery.runtime.errors import Link
from keyless_tools.doctor.verify.report import Report
from keyless_tools.doctor.verify.waiting import Outcome


def exchange(code: str) -> Exception:
    body = json.dumps({"error": code, "error_description": "why"})
    return google.auth.exceptions.OAuthError("refused", body)  # type: ignore[no-untyped-call]  # google-auth's own


def switched_off() -> Exception:
    body = json.dumps({"error": {"status": "PERMISSION_DENIED", "message": "STS has not been used in project 1"}})
    return google.auth.exceptions.OAuthError("refused", body)  # type: ignore[no-untyped-call]  # google-auth's own


def impersonation(code: int, status: str) -> Exception:
    body = json.dumps({"error": {"code": code, "status": status, "message": "why"}})
    text = "Unable to acquire impersonated credentials"
    return google.auth.exceptions.RefreshError(text, body)  # type: ignore[no-untyped-call]  # google-auth's own


def bigquery(kind: type[api.GoogleAPICallError], reason: str, message: str) -> Exception:
    return kind(message, errors=[{"reason": reason, "message": message}])


NO_JOBS = "Access Denied: Project p: User does not have bigquery.jobs.create permission in project p."
NO_TABLE = "Access Denied: Table p:d.t: User does not have permission to query table p:d.t"
PASSING = [
    *(exchange(code) for code in ("invalid_target", "unauthorized_client", "quota_exceeded")),
    switched_off(),
    *(impersonation(code, status) for code, status in ((403, "PERMISSION_DENIED"), (404, "NOT_FOUND"))),
    bigquery(api.Forbidden, "accessDenied", NO_JOBS),
    bigquery(api.Forbidden, "accessNotConfigured", "BigQuery API has not been used in project 1 before"),
    bigquery(api.Forbidden, "accessDenied", NO_TABLE),
    bigquery(api.NotFound, "notFound", "Not found: Table p:d.t was not found in location US"),
]
LASTING = [
    *(exchange(code) for code in ("invalid_request", "invalid_grant")),
    impersonation(400, "FAILED_PRECONDITION"),
    impersonation(401, "UNAUTHENTICATED"),
    bigquery(api.Unauthorized, "authError", "Request had invalid authentication credentials."),
    bigquery(api.Forbidden, "billingNotEnabled", "Billing has not been enabled for this project."),
    bigquery(api.BadRequest, "bytesBilledLimitExceeded", "Query exceeded limit for bytes billed"),
    bigquery(api.InternalServerError, "backendError", "error"),
    requests.exceptions.ConnectTimeout(),
    OutOfTimeError(),
    ValueError("a defect"),
]


def failed(message: str, kind: str = "ReaderError") -> str:
    return json.dumps({"errorType": kind, "errorMessage": message})


@pytest.mark.parametrize("error", PASSING, ids=str)
def test_a_refusal_that_a_late_change_explains_may_pass(error: Exception) -> None:
    attempt = of_answer(log="", failed=True, payload=failed(str(diagnose(error))))
    assert attempt.failure is not None
    assert attempt.failure.may_pass
    assert attempt.failure.kind in {"token exchange", "impersonation", "job creation", "table access"}


@pytest.mark.parametrize("error", LASTING, ids=repr)
def test_whatever_else_the_function_fails_with_does_not_pass(error: Exception) -> None:
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


def test_the_texts_cover_every_link_that_a_late_change_can_break() -> None:
    named = {failed_link(str(diagnose(error))) for error in PASSING}
    assert named == {Link.TOKEN_EXCHANGE, Link.IMPERSONATION, Link.JOB_CREATION, Link.TABLE_ACCESS}


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
