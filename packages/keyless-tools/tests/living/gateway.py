"""A way to the local Google on which single requests fail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.http_server import Answer, Request, Server, forwarding, json_answer, serving


@dataclass(kw_only=True)
class Gateway:
    """The gateway, as the tests steer it.

    Attributes:
        server: Where it listens, and what came.
        failing: Method and status of the requests for a table that fail; ``None``: none does.
    """

    server: Server
    failing: tuple[str, int] | None = None


@contextmanager
def gateway(google_url: str) -> Iterator[Gateway]:
    """Listens on a free port, and hands on what doesn't fail."""
    hand_on = forwarding(google_url)

    def answer(request: Request) -> Answer | None:
        if opened.failing is None or opened.failing[0] != request.method or "/tables/" not in request.path:
            return hand_on(request)
        status = opened.failing[1]
        return json_answer({"error": {"code": status, "message": "Fault.", "status": "PERMISSION_DENIED"}}, status)

    with serving(answer) as server:
        opened = Gateway(server=server)
        yield opened
