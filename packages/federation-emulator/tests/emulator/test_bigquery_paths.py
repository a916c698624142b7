"""BigQuery's paths without ``/bigquery/v2``, as Google's client for Node sends them, are those with it."""

from __future__ import annotations

from typing import Any

import pytest

from federation_emulator.core.app import _ROUTES
from tests.emulator.google_server import PROJECT, Google

FULL = "/bigquery/v2"
ROUTES = [
    (method, path.removeprefix(FULL).replace(":name}", "}").format(project=PROJECT, dataset="d", table="t", job="j"))
    for method, path, _ in _ROUTES
    if path.startswith(FULL)
]
NOT_SERVED = [
    ("GET", f"/projects/{PROJECT}/serviceAccount"),
    ("GET", f"/projects/{PROJECT}/datasets/d/models"),
    ("POST", f"/projects/{PROJECT}/datasets/d:undelete"),
    ("PATCH", f"/projects/{PROJECT}/queries"),
    ("GET", f"/projects/{PROJECT}/datasets/a%2Fb"),
    ("GET", f"/projects/{PROJECT}/datasets/"),
    ("GET", f"/projects/{PROJECT}/datasets/../queries"),
]


def answered(google: Google, method: str, path: str, **more: Any) -> tuple[int, Any]:
    answer = google.call(method, path, {} if method in {"POST", "PUT", "PATCH"} else None, **more)
    return answer.status_code, answer.json()


@pytest.mark.parametrize(("method", "path"), [*ROUTES, *NOT_SERVED])
def test_the_answer_is_that_of_the_whole_path(shared: Google, method: str, path: str) -> None:
    """With and without a token, and with a parameter that there isn't."""
    for more in ({}, {"token": None}, {"params": {"noSuchParameter": "1"}}):
        assert answered(shared, method, path, **more) == answered(shared, method, FULL + path, **more)
    assert answered(shared, method, path, token=None)[0] != 200


@pytest.mark.parametrize(
    "path",
    [
        *(
            f"/projects/{PROJECT}",
            "/projects",
            f"/projects/{PROJECT}/serviceAccounts",
            f"/projects/{PROJECT}/datasetsx",
        ),
        *(f"//projects/{PROJECT}/datasets", f"/projects//{PROJECT}/datasets", f"/projects%2F{PROJECT}/datasets"),
        *(f"/v2/projects/{PROJECT}/datasets/", f"/Projects/{PROJECT}/datasets", f"/x/projects/{PROJECT}/datasets"),
    ],
)
def test_no_other_path_becomes_one_of_bigquerys(shared: Google, path: str) -> None:
    status, body = answered(shared, "GET", path)
    assert status in {404, 501}
    assert "errors" not in body["error"], "BigQuery's shape"


def test_what_is_not_served_is_noted_under_the_whole_path(shared: Google) -> None:
    answered(shared, "GET", f"/projects/{PROJECT}/datasets/noted/models")
    noted = [entry["path"] for entry in shared.done("GET", "/_local/unsupported")["unsupported"]]
    assert f"{FULL}/projects/{PROJECT}/datasets/noted/models" in noted
