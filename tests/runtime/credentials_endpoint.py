"""A scripted container credentials endpoint, as ECS, EKS Pod Identity and SnapStart each have one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from tests.http_server import Answer, Handler, Request, json_answer, serving

SESSION = {
    "AccessKeyId": "ASIAFROMENDPOINT0000",
    "SecretAccessKey": "endpoint-secret-key-9z8y7x6w",
    "Token": "endpoint-session-token-0a1b2c3d",
    "Expiration": "2999-01-01T00:00:00Z",
}
TOKEN = "planted-container-token-4e5f6a7b"


class CredentialsEndpoint:
    """Answers by script; ``sent`` holds the Authorization header of each request, in order."""

    def __init__(self) -> None:
        self.url = ""
        self.begin()

    def begin(self) -> None:
        """Forgets what came, and gives a session to every caller."""
        self.sent: list[str | None] = []
        self.answer: Handler = lambda _: json_answer(SESSION)

    def respond(self, request: Request) -> Answer | None:
        """What the script says."""
        self.sent.append(request.authorization)
        return self.answer(request)


@contextlib.contextmanager
def running() -> Iterator[CredentialsEndpoint]:
    """The endpoint on a free port of this machine."""
    endpoint = CredentialsEndpoint()
    with serving(endpoint.respond) as server:
        endpoint.url = f"{server.url}/credentials"
        yield endpoint
