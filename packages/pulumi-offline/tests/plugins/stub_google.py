"""A Google that answers the official plugin's requests with the least that it needs, and remembers each of them.

It knows no permissions and no rules: those are the local cloud's own. Here only the plugin is on trial.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

TOKEN = "the-deployers-token"
NUMBER = "123456789012"
JSON = dict[str, Any]


@dataclass(kw_only=True)
class Google:
    """Everything that exists, by path, and what was asked."""

    objects: dict[str, JSON] = field(default_factory=dict)
    policies: dict[str, JSON] = field(default_factory=dict)
    services: set[str] = field(default_factory=set)
    requests: list[tuple[str, str, JSON, JSON]] = field(default_factory=list)
    conflicts: int = 0
    """How many of the next setIamPolicy calls meet a stale etag."""
    url: str = ""

    def writes(self) -> list[str]:
        """Method and path of every request that could change something, in order."""
        reads = (":getIamPolicy", "/queries")
        return [
            f"{method} {path}" for method, path, _, _ in self.requests if method != "GET" and not path.endswith(reads)
        ]

    def asked(self, method: str, ending: str) -> list[tuple[JSON, JSON]]:
        """Query and body of each request of this method whose path ends like this."""
        return [(query, body) for m, path, query, body in self.requests if m == method and path.endswith(ending)]


def _error(status: int, reason: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": status, "status": reason, "message": message}}, status)


def _merge(old: JSON, body: JSON, mask: list[str]) -> JSON:
    kept = {key: value for key, value in old.items() if key not in mask}
    return kept | {key: body[key] for key in mask if key in body}


def _federated(google: Google, method: str, path: str, query: JSON, body: JSON) -> Response:
    name = path.replace("projects/local-keyless/", f"projects/{NUMBER}/").removeprefix("/v1/")
    done = {"name": f"{name}/operations/1", "done": False}
    if "/operations/" in path:
        return JSONResponse({"name": path.removeprefix("/v1/"), "done": True, "response": {}})
    if path.endswith(":listAttestationRules"):
        return JSONResponse({})
    if method == "POST":
        new_id = query.get("workloadIdentityPoolId") or query["workloadIdentityPoolProviderId"]
        if f"{name}/{new_id}" in google.objects:
            return _error(409, "ALREADY_EXISTS", "Requested entity already exists")
        google.objects[f"{name}/{new_id}"] = body | {"name": f"{name}/{new_id}", "state": "ACTIVE"}
        return JSONResponse({"name": f"{name}/{new_id}/operations/1"})
    if name not in google.objects:
        return _error(404, "NOT_FOUND", f"{name} not found")
    if method == "PATCH":
        google.objects[name] = _merge(google.objects[name], body, query["updateMask"].split(","))
        return JSONResponse(done)
    if method == "DELETE":
        google.objects[name]["state"] = "DELETED"
        return JSONResponse(done)
    return JSONResponse(google.objects[name])


def _policy(google: Google, path: str, body: JSON) -> Response:
    resource, _, verb = path.rpartition(":")
    if "/projects/local-keyless:" not in path and resource not in google.objects:
        return _error(404, "NOT_FOUND", "no such resource")
    policy = google.policies.setdefault(resource, {"etag": "0", "version": 1})
    if verb == "setIamPolicy":
        if google.conflicts:
            google.conflicts -= 1
            return _error(409, "ABORTED", "There were concurrent policy changes.")
        if body["policy"].get("etag") != policy["etag"]:
            return _error(409, "ABORTED", "stale etag")
        google.policies[resource] = body["policy"] | {"etag": str(int(policy["etag"]) + 1)}
    return JSONResponse(google.policies[resource])


def _account(google: Google, method: str, path: str, body: JSON) -> Response:
    if method == "POST" and path.endswith("/serviceAccounts"):
        email = f"{body['accountId']}@local-keyless.iam.gserviceaccount.com"
        name = f"projects/local-keyless/serviceAccounts/{email}"
        google.objects[f"/v1/{name}"] = {
            "name": name, "email": email, "projectId": "local-keyless", "uniqueId": "1", "etag": "e",
            **body["serviceAccount"],
        }  # fmt: skip
        return JSONResponse(google.objects[f"/v1/{name}"])
    if path not in google.objects:
        return _error(404, "NOT_FOUND", "no such account")
    if method == "DELETE":
        del google.objects[path]
        return JSONResponse({})
    if method == "PATCH":
        wire = {"display_name": "displayName", "description": "description"}
        mask = [wire[name] for name in body["updateMask"].split(",")]
        google.objects[path] = _merge(google.objects[path], body["serviceAccount"], mask)
    return JSONResponse(google.objects[path])


def _services(google: Google, path: str, body: JSON) -> Response:
    if "/operations/" in path:
        return JSONResponse({"name": "operations/1", "done": True})
    if path.endswith(":batchEnable"):
        google.services |= set(body["serviceIds"])
        return JSONResponse({"name": "operations/1"})
    if path.endswith(":enable"):
        google.services.add(path.rpartition("/")[2].partition(":")[0])
        return JSONResponse({"name": "operations/1", "done": True})
    if path.endswith(":disable"):
        google.services.discard(path.rpartition("/")[2].partition(":")[0])
        return JSONResponse({"name": "operations/1", "done": True})
    listed = [{"name": f"projects/{NUMBER}/services/{name}"} for name in sorted(google.services)]
    return JSONResponse({"services": listed})


def _bigquery(google: Google, method: str, path: str, body: JSON) -> Response:
    if path.endswith("/queries"):
        return JSONResponse({"jobComplete": True})
    if method == "POST":
        reference = body.get("tableReference") or body["datasetReference"]
        new = f"{path}/{reference.get('tableId') or reference['datasetId']}"
        google.objects[new] = body | {"etag": "1", "creationTime": "1700000000000"}
        return JSONResponse(google.objects[new])
    if path not in google.objects:
        return _error(404, "NOT_FOUND", f"Not found: {path}")
    if method == "DELETE":
        del google.objects[path]
        return Response(status_code=204)
    if method == "PUT":
        google.objects[path] = google.objects[path] | body
    return JSONResponse(google.objects[path])


def _application(google: Google) -> Starlette:
    async def answer(request: Request) -> Response:
        path, query, method = request.url.path, dict(request.query_params), request.method
        body = await request.json() if await request.body() else {}
        google.requests.append((method, path, query, body))
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _error(401, "UNAUTHENTICATED", "no token")
        if path.endswith((":getIamPolicy", ":setIamPolicy")):
            return _policy(google, path, body)
        if "workloadIdentityPools" in path:
            return _federated(google, method, path, query, body)
        if "/serviceAccounts" in path:
            return _account(google, method, path, body)
        if "/services" in path or path.startswith("/v1beta1/operations/"):
            return _services(google, path, body)
        if path.startswith("/bigquery/v2/"):
            return _bigquery(google, method, path, body)
        if path.endswith("/billingInfo"):
            return JSONResponse({"billingAccountName": "billingAccounts/0-1-2"})
        if path == "/v1/projects/local-keyless":
            return JSONResponse({"projectId": "local-keyless", "projectNumber": NUMBER, "lifecycleState": "ACTIVE"})
        return _error(404, "NOT_FOUND", f"no route {method} {path}")

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return Starlette(routes=[Route("/{path:path}", answer, methods=methods)])


@contextmanager
def running_google() -> Iterator[Google]:
    """Serve one on loopback, on a socket that is bound before anybody is told its port."""
    google = Google()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        google.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(_application(google), log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        deadline = time.monotonic() + 10
        while not server.started:
            assert time.monotonic() < deadline, "the test server does not start"
            time.sleep(0.01)
        try:
            yield google
        finally:
            server.should_exit = True
            thread.join(10)
