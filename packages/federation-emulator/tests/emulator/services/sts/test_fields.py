"""A request's parameters: one form or one JSON object, each parameter once, and nothing next to the body."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation_emulator.core.errors import OAuthError
from federation_emulator.core.trace import Refused
from federation_emulator.services.sts.exchange_rules import check_request
from federation_emulator.services.sts.fields import read_fields
from federation_emulator.services.sts.model import ACCESS_TOKEN_TYPE, AWS_TOKEN_TYPE, GRANT_TYPE, ExchangeRequest
from tests.emulator.chain import AUDIENCE, PROVIDER_NAME, SCOPE, Chain, Keys
from tests.emulator.signing import document, form

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
NAMES = ("grant_type", "scope", "options")


def read(body: bytes | str, *kinds: str, query: tuple[str, ...] = ()) -> dict[str, str]:
    text = body if isinstance(body, bytes) else body.encode()
    return read_fields(text, content_types=kinds, query=query, names=NAMES)


def test_a_form_is_read_and_what_it_does_not_know_is_ignored() -> None:
    assert read("grant_type=a%20b&scope=c+d&other=e", FORM)["scope"] == "c d"
    assert read("grant_type=%C3%A9", f"{FORM}; charset=UTF-8") == {"grant_type": "\u00e9"}
    assert read("", FORM) == {}


@pytest.mark.parametrize("body", ['{"grantType": "a", "scope": null}', '{"grant_type": "a", "scope": ""}'])
def test_json_is_read_in_either_spelling(body: str) -> None:
    assert read(body, JSON) == read(body, 'application/json; charset="utf-8"') == {"grant_type": "a", "scope": ""}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("grant_type=a&grant_type=a", FORM),
        ("grant_type=%FF", FORM),
        ("grant_type=\u00e9", FORM),
        ("&".join(f"a{n}=b" for n in range(30)), FORM),
        ("", JSON),
        ("{", JSON),
        ("[]", JSON),
        ('"text"', JSON),
        ("[" * 100_000, JSON),
        ('{"grantType": "a", "grant_type": "a"}', JSON),
        ('{"scope": "a", "scope": "b"}', JSON),
        ('{"scope": 1}', JSON),
        ('{"scope": ["a"]}', JSON),
        ('{"scope": {"a": "b"}}', JSON),
        ('{"scope": true}', JSON),
        ('{"scope": "\\ud800"}', JSON),
        ('{"Scope": "a"}', JSON),
        ('{"subject": "a"}', JSON),
        (b'{"scope": "\xff"}', JSON),
        ("scope=a", "text/plain"),
        ("scope=a", ""),
        ('{"scope": "a"}', "application/json; charset=utf-16"),
        ("scope=a", f"{FORM}; boundary=x"),
    ],
)
def test_anything_else_is_refused(body: str | bytes, kind: str) -> None:
    with pytest.raises(Refused):
        read(body, kind)


@pytest.mark.parametrize("kinds", [(), (FORM, JSON), (FORM, FORM)])
def test_a_body_has_exactly_one_type(kinds: tuple[str, ...]) -> None:
    with pytest.raises(Refused):
        read("scope=a", *kinds)


@pytest.mark.parametrize("name", ["audience", "access_token", "oauth_token", "fields", "\u00e9"])
def test_nothing_is_taken_from_the_url_but_what_changes_no_meaning(name: str) -> None:
    assert read("scope=a", FORM, query=("alt", "prettyPrint")) == {"scope": "a"}
    with pytest.raises(Refused):
        read("scope=a", FORM, query=(name,))


def test_a_credential_sent_as_a_name_is_not_repeated() -> None:
    for body, kind in ((json.dumps({"hunter2-secret": "a"}), JSON), ("hunter2-secret=a&hunter2-secret=b", FORM)):
        with pytest.raises(Refused) as refused:
            read(body, kind)
        assert "hunter2" not in refused.value.refusal.actual + str(refused.value.answer)


@given(st.binary(max_size=300), st.sampled_from([FORM, JSON]))
def test_whatever_comes_is_read_or_refused(body: bytes, kind: str) -> None:
    with contextlib.suppress(Refused):
        assert all(isinstance(value, str) for value in read(body, kind).values())


def asked(**changes: str) -> ExchangeRequest:
    fields: dict[str, Any] = {
        "grant_type": GRANT_TYPE,
        "audience": AUDIENCE,
        "scope": SCOPE,
        "requested_token_type": ACCESS_TOKEN_TYPE,
        "subject_token_type": AWS_TOKEN_TYPE,
        "subject_token": "x",
        "options": "",
    }
    return ExchangeRequest(**{**fields, **changes})


@pytest.mark.parametrize("options", ["", "{}", "%7B%7D", " { } "])
def test_options_that_ask_for_nothing_pass(options: str) -> None:
    assert check_request(asked(options=options)) == PROVIDER_NAME


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"options": '{"userProject": "p"}'}, "invalid_request"),
        ({"options": "%7B%22userProject%22%3A%22p%22%7D"}, "invalid_request"),
        ({"options": '{"accessBoundary": {}}'}, "invalid_request"),
        ({"options": '{"unknown": 1}'}, "invalid_request"),
        ({"options": "[]"}, "invalid_request"),
        ({"options": "%FF"}, "invalid_request"),
        ({"options": "{"}, "invalid_request"),
        ({"grant_type": ""}, "unsupported_grant_type"),
        ({"grant_type": GRANT_TYPE.upper()}, "unsupported_grant_type"),
        ({"requested_token_type": "urn:ietf:params:oauth:token-type:id_token"}, "invalid_request"),
        ({"subject_token_type": "urn:ietf:params:oauth:token-type:saml2"}, "invalid_request"),
        ({"audience": f"https:{AUDIENCE}"}, "invalid_request"),
        ({"audience": f" {AUDIENCE}"}, "invalid_request"),
        ({"audience": f"{AUDIENCE}\n"}, "invalid_request"),
        ({"audience": ""}, "invalid_request"),
        ({"audience": "//iam.googleapis.com/locations/global/workforcePools/p/providers/q"}, "invalid_target"),
        ({"scope": "   "}, "invalid_request"),
        ({"scope": "a\tb"}, "invalid_scope"),
        ({"scope": "a\u0000"}, "invalid_scope"),
        ({"scope": 'a"b'}, "invalid_scope"),
        ({"scope": " ".join(f"s{n}" for n in range(101))}, "invalid_scope"),
    ],
)
def test_a_field_outside_the_reference_is_refused(changes: dict[str, str], error: str) -> None:
    assert check_request(asked()) == PROVIDER_NAME
    with pytest.raises(Refused) as refused:
        check_request(asked(**changes))
    assert isinstance(refused.value.answer, OAuthError)
    assert (refused.value.answer.error, refused.value.answer.code) == (error, 400)


def test_an_exchange_that_cannot_be_read_leaves_a_decision(chain: Chain, role_keys: Keys) -> None:
    good = form(document(role_keys))
    url = f"{chain.google.url}/v1/token"
    for sent, why in (
        ({"data": "x", "headers": {"Content-Type": "text/plain"}}, "the body must be a form or JSON, in UTF-8"),
        ({"data": good, "params": {"audience": "x"}}, "parameters belong into the body, not into the URL"),
        ({"json": {**good, "other": "x"}}, "a JSON body may hold only the parameters that there are"),
        ({"data": {"a": "x" * 70_000}}, "the body may have at most 65536 bytes"),
    ):
        answer = chain.google.session.post(url, timeout=20, **sent)
        assert answer.status_code in {400, 413}
        assert answer.json()["error"] == "invalid_request"
        assert chain.google.refusal().rule == why
    assert chain.google.session.post(url, data=good, timeout=20).status_code == 200
    assert chain.google.session.post(url, json=good, params={"alt": "json"}, timeout=20).status_code == 200
    assert chain.google.session.get(url, timeout=20).status_code == 405
