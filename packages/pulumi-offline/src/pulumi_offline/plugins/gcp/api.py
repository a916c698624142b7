"""Google's HTTP API as the official plugin uses it: bearer token, JSON errors, long-running operations."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests

from pulumi_offline.plugins.errors import PluginError, ServiceError

JSON = dict[str, Any]
_Answer = TypeVar("_Answer")
CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
LIMIT_SECONDS = 30.0
"""How long anything is asked again before it counts as failed."""


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """Base URL of each API, each with its version and a slash at the end, as the provider's settings hold them."""

    iam: str
    service_usage: str
    resource_manager: str
    big_query: str
    billing: str

    @property
    def service_usage_1(self) -> str:
        """Where a typed client of Google's asks for version 1: it replaces the last segment of the setting."""
        return _version_1(self.service_usage)

    @property
    def resource_manager_1(self) -> str:
        """The same."""
        return _version_1(self.resource_manager)


def _version_1(base: str) -> str:
    return base.rstrip("/").rpartition("/")[0] + "/v1/"


@dataclass(frozen=True, kw_only=True)
class GoogleApi:
    """The local Google, for one run of the engine.

    Args:
        endpoints: where each API is.
        project: the provider's project id; None when each resource names its own.
        attribution: whether labels get `goog-pulumi-provisioned`.
        batch_seconds: how long service requests are gathered before they are sent together.
        token: the deployer's bearer token.
    """

    endpoints: Endpoints
    project: str | None
    attribution: bool
    batch_seconds: float
    token: str = field(repr=False)
    session: requests.Session = field(default_factory=requests.Session, repr=False)

    def call(self, method: str, url: str, *, params: Mapping[str, str] | None = None, body: JSON | None = None) -> JSON:
        """One request; `params` come besides `alt=json`.

        Raises:
            ServiceError: for every answer of 400 and above.
            PluginError: when nothing answers in time.
        """
        where = f"{method} {urlsplit(url).path}"
        headers = {"Authorization": f"Bearer {self.token}"}
        try:
            response = self.session.request(
                method,
                url,
                params={"alt": "json", **(params or {})},
                json=body,
                headers=headers,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise PluginError(
                f"{where}: the local cloud at {urlsplit(url).netloc} does not answer ({type(error).__name__}); "
                "is `keyless local-cloud` still running?"
            ) from error
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            raise _service_error(where, response)
        return _json_object(where, response)

    def find(self, url: str, *, params: Mapping[str, str] | None = None) -> JSON | None:
        """GET something that may be gone.

        Returns:
            The object, or None for 404. Every other refusal is an error: 403 never means "gone".
        """
        return unless_gone(lambda: self.call("GET", url, params=params))

    def remove(self, url: str, *, params: Mapping[str, str] | None = None) -> JSON:
        """DELETE something; its absence is success."""
        return unless_gone(lambda: self.call("DELETE", url, params=params)) or {}

    def wait(self, operation: JSON, *, base: str) -> None:
        """Follow a long-running operation, polled below `base`, to its end. One without a `name` is done already.

        Raises:
            ServiceError: when the operation failed.
            PluginError: when it is not done in time.
        """
        current = operation

        def finished() -> bool:
            nonlocal current
            if "name" not in current or current.get("done"):
                return True
            # 404 means that the operation is not visible yet.
            current = self.find(base + operation["name"]) or current
            return bool(current.get("done"))

        until(finished, what=f"operation {operation.get('name')}")
        if "error" in current:
            error = current["error"]
            raise ServiceError(
                status=HTTPStatus.OK,
                reason=f"code {error.get('code')}",
                message=str(error.get("message")),
                request=f"operation {operation['name']}",
            )

    def project_of(self, inputs: Mapping[str, Any]) -> str:
        """The project of a resource: its own, else the provider's.

        Raises:
            PluginError: when neither names one.
        """
        project = inputs.get("project") or self.project
        if not project:
            raise PluginError("project: required field is not set; set it on the resource or on the gcp provider")
        return str(project)


def unless_gone(ask: Callable[[], _Answer]) -> _Answer | None:
    """What is answered, or None for 404.

    Raises:
        ServiceError: for every other refusal.
    """
    try:
        return ask()
    except ServiceError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return None
        raise


def until(done: Callable[[], bool], *, what: str) -> None:
    """Ask again, with growing pauses, until it is done.

    Raises:
        PluginError: after LIMIT_SECONDS.
    """
    deadline = time.monotonic() + LIMIT_SECONDS
    pause = 0.05
    while not done():
        if time.monotonic() + pause > deadline:
            raise PluginError(f"{what} is not done after {LIMIT_SECONDS:.0f} s")
        time.sleep(pause)
        pause = min(pause * 2, 2.0)


def _json_object(where: str, response: requests.Response) -> JSON:
    if not response.content:
        return {}
    try:
        answer = response.json()
    except requests.JSONDecodeError as error:
        raise PluginError(f"{where} answered {response.status_code} with a body that is not JSON") from error
    if not isinstance(answer, dict):
        raise PluginError(f"{where} answered {response.status_code} with JSON that is not an object")
    return answer


def _service_error(where: str, response: requests.Response) -> ServiceError:
    try:
        error = response.json()["error"]
        reason, message = str(error.get("status", "")), str(error["message"])
    except (json.JSONDecodeError, requests.JSONDecodeError, KeyError, TypeError, AttributeError):
        reason, message = "", response.text[:300] or "no body"
    return ServiceError(status=response.status_code, reason=reason, message=message, request=where)
