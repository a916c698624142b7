"""The way that works: the packaged function reads rows, as the article's does."""

from __future__ import annotations

import json
import urllib.parse

import pytest

from keyless_bigquery.runtime import BigQueryReader
from keyless_bigquery.runtime.errors import ParameterError, QueryError
from tests.http_server import json_answer
from tests.runtime.conftest import AWS_SECRETS, IN_CONTAINER, PackagedFunction
from tests.runtime.credentials_endpoint import SESSION, TOKEN, CredentialsEndpoint
from tests.runtime.google_stand_in import (
    ACCESS_TOKEN,
    FEDERATED_TOKEN,
    IMPERSONATION_PATH,
    QUERY_PATH,
    TOKEN_PATH,
    GoogleStandIn,
    google_error,
    page,
)
from tests.runtime.table import REFERENCE, Table


def test_it_prints_the_rows_as_the_article_does_and_returns_the_event(function: PackagedFunction) -> None:
    event = {"key": ["any", {"thing": 1}]}
    done = function.invoke(events=(event,))
    assert done.stdout == ("The query data:\nuser_id=1, name=Ada\nuser_id=2, name=Grace\nuser_id=3, name=Mary\n")
    assert done.stderr == ""
    assert done.results[0]["returned"] == event


def test_the_columns_that_are_named_are_selected_and_printed(function: PackagedFunction, google: GoogleStandIn) -> None:
    schema = {"fields": [{"name": name, "type": "STRING"} for name in ("Item", "user_id", "_x2")]}
    values = [{"f": [{"v": "pear"}, {"v": None}, {"v": "a=b, c"}]}]
    google.query = lambda _: json_answer({"jobComplete": True, "schema": schema, "rows": values, "totalRows": "1"})
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
    endpoint.answer = lambda _: json_answer({**SESSION, "Token": f"session-{next(numbers)}"})
    google.exchange = lambda _: json_answer({"access_token": "federated", "token_type": "Bearer", "expires_in": 1})
    google.impersonation = lambda _: json_answer({"accessToken": "token", "expireTime": "2000-01-01T00:00:00Z"})
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
    google.query = lambda _: json_answer({"jobComplete": False, "jobReference": REFERENCE})
    google.more = Table(rows=1)
    done = function.invoke()
    assert done.stdout == "The query data:\nuser_id=0, name=name-0\n"
    assert done.stderr == ""


def test_every_row_is_printed_in_order_and_the_peak_of_memory_does_not_grow_with_them(
    function: PackagedFunction, google: GoogleStandIn
) -> None:
    peaks = {}
    for rows_each in (10, 100_000):
        google.query = google.more = Table(rows=rows_each)
        done = function.invoke(milliseconds=60_000)
        assert done.stdout.splitlines()[1:] == [f"user_id={place}, name=name-{place}" for place in range(rows_each)]
        assert done.stderr == ""
        peaks[rows_each] = done.report["peak_kilobytes"]
    few, many = peaks.values()
    assert many < 1.6 * few
    assert many < 64_000


def test_rows_come_once(reader: BigQueryReader) -> None:
    with reader.invocation(60_000):
        rows = reader.query("SELECT 1")
        assert [field.name for field in rows.schema] == ["user_id", "name"]
        assert [row["name"] for row in rows] == ["Ada", "Grace", "Mary"]
        with pytest.raises(QueryError, match=r"come once, and were read before.*keep them in a list"):
            rows.to_json()


def test_batches_are_as_large_as_is_asked_for(reader: BigQueryReader) -> None:
    with reader.invocation(60_000):
        batches = list(reader.query("SELECT 1").batches(2))
        assert [[row["user_id"] for row in batch] for batch in batches] == [[1, 2], [3]]
        with pytest.raises(QueryError, match="at least one row, and 0 were asked for"):
            list(reader.query("SELECT 1").batches(0))


def test_parameters_are_sent_with_the_query_or_nothing_is(reader: BigQueryReader, google: GoogleStandIn) -> None:
    with reader.invocation(60_000):
        reader.query("SELECT @least", {"least": 3})
        assert google.sent[-1].json["queryParameters"] == [
            {"name": "least", "parameterType": {"type": "INT64"}, "parameterValue": {"value": "3"}}
        ]
        assert google.sent[-1].json["parameterMode"] == "NAMED"
        before = len(google.sent)
        with pytest.raises(ParameterError, match="@least is of the type set"):
            reader.query("SELECT @least", {"least": {3}})
        assert len(google.sent) == before
