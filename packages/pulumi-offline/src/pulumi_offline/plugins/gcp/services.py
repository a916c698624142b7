"""Google APIs switched on for a project.

Requests: https://cloud.google.com/service-usage/docs/reference/rest/v1/services
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from pulumi_offline.plugins.gcp import ids
from pulumi_offline.plugins.gcp.api import JSON, GoogleApi, until
from pulumi_offline.plugins.gcp.named import Named
from pulumi_offline.plugins.kind import Edit, Inputs, named
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
        """Wait until the request that holds this item is done; its error is each caller's error."""
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
    endpoint = "service_usage"
    inputs = Inputs(
        replace=named("service project"),
        client_side={
            "disableOnDestroy": False,
            "disableDependentServices": False,
            "checkIfServiceHasUsageOnDestroy": False,
            "deletionPolicy": "DELETE",
        },
    )

    def __init__(self, api: GoogleApi) -> None:
        super().__init__(api)
        self._enabling = _Batch(self._enable, api.batch_seconds)

    def make(self, inputs: Properties) -> str:
        """Enable it unless it is on, and wait until the list shows it."""
        project = self._api.project_of(inputs)
        self._enabling.submit(project, str(inputs["service"]))
        return self.place(inputs)

    def _get(self, resource_id: str) -> JSON | None:
        """Read the project, then the list; a service that it does not show is gone."""
        project, _, service = resource_id.partition("/")
        self._api.call("GET", f"{self._api.endpoints.resource_manager}projects/{project}")
        return {} if service in self._enabled(project) else None

    def _found(self, live: JSON, state: Properties) -> Properties:
        """The parts of its id are all that there is."""
        del live, state
        return {}

    def change(self, edit: Edit) -> None:
        """Only client-side inputs can change: no request."""

    def remove(self, resource_id: str, state: Properties) -> None:
        """Disable it if it was asked for, else no request."""
        if not state.get("disableOnDestroy"):
            return
        body: JSON = {"checkIfServiceHasUsage": "CHECK" if state.get("checkIfServiceHasUsageOnDestroy") else "SKIP"}
        if state.get("disableDependentServices"):
            body["disableDependentServices"] = True
        project, _, service = resource_id.partition("/")
        url = f"{self._services(project)}/{service}:disable"
        self._api.wait(self._api.call("POST", url, body=body), base=self._api.endpoints.service_usage)

    def _enable(self, project: str, services: list[str]) -> None:
        missing = sorted(set(services) - self._enabled(project))
        base = self._services(project)
        for start in range(0, len(missing), _BATCH_MAXIMUM):
            part = missing[start : start + _BATCH_MAXIMUM]
            if len(part) == 1:
                operation = self._api.call("POST", f"{base}/{part[0]}:enable", body={})
            else:
                operation = self._api.call("POST", f"{base}:batchEnable", body={"serviceIds": part})
            self._api.wait(operation, base=self._api.endpoints.service_usage)
        if missing:
            until(lambda: set(services) <= self._enabled(project), what=f"enabling {', '.join(missing)}")

    def _services(self, project: str) -> str:
        return f"{self._api.endpoints.service_usage_1}projects/{project}/services"

    def _enabled(self, project: str) -> set[str]:
        """Names of the project's enabled services, all pages."""
        names: set[str] = set()
        query = {"filter": "state:ENABLED", "pageSize": "200", "fields": "services/name,nextPageToken"}
        seen: set[str] = set()
        while True:
            page = self._api.call("GET", self._services(project), params=query)
            names |= {str(service["name"]).rpartition("/")[2] for service in page.get("services", [])}
            token = str(page.get("nextPageToken", ""))
            if not token or token in seen:
                return names
            seen.add(token)
            query["pageToken"] = token
