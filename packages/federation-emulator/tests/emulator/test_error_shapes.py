"""Every route answers errors in its API's own shape: unknown path, wrong method, no token, bad token, bad body."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests

from federation_emulator.core.app import _ROUTES
from tests.emulator.google_server import Google

_VALUES = {"project": "local-keyless", "account": "a@b.c", "service": "iam.googleapis.com"}
_PATHS = sorted({path for _, path, _ in _ROUTES})
_SERVED = {(method, path) for method, path, _ in _ROUTES}
_OAUTH = {"/v1/token", "/v1/introspect"}
_PAGE = {"/", "/page/{file:name}"}
_PUBLIC = _OAUTH | _PAGE | {"/$discovery/rest"}
_GUARDED = [(m, p) for m, p, _ in _ROUTES if not p.startswith("/_local/") and p not in _PUBLIC]


def filled(path: str) -> str:
    return re.sub(r"\{(\w+):name\}", lambda found: _VALUES.get(found[1], "some-name"), path)


def check_shape(answer: requests.Response, path: str) -> Any:
    """Insist on the shape that the path's clients parse."""
    assert answer.headers["content-type"] == "application/json", answer.text
    body = answer.json()
    if path in _OAUTH:
        assert set(body) == {"error", "error_description"}
        return body
    error = body["error"]
    assert error["code"] == answer.status_code
    assert error["status"]
    assert error["message"]
    if path.startswith("/bigquery/"):
        assert set(error["errors"][0]) - {"location", "locationType"} == {"message", "domain", "reason"}
    return error


@pytest.mark.parametrize(
    ("method", "path"), [(m, p) for m in ("TRACE", "HEAD", "PROPFIND") for p in _PATHS if (m, p) not in _SERVED]
)
def test_a_wrong_method_is_405_in_shape(shared: Google, path: str, method: str) -> None:
    answer = shared.call(method, filled(path))
    assert answer.status_code == 405
    assert answer.headers["Allow"]
    if method != "HEAD":
        check_shape(answer, path)


@pytest.mark.parametrize(("method", "path"), _GUARDED)
def test_without_a_token_or_with_a_bad_one_every_route_is_401(shared: Google, method: str, path: str) -> None:
    for token in (None, "unknown", "", "x y z"):
        answer = shared.call(method, filled(path), token=token)
        assert answer.status_code == 401, answer.text[:500]
        assert check_shape(answer, path)["status"] == "UNAUTHENTICATED"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    basic = shared.call(method, filled(path), token=None, headers={"Authorization": "Basic x"})
    assert basic.status_code == 401


def test_a_body_beyond_the_limit_is_413(shared: Google) -> None:
    big = b" " * (2 * 1024 * 1024)
    assert shared.call("POST", "/v1/token", token=None, data=big).status_code == 413
    path = "/v1/projects/local-keyless:setIamPolicy"
    answer = shared.call("POST", path, data=big)
    assert answer.status_code == 413
    check_shape(answer, path)


def test_an_internal_error_is_500_without_details(shared: Google, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("federation_emulator.services.resource_manager.routes.answer", broken)
    answer = shared.call("GET", "/v1/projects/local-keyless")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    check_shape(answer, "/v1/projects/local-keyless")


def test_the_local_routes_need_no_token_and_hold_none(shared: Google) -> None:
    assert shared.call("GET", "/_local/health", token=None).json() == {"status": "ok"}
    for path in ("/_local/decisions", "/_local/resources"):
        assert shared.call("GET", path, token=None).status_code == 200
