"""What is around a function: whose error is whose, what can be called, what may be returned, and when it ends."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from keyless_bigquery.runtime.errors import FunctionError
from keyless_bigquery.runtime.loading import load
from keyless_bigquery.runtime.wrapper import guarded
from tests.http_server import Answer, json_answer
from tests.runtime.conftest import AWS_SECRETS, FUNCTIONS, PackagedFunction
from tests.runtime.google_stand_in import GoogleStandIn, google_error


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 20_000


ARTICLE = (FUNCTIONS / "article" / "handler.py").read_text()

# One process for all of them: an event says what to do.
RAISES = """
import concurrent.futures, os, socket
import google.auth.exceptions, requests
from google.api_core import exceptions
from google.cloud import bigquery
from keyless_bigquery.runtime import with_bigquery

class Own(Exception):
    pass

def unreachable():
    return requests.get("http://127.0.0.1:9/bigquery/v2/x", timeout=5)

def another_service():
    response = requests.models.Response()
    response.status_code, response._content = 403, b'{"error": {"message": "Access Denied: Table", "errors": []}}'
    response.request = requests.Request("GET", "https://storage.googleapis.com/x").prepare()
    raise exceptions.from_http_response(response)

def chained(error):
    try:
        raise ValueError(os.environ["AWS_SECRET_ACCESS_KEY"])
    except ValueError:
        raise error

def noted():
    error = ValueError("text")
    error.add_note(os.environ["AWS_SESSION_TOKEN"])
    raise error

def raised(error):
    raise error

def row():
    return bigquery.Row((1,), {"name": 0})["nope"]

def refused_elsewhere():
    with concurrent.futures.ThreadPoolExecutor() as threads:
        return threads.submit(raised, google.auth.exceptions.RefreshError("another credential")).result()

CASES = {
    "key": lambda: {}["least"],
    "own": lambda: raised(Own("text\\nof two lines")),
    "timeout": lambda: raised(TimeoutError("of its own")),
    "file": lambda: open("absent"),
    "http": unreachable,
    "another service": another_service,
    "another credential": refused_elsewhere,
    "row": row,
    "long": lambda: raised(ValueError("x" * 1_000_000)),
    "secret": lambda: raised(KeyError(os.environ["AWS_SECRET_ACCESS_KEY"])),
    "secret far in": lambda: raised(KeyError("x" * 15_995 + os.environ["AWS_SECRET_ACCESS_KEY"])),
    "chained secret": lambda: chained(Own("text")),
    "noted secret": noted,
}

def plain(event, context):
    return CASES[event]()

@with_bigquery
def decorated(event, bigquery):
    return CASES[event]()
"""
OWN = {
    "key": ("KeyError", "'least'"),
    "own": ("Own", "text\nof two lines"),
    "timeout": ("TimeoutError", "of its own"),
    "file": ("FileNotFoundError", "[Errno 2] No such file or directory: 'absent'"),
    "http": ("ConnectionError", "Connection refused"),
    "another service": ("Forbidden", "403 GET https://storage.googleapis.com/x: Access Denied: Table"),
    "another credential": ("RefreshError", "another credential"),
    "row": ("KeyError", "no row field 'nope'"),
    "long": ("ValueError", "x" * 1_000_000),
}
SECRET = ("secret", "secret far in", "chained secret", "noted secret")


@pytest.mark.parametrize("kind", ["plain", "decorated"])
def test_an_error_of_the_functions_own_is_raised_as_it_is_unless_it_holds_a_secret(
    function: PackagedFunction, google: GoogleStandIn, kind: str
) -> None:
    environ = function.handler(RAISES)
    module = environ["KEYLESS_HANDLER"].partition(".")[0]
    done = function.invoke(events=(*OWN, *SECRET), environ={"KEYLESS_HANDLER": f"{module}.{kind}"})
    for (name, (error, text)), result in zip(OWN.items(), done.results, strict=False):
        assert result["raised"] == error, name
        assert text in result["message"], name
        assert f"{module}.py" in result["trace"], name
    for result in done.results[len(OWN) :]:
        assert result["raised"] == "FunctionError"
        assert f" at {module}.py:" in result["message"]
        assert not result["chained"]
    assert done.errors == [f"ERROR {result['message']}" for result in done.results[len(OWN) :]]
    assert not any(secret in done.printed for secret in AWS_SECRETS.values())
    assert google.sent == []


NO_TABLE = google_error(403, "accessDenied", "Access Denied: Table p:d.users: User does not have permission")
SYNTAX = google_error(400, "invalidQuery", 'Syntax error: Expected end of input but got keyword "FORM" at [1:8]')
REPORTED = """
from google.cloud import bigquery

def lambda_handler(event, context):
    try:
        bigquery.Client().query("SELECT 1")
    except Exception as error:
        raise RuntimeError("no report today") from error
"""


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        (NO_TABLE, "TableAccessError", "table access failed: BigQuery answered 403"),
        (SYNTAX, "QueryError", "query failed: BigQuery answered 400 invalidQuery: Syntax error"),
    ],
)
def test_what_bigquery_refuses_to_a_client_of_the_functions_own_is_diagnosed(
    function: PackagedFunction, google: GoogleStandIn, answer: Answer, error: str, text: str
) -> None:
    google.more = lambda _: answer
    function.configure(universe_domain="googleapis.com")
    done = function.invoke(environ=function.handler(ARTICLE))
    assert done.results[0]["raised"] == error
    assert done.results[0]["message"].startswith(text)
    assert done.errors == [f"ERROR {done.results[0]['message']}"]


def test_what_the_function_makes_of_a_refusal_is_its_own(function: PackagedFunction, google: GoogleStandIn) -> None:
    google.more = lambda _: NO_TABLE
    function.configure(universe_domain="googleapis.com")
    (result,) = function.invoke(environ=function.handler(REPORTED)).results
    assert (result["raised"], result["message"]) == ("RuntimeError", "no report today")


def test_without_a_session_in_the_environment_the_clients_own_credentials_say_where_they_do_not_look(
    function: PackagedFunction, google: GoogleStandIn
) -> None:
    function.configure(universe_domain="googleapis.com")
    file = function.report.with_name("credential-configuration.json")
    configuration = json.loads(file.read_text())
    configuration["credential_source"]["url"] = "http://127.0.0.1:9/latest"
    file.write_text(json.dumps(configuration))
    environ = {**dict.fromkeys(AWS_SECRETS), **function.handler(ARTICLE)}
    done = function.invoke(environ=environ, milliseconds=3_000)
    assert done.results[0]["raised"] == "SubjectTokenError"
    assert "google-auth found no session of the role" in done.results[0]["message"]
    assert "Under SnapStart" in done.results[0]["message"]
    assert google.sent == []


UNCALLABLE = {
    "an import": ("import yamll\n", "lambda_handler can't be imported: ModuleNotFoundError: No module named 'yamll'"),
    "its syntax": ("def lambda_handler(event, context)\n", "can't be imported: SyntaxError: expected ':'"),
    "no function": ("def handler(event, context): ...\n", "the package has no function handler_"),
    "no callable": ("lambda_handler = 1\n", "the package has no function handler_"),
    "one parameter": ("def lambda_handler(event): ...\n", "lambda_handler(event) can't be called with two values"),
    "three parameters": (
        "def lambda_handler(event, context, bigquery): ...\n",
        "lambda_handler(event, context, bigquery) can't be called with two values: missing a required argument",
    ),
}


@pytest.mark.parametrize(("source", "text"), UNCALLABLE.values(), ids=UNCALLABLE)
def test_a_function_that_can_not_be_called_is_loaded_and_says_why_when_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, text: str
) -> None:
    module = f"handler_{hashlib.sha256(source.encode()).hexdigest()[:16]}"
    (tmp_path / f"{module}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    loaded = load({"KEYLESS_HANDLER": f"{module}.lambda_handler"})
    with pytest.raises(FunctionError, match=re.escape(text)):
        loaded({}, Context())


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (f"raise ValueError({AWS_SECRETS['AWS_SESSION_TOKEN']!r})\n", "ValueError: [removed] (at handler_"),
        (
            "def lambda_handler(event, bigquery):\n    return bigquery.query('SELECT 1')\n",
            "it asks Lambda's context for 'query' at handler_",
        ),
    ],
)
def test_a_function_that_can_not_be_called_fails_and_the_chain_can_still_be_probed(
    function: PackagedFunction, google: GoogleStandIn, source: str, text: str
) -> None:
    google.more = lambda _: json_answer({"jobReference": {}, "status": {"state": "DONE"}})
    done = function.invoke(events=({"keyless-bigquery": "probe"}, {}), environ=function.handler(source))
    assert "returned" in done.results[0], done.results[0]
    assert done.results[1]["raised"] == "FunctionError"
    assert text in done.results[1]["message"]
    assert done.errors == [f"ERROR {done.results[1]['message']}"]
    assert AWS_SECRETS["AWS_SESSION_TOKEN"] not in done.printed


def test_what_failed_in_passing_while_it_was_imported_is_imported_again(function: PackagedFunction) -> None:
    source = """
import os, sys
if not hasattr(sys, "been_here"):
    sys.been_here = True
    raise ConnectionError("in passing")
def lambda_handler(event, context):
    return event
"""
    done = function.invoke(events=(1,), environ=function.handler(source))
    assert done.results[0]["returned"] == 1


def test_a_function_that_is_not_in_the_package_is_named() -> None:
    text = "absent.lambda_handler can't be imported: ModuleNotFoundError: No module named 'absent'. Check: absent.py"
    with pytest.raises(FunctionError, match=re.escape(text)):
        load({"KEYLESS_HANDLER": "absent.lambda_handler"})({}, Context())


def test_a_response_is_checked(function: PackagedFunction) -> None:
    done = function.invoke(environ=function.handler("def lambda_handler(event, context):\n    return {1}\n"))
    assert done.results[0]["raised"] == "ResponseError"
    assert done.errors == [f"ERROR {done.results[0]['message']}"]


SLEEPS = """
import time, requests
from keyless_bigquery.runtime import with_bigquery
def plain(event, context):
    time.sleep(20)
def waiting(event, context):
    requests.get(event, timeout=20)
@with_bigquery
def decorated(event, bigquery):
    time.sleep(20)
"""


@pytest.mark.parametrize("kind", ["plain", "waiting", "decorated"])
def test_a_function_that_does_not_end_says_so_before_it_is_stopped(
    function: PackagedFunction, silent_port: int, kind: str
) -> None:
    module = function.handler(SLEEPS)["KEYLESS_HANDLER"].partition(".")[0]
    environ = {"KEYLESS_HANDLER": f"{module}.{kind}"}
    done = function.invoke(events=(f"http://127.0.0.1:{silent_port}",), milliseconds=2_200, environ=environ)
    (result,) = done.results
    assert result["raised"] == "FunctionError"
    assert result["message"].startswith("function failed: it had not ended when its time was up. Check: ")
    assert result["seconds"] < 2.2


@pytest.mark.parametrize("end", [KeyboardInterrupt, lambda: sys.exit(3)])
def test_what_ends_the_process_ends_it(end: Callable[[], Any]) -> None:
    def ending(*_: object) -> None:
        raise end()

    with pytest.raises((KeyboardInterrupt, SystemExit)):
        guarded(ending)({}, Context())
