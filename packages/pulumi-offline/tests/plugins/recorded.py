"""The local Google, and what a plugin asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.emulator.google_server import Google
from tests.http_server import Answer, Request, Server, forwarding, json_answer, serving

DATASET = "/bigquery/v2/projects/local-keyless/datasets/data"
_READS = (":getIamPolicy", "/queries")


@dataclass(kw_only=True)
class Recorded:
    """A local Google behind a server that keeps what came, and answers the next setIamPolicy calls with conflicts."""

    google: Google
    conflicts: int = 0
    server: Server = field(default_factory=lambda: Server(""))

    @property
    def url(self) -> str:
        return self.server.url

    def writes(self) -> list[str]:
        """Method and path of every request that could change something, in order."""
        return [
            f"{one.method} {one.path}"
            for one in self.server.requests
            if one.method != "GET" and not one.path.endswith(_READS)
        ]

    def asked(self, method: str, ending: str) -> list[tuple[dict[str, list[str]], Any]]:
        """Query and body of each request of this method whose path ends like this."""
        return [
            (one.query, one.json) for one in self.server.requests if one.method == method and one.path.endswith(ending)
        ]

    def done(self, method: str, path: str, body: Any = None) -> Any:
        """A request of the deployer's own, past the server; its JSON."""
        return self.google.done(method, path, body)

    def bindings(self, resource: str) -> list[dict[str, Any]]:
        """The bindings of a resource's policy."""
        return list(self.done("POST", f"{resource}:getIamPolicy", {}).get("bindings", []))

    def exists(self, path: str) -> bool:
        return self.google.call("GET", path).ok


@contextmanager
def recording(google: Google) -> Iterator[Recorded]:
    """Serves it."""
    recorded, hand_on = Recorded(google=google), forwarding(google.url)

    def answer(request: Request) -> Answer | None:
        if recorded.conflicts and request.path.endswith(":setIamPolicy"):
            recorded.conflicts -= 1
            return json_answer({"error": {"code": 409, "status": "ABORTED", "message": "Concurrent changes."}}, 409)
        return hand_on(request)

    with serving(answer) as recorded.server:
        yield recorded
