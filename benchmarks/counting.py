"""A server on the way to the local Google that notes each request, and those that would have gone elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import urlsplit

from tests.http_server import Answer, Request, Server, forwarding, serving

ELSEWHERE = "elsewhere: "
"""How a request begins that would have left the machine; its host follows."""


class Counter:
    """What was sent to a server that hands it on."""

    def __init__(self, server: Server) -> None:
        self.url = server.url
        self._sent = server.requests
        self._taken = 0

    @property
    def last(self) -> Request:
        """The latest request."""
        return self._sent[-1]

    def taken(self) -> tuple[str, ...]:
        """The requests since this was last asked, in their order, each as its method and what it is for."""
        sent = self._sent[self._taken :]
        self._taken += len(sent)
        return tuple(
            f"{ELSEWHERE}{one.target}" if one.method == "CONNECT" else f"{one.method} {purpose(one.target)}"
            for one in sent
        )


@contextlib.contextmanager
def counting(target: str) -> Iterator[Counter]:
    """Counts what is sent to ``target``, the base URL of the local Google.

    As a proxy for anything else it notes the requested host and refuses: nothing leaves the machine.
    """
    hand_on = forwarding(target)

    def answer(request: Request) -> Answer | None:
        return Answer(status=HTTPStatus.BAD_GATEWAY) if request.method == "CONNECT" else hand_on(request)

    with serving(answer) as server:
        yield Counter(server)


def purpose(path: str) -> str:
    """What a request is for, from its path: without its query, and without what differs from one run to the next."""
    plain = urlsplit(path).path
    if plain.endswith("/token"):
        return "token exchange"
    if plain.endswith(":generateAccessToken"):
        return "impersonation"
    parts = plain.strip("/").split("/")
    kind = parts[parts.index("projects") + 2 :] if "projects" in parts else parts
    return f"BigQuery {kind[0]}" + ("/ID" if len(kind) > 1 else "")
