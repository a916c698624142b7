"""Results of several pages: their sizes, the page that is fetched ahead, its errors, and its end."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import requests
from google.api_core.exceptions import Forbidden

from keyless_bigquery.runtime import BigQueryReader, pages
from keyless_bigquery.runtime.boundary import failure
from keyless_bigquery.runtime.deadline import OutOfTimeError
from keyless_bigquery.runtime.errors import NetworkError, QueryError
from tests.http_server import Answer, Request, json_answer
from tests.runtime.google_stand_in import QUERY_PATH, TOKEN_PATH, GoogleStandIn, google_error, page
from tests.runtime.table import REFERENCE, Table

ROWS = 12_500
"""Of more than three pages, where a page has 50 kB."""


@pytest.fixture
def table(google: GoogleStandIn, monkeypatch: pytest.MonkeyPatch) -> Table:
    monkeypatch.setattr(pages, "PAGE_BYTES", 50_000)
    made = Table(rows=ROWS)
    google.query = google.more = made
    return made


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """What a slow answer waits for, at most until the test has ended."""
    event = threading.Event()
    yield event
    event.set()


def fetching() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "page"]


@pytest.fixture
def refused_threads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of threads that could not be started: each but those of the server, which is in this process."""
    refused: list[str] = []
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if "process_request_thread" in thread.name:
            return start(thread)
        refused.append(thread.name)
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    return refused


def until(true: Callable[[], bool]) -> None:
    """Waits for what another thread does."""
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        threading.Event().wait(0.005)


def held_up(google: GoogleStandIn, table: Table, released: threading.Event) -> None:
    """Has each page after the first come only when it may."""

    def later(sent: Request) -> Answer:
        if "/jobs/" not in sent.path:
            released.wait(10)
        return table(sent)

    google.more = later


@pytest.mark.usefixtures("table")
def test_every_row_is_read_once_and_in_order(reader: BigQueryReader) -> None:
    with reader.invocation(60_000):
        read = [row["user_id"] for row in reader.query("SELECT 1")]
    assert read == list(range(ROWS))


def test_the_first_page_has_ten_thousand_rows_and_the_others_a_megabyte_or_two(
    reader: BigQueryReader, google: GoogleStandIn
) -> None:
    google.query = google.more = table = Table(rows=45_000)
    with reader.invocation(60_000):
        assert sum(1 for _ in reader.query("SELECT 1")) == 45_000
    first, second, *others = table.asked
    assert first == 10_000
    assert 1_000_000 < len(json.dumps(table.page(0, second)["rows"], separators=(",", ":"))) < 2_000_000
    assert len(others) < 2


def test_a_result_of_one_page_is_one_request_and_no_thread(
    reader: BigQueryReader, google: GoogleStandIn, refused_threads: list[str]
) -> None:
    google.query = Table(rows=10_000)
    with reader.invocation(60_000):
        assert len(list(reader.query("SELECT 1"))) == 10_000
    assert refused_threads == []
    assert [sent.path for sent in google.sent[2:]] == [QUERY_PATH]


def test_one_page_is_fetched_while_another_is_used_and_no_more(reader: BigQueryReader, table: Table) -> None:
    with reader.invocation(60_000):
        rows = iter(reader.query("SELECT 1"))
        assert table.asked == [10_000]
        next(rows)
        until(lambda: len(table.asked) == 2 and not fetching())
        assert [next(rows)["user_id"] for _ in range(9_999)][-1] == 9_999
        assert len(table.asked) == 2
        next(rows)
        until(lambda: len(table.asked) == 3)


@pytest.mark.usefixtures("table")
def test_without_a_thread_to_be_had_a_page_is_fetched_when_it_is_needed(
    reader: BigQueryReader, refused_threads: list[str]
) -> None:
    with reader.invocation(60_000):
        assert len(list(reader.query("SELECT 1"))) == ROWS
    assert "page" in refused_threads


def test_what_goes_wrong_ahead_is_raised_where_the_rows_would_be_read(
    reader: BigQueryReader, google: GoogleStandIn, table: Table
) -> None:
    refused = google_error(403, "accessDenied", "Access Denied: Table p:d.users")
    google.more = lambda sent: table(sent) if "/jobs/" in sent.path else refused
    with reader.invocation(60_000):
        rows = iter(reader.query("SELECT 1"))
        assert [next(rows)["user_id"] for _ in range(10_000)][-1] == 9_999
        with pytest.raises(Forbidden, match="Access Denied"):
            next(rows)


def test_a_page_that_is_cut_off_is_an_error_and_no_end(
    reader: BigQueryReader, google: GoogleStandIn, table: Table
) -> None:
    def cut(sent: Request) -> Answer:
        whole = table(sent)
        return whole if "/jobs/" in sent.path else replace(whole, body=whole.body[:-9])

    google.more = cut
    with reader.invocation(60_000), pytest.raises(requests.exceptions.JSONDecodeError) as refused:
        list(reader.query("SELECT 1"))
    reported = failure(refused.value, secrets=())
    assert isinstance(reported, NetworkError)
    assert "its answer is cut off, or no JSON" in str(reported)


@pytest.mark.parametrize("rows", [0, 3, 10_000, 10_001])
@pytest.mark.parametrize("more", [-1, 1])
def test_more_or_fewer_rows_than_bigquery_counted_are_an_error(
    reader: BigQueryReader, google: GoogleStandIn, rows: int, more: int
) -> None:
    google.query = google.more = Table(rows=rows)
    with reader.invocation(60_000):
        assert len(reader.query("SELECT 1").to_json()) == rows
        google.query = google.more = Table(rows=rows, counted=rows + more)
        with pytest.raises(QueryError, match=f"counted {rows + more} rows in the result, and sent {rows}"):
            reader.query("SELECT 1").to_json()


def test_nothing_is_in_flight_when_an_invocation_ends_half_way(
    reader: BigQueryReader, google: GoogleStandIn, table: Table, released: threading.Event
) -> None:
    held_up(google, table, released)
    with reader.invocation(60_000):
        rows = iter(reader.query("SELECT 1"))
        next(rows)
        until(lambda: bool(fetching()))
        threading.Timer(0.05, released.set).start()
    assert fetching() == []
    # What was fetched is not lost.
    with reader.invocation(60_000):
        assert sum(1 for _ in rows) == ROWS - 1


def test_a_page_that_hangs_costs_an_invocation_no_more_than_its_time(
    reader: BigQueryReader, google: GoogleStandIn, table: Table, released: threading.Event
) -> None:
    held_up(google, table, released)
    begun = time.monotonic()
    with pytest.raises(OutOfTimeError), reader.invocation(2_500):
        for _ in reader.query("SELECT 1"):
            pass
    assert time.monotonic() - begun < 3


@pytest.mark.usefixtures("table")
def test_results_are_read_side_by_side_and_a_query_is_run_meanwhile(reader: BigQueryReader) -> None:
    with reader.invocation(60_000):
        left, right = iter(reader.query("SELECT 1")), iter(reader.query("SELECT 2"))
        for place in range(ROWS):
            assert (next(left)["user_id"], next(right)["user_id"]) == (place, place)
            if place == 11_000:
                assert next(iter(reader.query("SELECT 3")))["user_id"] == 0
        assert (list(left), list(right)) == ([], [])


def test_a_statement_without_rows_has_none(reader: BigQueryReader, google: GoogleStandIn) -> None:
    done = {"jobComplete": True, "jobReference": REFERENCE}
    with reader.invocation(60_000):
        google.query = lambda _: json_answer({"jobComplete": True, "numDmlAffectedRows": "3", "totalRows": "3"})
        assert reader.query("DELETE FROM t WHERE TRUE").to_json() == []
        google.query = lambda _: json_answer({**done, "jobComplete": False})
        table = Table(rows=0)
        google.more = lambda sent: table(sent) if "/jobs/" in sent.path else json_answer(done)
        assert reader.query("CREATE VIEW v AS SELECT 1").to_json() == []


@pytest.mark.usefixtures("table")
def test_the_client_reads_the_same_rows_as_often_as_it_likes(reader: BigQueryReader) -> None:
    with reader.invocation(60_000):
        first = next(reader.client.query_and_wait("SELECT 1", page_size=9).pages)
        assert [row["user_id"] for row in first] == list(range(9))
        raw = first.raw_page["rows"]
        assert [row["f"][1]["v"] for _ in range(3) for row in raw] == [f"name-{place}" for place in range(9)] * 3


def in_eight_threads(work: Callable[[], object]) -> None:
    barrier = threading.Barrier(8, timeout=10)
    errors: list[Exception] = []

    def run() -> None:
        try:
            barrier.wait()
            work()
        except Exception as error:  # noqa: BLE001 - raised below
            errors.append(error)

    threads = [threading.Thread(target=run, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert errors == []


def test_threads_share_one_token_and_one_client(reader: BigQueryReader, google: GoogleStandIn) -> None:
    read: list[object] = []
    with reader.invocation(60_000):
        in_eight_threads(lambda: read.append(reader.query("SELECT 1").to_json()))
    assert google.paths.count(TOKEN_PATH) == 1
    assert google.paths.count(QUERY_PATH) == 8
    assert [len(list(rows)) for rows in read if isinstance(rows, list)] == [3] * 8


def test_threads_whose_token_is_refused_fetch_one_new_one(reader: BigQueryReader, google: GoogleStandIn) -> None:
    numbers = iter(range(9))
    google.impersonation = lambda _: json_answer(
        {"accessToken": f"token-{next(numbers)}", "expireTime": "2999-01-01T00:00:00Z"}
    )
    with reader.invocation(60_000):
        reader.query("SELECT 1")
        google.query = lambda sent: (
            google_error(401, "authError", "Invalid credentials.")
            if sent.authorization == "Bearer token-0"
            else page([("1", "Ada")])
        )
        in_eight_threads(lambda: reader.query("SELECT 1"))
    assert google.paths.count(TOKEN_PATH) == 2
