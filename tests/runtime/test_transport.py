"""Connections: kept, closed by the other side, encrypted, and led through a proxy."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from keyless_bigquery.runtime import transport
from keyless_bigquery.runtime.deadline import OutOfTimeError, TimeLimit
from keyless_bigquery.runtime.errors import ConfigurationError
from tests.http_server import Server, serving
from tests.runtime.conftest import PackagedFunction
from tests.runtime.google_stand_in import GoogleStandIn, page

ROW = page([("1", "Ada")])


@pytest.fixture
def server() -> Iterator[Server]:
    """Answers the first request of each connection, and closes it in place of another answer."""
    with serving(lambda request: ROW if request.place == 0 else None) as closing:
        yield closing


def requests_of_each_connection(server: Server) -> list[int]:
    return list(Counter(request.connection for request in server.requests).values())


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
    function: PackagedFunction, server: Server
) -> None:
    done = function.invoke(events=(1, 2, 3), environ={"BIGQUERY_EMULATOR_HOST": server.url})
    assert [result.get("returned") for result in done.results] == [1, 2, 3], done.printed
    assert done.stderr == ""
    # The second and third query are sent on the kept connection, and again on a new one.
    assert requests_of_each_connection(server) == [2, 2, 1]


def test_a_server_that_always_closes_is_asked_twice_and_no_more(session: requests.Session) -> None:
    with serving(lambda _: None) as server, pytest.raises(requests.exceptions.ConnectionError):
        session.post(server.url, data="{}")
    assert requests_of_each_connection(server) == [1, 1]


def test_an_unreachable_host_is_not_asked_again(session: requests.Session) -> None:
    with pytest.raises(requests.exceptions.ConnectionError) as refused:
        session.get("http://127.0.0.1:9/")
    assert "Connection refused" in str(refused.value)


def test_nothing_is_sent_when_the_time_is_up(server: Server) -> None:
    with requests.Session() as session:
        transport.bounded(session, limit=TimeLimit(), most_seconds=5)
        with pytest.raises(OutOfTimeError):
            session.get(server.url)
    assert server.requests == []


def test_no_netrc_file_takes_the_tokens_place(
    server: Server, session: requests.Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password planted\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    session.get(server.url, headers={"Authorization": "Bearer token"})
    assert server.requests[-1].authorization == "Bearer token"


def test_a_proxy_is_used_where_the_environment_names_one(
    server: Server, session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert session.get("http://bigquery.invalid/path").status_code == 200
    assert server.requests[-1].target == "http://bigquery.invalid/path"
    session.get(f"{server.url}/direct")
    assert server.requests[-1].target == "/direct"


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


@contextmanager
def encrypted_for(file: Path) -> Iterator[str]:
    """The address of a server with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with serving(ROW, tls=context) as server:
        yield server.url


@pytest.fixture
def encrypted(tmp_path: Path) -> Iterator[str]:
    """The address of an encrypted server, whose certificate is for 127.0.0.1."""
    with encrypted_for(certificate(tmp_path, host="127.0.0.1")) as url:
        yield url


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
    session: requests.Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path, host="127.0.0.2")
    monkeypatch.setenv("CURL_CA_BUNDLE", str(file))
    with (
        encrypted_for(file) as url,
        pytest.raises(requests.exceptions.SSLError, match=r"IP address mismatch|127\.0\.0\.1"),
    ):
        session.get(url)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("absent.pem", None, r"absent\.pem' can't be read \(No such file"),
        ("key.pem", "no certificate", r"key\.pem' can't be read \(.*(?i:certificate)"),
        ("spaced.pem ", None, r"spaced\.pem ' can't be read \(No such file"),
    ],
)
def test_authorities_that_cannot_be_read_are_a_matter_of_configuration(
    session: requests.Session,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
    content: str | None,
    says: str,
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / name))
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(ConfigurationError, match=says) as refused:
        session.get("https://127.0.0.1:9/")
    assert "Check: REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE" in str(refused.value)
