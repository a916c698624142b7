"""Connections: kept, closed by the other side, encrypted, and led through a proxy."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from keyless_bigquery.runtime import transport
from keyless_bigquery.runtime.deadline import OutOfTimeError, TimeLimit
from keyless_bigquery.runtime.errors import ConfigurationError
from tests.runtime import closing_server
from tests.runtime.closing_server import ClosingServer
from tests.runtime.conftest import PackagedFunction
from tests.runtime.google_stand_in import GoogleStandIn


@pytest.fixture
def server() -> Iterator[ClosingServer]:
    with closing_server.running() as closing:
        yield closing


@pytest.fixture(autouse=True)
def nobody_trusted_before() -> Iterator[None]:
    transport.trust.cache_clear()
    yield
    transport.trust.cache_clear()


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as made:
        transport.bounded(made, limit=TimeLimit.of(10), most_seconds=5)
        yield made


def test_invocations_share_a_connection_to_bigquery(function: PackagedFunction, google: GoogleStandIn) -> None:
    done = function.invoke(events=(1, 2, 3))
    assert len(google.sent) == 5
    # One for the token's two requests, and one for all queries.
    assert len(done.report["reached"]) == 2


def test_a_connection_that_was_closed_meanwhile_costs_one_more_request_and_no_error(
    function: PackagedFunction, server: ClosingServer
) -> None:
    done = function.invoke(events=(1, 2, 3), environ={"BIGQUERY_EMULATOR_HOST": server.url})
    assert [result.get("returned") for result in done.results] == [1, 2, 3], done.printed
    assert done.stderr == ""
    # The second and third query are sent on the kept connection, and again on a new one.
    assert server.requests == [2, 2, 1]


def test_a_server_that_always_closes_is_asked_twice_and_no_more(
    server: ClosingServer, session: requests.Session
) -> None:
    server.answers_each = 0
    with pytest.raises(requests.exceptions.ConnectionError):
        session.post(server.url, data="{}")
    assert server.requests == [1, 1]


def test_an_unreachable_host_is_not_asked_again(session: requests.Session) -> None:
    with pytest.raises(requests.exceptions.ConnectionError) as refused:
        session.get("http://127.0.0.1:9/")
    assert "Connection refused" in str(refused.value)


def test_nothing_is_sent_when_the_time_is_up(server: ClosingServer) -> None:
    with requests.Session() as session:
        transport.bounded(session, limit=TimeLimit(), most_seconds=5)
        with pytest.raises(OutOfTimeError):
            session.get(server.url)
    assert server.requests == []


def test_no_netrc_file_takes_the_tokens_place(
    server: ClosingServer, session: requests.Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password planted\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    session.get(server.url, headers={"Authorization": "Bearer token"})
    assert "Authorization: Bearer token" in server.headers


def test_a_proxy_is_used_where_the_environment_names_one(
    server: ClosingServer, session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert session.get("http://bigquery.invalid/path").status_code == 200
    assert server.headers[0] == "GET http://bigquery.invalid/path HTTP/1.1"
    session.get(f"{server.url}/direct")
    assert server.headers[0] == "GET /direct HTTP/1.1"


def certificate(folder: Path, *, host: str) -> Path:
    """A new self-signed certificate with its key, in one file; it is the authority to trust as well."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / f"{host}.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return file


@pytest.fixture
def encrypted(server: ClosingServer, tmp_path: Path) -> str:
    """The server's address, now encrypted; its certificate is for 127.0.0.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path, host="127.0.0.1"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.answers_each = 9
    return server.url.replace("http:", "https:")


def test_authorities_that_the_environment_names_are_trusted_and_read_once(
    encrypted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "127.0.0.1.pem"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(file))
    for _ in range(2):
        with requests.Session() as session:
            transport.bounded(session, limit=TimeLimit.of(10), most_seconds=5)
            assert session.get(encrypted).status_code == 200
        # What the second session trusts was read for the first.
        file.unlink(missing_ok=True)


def test_a_certificate_of_nobody_trusted_is_refused(encrypted: str, session: requests.Session) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        session.get(encrypted)
    # Not even where somebody asks for it.
    with pytest.raises(requests.exceptions.SSLError):
        session.get(encrypted, verify=False)


def test_a_certificate_for_another_host_is_refused(
    server: ClosingServer, session: requests.Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path, host="127.0.0.2")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    monkeypatch.setenv("CURL_CA_BUNDLE", str(file))
    with pytest.raises(requests.exceptions.SSLError, match=r"IP address mismatch|127\.0\.0\.1"):
        session.get(server.url.replace("http:", "https:"))


def test_authorities_that_cannot_be_read_are_a_matter_of_configuration(
    session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/absent.pem")
    with pytest.raises(ConfigurationError, match=r"'/absent\.pem' can't be read \(No such file") as refused:
        session.get("https://127.0.0.1:9/")
    assert "Look at: REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE" in str(refused.value)
