"""Where the time can end, and what was known then: a slow answer is no missing way out.

Real requests of the real client to a server on this machine, once through the reader and once through a client that
the function makes itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.http_server import Answer, Handler, Request, json_answer
from tests.runtime.conftest import PackagedFunction
from tests.runtime.google_stand_in import (
    IMPERSONATION_PATH,
    SCHEMA,
    TOKEN_PATH,
    GoogleStandIn,
    google_error,
    page,
)
from tests.runtime.table import REFERENCE, Table

JOB = "local-keyless:US.job-1"
MILLISECONDS = 2_700
"""Of an invocation; less the margin, 1.2 seconds for the requests."""

NOT_READ = f"query failed: not all rows of the job {JOB} were read before the function's time was up"
NO_NAT = ("NAT", "can't be reached")


@pytest.fixture
def end() -> Iterator[threading.Event]:
    """What answers that never come wait for: the end of the test."""
    event = threading.Event()
    yield event
    event.set()


Answers = Callable[[threading.Event], dict[str, Handler]]


def never(end: threading.Event) -> Handler:
    """Takes a request and does not answer it."""

    def wait(_: Request) -> Answer | None:
        end.wait(20)
        return None

    return wait


def bytewise(end: threading.Event) -> Handler:
    """Answers a byte now and then, without an end."""

    def parts() -> Iterator[bytes]:
        while not end.wait(0.05):
            yield b" "

    return lambda _: Answer(parts=parts(), headers={"Content-Type": "application/json"})


def running(sent: Request) -> Answer:
    """A query that has begun: its job, which isn't done."""
    state = {"status": {"state": "RUNNING"}} if "/jobs" in sent.path else {"jobComplete": False}
    configuration = {"query": {"query": "SELECT 1"}, "jobType": "QUERY"}
    return json_answer({"kind": "bigquery#job", "jobReference": REFERENCE, "configuration": configuration, **state})


def in_turn(*handlers: Handler) -> Handler:
    """Each of these once, and then the last."""
    left = list(handlers)
    return lambda sent: (left.pop(0) if len(left) > 1 else left[0])(sent)


def once_done(then: Handler) -> Handler:
    """The job is done, and this is what is answered when its rows are asked for."""
    table = Table(rows=1)
    return lambda sent: table(sent) if "/jobs/" in sent.path else then(sent)


BUSY = google_error(503, "backendError", "Try again.")
RATE = google_error(429, "rateLimitExceeded", "Exceeded rate limits.")
SHORT = page([("1", "Ada")])
FIRST_PAGE = json_answer({**Table(rows=2).page(0, 1), "schema": SCHEMA})

ONE, TWO, TABLE = "one query", "two queries", "a query and a table"
OWN, OWN_WAIT = "a client of its own", "its query_and_wait"
SOURCES = {
    ONE: """
from keyless_bigquery.runtime import with_bigquery
@with_bigquery
def lambda_handler(event, bigquery):
    return len(list(bigquery.query("SELECT 1")))
""",
    TWO: """
from keyless_bigquery.runtime import with_bigquery
@with_bigquery
def lambda_handler(event, bigquery):
    return [len(list(bigquery.query("SELECT 1"))) for _ in range(2)]
""",
    TABLE: """
from keyless_bigquery.runtime import with_bigquery
@with_bigquery
def lambda_handler(event, bigquery):
    list(bigquery.query("SELECT 1"))
    return bigquery.client.get_table(bigquery.table).num_rows
""",
    OWN: """
from google.cloud import bigquery
def lambda_handler(event, context):
    return len(list(bigquery.Client().query("SELECT 1")))
""",
    OWN_WAIT: """
from google.cloud import bigquery
def lambda_handler(event, context):
    return len(list(bigquery.Client().query_and_wait("SELECT 1")))
""",
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """Where the time ends, and what is reported.

    Args:
        where: Where it ends, and what was known.
        source: Whose function it is.
        answers: What Google answers.
        line: How the line begins.
        has: What else is in it.
        lacks: What isn't.
    """

    where: str
    source: str
    answers: Answers
    line: str
    has: tuple[str, ...] = ("timeoutSeconds",)
    lacks: tuple[str, ...] = field(default=NO_NAT)


CASES = [
    Case(
        where="while the job is polled",
        source=ONE,
        answers=lambda _: {"query": running, "more": running},
        line=NOT_READ,
    ),
    Case(
        where="in the request that polls it",
        source=ONE,
        answers=lambda end: {"query": running, "more": never(end)},
        line=NOT_READ,
    ),
    Case(
        where="in the midst of that answer",
        source=ONE,
        answers=lambda end: {"query": running, "more": bytewise(end)},
        line=NOT_READ,
    ),
    Case(
        where="while the poll is tried again after 503",
        source=ONE,
        answers=lambda _: {"query": running, "more": lambda _: BUSY},
        line=NOT_READ,
        has=("last answer was 503 backendError", "timeoutSeconds"),
    ),
    Case(
        where="in the request for the rows of a job that is done",
        source=ONE,
        answers=lambda end: {"query": running, "more": once_done(never(end))},
        line=NOT_READ,
    ),
    Case(
        where="in the thread that fetches the next page",
        source=ONE,
        answers=lambda end: {"query": lambda _: FIRST_PAGE, "more": once_done(never(end))},
        line=NOT_READ,
    ),
    Case(
        where="while the query is tried again after 503",
        source=ONE,
        answers=lambda _: {"query": lambda _: BUSY},
        line="query failed: not all rows were read before the function's time was up",
        has=("last answer was 503 backendError", "timeoutSeconds"),
    ),
    Case(
        where="while the query is tried again after 429",
        source=ONE,
        answers=lambda _: {"query": lambda _: RATE},
        line="query failed: not all rows were read before the function's time was up",
        has=("last answer was 429 rateLimitExceeded", "timeoutSeconds"),
    ),
    Case(
        where="in the second query, after BigQuery answered the first",
        source=TWO,
        answers=lambda end: {"query": in_turn(lambda _: SHORT, never(end))},
        line="query failed: BigQuery can be reached, and gave no answer to this query before the function's time",
    ),
    Case(
        where="in another request of the reader's client, after BigQuery answered the first",
        source=TABLE,
        answers=lambda end: {"query": lambda _: SHORT, "more": never(end)},
        line="query failed: BigQuery can be reached, and gave no answer to this query before the function's time",
    ),
    Case(
        where="in the first query, of a BigQuery that never answered",
        source=ONE,
        answers=lambda end: {"query": never(end)},
        line="network failed: 127.0.0.1:PORT, needed for the query: no answer before the function's time was up",
        has=("NAT",),
        lacks=("timeoutSeconds",),
    ),
    Case(
        where="in the exchange, of an STS that never answered",
        source=ONE,
        answers=lambda end: {"exchange": never(end)},
        line="network failed: 127.0.0.1:PORT, needed for the token exchange: no answer before the function's time was",
        has=("NAT",),
        lacks=("timeoutSeconds",),
    ),
    Case(
        where="in the impersonation, of IAM Credentials that never answered",
        source=ONE,
        answers=lambda end: {"impersonation": never(end)},
        line="network failed: 127.0.0.1:PORT, needed for impersonation: no answer before the function's time was up",
        has=("NAT",),
        lacks=("timeoutSeconds",),
    ),
    Case(
        where="in the midst of STS's answer",
        source=ONE,
        answers=lambda end: {"exchange": bytewise(end)},
        line="network failed: 127.0.0.1:PORT, needed for the token exchange: it can be reached, and gave no answer",
        has=("Google Cloud's status page",),
    ),
    Case(
        where="in the midst of the answer to the first query",
        source=ONE,
        answers=lambda end: {"query": bytewise(end)},
        line="query failed: BigQuery can be reached, and gave no answer to this query before the function's time",
    ),
    Case(
        where="in the midst of the answer to its first query",
        source=OWN_WAIT,
        answers=lambda end: {"query": bytewise(end)},
        line="query failed: BigQuery can be reached, and gave no answer to this query before the function's time",
    ),
    Case(
        where="in the exchange that renews a token, after STS answered",
        source=ONE,
        answers=lambda end: {
            "exchange": in_turn(
                lambda _: json_answer({"access_token": "federated", "token_type": "Bearer", "expires_in": 3600}),
                never(end),
            ),
            "query": lambda _: google_error(401, "authError", "Invalid credentials."),
        },
        line="network failed: 127.0.0.1:PORT, needed for the token exchange: it can be reached, and gave no answer",
        has=("Google Cloud's status page",),
    ),
    Case(
        where="while the job is polled",
        source=OWN,
        answers=lambda _: {"more": running},
        line=NOT_READ,
    ),
    Case(
        where="in the request that polls the job",
        source=OWN,
        answers=lambda end: {"more": in_turn(running, never(end))},
        line=NOT_READ,
    ),
    Case(
        where="in the request that begins the job",
        source=OWN,
        answers=lambda end: {"more": never(end)},
        line="network failed: 127.0.0.1:PORT, needed for the query: no answer before the function's time was up",
        has=("NAT",),
        lacks=("timeoutSeconds",),
    ),
    Case(
        where="in the request that polls the job",
        source=OWN_WAIT,
        answers=lambda end: {"query": running, "more": never(end)},
        line=NOT_READ,
    ),
    Case(
        where="while the query is tried again after 503",
        source=OWN_WAIT,
        answers=lambda _: {"query": lambda _: BUSY},
        line="query failed: not all rows were read before the function's time was up",
        has=("last answer was 503 backendError", "timeoutSeconds"),
    ),
    Case(
        where="in the exchange, of an STS that never answered",
        source=OWN,
        answers=lambda end: {"exchange": never(end)},
        line="network failed: 127.0.0.1:PORT, needed for the token exchange: no answer before the function's time was",
        has=("NAT",),
        lacks=("timeoutSeconds",),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.source}: {case.where}")
def test_the_end_of_the_time_is_reported_with_what_was_known(
    function: PackagedFunction, google: GoogleStandIn, end: threading.Event, case: Case
) -> None:
    for service, answer in case.answers(end).items():
        setattr(google, service, answer)
    if case.source in (OWN, OWN_WAIT):
        function.configure(universe_domain="googleapis.com")
    done = function.invoke(milliseconds=MILLISECONDS, environ=function.handler(SOURCES[case.source]))
    (result,) = done.results
    line = result["message"].replace(google.url.rpartition(":")[2], "PORT")
    assert line.startswith(case.line), line
    assert [text for text in case.has if text not in line] == [], line
    assert [text for text in case.lacks if text in line] == [], line
    assert result["seconds"] * 1000 < MILLISECONDS
    # A client of the function's own may be cut off with its connections open, which Python says as well.
    assert f"ERROR {result['message']}" in done.errors


def test_a_request_that_lasts_too_long_with_time_left_is_no_matter_of_the_network_either(
    function: PackagedFunction, google: GoogleStandIn, end: threading.Event
) -> None:
    """The longest wait for one answer is half a minute; here it is a second."""
    google.query = in_turn(lambda _: SHORT, never(end))
    source = SOURCES[TWO].replace(
        "@with_bigquery",
        "from keyless_bigquery.runtime import bigquery_client as c\nc._REQUEST_SECONDS = 1.0\n"
        "c._RETRY_SECONDS = 0.5\n@with_bigquery",
    )
    (result,) = function.invoke(environ=function.handler(source)).results
    assert result["message"].startswith("query failed: BigQuery can be reached, and gave no answer to this query in")
    assert result["seconds"] < 5


def test_paths_are_those_of_the_services() -> None:
    assert {TOKEN_PATH.rpartition("/")[2], IMPERSONATION_PATH.rpartition(":")[2]} == {"token", "generateAccessToken"}
