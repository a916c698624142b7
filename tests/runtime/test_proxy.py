"""A proxy that lets nothing through is named by host and port, and never with its user and password."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

from keyless_bigquery.runtime import BigQueryReader
from tests.http_server import Answer, serving
from tests.runtime.conftest import PackagedFunction
from tests.runtime.google_stand_in import GoogleStandIn
from tests.runtime.strangers import BLOCKED, HTML, OWN, report

PASSWORD = "planted%2Dproxy-password"


@pytest.fixture
def proxied(reader: BigQueryReader, monkeypatch: pytest.MonkeyPatch) -> BigQueryReader:
    """The reader of a function whose BigQuery is behind a proxy."""
    monkeypatch.delenv("NO_PROXY")
    return reader


def through(monkeypatch: pytest.MonkeyPatch, netloc: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://us%65r:{PASSWORD}@{netloc}")
    monkeypatch.setenv("HTTP_PROXY", f"http://us%65r:{PASSWORD}@{netloc}")


@pytest.fixture
def encrypted(reader: BigQueryReader) -> str:
    """An address that only a tunnel leads to."""
    reader.client._connection.API_BASE_URL = "https://bigquery.example:444"
    return "bigquery.example:444"


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize(
    ("status", "tries"), [(407, 1), (403, 1), (400, 1), (503, 3), (502, 3), (504, 3), (500, 1)], ids=str
)
def test_a_proxy_that_refuses_the_tunnel_is_named_without_its_password(
    reader: BigQueryReader,
    encrypted: str,
    google: GoogleStandIn,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    tries: int,
) -> None:
    with serving(Answer(status=status, body=BLOCKED, headers=HTML)) as proxy:
        through(monkeypatch, urlsplit(proxy.url).netloc)
        line = report(reader)
    assert line.startswith(
        f"network failed: {encrypted}, needed for the query: the proxy {urlsplit(proxy.url).netloc} "
    )
    assert f"refused ({status} " in line
    assert "Check: HTTPS_PROXY" in line
    assert [(sent.method, sent.target) for sent in proxy.requests] == [("CONNECT", encrypted)] * tries
    for secret in (PASSWORD, "planted-proxy", "us%65r", "user:"):
        assert secret not in line
    assert google.paths


@pytest.mark.usefixtures("no_pauses")
def test_a_proxy_that_can_not_be_reached_is_named(
    reader: BigQueryReader, encrypted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        netloc = f"127.0.0.1:{taken.getsockname()[1]}"
        through(monkeypatch, netloc)
        line = report(reader)
    assert line.startswith(
        f"network failed: {encrypted}, needed for the query: the proxy {netloc} can't be reached (conn"
    )
    assert PASSWORD not in line


@pytest.mark.usefixtures("no_pauses")
def test_a_proxy_whose_name_is_not_known_is_named(
    reader: BigQueryReader, encrypted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    through(monkeypatch, "proxy.invalid:3128")
    line = report(reader)
    assert f"{encrypted}, needed for the query: the proxy proxy.invalid:3128 can't be reached (its name can't" in line


def test_a_proxy_that_hangs_is_named(
    reader: BigQueryReader, encrypted: str, silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    through(monkeypatch, f"127.0.0.1:{silent_port}")
    line = report(reader, milliseconds=2_500)
    assert f"{encrypted}, needed for the query" in line
    assert f"the proxy 127.0.0.1:{silent_port}" in line


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize(
    ("status", "says"), [(407, "refused (407"), (403, "answered 403 with"), (503, "answered 503 with")]
)
def test_a_proxy_that_answers_itself_is_named(
    proxied: BigQueryReader, google: GoogleStandIn, monkeypatch: pytest.MonkeyPatch, status: int, says: str
) -> None:
    with serving(Answer(status=status, body=BLOCKED, headers=HTML)) as proxy:
        through(monkeypatch, urlsplit(proxy.url).netloc)
        line = report(proxied)
    assert line.startswith(f"network failed: {urlsplit(google.url).netloc}")
    assert says in line, line
    assert f"the proxy {urlsplit(proxy.url).netloc}" in line
    assert PASSWORD not in line
    assert google.sent == []


def test_a_proxy_that_is_no_address_is_a_matter_of_configuration(
    reader: BigQueryReader, encrypted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    through(monkeypatch, "proxy.example:port")
    line = report(reader)
    assert encrypted
    assert line.startswith(
        "configuration failed: environment variable HTTPS_PROXY is invalid: it is no address of a proxy"
    )
    assert PASSWORD not in line


def test_a_proxy_of_a_client_of_the_functions_own_is_named(function: PackagedFunction, google: GoogleStandIn) -> None:
    function.configure(universe_domain="googleapis.com")
    environ = {"HTTP_PROXY": "http://us%65r:planted%2Dproxy@127.0.0.1:9", "NO_PROXY": None, **function.handler(OWN)}
    (result,) = function.invoke(environ=environ, milliseconds=2_700).results
    host = urlsplit(google.url).netloc
    assert result["message"].startswith(
        f"network failed: {host}, needed for the token exchange: the proxy 127.0.0.1:9 can't be reached (connection ref"
    )
    assert "planted" not in result["message"]
