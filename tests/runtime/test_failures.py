"""Each link that can break: one log line that names it, an error of its own type, within the time, and no secret."""

from __future__ import annotations

import json
import socket
import time
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence

import pytest

from tests.http_server import Answer, Handler, Request, json_answer
from tests.runtime.conftest import AWS_SECRETS, IN_CONTAINER, Outcome, PackagedFunction
from tests.runtime.credentials_endpoint import SESSION, TOKEN, CredentialsEndpoint
from tests.runtime.google_stand_in import (
    ACCESS_TOKEN,
    FEDERATED_TOKEN,
    IMPERSONATION_PATH,
    TOKEN_PATH,
    GoogleStandIn,
    google_error,
    oauth_error,
    redirect_to,
)
from tests.runtime.table import REFERENCE

SECRETS = (*AWS_SECRETS.values(), FEDERATED_TOKEN, ACCESS_TOKEN)

Failed = tuple[str, str, str]
"""The link, what the line says of it, and what it advises to check."""


def assert_failed(done: Outcome, *expected: Failed) -> None:
    """For each failed invocation one line, the error of its link, and nothing of what the libraries raised."""
    failed = [result for result in done.results if "raised" in result]
    assert done.errors == [f"ERROR {result['message']}" for result in failed]
    for (link, says, look_at), result in zip(expected, failed, strict=True):
        assert result["raised"] == f"{link.title().replace(' ', '')}Error"
        assert not result["chained"]
        what, _, advice = result["message"].partition(". Check: ")
        assert what.startswith(f"{link} failed: ")
        assert says in what
        assert look_at in advice
    assert done.stdout == "" or failed != done.results
    assert_no_secret(done)


def assert_no_secret(done: Outcome) -> None:
    for secret in SECRETS:
        assert secret not in done.printed
    assert "Signature=" not in done.printed


def impersonation_error(code: int, status: str, message: str) -> Answer:
    return json_answer({"error": {"code": code, "message": message, "status": status}}, status=code)


NO_TABLE = "Access Denied: Table local-keyless:keyless_local.users: User does not have permission to query it"


def test_a_refusal_in_a_later_page_is_reported_too(function: PackagedFunction, google: GoogleStandIn) -> None:
    google.query = _unfinished
    google.more = lambda _: google_error(403, "accessDenied", NO_TABLE)
    assert_failed(function.invoke(), ("table access", "403", "dataViewer"))


def test_a_session_from_the_endpoint_that_google_quotes_is_kept_out_of_the_log(
    function: PackagedFunction, google: GoogleStandIn, endpoint: CredentialsEndpoint
) -> None:
    session = (SESSION["AccessKeyId"], SESSION["SecretAccessKey"], SESSION["Token"])
    google.exchange = lambda _: oauth_error("invalid_grant", f"unknown: {' '.join(session)} {TOKEN}")
    done = function.invoke(environ={**IN_CONTAINER, "AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint.url})
    (line,) = done.errors
    assert "unknown: [removed] [removed] [removed] [removed]" in line
    assert not [secret for secret in (*session, TOKEN) if secret in done.printed]


TOKEN_EXCHANGE = ("token_url", TOKEN_PATH, "the token exchange")
IMPERSONATION = ("service_account_impersonation_url", IMPERSONATION_PATH, "impersonation")
BIGQUERY = (None, "", "the query")


def _moved(function: PackagedFunction, key: str | None, path: str, port: int) -> dict[str, str | None]:
    """The environment in which one service is at another port."""
    url = f"http://127.0.0.1:{port}{path}"
    if key is None:
        return {"BIGQUERY_EMULATOR_HOST": url}
    file = function.report.with_name("credential-configuration.json")
    file.write_text(json.dumps({**json.loads(file.read_text()), key: url}))
    return {}


@pytest.mark.parametrize(("key", "path", "needed_for"), [TOKEN_EXCHANGE, BIGQUERY])
def test_a_refused_connection_ends_within_the_functions_time(
    function: PackagedFunction, key: str | None, path: str, needed_for: str
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        done = function.invoke(environ=_moved(function, key, path, port), milliseconds=5_000)
    assert_failed(done, ("network", f"127.0.0.1:{port}, needed for {needed_for}: connection refused", "way out"))
    assert done.results[0]["seconds"] < 5


def _unfinished(sent: Request) -> Answer:
    state = {"status": {"state": "RUNNING"}} if "/jobs/" in sent.path else {"jobComplete": False}
    return json_answer({"jobReference": REFERENCE, **state})


def test_the_time_is_one_for_the_whole_chain(
    function: PackagedFunction, google: GoogleStandIn, silent_port: int
) -> None:
    """Each service is slow but answers within the time that is left, until nothing is left for the last."""

    def slow() -> Iterator[bytes]:
        time.sleep(1.5)
        yield json.dumps({"access_token": FEDERATED_TOKEN, "expires_in": 3600}).encode()

    google.exchange = lambda _: Answer(parts=slow())
    key, path, _ = IMPERSONATION
    done = function.invoke(environ=_moved(function, key, path, silent_port), milliseconds=3_500)
    assert_failed(done, ("network", "needed for impersonation: no answer", "way out"))
    assert done.results[0]["seconds"] < 2.2


def _denied(sent: Request) -> Answer:
    return impersonation_error(403, "PERMISSION_DENIED", f"denied: {sent.authorization}")


ECHOES: Mapping[str, Sequence[Handler]] = {
    "exchange": [
        lambda sent: oauth_error("invalid_request", f"cannot read {sent.form['subject_token'][0]}"),
        lambda sent: oauth_error("invalid_grant", urllib.parse.unquote(sent.form["subject_token"][0])),
        lambda _: oauth_error("invalid_grant", f"unknown: {' '.join(AWS_SECRETS.values())}"),
        lambda _: json_answer({"access_token": FEDERATED_TOKEN}),
        # google-auth asks again.
        lambda sent: Answer(body=sent.body, status=500),
    ],
    "impersonation": [_denied, lambda _: json_answer({"accessToken": ACCESS_TOKEN, "expireTime": "tomorrow"})],
    "query": [
        lambda sent: google_error(403, "accessDenied", f"Access Denied: {sent.authorization}"),
        lambda sent: Answer(body=f"proxy: {sent.authorization}".encode(), status=403),
        lambda sent: Answer(body=f"hello {sent.authorization}".encode()),
    ],
}


@pytest.mark.parametrize("service", ECHOES)
def test_a_server_that_quotes_what_it_was_sent_gets_no_secret_into_the_log(
    function: PackagedFunction, google: GoogleStandIn, service: str
) -> None:
    count = len(ECHOES[service])
    left = list(ECHOES[service])
    setattr(google, service, lambda sent: (left.pop(0) if len(left) > 1 else left[0])(sent))
    done = function.invoke(events=tuple(range(count)))
    assert ["raised" in result for result in done.results] == [True] * count
    assert len(done.errors) == count
    assert len(left) == 1
    assert_no_secret(done)


@pytest.mark.parametrize(
    ("answer", "link", "says", "look_at"),
    [
        (redirect_to("http://127.0.0.1:9/elsewhere"), "network", "it redirects to 127.0.0.1", "captive portal"),
        (
            json_answer({"access_token": "x", "expires_in": 10**30}),
            "unexpected",
            "OverflowError at external_",
            "defect",
        ),
    ],
)
def test_a_redirect_takes_no_token_anywhere_and_what_was_not_foreseen_says_where_and_not_what(
    function: PackagedFunction, google: GoogleStandIn, answer: Answer, link: str, says: str, look_at: str
) -> None:
    google.exchange = lambda _: answer
    assert_failed(function.invoke(milliseconds=3_000), (link, says, look_at))
    assert google.paths == [TOKEN_PATH] * len(google.paths)


# Each other value of a variable, and each other file, is refused in test_environment.py, without a process.


@pytest.mark.parametrize(
    ("name", "value", "link", "says", "look_at"),
    [
        ("BIGQUERY_TABLE", "users", "configuration", "'users': it must be project.dataset.table", "BIGQUERY_TABLE"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "absent.json", "configuration", "it can't be read", "GOOGLE_APPLICATION_"),
        ("BIGQUERY_EMULATOR_HOST", None, "configuration", "of the universe 'local.invalid', and without", "EMULATOR"),
        ("AWS_REGION", "us-east-1 ", "configuration", "AWS_REGION is 'us-east-1 '", "For example: us-east-1"),
        ("AWS_REGION", "cn-north-1", "configuration", "AWS_REGION is 'cn-north-1'", "of the partition aws, such"),
        ("KEYLESS_HANDLER", "lambda_handler", "configuration", "it must be module.function", "KEYLESS_HANDLER"),
        ("AWS_SECRET_ACCESS_KEY", None, "subject token", "AWS_SECRET_ACCESS_KEY not set", "execution role"),
    ],
)
def test_a_bad_variable_is_named_with_its_rule_and_nothing_is_sent(
    function: PackagedFunction, google: GoogleStandIn, name: str, value: str | None, link: str, says: str, look_at: str
) -> None:
    done = function.invoke(environ={name: value})
    assert_failed(done, (link, says, look_at))
    assert google.sent == []
    assert done.report["reached"] == []


def test_a_service_account_key_in_the_place_of_a_credential_configuration_is_refused(
    function: PackagedFunction, google: GoogleStandIn
) -> None:
    key = '{"type": "service_account", "private_key": "planted"}'
    function.report.with_name("credential-configuration.json").write_text(key)
    assert_failed(function.invoke(), ("configuration", "only 'external_account'", "GOOGLE_APPLICATION_CREDENTIALS"))
    assert google.sent == []


OWN_CLIENT = """
from google.cloud import bigquery

def lambda_handler(event, context):
    return len(list(bigquery.Client().query_and_wait("SELECT 1")))
"""


@pytest.mark.parametrize("region", ["us-east-1 ", "us-east-1\n", "cn-north-1", "US-EAST-1"])
def test_the_region_for_which_a_client_of_the_functions_own_signs_is_named_and_no_file(
    function: PackagedFunction, google: GoogleStandIn, region: str
) -> None:
    google.exchange = lambda _: oauth_error("invalid_request", "AWS request has invalid format.")
    function.configure(universe_domain="googleapis.com")
    environ = {**function.handler(OWN_CLIENT), "AWS_REGION": region}
    assert_failed(function.invoke(environ=environ), ("configuration", f"AWS_REGION is {region!r}", "AWS_REGION"))
