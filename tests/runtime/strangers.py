"""What answers in Google's place, and what the reader reports of it."""

from __future__ import annotations

from typing import Any

from keyless_bigquery.runtime import BigQueryReader
from keyless_bigquery.runtime.boundary import failure
from tests.http_server import Answer, json_answer
from tests.runtime.google_stand_in import ACCESS_TOKEN, FEDERATED_TOKEN

HTML = {"Content-Type": "text/html; charset=utf-8"}
TEXT = {"Content-Type": "text/plain"}
JSON = {"Content-Type": "application/json"}
BLOCKED = b"<html><head><title>Access Denied\n - Corporate Proxy</title></head><body>permission roles</body></html>"

OWN = """
from google.cloud import bigquery
def lambda_handler(event, context):
    return len(list(bigquery.Client().query("SELECT 1")))
"""
"""A function that makes the client itself."""

FOREIGN: dict[str, tuple[Answer, str]] = {
    "a proxy's page": (Answer(status=403, body=BLOCKED, headers=HTML), "text/html, 'Access Denied - Corporate Proxy'"),
    "a page in place of an answer": (Answer(body=BLOCKED, headers=HTML), "text/html"),
    "a portal": (Answer(status=511, body=BLOCKED, headers=HTML), "text/html"),
    "a portal's redirect": (
        Answer(status=302, headers={"Location": "https://portal.example/login?to=x"}),
        "it redirects to portal.example",
    ),
    "a redirect of text": (Answer(status=301, body=b"moved", headers=TEXT), "text/plain"),
    "text": (Answer(status=404, body=b"no route", headers=TEXT), "text/plain"),
    "text that is 200": (Answer(body=b"OK", headers=TEXT), "text/plain"),
    "text without a type": (Answer(status=401, body=b"login"), "no content type"),
    "nothing": (Answer(status=403), "an empty body"),
    "nothing that is 200": (Answer(headers=JSON), "application/json, an empty body"),
    "no error of Google's": (json_answer({"message": "Forbidden"}, 403), "application/json"),
    "another one's envelope": (json_answer({"error": {"message": "no", "type": "policy"}}, 403), "application/json"),
    "an error in a word": (json_answer({"error": "forbidden"}, 403), "application/json"),
    "a list": (json_answer([{"error": "no"}], 400), "application/json"),
    "a list that is 200": (json_answer([]), "application/json"),
    "a word that is 200": (json_answer("welcome"), "application/json"),
    "another object that is 200": (json_answer({"status": "UP"}), "application/json"),
    "a page with a JSON type": (Answer(status=400, body=BLOCKED, headers=JSON), "application/json"),
    "a page that is not UTF-8": (
        Answer(status=403, body=b"<title>Verboten f\xfcr Sie</title>", headers=HTML),
        "Verboten",
    ),
    "a login": (Answer(status=407, body=b"login", headers=TEXT), "text/plain"),
    "a gateway's page": (Answer(status=502, body=b"<h1>Bad Gateway</h1>nginx", headers=HTML), "text/html"),
    "a proxy without a way": (Answer(status=503, body=b"no upstream", headers=TEXT), "text/plain"),
    "an empty 504": (Answer(status=504), "an empty body"),
    "a proxy's limit": (Answer(status=429, body=b"slow down", headers=TEXT), "text/plain"),
    "a broken proxy": (Answer(status=500, body=b"oops", headers=TEXT), "text/plain"),
}
"""Each with what is said of its kind."""

SHAPES: list[tuple[str, dict[str, Any]]] = [
    ("exchange", {"access_token": "x", "token_type": "Bearer"}),
    ("exchange", {"access_token": "x", "expires_in": None}),
    ("exchange", {"access_token": None, "expires_in": 1}),
    ("exchange", {"accessToken": "x", "expireTime": "2999-01-01T00:00:00Z"}),
    ("impersonation", {"accessToken": "x"}),
    ("impersonation", {"accessToken": ["x"], "expireTime": "2999-01-01T00:00:00Z"}),
    ("impersonation", {"access_token": "x", "expires_in": 3600}),
]
"""Of a token's answer that is 200."""


def report(reader: BigQueryReader, *, milliseconds: int = 20_000) -> str:
    """What is reported of a query."""
    try:
        with reader.invocation(milliseconds):
            list(reader.query("SELECT 1"))
    except Exception as error:  # noqa: BLE001 - as the wrapper does
        return str(failure(error, secrets=(ACCESS_TOKEN, FEDERATED_TOKEN)))
    return "no error"
