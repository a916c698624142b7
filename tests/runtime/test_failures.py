"""Each link that can break: one log line that names it, an error of its own type, within the time, and no secret."""

from __future__ import annotations

import json
import socket
import time
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest

from tests.http_server import Answer, Handler, json_answer
from tests.runtime.conftest import AWS_SECRETS, IN_CONTAINER, Outcome, PackagedFunction
from tests.runtime.credentials_endpoint import SESSION, TOKEN, CredentialsEndpoint
from tests.runtime.google_stand_in import (
    ACCESS_TOKEN,
    FEDERATED_TOKEN,
    GoogleStandIn,
    google_error,
    oauth_error,
    page,
    redirect_to,
)

SECRETS = (*AWS_SECRETS.values(), FEDERATED_TOKEN, ACCESS_TOKEN)


def assert_failed(done: Outcome, *, error: str, link: str, says: str, look_at: str) -> None:
    """One line, the error that goes with it, and nothing of what the libraries raised."""
    (result,) = done.results
    assert result["raised"] == error
    assert not result["chained"]
    assert done.errors == [f"ERROR {result['message']}"]
    (line,) = done.errors
    assert line.startswith(f"ERROR {link} failed: ")
    what, _, advice = line.partition(". Check: ")
    assert says in what
    assert look_at in advice
    assert done.stdout == ""
    assert_no_secret(done)


def assert_no_secret(done: Outcome) -> None:
    for secret in SECRETS:
        assert secret not in done.printed
    assert "Signature=" not in done.printed


EXCHANGE_REFUSALS = [
    pytest.param("invalid_target", "The target service indicated is invalid.", "the pool and the provider", id="S1"),
    pytest.param(
        "unauthorized_client",
        "The given credential is rejected by the attribute condition.",
        "attribute condition",
        id="S3",
    ),
    pytest.param("invalid_request", "The size of google.subject exceeds 127 bytes.", "attribute mapping", id="S4"),
    pytest.param("invalid_grant", "Received invalid AWS response of type InvalidClientTokenId.", "role", id="S6"),
]


@pytest.mark.parametrize(("code", "description", "look_at"), EXCHANGE_REFUSALS)
def test_a_refused_exchange_says_so(
    function: PackagedFunction, google: GoogleStandIn, code: str, description: str, look_at: str
) -> None:
    google.exchange = lambda _: oauth_error(code, description)
    done = function.invoke()
    assert_failed(
        done, error="TokenExchangeError", link="token exchange", says=f"{code}: {description[:-1]}", look_at=look_at
    )
    assert google.paths == ["/v1/token"]


API_OFF = "IAM Service Account Credentials API has not been used in project 1 before or it is disabled."
IMPERSONATION_REFUSALS = [
    pytest.param(
        403,
        "PERMISSION_DENIED",
        "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
        "roles/iam.workloadIdentityUser",
        id="I1",
    ),
    pytest.param(404, "NOT_FOUND", "Not found; Gaia id not found for email x", "service account exists", id="I2"),
    pytest.param(403, "PERMISSION_DENIED", API_OFF, "API iamcredentials.googleapis.com is on", id="I3"),
    pytest.param(400, "INVALID_ARGUMENT", "Request contains an invalid argument.", "impersonation_url", id="I4"),
    pytest.param(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", "the pool", id="I5"),
]


@pytest.mark.parametrize(("code", "status", "message", "look_at"), IMPERSONATION_REFUSALS)
def test_a_refused_impersonation_says_so(
    function: PackagedFunction, google: GoogleStandIn, code: int, status: str, message: str, look_at: str
) -> None:
    google.impersonation = lambda _: json_answer(
        {"error": {"code": code, "message": message, "status": status}}, status=code
    )
    done = function.invoke()
    assert_failed(done, error="ImpersonationError", link="impersonation", says=f"{code} {status}", look_at=look_at)


BIGQUERY_REFUSALS = [
    pytest.param(
        google_error(
            403,
            "accessDenied",
            "Access Denied: Project p: User does not have bigquery.jobs.create permission in project p.",
        ),
        ("JobCreationError", "job creation", "roles/bigquery.jobUser"),
        id="B1",
    ),
    pytest.param(
        google_error(403, "accessNotConfigured", "BigQuery API has not been used in project 1 before."),
        ("JobCreationError", "job creation", "API bigquery.googleapis.com is on"),
        id="B7",
    ),
    pytest.param(
        google_error(
            403,
            "accessDenied",
            "Access Denied: Table p:d.users: User does not have permission to query table p:d.users, or perhaps it"
            " does not exist.",
        ),
        ("TableAccessError", "table access", "roles/bigquery.dataViewer"),
        id="B2",
    ),
    pytest.param(
        google_error(404, "notFound", "Not found: Table p:d.users was not found in location US"),
        ("TableAccessError", "table access", "BIGQUERY_LOCATION"),
        id="B6",
    ),
    pytest.param(
        google_error(400, "bytesBilledLimitExceeded", "Query exceeded limit for bytes billed: 1."),
        ("QueryError", "query", "BIGQUERY_MAXIMUM_BYTES_BILLED"),
        id="bytes-billed",
    ),
    pytest.param(
        google_error(400, "invalidQuery", "Unrecognized name: user_id at [1:8]"),
        ("QueryError", "query", "schema"),
        id="no-such-column",
    ),
    pytest.param(
        google_error(401, "authError", "Request had invalid authentication credentials."),
        ("JobCreationError", "job creation", "service account and pool are still enabled"),
        id="B8",
    ),
]


@pytest.mark.parametrize(("answer", "expected"), BIGQUERY_REFUSALS)
def test_what_bigquery_refuses_is_told_apart(
    function: PackagedFunction, google: GoogleStandIn, answer: Answer, expected: tuple[str, str, str]
) -> None:
    google.query = lambda _: answer
    error, link, look_at = expected
    message = json.loads(answer.body)["error"]["message"]
    done = function.invoke()
    assert_failed(done, error=error, link=link, says=message[:40], look_at=look_at)


def test_a_refusal_in_a_later_page_is_told_too(function: PackagedFunction, google: GoogleStandIn) -> None:
    reference = {"projectId": "local-keyless", "jobId": "job-1", "location": "US"}
    google.query = lambda _: json_answer({"jobComplete": False, "jobReference": reference})
    google.more = lambda _: google_error(403, "accessDenied", "Access Denied: Table p:d.users: no permission")
    assert_failed(function.invoke(), error="TableAccessError", link="table access", says="403", look_at="dataViewer")


@pytest.mark.parametrize("missing", [*AWS_SECRETS, "AWS_REGION"])
def test_a_missing_session_variable_is_the_subject_tokens_failure(
    function: PackagedFunction, google: GoogleStandIn, missing: str
) -> None:
    done = function.invoke(environ={missing: None})
    assert_failed(
        done, error="SubjectTokenError", link="subject token", says=f"{missing} not set", look_at="execution role"
    )
    assert google.sent == []
    assert done.report["reached"] == []


def test_a_session_from_the_endpoint_that_google_quotes_is_kept_out_of_the_log(
    function: PackagedFunction, google: GoogleStandIn, endpoint: CredentialsEndpoint
) -> None:
    session = (SESSION["AccessKeyId"], SESSION["SecretAccessKey"], SESSION["Token"])
    google.exchange = lambda _: oauth_error("invalid_grant", f"unknown: {' '.join(session)} {TOKEN}")
    done = function.invoke(environ={**IN_CONTAINER, "AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint.url})
    (line,) = done.errors
    assert "unknown: [removed] [removed] [removed] [removed]" in line
    assert not [secret for secret in (*session, TOKEN) if secret in done.printed]


def test_under_snapstart_a_refusal_of_the_endpoint_is_the_subject_tokens_failure(
    function: PackagedFunction, google: GoogleStandIn, endpoint: CredentialsEndpoint
) -> None:
    endpoint.answer = lambda _: google_error(400, "bad", "no role")
    done = function.invoke(environ={**IN_CONTAINER, "AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint.url})
    assert_failed(
        done, error="SubjectTokenError", link="subject token", says="answered 400: ", look_at="EKS Pod Identity Agent"
    )
    assert google.sent == []


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that is taken and listens to nobody."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


SERVICES = [
    pytest.param("token_url", "/v1/token", "the token exchange", id="STS"),
    pytest.param(
        "service_account_impersonation_url",
        "/v1/projects/-/serviceAccounts/reader@p.iam.gserviceaccount.com:generateAccessToken",
        "impersonation",
        id="IAM Credentials",
    ),
    pytest.param(None, "", "the query", id="BigQuery"),
]


def _moved(function: PackagedFunction, key: str | None, path: str, port: int) -> dict[str, str | None]:
    """The environment in which one service is at another port."""
    url = f"http://127.0.0.1:{port}{path}"
    if key is None:
        return {"BIGQUERY_EMULATOR_HOST": url}
    file = function.report.with_name("credential-configuration.json")
    file.write_text(json.dumps({**json.loads(file.read_text()), key: url}))
    return {}


@pytest.mark.parametrize(("key", "path", "needed_for"), SERVICES)
def test_a_refused_connection_ends_within_the_functions_time(
    function: PackagedFunction, closed_port: int, key: str | None, path: str, needed_for: str
) -> None:
    done = function.invoke(environ=_moved(function, key, path, closed_port), milliseconds=5_000)
    assert_failed(
        done,
        error="NetworkError",
        link="network",
        says=f"127.0.0.1:{closed_port}, needed for {needed_for}: connection refused",
        look_at="way out",
    )
    assert done.results[0]["seconds"] < 5


@pytest.mark.parametrize(("key", "path", "needed_for"), SERVICES)
def test_a_service_that_never_answers_ends_within_the_functions_time(
    function: PackagedFunction, silent_port: int, key: str | None, path: str, needed_for: str
) -> None:
    done = function.invoke(environ=_moved(function, key, path, silent_port), milliseconds=3_500)
    assert_failed(
        done, error="NetworkError", link="network", says=f"needed for {needed_for}: no answer", look_at="way out"
    )
    assert done.results[0]["seconds"] < 3.5


def test_a_job_that_does_not_finish_ends_within_the_functions_time(
    function: PackagedFunction, google: GoogleStandIn
) -> None:
    reference = {"projectId": "local-keyless", "jobId": "job-1", "location": "US"}
    google.query = lambda _: json_answer({"jobComplete": False, "jobReference": reference})
    google.more = lambda sent: (
        json_answer({"jobReference": reference, "status": {"state": "RUNNING"}})
        if "/jobs/" in sent.path
        else json_answer({"jobComplete": False, "jobReference": reference})
    )
    done = function.invoke(milliseconds=3_500)
    (result,) = done.results
    assert result["raised"] in {"QueryError", "NetworkError"}
    assert "time was up" in result["message"]
    assert result["seconds"] < 3.5
    assert done.errors == [f"ERROR {result['message']}"]


def _drip() -> Iterator[bytes]:
    """An answer that is always about to come."""
    while True:
        yield b" "
        time.sleep(0.05)


@pytest.mark.parametrize("service", ["exchange", "impersonation", "query"])
def test_an_answer_that_comes_byte_by_byte_ends_within_the_functions_time(
    function: PackagedFunction, google: GoogleStandIn, service: str
) -> None:
    setattr(google, service, lambda _: Answer(parts=_drip()))
    done = function.invoke(milliseconds=3_500)
    (result,) = done.results
    assert result["raised"] in {"NetworkError", "QueryError"}
    assert result["seconds"] < 3.5
    assert done.errors == [f"ERROR {result['message']}"]


def test_the_time_is_one_for_the_whole_chain(
    function: PackagedFunction, google: GoogleStandIn, silent_port: int
) -> None:
    """Each service is slow but answers within the time that is left, until nothing is left for the last."""

    def slow() -> Iterator[bytes]:
        time.sleep(1.5)
        yield json.dumps({"access_token": FEDERATED_TOKEN, "expires_in": 3600}).encode()

    google.exchange = lambda _: Answer(parts=slow())
    _, path, _ = SERVICES[1].values
    environ = _moved(function, "service_account_impersonation_url", str(path), silent_port)
    done = function.invoke(environ=environ, milliseconds=3_500)
    assert_failed(
        done, error="NetworkError", link="network", says="needed for impersonation: no answer", look_at="way out"
    )
    assert done.results[0]["seconds"] < 2.2


def test_a_function_that_failed_works_again(function: PackagedFunction, google: GoogleStandIn) -> None:
    answers = iter([google_error(403, "accessDenied", "Access Denied: Table p:d.users"), page([("1", "Ada")])])
    google.query = lambda _: next(answers)
    done = function.invoke(events=("first", "second"))
    assert done.results[0]["raised"] == "TableAccessError"
    assert done.results[1]["returned"] == "second"


ECHOES: list[Any] = [
    pytest.param(
        "exchange", lambda sent: oauth_error("invalid_request", _echo(sent.form["subject_token"][0])), id="STS"
    ),
    pytest.param(
        "exchange",
        lambda sent: oauth_error("invalid_grant", urllib.parse.unquote(sent.form["subject_token"][0])),
        id="STS, decoded",
    ),
    pytest.param(
        "exchange",
        lambda _: oauth_error("invalid_grant", f"unknown: {' '.join(AWS_SECRETS.values())}"),
        id="STS, values",
    ),
    pytest.param("exchange", lambda sent: Answer(body=sent.body, status=500), id="STS, no JSON"),
    pytest.param(
        "impersonation",
        lambda sent: json_answer(
            {"error": {"code": 403, "status": "PERMISSION_DENIED", "message": f"denied: {sent.authorization}"}},
            status=403,
        ),
        id="IAM Credentials",
    ),
    pytest.param(
        "impersonation",
        lambda _: json_answer({"accessToken": ACCESS_TOKEN, "expireTime": "tomorrow"}),
        id="a token that google-auth can't read",
    ),
    pytest.param("exchange", lambda _: json_answer({"access_token": FEDERATED_TOKEN}), id="no lifetime"),
    pytest.param(
        "query", lambda sent: google_error(403, "accessDenied", f"Access Denied: {sent.authorization}"), id="BigQuery"
    ),
    pytest.param(
        "query", lambda sent: Answer(body=f"proxy: {sent.authorization}".encode(), status=403), id="a proxy's page"
    ),
    pytest.param("query", lambda sent: Answer(body=f"hello {sent.authorization}".encode()), id="no JSON"),
]


def _echo(text: str) -> str:
    return f"cannot read {text}"


@pytest.mark.parametrize(("service", "answer"), ECHOES)
def test_a_server_that_quotes_what_it_was_sent_gets_no_secret_into_the_log(
    function: PackagedFunction, google: GoogleStandIn, service: str, answer: Handler
) -> None:
    setattr(google, service, answer)
    done = function.invoke()
    assert "raised" in done.results[0]
    assert len(done.errors) == 1
    assert_no_secret(done)


def test_a_redirect_takes_no_token_anywhere(function: PackagedFunction, google: GoogleStandIn) -> None:
    google.exchange = lambda _: redirect_to(f"{google.url}/bigquery/v2/elsewhere")
    done = function.invoke(milliseconds=3_000)
    assert_failed(done, error="NetworkError", link="network", says="redirects elsewhere", look_at="way out")
    assert google.paths == ["/v1/token"] * len(google.paths)


def test_an_error_that_nobody_foresaw_says_where_and_not_what(
    function: PackagedFunction, google: GoogleStandIn
) -> None:
    google.exchange = lambda _: json_answer({"access_token": FEDERATED_TOKEN, "expires_in": None})
    done = function.invoke()
    assert_failed(
        done, error="UnexpectedError", link="unexpected", says="TypeError at external_account.py:", look_at="defect"
    )


# Each other value of a variable, and each other file, is refused in test_environment.py, without a process.


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("BIGQUERY_TABLE", "users", "'users': it must be project.dataset.table"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "absent.json", "it can't be read"),
    ],
)
def test_a_bad_variable_is_named_with_its_rule(
    function: PackagedFunction, google: GoogleStandIn, name: str, value: str, says: str
) -> None:
    done = function.invoke(environ={name: value})
    assert_failed(done, error="ConfigurationError", link="configuration", says=says, look_at=name)
    assert google.sent == []


def test_another_universe_without_an_address_is_refused(function: PackagedFunction, google: GoogleStandIn) -> None:
    done = function.invoke(environ={"BIGQUERY_EMULATOR_HOST": None})
    assert_failed(
        done,
        error="ConfigurationError",
        link="configuration",
        says="of the universe 'local.invalid', and without BIGQUERY_EMULATOR_HOST",
        look_at="BIGQUERY_EMULATOR_HOST",
    )
    assert google.sent == []


def test_a_service_account_key_in_the_place_of_a_credential_configuration_is_refused(
    function: PackagedFunction, google: GoogleStandIn
) -> None:
    key = '{"type": "service_account", "private_key": "planted"}'
    function.report.with_name("credential-configuration.json").write_text(key)
    done = function.invoke()
    says, look_at = "only 'external_account'", "GOOGLE_APPLICATION_CREDENTIALS"
    assert_failed(done, error="ConfigurationError", link="configuration", says=says, look_at=look_at)
    assert google.sent == []
