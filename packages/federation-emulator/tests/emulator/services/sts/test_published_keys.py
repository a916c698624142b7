"""Keys that an issuer on this machine publishes: fetched, kept for a while, fetched again for an unknown key."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from federation_emulator.client.issuer import aws_claims
from federation_emulator.client.issuer_server import serving as serving_issuer
from federation_emulator.core.trace import Refused
from federation_emulator.core.upstream import Upstream
from federation_emulator.services.iam.key_set import KeySetProblem, read_published_set
from federation_emulator.services.iam.model import Oidc
from federation_emulator.services.sts.issuer_keys import IssuerKeys
from tests.emulator.google_server import Google
from tests.emulator.identity import AUDIENCE, ROLE_ARN, exchange, make_pool, make_provider
from tests.emulator.issuer_pages import DISCOVERY, Page, Pages, answering
from tests.emulator.services.iam.certificates import server_certificate


@pytest.fixture(scope="module")
def running() -> Iterator[Pages]:
    with answering() as made:
        yield made


@pytest.fixture
def pages(running: Pages) -> Pages:
    running.publish()
    running.asked.clear()
    return running


class Keys:
    """What the local Google knows of one issuer's keys, with a clock of its own."""

    def __init__(self, issuer_uri: str, *, limit_seconds: float = 5) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.oidc = Oidc(issuer_uri=issuer_uri)
        self._keys = IssuerKeys(Upstream("http://127.0.0.1:9"), lambda: self.now, limit_seconds=limit_seconds)

    def of(self, key_id: str) -> set[str]:
        return set(asyncio.run(self._keys.of(self.oidc, key_id)))

    def refused(self, key_id: str = "any") -> str:
        with pytest.raises(Refused) as raised:
            self.of(key_id)
        assert raised.value.refusal.rule == "the issuer's keys must be within reach"
        return raised.value.refusal.actual


def test_a_token_of_an_issuer_on_this_machine_is_exchanged_and_its_rotated_out_key_is_refused(
    quiet_google: Google,
) -> None:
    make_pool(quiet_google)
    with serving_issuer() as issuer:
        make_provider(quiet_google, {"issuerUri": issuer.uri})
        claims = aws_claims(ROLE_ARN, audience=AUDIENCE)
        before = issuer.token(claims)
        assert exchange(quiet_google, before).ok
        issuer.rotate("RS256")
        assert exchange(quiet_google, issuer.token(claims)).ok
        assert exchange(quiet_google, issuer.token(claims, algorithm="ES256")).ok
        assert exchange(quiet_google, before).json()["error"] == "invalid_grant"
        assert quiet_google.refusal().rule == "the key set must have the token's key"
    quiet_google.pass_time(300)
    assert exchange(quiet_google, before).json()["error_description"].startswith("Error connecting to")
    assert quiet_google.refusal().actual == "ConnectionRefusedError"


def test_a_key_set_is_kept_for_five_minutes_and_then_fetched_again(pages: Pages) -> None:
    keys, old = Keys(pages.issuer.uri), pages.issuer.key_id("RS256")
    assert keys.of(old) == {old}
    pages.issuer.rotate("RS256")
    pages.publish()
    keys.now += timedelta(seconds=299)
    assert keys.of(old) == {old}
    assert pages.asked == {DISCOVERY: 1, "/keys": 1}
    keys.now += timedelta(seconds=1)
    assert keys.of(old) == {pages.issuer.key_id("RS256")}


def test_an_unknown_key_has_the_issuer_asked_again_ten_times_a_minute_at_most(pages: Pages) -> None:
    keys = Keys(pages.issuer.uri)
    for _ in range(15):
        keys.of("unknown")
    assert pages.asked["/keys"] == 1 + 10
    pages.issuer.rotate("RS256")
    pages.publish()
    new = pages.issuer.key_id("RS256")
    assert new not in keys.of(new)
    keys.now += timedelta(seconds=60)
    assert keys.of(new) == {new}


def test_a_set_that_is_gone_is_not_used_though_it_was_known(pages: Pages) -> None:
    keys, known = Keys(pages.issuer.uri), pages.issuer.key_id("RS256")
    assert keys.of(known) == {known}
    kept, pages.answers["/keys"] = pages.answers["/keys"], Page(status=404)
    assert "status 404" in keys.refused("unknown")
    assert "status 404" in keys.refused(known)
    pages.answers["/keys"] = kept
    assert keys.of(known) == {known}


def _answer(path: str, **page: Any) -> Callable[[Pages], None]:
    return lambda pages: pages.answers.update({path: Page(**page)})


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (_answer(DISCOVERY, status=404), "status 404 (redirects are not followed) at http://127.0.0.1:"),
        (_answer(DISCOVERY, status=302, location="/keys"), "redirects are not followed"),
        (_answer("/keys", status=301, location="http://127.0.0.1:9/keys"), "redirects are not followed"),
        (_answer(DISCOVERY, body="<html>"), "a discovery document that is no JSON"),
        (_answer(DISCOVERY, body="[]"), "a discovery document of the issuer None"),
        (_answer(DISCOVERY, body=" " * 65_537), "more than 65536 bytes"),
        (_answer("/keys", body=" " * 65_537), "more than 65536 bytes"),
        (_answer("/keys", body="{"), "no key set: "),
        (_answer("/keys", body='{"keys": []}'), "it must have 1 to 100"),
        (_answer("/keys", body='{"keys": [' + "{}," * 100 + "{}]}"), "it has 101 keys"),
        (_answer("/keys", after_seconds=0.5), "no whole key set within 0.25 s"),
        (lambda pages: pages.publish(issuer="http://127.0.0.1:9"), "of the issuer 'http://127.0.0.1:9'"),
        (lambda pages: pages.publish(issuer=pages.issuer.uri + "/"), "a discovery document of the issuer"),
        (lambda pages: pages.publish(jwks_uri=None), "jwks_uri None"),
        (lambda pages: pages.publish(jwks_uri="https://example.com/keys"), "which is not on this machine"),
        (lambda pages: pages.publish(jwks_uri="http://127.0.0.1@example.com/"), "which is not on this machine"),
        (lambda pages: pages.publish(jwks_uri="http://127.0.0.1.example.com/"), "which is not on this machine"),
        (lambda pages: pages.publish(jwks_uri="http://localhost:99999/"), "which is not on this machine"),
        (lambda pages: pages.publish(jwks_uri="file:///etc/hostname"), "which is not on this machine"),
        (lambda pages: pages.publish(jwks_uri="https://127.0.0.1:9/keys"), "has another scheme"),
    ],
)  # fmt: skip
def test_what_is_no_published_key_set_is_refused_with_its_reason(
    pages: Pages, spoil: Callable[[Pages], None], why: str
) -> None:
    keys, known = Keys(pages.issuer.uri, limit_seconds=0.25 if "within" in why else 10), pages.issuer.key_id("RS256")
    spoil(pages)
    assert why in keys.refused()
    pages.publish()
    assert Keys(pages.issuer.uri).of(known) == {known}


def test_a_certificate_is_verified_by_an_authority_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "issuer.pem"
    file.write_bytes(server_certificate("127.0.0.1"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with answering(context) as pages:
        assert Keys(pages.issuer.uri).refused() == "SSLCertVerificationError"
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        assert Keys(pages.issuer.uri).of("any") == {pages.issuer.key_id("RS256")}


def test_nothing_is_fetched_from_elsewhere() -> None:
    assert Keys("https://issuer.example.com").refused() == "https://issuer.example.com, without jwksJson"


def test_of_a_published_set_keys_that_no_token_is_signed_with_are_left_out_and_a_secret_is_refused(
    pages: Pages,
) -> None:
    right = json.loads(pages.issuer.key_set())["keys"][0]
    other: list[dict[str, Any]] = [
        {**right, "kid": "encrypts", "use": "enc"},
        {**right, "kid": "short", "n": "AQAB"},
        {"kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": "AQAB"},
    ]
    more = {**right, "x5c": ["a certificate"], "x5t": "its hash"}
    assert set(read_published_set(json.dumps({"keys": [*other, more], "more": 1}))) == {right["kid"]}
    for wrong, why in (
        ([more, right], "a kid of its own"),
        ([{**right, "kid": None}], "a kid of its own"),
        ([{**right, "kid": "k" * 257}], "a kid of its own"),
        ([{**right, "d": "AQAB"}], "has d, which is a private key's"),
        ([right, {"kty": "oct", "k": "AQAB", "kid": "shared"}], "has k, which is a private key's"),
        (["key"], "must be an object"),
    ):
        with pytest.raises(KeySetProblem, match=why):
            read_published_set(json.dumps({"keys": wrong}))
