"""A scripted container credentials endpoint, as ECS, EKS Pod Identity and SnapStart each have one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.runtime.serving import served

SESSION = {
    "AccessKeyId": "ASIAFROMENDPOINT0000",
    "SecretAccessKey": "endpoint-secret-key-9z8y7x6w",
    "Token": "endpoint-session-token-0a1b2c3d",
    "Expiration": "2999-01-01T00:00:00Z",
}
TOKEN = "planted-container-token-4e5f6a7b"

Answer = Callable[[Request], Response]


class CredentialsEndpoint:
    """Answers by script; ``sent`` holds the Authorization header of each request, in order."""

    def __init__(self) -> None:
        self.url = ""
        self.begin()

    def begin(self) -> None:
        """Forgets what came, and gives a session to whoever asks."""
        self.sent: list[str | None] = []
        self.answer: Answer = lambda _: JSONResponse(SESSION)

    def application(self) -> Starlette:
        return Starlette(routes=[Route("/{rest:path}", self._endpoint)])

    async def _endpoint(self, request: Request) -> Response:
        self.sent.append(request.headers.get("authorization"))
        return self.answer(request)


@contextlib.contextmanager
def running() -> Iterator[CredentialsEndpoint]:
    """The endpoint on a free port of this machine."""
    endpoint = CredentialsEndpoint()
    with served(endpoint.application()) as url:
        endpoint.url = f"{url}/credentials"
        yield endpoint
