"""Which requests are answered at all, by where they come from."""

from __future__ import annotations

import pytest

from federation_emulator.ports.origin import Asked, is_this_machine, objection

HERE = ("host", "127.0.0.1:8080")


def asked(
    *headers: tuple[str, str], method: str = "GET", target: str = "/v1/things", query: str = "", scheme: str = "http"
) -> Asked:
    return Asked(method=method, target=target, query=query, headers=headers, scheme=scheme)


def status(request: Asked) -> int | None:
    """The status of the refusal; the page of this server is at ``/``."""
    found = objection(request, is_page=lambda path: path == "/")
    return None if found is None else found.status


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8080", "127.0.0.1", "localhost:8080", "localhost", "[::1]:8080", "[::1]", "LocalHost:8080"]
)
def test_a_name_of_this_machine_is_answered(host: str) -> None:
    assert is_this_machine(host)
    assert status(asked(("host", host))) is None


@pytest.mark.parametrize(
    "host",
    [
        *("attacker.example:8080", "attacker.example", "127.0.0.1.attacker.example:8080", "localhost.attacker.example"),
        *("attacker.example:127.0.0.1", "127.0.0.1:attacker.example", "attacker.example#127.0.0.1", "localhost:"),
        *("localhost:8080:8080", "localhost:٨٠", "localhost.", "127.0.0.1.:8080", "user@localhost:8080"),
        *("localhost@attacker.example", "http://localhost", "localhost/", "localhost, localhost", "10.0.0.1:8080"),
        *("127.0.0.2", "127.1", "2130706433", "0x7f000001", "0.0.0.0:8080", "::1", "[::ffff:127.0.0.1]", "[::1"),
        *("host.docker.internal", "sts.amazonaws.com", ""),
    ],
)
def test_every_other_name_is_refused_with_how_to_ask(host: str) -> None:
    found = objection(asked(("host", host)))
    assert found is not None
    assert found.status == 421
    assert "open http://127.0.0.1" in found.message


def test_a_request_names_its_host_exactly_once() -> None:
    assert status(asked()) == 421
    assert status(asked(HERE, HERE)) == 421
    assert status(asked(HERE, ("host", "attacker.example"))) == 421


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "http://attacker.example/"),
        ("GET", "http://attacker.example"),
        ("GET", "http://127.0.0.1@attacker.example/"),
        ("GET", "http:///v1/things"),
        ("GET", "https://127.0.0.1:8080/v1/things"),
        ("GET", "HTTP://attacker.example/"),
        ("OPTIONS", "*"),
        ("CONNECT", "attacker.example:80"),
        ("GET", ""),
    ],
)
def test_a_target_that_is_not_on_this_machine_is_refused(method: str, target: str) -> None:
    assert status(asked(HERE, method=method, target=target)) == 421
    for here in ("/", "http://127.0.0.1:8080/v1/things", "http://localhost"):
        assert status(asked(HERE, method="GET", target=here)) is None
        assert status(asked(("host", "attacker.example"), method="GET", target=here)) == 421


@pytest.mark.parametrize(
    "origin",
    [
        *("http://attacker.example", "null", "", "http://127.0.0.1", "http://127.0.0.1:8081", "https://127.0.0.1:8080"),
        *("http://localhost:8080", "http://127.0.0.1:8080.attacker.example", "http://127.0.0.1:8080/"),
        *("http://127.0.0.1:8080, http://attacker.example", "127.0.0.1:8080", "chrome-extension://abcdef", "file://"),
    ],
)
def test_any_other_origin_than_the_pages_own_is_refused_everywhere(origin: str) -> None:
    for target in ("/", "/v1/things"):
        assert status(asked(HERE, ("origin", origin), target=target)) == 403
    assert status(asked(HERE, ("origin", "http://127.0.0.1:8080"), target="/")) is None


def test_the_own_origin_is_taken_on_the_page_only_and_once() -> None:
    own = ("origin", "http://127.0.0.1:8080")
    assert status(asked(HERE, own, target="/")) is None
    assert status(asked(HERE, own)) == 403
    assert status(asked(HERE, own, own, target="/")) == 403
    assert status(asked(("host", "localhost:9999"), ("origin", "http://localhost:9999"), target="/")) is None


def test_an_origin_and_a_target_of_the_other_scheme_are_another_ones() -> None:
    for scheme, other in (("https", "http"), ("http", "https")):
        here = "127.0.0.1:8080"
        assert status(asked(HERE, ("origin", f"{scheme}://{here}"), target="/", scheme=scheme)) is None
        assert status(asked(HERE, ("origin", f"{other}://{here}"), target="/", scheme=scheme)) == 403
        assert status(asked(HERE, target=f"{scheme}://{here}/v1/things", scheme=scheme)) is None
        assert status(asked(HERE, target=f"{other}://{here}/v1/things", scheme=scheme)) == 421


@pytest.mark.parametrize("target", ["/", "/v1/things"])
def test_what_a_browser_asks_for_another_site_is_refused_and_what_a_user_opens_is_not(target: str) -> None:
    for site in ("cross-site", "same-site", "", "None", "something-new"):
        assert status(asked(HERE, ("sec-fetch-site", site), target=target)) == 403
    assert status(asked(HERE, ("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site"), target=target)) == 403
    assert status(asked(HERE, ("sec-fetch-site", "none"), target=target)) is None


def test_only_the_page_is_called_from_its_own_site() -> None:
    assert status(asked(HERE, ("sec-fetch-site", "same-origin"), target="/")) is None
    assert status(asked(HERE, ("sec-fetch-site", "same-origin"))) == 403


@pytest.mark.parametrize("name", ["access-control-request-method", "access-control-request-headers"])
def test_a_preflight_is_refused_though_its_origin_is_cut_off(name: str) -> None:
    assert status(asked(HERE, (name, "x"), method="OPTIONS")) == 403
    assert status(asked(HERE, method="OPTIONS")) is None


@pytest.mark.parametrize(
    "header",
    [("upgrade", "websocket"), ("upgrade", "WebSocket"), ("upgrade", "h2c, websocket/13"), ("sec-websocket-key", "x")],
)
def test_a_websocket_is_refused(header: tuple[str, str]) -> None:
    assert status(asked(HERE, header)) == 403
    # Java's client asks for HTTP/2 with every request; it is answered in HTTP/1.1.
    assert status(asked(HERE, ("upgrade", "h2c"))) is None


def test_a_head_that_is_too_large_is_refused() -> None:
    assert status(asked(HERE, ("x-large", "a" * 65_000))) is None
    assert status(asked(HERE, ("x-large", "a" * 65_600))) == 431
    assert status(asked(HERE, query="a" * 65_600)) == 431
    assert status(asked(HERE, target="/" + "a" * 65_600)) == 431
    assert status(asked(HERE, *[("x-many", "a")] * 99)) is None
    assert status(asked(HERE, *[("x-many", "a")] * 100)) == 431
