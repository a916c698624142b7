"""Google APIs switched on for a project.

Requests: https://cloud.google.com/service-usage/docs/reference/rest/v1/services
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar

from pulumi_offline.plugins.gcp import ids
from pulumi_offline.plugins.gcp.api import JSON, GoogleApi, until
from pulumi_offline.plugins.gcp.named import Named
from pulumi_offline.plugins.kind import Created, Edit, deletion_allowed
from pulumi_offline.plugins.values import Properties

_BATCH_MAXIMUM = 20
"""Most services that one batchEnable takes, by Google's reference."""


@dataclass(frozen=True, kw_only=True)
class _Gathered:
    """What is waiting for one request, and that request's end."""

    items: set[str]
    done: Future[None]


class _Batch:
    """Gathers what parallel callers ask of one project, and sends it together."""

    def __init__(self, send: Callable[[str, list[str]], None], window_seconds: float) -> None:
        self._send = send
        self._window_seconds = window_seconds
        self._lock = threading.Lock()
        self._waiting: dict[str, _Gathered] = {}
        self._sender = ThreadPoolExecutor(max_workers=1, thread_name_prefix="batch")

    def submit(self, project: str, item: str) -> None:
        """Wait until the request that holds this item is done; its error is everybody's error."""
        with self._lock:
            gathered = self._waiting.get(project)
            if gathered is None:
                gathered = _Gathered(items=set(), done=self._sender.submit(self._flush, project))
                self._waiting[project] = gathered
            gathered.items.add(item)
        gathered.done.result()

    def _flush(self, project: str) -> None:
        time.sleep(self._window_seconds)
        with self._lock:
            gathered = self._waiting.pop(project)
        self._send(project, sorted(gathered.items))


class Service(Named):
    """One API of one project. It stays on after a destroy unless `disableOnDestroy` says otherwise."""

    resource_type = "gcp:projects/service:Service"
    ids = ids.SERVICE
    inputs = frozenset(
        {
            "service",
            "project",
            "disableOnDestroy",
            "disableDependentServices",
            "checkIfServiceHasUsageOnDestroy",
            "deletionPolicy",
        }
    )
    replace_on = frozenset({"service", "project"})
    client_side = frozenset(
        {"disableOnDestroy", "disableDependentServices", "checkIfServiceHasUsageOnDestroy", "deletionPolicy"}
    )
    defaults: ClassVar[Mapping[str, Any]] = {
        "disableOnDestroy": False,
        "disableDependentServices": False,
        "checkIfServiceHasUsageOnDestroy": False,
        "deletionPolicy": "DELETE",
    }

    def __init__(self, api: GoogleApi) -> None:
        super().__init__(api)
        self._enabling = _Batch(self._enable, api.batch_seconds)
        self._base = api.endpoints.service_usage.rstrip("/").rpartition("/")[0] + "/v1/"

    def create(self, inputs: Properties) -> Created:
        """Enable it unless it is on, and wait until the list shows it."""
        project, service = self._api.project_of(inputs), str(inputs["service"])
        self._enabling.submit(project, service)
        self._api.call("GET", f"{self._api.endpoints.resource_manager}projects/{project}")
        client_side = {name: inputs[name] for name in self.client_side if name in inputs}
        state = {"service": service, "project": project} | client_side
        return Created(id=f"{project}/{service}", state=state)

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """A service that the list does not show is gone."""
        parts = self._parts(resource_id)
        if parts["service"] not in self._enabled(parts["project"]):
            return None
        client_side = {name: state[name] for name in self.client_side if name in state}
        return parts | client_side

    def update(self, edit: Edit) -> Properties:
        """Only client-side inputs can change: no request."""
        client_side = {name: edit.inputs[name] for name in self.client_side if name in edit.inputs}
        return {"service": edit.state["service"], "project": edit.state["project"]} | client_side

    def delete(self, resource_id: str, state: Properties) -> None:
        """Disable it if it was asked for, else no request."""
        if not deletion_allowed(state, resource_id) or not state.get("disableOnDestroy"):
            return
        body: JSON = {"checkIfServiceHasUsage": "CHECK" if state.get("checkIfServiceHasUsageOnDestroy") else "SKIP"}
        if state.get("disableDependentServices"):
            body["disableDependentServices"] = True
        project, _, service = resource_id.partition("/")
        url = f"{self._base}projects/{project}/services/{service}:disable"
        self._api.wait(self._api.call("POST", url, body=body), base=self._api.endpoints.service_usage)

    def _enable(self, project: str, services: list[str]) -> None:
        missing = sorted(set(services) - self._enabled(project))
        base = f"{self._base}projects/{project}/services"
        for start in range(0, len(missing), _BATCH_MAXIMUM):
            part = missing[start : start + _BATCH_MAXIMUM]
            if len(part) == 1:
                operation = self._api.call("POST", f"{base}/{part[0]}:enable", body={})
            else:
                operation = self._api.call("POST", f"{base}:batchEnable", body={"serviceIds": part})
            self._api.wait(operation, base=self._api.endpoints.service_usage)
        if missing:
            until(lambda: set(services) <= self._enabled(project), what=f"enabling {', '.join(missing)}")

    def _enabled(self, project: str) -> set[str]:
        """Names of the project's enabled services, all pages."""
        names: set[str] = set()
        query = {"filter": "state:ENABLED", "pageSize": "200", "fields": "services/name,nextPageToken"}
        seen: set[str] = set()
        while True:
            page = self._api.call("GET", f"{self._base}projects/{project}/services", params=query)
            names |= {str(service["name"]).rpartition("/")[2] for service in page.get("services", [])}
            token = str(page.get("nextPageToken", ""))
            if not token or token in seen:
                return names
            seen.add(token)
            query["pageToken"] = token
