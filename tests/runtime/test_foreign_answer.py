"""Answers that are not Google's: of a proxy, a firewall, a captive portal. And Google's own, which must stay so."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from keyless_bigquery.runtime import BigQueryReader, foreign_answer
from tests.http_server import Answer, Handler, json_answer
from tests.runtime.conftest import PackagedFunction
from tests.runtime.google_stand_in import QUERY_PATH, GoogleStandIn, google_error, oauth_error, page
from tests.runtime.strangers import BLOCKED, FOREIGN, HTML, OWN, SHAPES, report

FRONT_END = (
    "<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n  <title>Error {status} ({name})!!1</title>\n  <p><b>"
    "{status}.</b> <ins>That\N{RIGHT SINGLE QUOTATION MARK}s an error.</ins>\n"
)
SERVICES = {"exchange": "the token exchange", "impersonation": "impersonation", "query": "the query"}
ADDRESSES = {
    "exchange": "token_url",
    "impersonation": "service_account_impersonation_url",
    "query": "BIGQUERY_EMULATOR_HOST",
}


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("name", FOREIGN)
def test_what_is_not_googles_is_named_with_its_host_and_blamed_on_no_role(
    reader: BigQueryReader, google: GoogleStandIn, service: str, name: str
) -> None:
    answer, kind = FOREIGN[name]
    setattr(google, service, lambda _: answer)
    begun = time.monotonic()
    line = report(reader)
    what, _, check = line.partition(". Check: ")
    host = urlsplit(google.url).netloc
    assert what.startswith(f"network failed: {host} answered {answer.status} with something that is not Google's (")
    assert kind in what
    assert what.endswith(f"it is needed for {SERVICES[service]}")
    assert "HTTPS_PROXY" in check
    assert "captive portal" in check
    assert ADDRESSES[service] in check
    assert not re.search(r"JSONDecodeError|a host|permission|roles|NAT", line)
    assert "\n" not in line
    # Nothing waits for the client's patience: what may pass is asked for three times.
    assert len(google.paths) <= 5
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(("service", "body"), SHAPES)
def test_an_answer_of_another_shape_is_no_token(
    reader: BigQueryReader, google: GoogleStandIn, service: str, body: dict[str, object]
) -> None:
    setattr(google, service, lambda _: json_answer(body))
    assert "answered 200 with something that is not Google's (application/json)" in report(reader)


OWN_403 = google_error(
    403, "accessDenied", "Access Denied: Project p: User does not have bigquery.jobs.create permission"
)
GOOGLES: dict[tuple[str, str], tuple[Handler, str]] = {
    ("exchange", "an OAuth error"): (
        lambda _: oauth_error("invalid_target", "no"),
        "token exchange failed: Google STS",
    ),
    ("exchange", "an OAuth error without a text"): (
        lambda _: json_answer({"error": "invalid_grant"}, 400),
        "token exchange failed: Google STS",
    ),
    ("exchange", "the envelope"): (
        lambda _: json_answer({"error": {"code": 403, "message": "off", "status": "PERMISSION_DENIED"}}, 403),
        "token exchange failed: Google STS",
    ),
    ("exchange", "the front end's page"): (
        lambda _: Answer(status=502, body=FRONT_END.format(status=502, name="Server Error").encode(), headers=HTML),
        "token exchange failed: Google STS",
    ),
    ("impersonation", "the envelope"): (
        lambda _: json_answer({"error": {"code": 403, "message": "no", "status": "PERMISSION_DENIED"}}, 403),
        "impersonation failed: IAM Credentials refused",
    ),
    ("query", "the envelope"): (lambda _: OWN_403, "job creation failed: BigQuery answered 403"),
    ("query", "the envelope without a type"): (
        lambda _: Answer(status=403, body=OWN_403.body),
        "job creation failed: BigQuery answered 403",
    ),
}


@pytest.mark.parametrize(("service", "name"), GOOGLES)
def test_googles_own_errors_stay_googles(
    reader: BigQueryReader, google: GoogleStandIn, service: str, name: str
) -> None:
    answer, line = GOOGLES[service, name]
    setattr(google, service, answer)
    assert report(reader).startswith(line)


def test_the_page_of_googles_front_end_passes_and_is_asked_for_again(
    reader: BigQueryReader, google: GoogleStandIn
) -> None:
    failed = Answer(status=502, body=FRONT_END.format(status=502, name="Server Error").encode(), headers=HTML)
    answers = iter([failed, page([("1", "Ada")])])
    google.query = lambda _: next(answers)
    assert report(reader) == "no error"
    google.query = lambda _: failed
    line = report(reader, milliseconds=3_000)
    assert line.startswith("query failed: not all rows were read before the function's time was up; BigQuery's last")
    assert "502" in line


@pytest.mark.parametrize(
    ("status", "name"), [(404, "Not Found"), (403, "Forbidden"), (413, "Request Entity Too Large")]
)
def test_a_refusal_of_googles_front_end_is_no_roles_either(
    reader: BigQueryReader, google: GoogleStandIn, status: int, name: str
) -> None:
    page = FRONT_END.format(status=status, name=name).encode()
    google.exchange = lambda _: Answer(status=status, body=page, headers=HTML)
    line = report(reader)
    assert f"answered {status} with a page of Google's front end" in line
    assert f"Error {status} ({name})!!1" in line
    assert "Check: token_url in credential-configuration.json" in line


@pytest.mark.usefixtures("no_pauses")
def test_a_proxy_that_is_busy_for_a_moment_is_asked_again(reader: BigQueryReader, google: GoogleStandIn) -> None:
    answers = iter([Answer(status=503, body=b"busy"), Answer(status=502), page([("1", "Ada")])])
    google.query = lambda _: next(answers)
    assert report(reader) == "no error"


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("DELETE", "/bigquery/v2/projects/p/datasets/d", 204, b""),
        ("DELETE", "/bigquery/v2/projects/p/datasets/d", 200, b""),
        ("POST", "/bigquery/v2/projects/p/datasets/d/tables/t:testIamPermissions", 200, b"{}"),
        ("POST", "/upload/bigquery/v2/projects/p/jobs", 200, b""),
        ("PUT", "/upload/bigquery/v2/projects/p/jobs", 308, b""),
        ("POST", QUERY_PATH, 200, b'\n {"kind": "bigquery#queryResponse"}'),
    ],
)
def test_whatever_else_the_client_asks_for_is_let_through(method: str, path: str, status: int, body: bytes) -> None:
    url = f"https://bigquery.googleapis.com{path}"
    assert foreign_answer.foreign(method=method, url=url, status=status, headers={}, body=body) is None


@pytest.mark.parametrize(
    ("service", "answer", "needed_for"),
    [
        ("exchange", Answer(body=BLOCKED, headers=HTML), "the token exchange"),
        ("impersonation", Answer(body=BLOCKED, headers=HTML), "impersonation"),
        # What may pass the client asks for until the time is up.
        ("more", Answer(status=503, body=BLOCKED, headers=HTML), "the query"),
        ("exchange", Answer(status=403, body=BLOCKED, headers=HTML), "the token exchange"),
        ("impersonation", Answer(status=403, body=BLOCKED, headers=HTML), "impersonation"),
        ("more", Answer(status=403, body=BLOCKED, headers=HTML), "the query"),
        ("more", Answer(body=BLOCKED, headers=HTML), "the query"),
    ],
)
def test_a_client_of_the_functions_own_is_answered_by_the_same_strangers(
    function: PackagedFunction, google: GoogleStandIn, service: str, answer: Answer, needed_for: str
) -> None:
    setattr(google, service, lambda _: answer)
    function.configure(universe_domain="googleapis.com")
    (result,) = function.invoke(environ=function.handler(OWN), milliseconds=2_700).results
    assert (
        f"answered {answer.status} with something that is not Google's (text/html, 'Access Denied" in result["message"]
    )
    assert result["message"].startswith(f"network failed: {urlsplit(google.url).netloc} ")
    assert f"it is needed for {needed_for}. Check: " in result["message"]


def raw(answer: bytes) -> Callable[[socket.socket], None]:
    """Sends these bytes to each caller that connects."""

    def serve(listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with connection:
                    connection.settimeout(5)
                    connection.recv(65_536)
                    connection.sendall(answer)

    return serve


@pytest.mark.parametrize(
    ("scheme", "answer", "says"),
    [
        ("http", b"SSH-2.0-OpenSSH_9.9\r\n", "it answers something that is no HTTP"),
        ("https", b"HTTP/1.1 400 Bad Request\r\n\r\n", "it speaks no TLS, or breaks it off"),
        ("http", b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nno", "cut off, or no JSON"),
        (
            "http",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "it closed the connection in mid-answer",
        ),
        ("http", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", "it closed the connection in mid-answer"),
        (
            "http",
            b'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"jobComplete": true,',
            "its answer is cut off, or no JSON",
        ),
    ],
)
def test_what_is_no_answer_at_all_is_named_with_its_host(
    reader: BigQueryReader, scheme: str, answer: bytes, says: str
) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(16)
        threading.Thread(target=raw(answer), args=(listening,), daemon=True).start()
        netloc = f"127.0.0.1:{listening.getsockname()[1]}"
        reader.client._connection.API_BASE_URL = f"{scheme}://{netloc}"
        line = report(reader, milliseconds=2_500)
        listening.shutdown(socket.SHUT_RDWR)
    assert line.startswith(f"network failed: {netloc}, needed for the query: ")
    assert says in line, line
