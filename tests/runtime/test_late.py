"""Where the time can end, and what was known then: a slow answer is no missing way out.

Real requests of the real client to a server on this machine, through the reader and through a client that the function
makes itself.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.runtime.conftest import PackagedFunction
from tests.runtime.google_stand_in import GoogleStandIn
from tests.runtime.late_cases import (
    BUSY,
    CASES,
    JOB,
    MILLISECONDS,
    ONE,
    OWN,
    OWN_TWICE,
    OWN_WAIT,
    SHORT,
    SOURCES,
    TWO,
    Answers,
    Case,
    in_turn,
    never,
    running,
)


@pytest.fixture
def end() -> Iterator[threading.Event]:
    """What answers that never come wait for: the end of the test."""
    event = threading.Event()
    yield event
    event.set()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.source}: {case.where}")
def test_the_end_of_the_time_is_reported_with_what_was_known(
    function: PackagedFunction, google: GoogleStandIn, end: threading.Event, case: Case
) -> None:
    for service, answer in case.answers(end).items():
        setattr(google, service, answer)
    if case.source in (OWN, OWN_TWICE, OWN_WAIT):
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


IMPATIENT = """
from keyless_bigquery.runtime import bigquery_client as c
c._REQUEST_SECONDS, c._RETRY_SECONDS = 1.0, 0.5
"""
"""The client waits half a minute for one answer, and asks for ten seconds; here it is a second, and a half."""


@pytest.mark.parametrize(
    ("source", "answers", "line"),
    [
        (
            TWO,
            lambda end: {"query": in_turn(lambda _: SHORT, never(end))},
            "query failed: BigQuery can be reached, and gave no answer to this query in time. Check: timeoutSeconds",
        ),
        (
            ONE,
            lambda end: {"query": running, "more": never(end)},
            f"query failed: not all rows of the job {JOB} were read in time. Check: timeoutSeconds",
        ),
        (
            ONE,
            lambda _: {"query": running, "more": lambda _: BUSY},
            f"query failed: not all rows of the job {JOB} were read in time; BigQuery's last answer was 503 backend",
        ),
        (ONE, lambda _: {"query": lambda _: BUSY}, "query failed: BigQuery answered 503 backendError: Try again."),
        (
            ONE,
            lambda end: {"query": never(end)},
            "network failed: 127.0.0.1:PORT, needed for the query: no answer in time",
        ),
    ],
)
def test_what_the_client_gives_up_with_time_left_is_reported_alike(
    function: PackagedFunction, google: GoogleStandIn, end: threading.Event, source: str, answers: Answers, line: str
) -> None:
    for service, answer in answers(end).items():
        setattr(google, service, answer)
    (result,) = function.invoke(environ=function.handler(IMPATIENT + SOURCES[source])).results
    assert result["message"].replace(google.url.rpartition(":")[2], "PORT").startswith(line)
    assert result["seconds"] < 8


def test_what_answered_in_the_invocation_before_may_be_out_of_reach_in_this_one(
    function: PackagedFunction, google: GoogleStandIn, end: threading.Event
) -> None:
    google.query = in_turn(lambda _: SHORT, never(end))
    done = function.invoke(events=(1, 2), milliseconds=MILLISECONDS, environ=function.handler(SOURCES[ONE]))
    assert done.results[0]["returned"] == 1
    assert "needed for the query: no answer before the function's time was up" in done.results[1]["message"]
