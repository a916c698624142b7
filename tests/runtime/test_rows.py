"""The way that works: the packaged function reads rows, as the article's does."""

from __future__ import annotations

import json
import urllib.parse

from starlette.responses import JSONResponse, Response

from keyless_bigquery.runtime.bigquery_client import PAGE_ROWS
from tests.runtime.conftest import AWS_SECRETS, IN_CONTAINER, PackagedFunction
from tests.runtime.credentials_endpoint import SESSION, TOKEN, CredentialsEndpoint
from tests.runtime.google_stand_in import (
    ACCESS_TOKEN,
    FEDERATED_TOKEN,
    IMPERSONATION_PATH,
    QUERY_PATH,
    SCHEMA,
    TOKEN_PATH,
    GoogleStandIn,
    Sent,
    google_error,
    page,
    rows,
)


def test_it_prints_the_rows_as_the_article_does_and_returns_the_event(function: PackagedFunction) -> None:
    event = {"key": ["any", {"thing": 1}]}
    done = function.invoke(events=(event,))
    assert done.stdout == ("The query data:\nuser_id=1, name=Ada\nuser_id=2, name=Grace\nuser_id=3, name=Mary\n")
    assert done.stderr == ""
    assert done.results[0]["returned"] == event


def test_the_columns_that_are_named_are_selected_and_printed(function: PackagedFunction, google: GoogleStandIn) -> None:
    schema = {"fields": [{"name": name, "type": "STRING"} for name in ("Item", "user_id", "_x2")]}
    values = [{"f": [{"v": "pear"}, {"v": None}, {"v": "a=b, c"}]}]
    google.query = lambda _: JSONResponse({"jobComplete": True, "schema": schema, "rows": values, "totalRows": "1"})
    done = function.invoke(environ={"BIGQUERY_COLUMNS": "item,user_id,_x2"})
    assert google.sent[2].json["query"].startswith("SELECT `item`, `user_id`, `_x2` FROM `")
    assert done.stdout == "The query data:\nItem=pear, user_id=None, _x2=a=b, c\n"


def test_a_row_that_holds_lines_and_controls_is_one_line(function: PackagedFunction, google: GoogleStandIn) -> None:
    name = "a\nERROR token exchange failed: forged\r\x1b[2J\u2028\u202e日本"
    google.query = lambda _: page([("1", name)])
    done = function.invoke()
    shown = r"a\nERROR token exchange failed: forged\r\x1b[2J\u2028\u202e日本"
    assert done.stdout == f"The query data:\nuser_id=1, name={shown}\n"


def test_the_query_is_the_articles_with_a_cap_on_bytes(function: PackagedFunction, google: GoogleStandIn) -> None:
    function.invoke()
    asked = google.sent[2].json
    assert asked["query"] == "SELECT `user_id`, `name` FROM `local-keyless.keyless_local.users`"
    assert asked["maximumBytesBilled"] == "104857600"
    assert asked["useLegacySql"] is False
    assert asked["location"] == "US"
    assert asked["jobCreationMode"] == "JOB_CREATION_OPTIONAL"
    assert 0 < int(asked["jobTimeoutMs"]) <= 20_000


def test_the_chain_is_the_documented_one(function: PackagedFunction, google: GoogleStandIn) -> None:
    function.invoke()
    exchange, impersonation, query = google.sent
    subject = json.loads(urllib.parse.unquote(exchange.form["subject_token"][0]))
    headers = {header["key"].lower(): header["value"] for header in subject["headers"]}
    assert subject["url"].startswith("https://sts.us-east-1.amazonaws.com?Action=GetCallerIdentity")
    assert headers["x-goog-cloud-target-resource"] == exchange.form["audience"][0]
    assert headers["x-amz-security-token"] == AWS_SECRETS["AWS_SESSION_TOKEN"]
    assert impersonation.authorization == f"Bearer {FEDERATED_TOKEN}"
    assert impersonation.json["scope"] == ["https://www.googleapis.com/auth/bigquery"]
    assert query.authorization == f"Bearer {ACCESS_TOKEN}"


def test_under_snapstart_each_exchange_signs_with_a_session_of_its_own(
    function: PackagedFunction, google: GoogleStandIn, endpoint: CredentialsEndpoint
) -> None:
    numbers = iter(range(9))
    endpoint.answer = lambda _: JSONResponse({**SESSION, "Token": f"session-{next(numbers)}"})
    google.exchange = lambda _: JSONResponse({"access_token": "federated", "token_type": "Bearer", "expires_in": 1})
    google.impersonation = lambda _: JSONResponse({"accessToken": "token", "expireTime": "2000-01-01T00:00:00Z"})
    google.query = lambda _: page([("1", "Ada")])
    environ = {**IN_CONTAINER, "AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint.url}
    done = function.invoke(events=(1, 2), environ=environ)
    assert [result["returned"] for result in done.results] == [1, 2], done.printed
    assert done.stderr == ""
    subjects = [json.loads(urllib.parse.unquote(sent.form["subject_token"][0])) for sent in google.sent[::3]]
    tokens = [{header["key"]: header["value"] for header in subject["headers"]} for subject in subjects]
    assert [headers["x-amz-security-token"] for headers in tokens] == ["session-0", "session-1"]
    assert endpoint.sent == [TOKEN, TOKEN]


def test_a_token_that_bigquery_refuses_is_renewed_once(function: PackagedFunction, google: GoogleStandIn) -> None:
    answers = iter([google_error(401, "authError", "Request had invalid credentials."), page([("1", "Ada")])])
    google.query = lambda _: next(answers)
    done = function.invoke()
    assert done.results[0]["returned"] == {"hello": "world"}
    assert google.paths == [TOKEN_PATH, IMPERSONATION_PATH, QUERY_PATH] * 2


def test_a_query_that_takes_longer_is_waited_for(function: PackagedFunction, google: GoogleStandIn) -> None:
    google.query = lambda _: JSONResponse({"jobComplete": False, "jobReference": REFERENCE})
    google.more = _finished_job
    done = function.invoke()
    assert done.stdout == "The query data:\nuser_id=7, name=Late\n"
    assert done.stderr == ""


def test_every_row_of_every_page_is_printed_in_order(function: PackagedFunction, google: GoogleStandIn) -> None:
    number = 2 * PAGE_ROWS + 7
    google.query = google.more = _Table(rows=number)
    done = function.invoke()
    assert done.stdout.splitlines()[1:] == [f"user_id={place}, name=name-{place}" for place in range(number)]
    assert done.stderr == ""


def test_a_page_is_no_larger_than_what_may_be_in_memory(function: PackagedFunction, google: GoogleStandIn) -> None:
    table = _Table(rows=PAGE_ROWS + 1)
    google.query = google.more = table
    done = function.invoke()
    assert len(done.stdout.splitlines()) == 1 + PAGE_ROWS + 1
    assert table.asked == [PAGE_ROWS, PAGE_ROWS]


def test_the_peak_of_memory_does_not_grow_with_the_rows(function: PackagedFunction, google: GoogleStandIn) -> None:
    peaks = {}
    for rows_each in (10, 20 * PAGE_ROWS):
        google.query = google.more = _Table(rows=rows_each)
        done = function.invoke(milliseconds=60_000)
        assert len(done.stdout.splitlines()) == 1 + rows_each
        peaks[rows_each] = done.report["peak_kilobytes"]
    few, many = peaks.values()
    assert many < 1.1 * few


class _Table:
    """A table whose rows come in the pages that are asked for; ``asked`` holds the size of each."""

    def __init__(self, *, rows: int) -> None:
        self._rows = rows
        self.asked: list[int] = []

    def __call__(self, sent: Sent) -> Response:
        if "/jobs/" in sent.path:
            return _finished_job(sent)
        is_query = sent.path == QUERY_PATH
        most = sent.json["maxResults"] if is_query else int(sent.query["maxResults"][0])
        self.asked.append(most)
        first = int(sent.query.get("pageToken", ["0"])[0])
        last = min(self._rows, first + most)
        answer = {
            "jobComplete": True,
            "jobReference": REFERENCE,
            "schema": SCHEMA,
            "totalRows": str(self._rows),
            "rows": rows([(str(number), f"name-{number}") for number in range(first, last)]),
        }
        return JSONResponse({**answer, "pageToken": str(last)} if last < self._rows else answer)


REFERENCE = {"projectId": "local-keyless", "jobId": "job-1", "location": "US"}


def _finished_job(sent: Sent) -> Response:
    if "/jobs/" in sent.path:
        destination = {"projectId": "local-keyless", "datasetId": "_anonymous", "tableId": "result"}
        return JSONResponse(
            {
                "jobReference": REFERENCE,
                "configuration": {"query": {"query": "…", "destinationTable": destination}, "jobType": "QUERY"},
                "status": {"state": "DONE"},
                "statistics": {"creationTime": "1", "startTime": "1", "endTime": "2", "query": {}},
            }
        )
    return JSONResponse(
        {
            "jobComplete": True,
            "jobReference": REFERENCE,
            "schema": SCHEMA,
            "rows": rows([("7", "Late")]),
            "totalRows": "1",
        }
    )
