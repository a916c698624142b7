"""Over https: an authority of its own that is good for this machine alone, and the same refusals as over http."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

from federation_emulator.client.languages import trust, without_google
from federation_emulator.core.loopback import ask
from federation_emulator.servers import tls
from federation_emulator.servers.tls import Certificates, make_certificates, server_context, write_trust
from tests.emulator.google_server import Google, serving
from tests.emulator.ports.test_server import (
    BEGUN,
    WAIT,
    WHOLE,
    Answering,
    answer,
    check_large_answer,
    is_cut,
    served,
)

AWAY = "http://127.0.0.1:9"
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def made() -> Certificates:
    return make_certificates(datetime.now(UTC))


@pytest.fixture(scope="module")
def secure(made: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Google]:
    trusted = tmp_path_factory.mktemp("tls") / "ca.pem"
    trusted.write_bytes(made.authority)
    context = server_context(made)
    with serving(aws_url=AWAY, bigquery_url=AWAY, tls=context, trusted=trusted) as running:
        yield running


def shaken(server: ssl.SSLContext, client: ssl.SSLContext, host: str) -> None:
    """Does a handshake in memory; raises as the client does."""
    (to_server, to_client), sides = (ssl.MemoryBIO(), ssl.MemoryBIO()), []
    sides.append(client.wrap_bio(to_client, to_server, server_hostname=host))
    sides.append(server.wrap_bio(to_server, to_client, server_side=True))
    waiting = list(sides)
    while waiting:
        side = waiting.pop(0)
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            waiting.append(side)


def trusting(authority: bytes) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=authority.decode())


def test_the_authority_is_good_for_loopback_names_for_a_month_and_signs_no_other() -> None:
    found = make_certificates(NOW)
    authority, server = (x509.load_pem_x509_certificate(pem) for pem in (found.authority, found.server))
    basic = authority.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, 0)
    limits = authority.extensions.get_extension_for_class(x509.NameConstraints)
    assert limits.critical
    assert {name.value for name in limits.value.permitted_subtrees or ()} == {
        "localhost",
        ip_network("127.0.0.1/32"),
        ip_network("::1/128"),
    }
    assert not server.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    for each in (authority, server):
        assert each.not_valid_after_utc - NOW == timedelta(days=30)
        assert isinstance(each.public_key(), ec.EllipticCurvePublicKey)
    assert b"PRIVATE" not in found.authority + found.server
    assert "PRIVATE" not in repr(found)
    assert make_certificates(NOW).authority != found.authority


def test_its_names_are_answered_and_no_other(made: Certificates) -> None:
    server, client = server_context(made), trusting(made.authority)
    for host in ("localhost", "127.0.0.1", "::1"):
        shaken(server, client, host)
    for host in ("iamcredentials.googleapis.com", "127.0.0.2", "sub.localhost"):
        with pytest.raises(ssl.SSLCertVerificationError):
            shaken(server, client, host)
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken(server, ssl.create_default_context(), "localhost")
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken(server_context(make_certificates(datetime.now(UTC))), client, "localhost")


def test_even_with_the_authoritys_key_no_public_host_could_be_played(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    left = iter(keys)
    monkeypatch.setattr(ec, "generate_private_key", lambda _curve: next(left))
    now = datetime.now(UTC)
    made = make_certificates(now)
    issuer = x509.load_pem_x509_certificate(made.authority).subject

    def signed(name: str) -> Certificates:
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        certificate = tls._signed(now, tls._named(name), issuer, keys[1], keys[0], [(names, False)])
        key = keys[1].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return Certificates(authority=made.authority, server=certificate.public_bytes(Encoding.PEM), key=key)

    shaken(server_context(signed("localhost")), trusting(made.authority), "localhost")
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        shaken(server_context(signed("sts.googleapis.com")), trusting(made.authority), "sts.googleapis.com")


def test_the_server_answers_who_trusts_the_authority_and_no_plain_http(secure: Google) -> None:
    assert secure.done("GET", "/_local/health")["status"] == "ok"
    named = secure.url.replace("127.0.0.1", "localhost")
    trusted = secure.session.verify
    assert requests.get(f"{named}/_local/health", verify=trusted, timeout=20).json()["status"] == "ok"
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{secure.url}/_local/health", timeout=20)
    health = f"{secure.url}/_local/health"
    assert ask("GET", health, limit_seconds=20, ca_file=str(trusted)).good
    with pytest.raises(URLError, match="CERTIFICATE_VERIFY_FAILED"):
        ask("GET", health, limit_seconds=20)
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(f"{secure.url.replace('https', 'http')}/_local/health", timeout=20)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "attacker.example"}, 421),
        ({"Origin": "https://HERE"}, 200),
        ({"Origin": "http://HERE"}, 403),
        ({"Origin": "https://attacker.example"}, 403),
        ({"Origin": "http://HERE", "X-Forwarded-Proto": "http"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Upgrade": "websocket", "Connection": "Upgrade"}, 403),
    ],
)
def test_a_web_page_is_refused_as_over_http(secure: Google, headers: dict[str, Any], status: int) -> None:
    here = secure.url.removeprefix("https://")
    sent = {name: value.replace("HERE", here) for name, value in headers.items()}
    answer = secure.session.get(f"{secure.url}/_local/resources", headers=sent, timeout=20)
    assert answer.status_code == status, answer.text


def test_a_clients_word_on_the_scheme_counts_for_nothing(shared: Google) -> None:
    here = shared.url.removeprefix("http://")
    for origin, status in ((f"http://{here}", 200), (f"https://{here}", 403)):
        headers = {"Origin": origin, "X-Forwarded-Proto": "https"}
        assert shared.call("GET", "/_local/resources", token=None, headers=headers).status_code == status


def test_a_client_that_never_shakes_hands_keeps_no_other_waiting(secure: Google) -> None:
    port = int(secure.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10):
        assert secure.done("GET", "/_local/health")["status"] == "ok"


def test_a_client_is_cut_off_at_the_limits_of_http_and_a_large_answer_comes_whole(made: Certificates) -> None:
    app, client = Answering(), trusting(made.authority)

    @contextmanager
    def connected() -> Iterator[socket.socket]:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=WAIT) as plain,
            client.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
        ):
            yield connection

    with served(app, tls=server_context(made)) as (port, _):
        with connected() as connection:
            assert answer(connection, WHOLE).startswith(b"HTTP/1.1 200 ")
            assert answer(connection, BEGUN.replace(b"1000", b"5000000") + bytes(5_000_000)).endswith(b"5000000")
            connection.sendall(WHOLE[:10])
            assert is_cut(connection)
        with connected() as connection:
            check_large_answer(connection)
        with connected() as connection:
            connection.sendall(BEGUN)
            assert is_cut(connection, dripping=b"a")
        app.lost.clear()
        with connected() as connection:
            connection.sendall(WHOLE.replace(b"/_ministack/health", b"/large"))
            assert app.lost.wait(WAIT)


def test_what_clients_get_trusts_this_machine_s_authorities_too_and_holds_no_key(
    made: Certificates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = ssl.create_default_context().get_ca_certs(binary_form=True)
    earlier = make_certificates(NOW)
    older = ssl.PEM_cert_to_DER_cert(earlier.authority.decode())
    monkeypatch.setattr(tls, "_known", lambda: [*known[:3], older])
    authority = write_trust(tmp_path, made)
    assert {file.name for file in tmp_path.iterdir()} == {"ca.pem", "ca-bundle.pem", "truststore.p12"}
    assert authority.read_bytes() == made.authority
    bundle = ssl.create_default_context(cafile=str(tmp_path / "ca-bundle.pem"))
    assert bundle.cert_store_stats()["x509"] == len(known[:3]) + 1
    shaken(server_context(made), bundle, "localhost")
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken(server_context(earlier), bundle, "localhost")
    store = pkcs12.load_pkcs12((tmp_path / "truststore.p12").read_bytes(), None)
    assert (store.key, len(store.additional_certs)) == (None, len(known[:3]) + 1)
    for file in tmp_path.iterdir():
        assert b"PRIVATE" not in file.read_bytes()


def test_a_program_trusts_what_it_is_given_and_java_s_other_options_stay() -> None:
    authority = Path("/a folder/ca.pem")
    before = trust(authority, {"JAVA_TOOL_OPTIONS": "-Xmx1g -Djavax.net.ssl.trustStore='/an older/one' -ea"})
    store = "-Djavax.net.ssl.trustStore='/a folder/truststore.p12' -Djavax.net.ssl.trustStoreType=PKCS12"
    assert before["JAVA_TOOL_OPTIONS"] == f"-Xmx1g -ea {store}"
    assert trust(authority, before) == before
    assert trust(authority, {})["JAVA_TOOL_OPTIONS"] == store
    assert before["SSL_CERT_FILE"] == before["REQUESTS_CA_BUNDLE"] == "/a folder/ca-bundle.pem"
    assert before["NODE_EXTRA_CA_CERTS"] == "/a folder/ca.pem"


def test_a_program_without_google_reaches_this_machine_only() -> None:
    found = without_google()
    assert found["NO_PROXY"] == found["no_proxy"] == "127.0.0.1,localhost"
    assert found["HTTPS_PROXY"] == found["https_proxy"] == "http://127.0.0.1:9"
