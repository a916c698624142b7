"""Impersonation with the real google-auth: the binding decides, and every other door is shut."""

from __future__ import annotations

import pytest
from google.auth.exceptions import RefreshError

from federation_emulator.core.clock import from_rfc3339
from federation_emulator.core.trace import Link, Part
from tests.emulator.chain import (
    ACCOUNT,
    ACCOUNT_PATH,
    GENERATE,
    MEMBER,
    POOL_NAME,
    POOL_PATH,
    PROVIDER_PATH,
    READER,
    ROLE,
    SCOPE,
    Chain,
    Keys,
    token_of,
)
from tests.emulator.google_server import PROJECT

ROLE_NAME = "roles/iam.workloadIdentityUser"


def test_the_bound_role_gets_an_access_token(chain: Chain, as_function: Keys) -> None:
    assert as_function.token
    credentials = chain.credentials()
    token_of(credentials)
    assert credentials.token
    exchange, impersonation = chain.google.decisions()[-2:]
    assert (impersonation.link, impersonation.allowed) == (Link.IMPERSONATION, True)
    assert impersonation.parent == exchange.id
    assert any(MEMBER in step.actual for step in impersonation.steps if step.part is Part.PERMISSION)


NEARLY: list[tuple[str, str]] = [
    (MEMBER + "2", f"binding names attribute.aws_role = arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}2, principal has"),
    (MEMBER.replace(ROLE, ROLE.lower()), "(they differ in case)"),
    (MEMBER.replace("assumed-role/", "assumed-role%2F"), "not as %2F"),
    (MEMBER.replace("aws_role", "role"), "mapping gives no attribute.role"),
    (MEMBER.replace("/keyless-pool/", "/other-pool/"), "binding names pool projects/"),
    (f"principalSet://iam.googleapis.com/{POOL_NAME}/attribute.aws_role/{ROLE}", f"attribute.aws_role = {ROLE},"),
    (f"serviceAccount:{READER}", f"binding names serviceAccount:{READER}"),
]


def test_a_binding_that_nearly_names_the_role_is_denied_with_the_difference(chain: Chain, as_function: Keys) -> None:
    assert as_function.token
    chain.revoke(ACCOUNT_PATH, ROLE_NAME, MEMBER)
    for member, actual in NEARLY:
        chain.grant(ACCOUNT_PATH, ROLE_NAME, member)
        with pytest.raises(RefreshError, match="Unable to acquire impersonated credentials"):
            token_of(chain.credentials())
        assert actual in chain.google.refusal(Link.IMPERSONATION).actual
        chain.revoke(ACCOUNT_PATH, ROLE_NAME, member)
    chain.grant(ACCOUNT_PATH, ROLE_NAME, MEMBER)
    token_of(chain.credentials())


def test_a_disabled_pool_stops_tokens_already_issued_but_a_disabled_provider_does_not(
    chain: Chain, federated: str
) -> None:
    body = {"scope": [SCOPE], "lifetime": "3600s"}
    for path, status in ((PROVIDER_PATH, 200), (POOL_PATH, 401)):
        chain.google.done("PATCH", f"{path}?updateMask=disabled", {"disabled": True})
        assert chain.google.call("POST", GENERATE, body, token=federated).status_code == status
        chain.google.done("PATCH", f"{path}?updateMask=disabled", {})
        assert chain.google.call("POST", GENERATE, body, token=federated).status_code == 200


REQUESTS: list[tuple[dict[str, object], int]] = [
    ({"scope": [SCOPE], "delegates": None, "lifetime": "3600s"}, 200),
    ({"scope": [SCOPE], "delegates": [], "lifetime": "1s"}, 200),
    ({"scope": [SCOPE]}, 200),
    ({"scope": []}, 400),
    ({}, 400),
    ({"scope": "x"}, 400),
    ({"scope": [""]}, 400),
    ({"scope": [SCOPE, "openid", "https://mail.google.com/"]}, 200),
    ({"scope": [f"{SCOPE} {SCOPE}"]}, 400),
    ({"scope": [SCOPE.replace("https", "http")]}, 400),
    ({"scope": ["https://www.googleapis.com.evil.test/auth/cloud-platform"]}, 400),
    ({"scope": [f"https://www.googleapis.com/auth/{'x' * 300}"]}, 400),
    ({"scope": [SCOPE] * 101}, 400),
    ({"scope": [SCOPE], "lifetime": "3601s"}, 400),
    ({"scope": [SCOPE], "lifetime": "0s"}, 400),
    ({"scope": [SCOPE], "lifetime": "-1s"}, 400),
    ({"scope": [SCOPE], "lifetime": 3600}, 400),
    ({"scope": [SCOPE], "delegates": [f"projects/{PROJECT}/serviceAccounts/{READER}"]}, 400),
    ({"scope": [SCOPE], "delegates": [READER]}, 400),
    ({"scope": [SCOPE], "delegates": [1]}, 400),
    ({"scope": [SCOPE], "delegates": [f"projects/-/serviceAccounts/{READER}"] * 11}, 400),
]


def test_the_request_is_checked(chain: Chain, federated: str) -> None:
    for body, status in REQUESTS:
        answer = chain.google.call("POST", GENERATE, body, token=federated)
        assert answer.status_code == status, answer.text
        if status == 200:
            lifetime = str(body.get("lifetime", "3600s")).removesuffix("s")
            left = from_rfc3339(answer.json()["expireTime"]) - chain.google.clock.now()
            assert int(lifetime) - 5 < left.total_seconds() <= int(lifetime)
