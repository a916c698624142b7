"""What isn't served is refused in Google's shape, in the log once, and kept in a bounded list without secrets."""

from __future__ import annotations

import json
import logging
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.requests import Request

from federation_emulator.core.errors import unimplemented
from federation_emulator.core.unsupported import MOST_KEPT, UnsupportedRequests
from tests.emulator.google_server import DEPLOYER_TOKEN, PROJECT, Google

GCLOUD = "google-cloud-sdk gcloud/528.0.0 command/gcloud.iam.list invocation-id/0123456789abcdef (Linux 6.1)"


def noted(google: Google, path: str) -> list[dict[str, Any]]:
    """What the server keeps of requests to this path."""
    answer = google.call("GET", "/_local/unsupported", token=None)
    assert answer.status_code == 200
    return [entry for entry in answer.json()["unsupported"] if entry["path"] == path]


def raw(google: Google, request: bytes) -> tuple[int, str, bytes]:
    """Send bytes as they are; return status, content type and body."""
    place = urlsplit(google.url)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=10) as connection:
        connection.sendall(request)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    lines = head.decode().lower().split("\r\n")
    kind = next(line.partition(": ")[2] for line in lines if line.startswith("content-type"))
    return int(lines[0].split()[1]), kind, body


def get(target: str) -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/storage/v1/b/some-bucket"),
        ("GET", f"/v1/projects/{PROJECT}/secrets"),
        ("GET", "/v3/projects/123"),
        ("DELETE", f"/v2/projects/{PROJECT}/locations/global/keyRings/a"),
        ("GET", f"/compute/v1/projects/{PROJECT}/zones"),
        ("POST", "/batch/bigquery/v2"),
        ("POST", "/batch"),
        ("POST", f"/upload/bigquery/v2/projects/{PROJECT}/jobs?uploadType=multipart"),
        ("GET", f"/bigquery/v2/projects/{PROJECT}/datasets/d/models"),
        ("GET", "/v1/roles/owner"),
        ("POST", f"/v1/projects/{PROJECT}/serviceAccounts/a@b.c:signBlob"),
        ("POST", f"/v1/projects/{PROJECT}:undelete"),
        ("GET", f"/v1beta1/projects/{PROJECT}/services:unknown"),
        ("GET", "/discovery/v1/apis"),
    ],
)
def test_what_google_has_and_this_server_has_not_is_501(shared: Google, method: str, path: str) -> None:
    answer = shared.call(method, path, {} if method == "POST" else None)
    assert answer.status_code == 501, answer.text
    error = answer.json()["error"]
    assert (error["code"], error["status"]) == (501, "UNIMPLEMENTED")
    assert ("errors" in error) == path.startswith(("/bigquery/", "/upload/bigquery/"))
    (kept,) = noted(shared, path.partition("?")[0])
    assert (kept["method"], kept["status"], kept["count"]) == (method, 501, 1)


@pytest.mark.parametrize("path", ["/favicon.ico", "/v1", "/v1//projects", "/index.html", "/v1/projects/a%2Fb"])
def test_what_neither_has_is_404_and_noted_as_well(shared: Google, path: str) -> None:
    answer = shared.call("GET", path)
    assert (answer.status_code, answer.json()["error"]["status"]) == (404, "NOT_FOUND")
    assert noted(shared, path)[0]["status"] == 404


def test_a_wrong_method_and_a_501_of_a_served_route_are_noted(shared: Google) -> None:
    assert shared.call("PATCH", f"/v1/projects/{PROJECT}", {}).status_code == 405
    # Google has this one.
    assert shared.call("PUT", f"/v1/projects/{PROJECT}", {}).status_code == 501
    assert [each["method"] for each in noted(shared, f"/v1/projects/{PROJECT}")] == ["PATCH", "PUT"]
    pools = f"/v1/projects/{PROJECT}/locations/global/workloadIdentityPools"
    shared.done("POST", f"/v1/projects/{PROJECT}/services/iam.googleapis.com:enable", {})
    shared.done("POST", f"{pools}?workloadIdentityPoolId=some-pool", {})
    saml = {"saml": {"idpMetadataXml": "<x/>"}}
    answer = shared.call("POST", f"{pools}/some-pool/providers?workloadIdentityPoolProviderId=some-saml", saml)
    assert answer.status_code == 501
    assert noted(shared, f"{pools}/some-pool/providers")[0]["reason"] == answer.json()["error"]["message"]


def test_a_served_request_is_not_noted(shared: Google) -> None:
    path = f"/v1/projects/{PROJECT}/serviceAccounts"
    shared.done("POST", f"/v1/projects/{PROJECT}/services/iam.googleapis.com:enable", {})
    shared.done("GET", path)
    assert shared.call("GET", path, token=None).status_code == 401
    assert shared.call("GET", f"{path}/missing@b.c").status_code == 404
    assert not noted(shared, path)
    assert not noted(shared, f"{path}/missing@b.c")


def test_the_log_has_each_once_and_neither_log_nor_list_has_a_secret(
    shared: Google, caplog: pytest.LogCaptureFixture
) -> None:
    path = "/v1/projects/p/secrets/once"
    with caplog.at_level(logging.WARNING, logger="local_cloud"):
        for _ in range(3):
            shared.call(
                "POST", f"{path}?key=secret-in-query", {"a": "secret-in-body"},
                headers={"User-Agent": GCLOUD, "X-Goog-Api-Key": "secret-in-header"},
            )  # fmt: skip
    (kept,) = noted(shared, path)
    assert kept["count"] == 3
    assert kept["client"] == "google-cloud-sdk gcloud/528.0.0"
    lines = [record.getMessage() for record in caplog.records if path in record.getMessage()]
    assert lines == [f"unsupported: POST {path} from google-cloud-sdk gcloud/528.0.0: POST {path} is not served here."]
    for text in (json.dumps(kept), *lines):
        assert "secret-in" not in text
        assert DEPLOYER_TOKEN not in text


def test_the_list_is_bounded_and_keeps_the_latest(shared: Google) -> None:
    for number in range(MOST_KEPT + 5):
        shared.call("GET", f"/v1/things/{number}")
    assert not noted(shared, "/v1/things/0")
    assert noted(shared, f"/v1/things/{MOST_KEPT + 4}")
    assert len(shared.done("GET", "/_local/unsupported")["unsupported"]) == MOST_KEPT


def test_a_line_break_in_a_path_or_a_clients_name_can_not_forge_a_log_line(
    shared: Google, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="local_cloud"):
        shared.call("GET", "/v1/a%0Aunsupported:/b", headers={"User-Agent": "curl/8\tx"})
    assert noted(shared, "/v1/a%0Aunsupported:/b")
    assert all("\n" not in record.getMessage() for record in caplog.records)


def test_a_method_in_a_header_is_refused_and_not_taken_for_the_method_of_the_line(shared: Google) -> None:
    """Google's clients turn a GET with a very long URL into such a POST; read as it stands it would create."""
    path = f"/v1/projects/{PROJECT}/serviceAccounts"
    shared.done("POST", f"/v1/projects/{PROJECT}/services/iam.googleapis.com:enable", {})
    body = {"accountId": "made-by-mistake"}
    answer = shared.call("POST", path, body, headers={"X-HTTP-Method-Override": "GET"})
    assert answer.status_code == 501
    assert "accounts" not in shared.done("GET", path)
    assert shared.call("POST", path, body).status_code == 200


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (f"/v1/projects/{PROJECT}", 401),  # the route itself, without a token
        (f"/v1/projects/{PROJECT}/serviceAccounts/a%40b.c", 401),  # an escaped @ is an @
        (f"/v1/projects/{PROJECT}%2FserviceAccounts", 404),  # an escaped slash is no slash
        (f"/v1/projects/{PROJECT}/serviceAccounts/a%2Fb", 404),
        (f"/v1/projects/{PROJECT}/../{PROJECT}", 501),  # dots are names like any other, and never resolved
        ("/v1/projects/..", 401),
        (f"/bigquery/v2/projects/{PROJECT}/datasets/../tables", 401),
        (f"http://localhost/v1/projects/{PROJECT}", 404),  # the form for proxies; this is none
        (f"//v1/projects/{PROJECT}", 404),
        (f"/v1/projects/{PROJECT}/", 404),
        ("/v1/" + "a" * 60_000, 501),
        ("/v1/projects/a b", 400),
    ],
)
def test_odd_targets_are_answered_in_shape(shared: Google, target: str, status: int) -> None:
    code, kind, body = raw(shared, get(target))
    assert (code, kind) == (status, "application/json")
    assert json.loads(body)["error"]["code"] == status


@pytest.mark.parametrize("dataset", ["..", ".", "%2e%2e", "a%5Cb", "a%00b", "a%3Fb", "a%23b"])
def test_a_name_that_would_climb_out_of_its_place_never_reaches_the_emulator(shared: Google, dataset: str) -> None:
    """The BigQuery emulator is away, so a forwarded request would be 503."""
    shared.done("POST", f"/v1/projects/{PROJECT}/services/bigquery.googleapis.com:enable", {})
    for path in (f"datasets/{dataset}", f"datasets/{dataset}/tables", f"datasets/ok/tables/{dataset}"):
        header = f"Authorization: Bearer {DEPLOYER_TOKEN}\r\nConnection: close\r\n\r\n"
        line = f"GET /bigquery/v2/projects/{PROJECT}/{path} HTTP/1.1\r\nHost: localhost\r\n"
        code, _, body = raw(shared, (line + header).encode())
        assert code in {400, 404}, body


def test_what_is_no_http_is_400_in_shape(shared: Google) -> None:
    code, kind, body = raw(shared, b"\x16\x03\x01 what a client sends that takes this for https\r\n\r\n")
    assert (code, kind) == (400, "application/json")
    assert json.loads(body)["error"]["status"] == "INVALID_ARGUMENT"


def test_what_the_emulator_says_of_a_row_stays_between_it_and_the_client() -> None:
    kept = UnsupportedRequests()
    scope = {"type": "http", "method": "POST", "raw_path": b"/bigquery/v2/projects/p/queries", "headers": []}
    kept.note(Request(scope), unimplemented("The BigQuery emulator can't do this (500: could not convert 'a secret')"))
    (only,) = kept.to_json()
    assert only["reason"] == "The BigQuery emulator can't do this"
