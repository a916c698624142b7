"""Requests in the form in which the official `pulumi-resource-gcp` sends them, recorded from pulumi-gcp 9.35.0."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from federation_emulator.client.cloud import LocalCloud

HEADERS = {
    "Accept-Encoding": "gzip",
    "User-Agent": "google-api-go-client/0.5 terraform-provider-google-beta/7.45.0 pulumi-gcp/9.35.0",
}
TYPED = {"alt": "json", "prettyPrint": "false"}
"""What the plugin's typed clients add to each query; the others add the first alone."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back, read as the plugin reads it."""

    status: int
    body: dict[str, Any]
    reason: str = ""

    @property
    def error(self) -> dict[str, Any]:
        """The error's envelope, complete."""
        found: dict[str, Any] = self.body["error"]
        assert found["code"] == self.status
        assert found["message"]
        assert found["status"]
        return found


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """The plugin's HTTP client, and the names of the project that it works in."""

    client: httpx.Client
    project: str
    number: str

    def send(self, method: str, path: str, body: dict[str, Any] | None = None, **query: str) -> Answer:
        """Send one request. Without a body it carries neither body nor `Content-Type`.

        A dot in the name of a query parameter is written as two underscores.
        """
        content = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        parameters = {name.replace("__", "."): text for name, text in query.items()}
        answer = self.client.request(method, path, params={**TYPED, **parameters}, content=content, headers=headers)
        assert answer.status_code == 204 or answer.headers["content-type"] == "application/json"
        assert answer.status_code != 500
        return Answer(status=answer.status_code, body=answer.json() if answer.content else {})

    def done(self, method: str, path: str, body: dict[str, Any] | None = None, **query: str) -> dict[str, Any]:
        """Send one request that has to succeed."""
        answer = self.send(method, path, body, **query)
        assert answer.status in {200, 204}, answer.body
        return answer.body

    def operation(self, method: str, path: str, body: dict[str, Any] | None = None, **query: str) -> dict[str, Any]:
        """Send one request that starts an operation, and poll it once: the next poll would come ten seconds later."""
        started = self.done(method, path, body, **query)
        assert "/operations/" in f"/{started['name']}"
        version = "/v1beta1/" if started["name"].startswith("operations/") else "/v1/"
        polled = self.done("GET", version + started["name"])
        assert polled["done"] is True
        assert "error" not in polled
        assert polled["name"] == started["name"]
        return polled


@contextmanager
def connected(cloud: LocalCloud) -> Iterator[Plugin]:
    """A plugin with the deployer's token."""
    headers = {**HEADERS, "Authorization": f"Bearer {cloud.deployer_token}"}
    with httpx.Client(base_url=cloud.google_url, headers=headers, trust_env=False, timeout=30) as client:
        yield Plugin(client=client, project=cloud.project_id, number=cloud.project_number)
