"""gcloud's own exchange and its question whose token that is; no other credential comes through."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
import requests

from federation_emulator.services.sts.exchange_rules import GCLOUD
from tests.emulator.chain import ACCOUNT, FUNCTION, POOL_NAME, POOL_PATH, ROLE, SCOPE, Chain, Keys, token_of
from tests.emulator.google_server import DEPLOYER_TOKEN
from tests.emulator.signing import document, form


def basic(client: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{client}:a-public-secret'.encode()).decode()}"}


def post(chain: Chain, path: str, fields: dict[str, str], headers: dict[str, str] | None = None) -> requests.Response:
    return chain.google.session.post(chain.google.url + path, data=fields, headers=headers, timeout=20)


def introspected(chain: Chain, token: str) -> Any:
    answer = post(chain, "/v1/introspect", {"token": token}, basic(GCLOUD))
    assert answer.status_code == 200
    return answer.json()


def test_a_federated_token_is_active_until_it_expires_or_its_pool_is_gone(chain: Chain, as_function: Keys) -> None:
    assert as_function.token
    token = token_of(chain.direct_credentials())
    subject = f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/{FUNCTION}"
    said = introspected(chain, token)
    assert said["active"] is True
    assert said["username"] == f"principal://iam.googleapis.com/{POOL_NAME}/subject/{subject}"
    assert said["scope"] == SCOPE
    assert said["exp"] - said["iat"] == 3600
    chain.google.done("PATCH", f"{POOL_PATH}?updateMask=disabled", {"disabled": True})
    assert introspected(chain, token) == {"active": False}
    chain.google.done("PATCH", f"{POOL_PATH}?updateMask=disabled", {"disabled": False})
    assert introspected(chain, token)["active"] is True
    chain.google.clock.ahead = timedelta(seconds=3601)
    assert introspected(chain, token) == {"active": False}


def test_nothing_is_said_of_any_other_token(chain: Chain, as_function: Keys) -> None:
    assert as_function.token
    for token in (DEPLOYER_TOKEN, token_of(chain.credentials()), "unknown"):
        assert introspected(chain, token) == {"active": False}


@pytest.mark.parametrize(
    "fields", [{}, {"token": ""}, {"token": "a", "token_type_hint": "refresh_token"}, {"token": "a" * 70_000}]
)
def test_what_is_no_introspection_is_refused_in_the_exchanges_shape(deployed: Chain, fields: dict[str, str]) -> None:
    answer = post(deployed, "/v1/introspect", fields)
    assert answer.status_code in {400, 413}
    assert set(answer.json()) == {"error", "error_description"}


@pytest.mark.parametrize("path", ["/v1/token", "/v1/introspect"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer x"},
        {"Authorization": f"Bearer {DEPLOYER_TOKEN}"},
        basic("another.apps.googleusercontent.com"),
        basic(""),
        {"Authorization": "Basic !"},
        {"Authorization": f"Basic {base64.b64encode(bytes([255])).decode()}"},
    ],
)
def test_any_other_authorization_is_refused_and_gclouds_own_is_taken(
    deployed: Chain, role_keys: Keys, path: str, headers: dict[str, str]
) -> None:
    fields = {**form(document(role_keys)), "token": "unknown"}
    assert post(deployed, path, fields, headers).json()["error"] == "invalid_request"
    assert post(deployed, path, fields, basic(GCLOUD)).status_code == 200
