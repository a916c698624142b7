"""Where the time of an invocation can end: what Google answers until then, and the line that is reported."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.http_server import Answer, Handler, Request, json_answer
from tests.runtime.google_stand_in import SCHEMA, google_error, page
from tests.runtime.table import REFERENCE, Table

JOB = "local-keyless:US.job-1"
MILLISECONDS = 2_700
"""Of an invocation; less the margin, 1.2 seconds for the requests."""

NOT_READ = f"query failed: not all rows of the job {JOB} were read before the function's time was up"
NO_NAT = ("NAT", "can't be reached")


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
OWN, OWN_WAIT, OWN_TWICE = "a client of its own", "its query_and_wait", "two queries of its own client"
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
    OWN_TWICE: """
from google.cloud import bigquery
CLIENT = []
def lambda_handler(event, context):
    CLIENT.append(CLIENT[0] if CLIENT else bigquery.Client())
    return [len(list(CLIENT[0].query_and_wait("SELECT 1"))) for _ in range(2)]
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
        where="in the second, after BigQuery answered the first",
        source=OWN_TWICE,
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
