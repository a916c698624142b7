"""The token that assumes a role: read, verified, and judged by its claims."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from federation_emulator.client.issuer import Issuer
from federation_emulator.ports import role_token
from federation_emulator.ports.web_identity import StsError

ISSUER = Issuer("https://token.example.org", algorithms=("RS256", "ES256"))
NOW = int(time.time())
CLAIMS: dict[str, Any] = {"sub": "job", "aud": "sts.amazonaws.com", "iat": NOW, "nbf": NOW, "exp": NOW + 300}


def judged(text: str, *, keys: str | None = None, now: float = NOW + 1) -> dict[str, str]:
    token = role_token.read(text)
    role_token.verify(token, ISSUER.key_set() if keys is None else keys)
    role_token.check(token, ["sts.amazonaws.com"], now=now)
    return role_token.condition_keys(token)


def test_a_right_token_gives_the_keys_of_a_trust_policy() -> None:
    assert judged(ISSUER.token(CLAIMS)) == {
        "token.example.org:aud": "sts.amazonaws.com",
        "token.example.org:sub": "job",
    }
    assert judged(ISSUER.token({**CLAIMS, "azp": "sts.amazonaws.com"}))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("no-token", "InvalidIdentityToken"),
        (ISSUER.token(CLAIMS, algorithm="ES256"), "InvalidIdentityToken"),
        (ISSUER.token(CLAIMS, alg="none"), "InvalidIdentityToken"),
        (ISSUER.token(CLAIMS, kid=None), "InvalidIdentityToken"),
        (ISSUER.token(CLAIMS, kid="another"), "InvalidIdentityToken"),
        (ISSUER.token(CLAIMS, crit="x"), "InvalidIdentityToken"),
        (ISSUER.token({**CLAIMS, "sub": None}), "InvalidIdentityToken"),
        (ISSUER.token({**CLAIMS, "exp": "soon"}), "InvalidIdentityToken"),
        (ISSUER.token({**CLAIMS, "aud": ["sts.amazonaws.com"]}), "InvalidIdentityToken"),
        (ISSUER.token({**CLAIMS, "aud": "another"}), "InvalidIdentityToken"),
        (ISSUER.token({**CLAIMS, "exp": NOW}), "ExpiredTokenException"),
        (ISSUER.token({**CLAIMS, "nbf": NOW + 60}), "InvalidIdentityToken"),
        (ISSUER.token({**CLAIMS, "nbf": "now"}), "InvalidIdentityToken"),
        (ISSUER.token({**CLAIMS, "nbf": None}), "InvalidIdentityToken"),
        (ISSUER.token({**CLAIMS, "azp": "another"}), "InvalidIdentityToken"),
        (f"e30.{urlsafe_b64encode(b'[' * 6000).decode().rstrip('=')}.e30", "InvalidIdentityToken"),
        (Issuer("https://token.example.org").token(CLAIMS), "InvalidIdentityToken"),
        (f"{ISSUER.token(CLAIMS).rpartition('.')[0]}.{'A' * 342}", "InvalidIdentityToken"),
        (f"{ISSUER.token(CLAIMS).rpartition('.')[0]}.AAAA", "InvalidIdentityToken"),
    ],
)
def test_any_other_is_refused(text: str, code: str) -> None:
    with pytest.raises(StsError) as refused:
        judged(text)
    assert refused.value.code == code


def test_a_changed_claim_breaks_the_signature() -> None:
    header, _, signature = ISSUER.token(CLAIMS).split(".")
    payload = ISSUER.token({**CLAIMS, "sub": "another"}).split(".")[1]
    with pytest.raises(StsError, match="signature"):
        judged(f"{header}.{payload}.{signature}")


@pytest.mark.parametrize("keys", ["", "[]", "{}", '{"keys": [1]}', '{"keys": []}'])
def test_a_key_set_that_can_not_be_read_verifies_nothing(keys: str) -> None:
    with pytest.raises(StsError, match="verification key"):
        judged(ISSUER.token(CLAIMS), keys=keys)


def test_a_small_key_verifies_nothing() -> None:
    found = json.loads(ISSUER.key_set())
    small = {"keys": [{**key, "n": key["n"][:100]} for key in found["keys"] if key["kty"] == "RSA"]}
    with pytest.raises(StsError, match="another size"):
        judged(ISSUER.token(CLAIMS), keys=json.dumps(small))
