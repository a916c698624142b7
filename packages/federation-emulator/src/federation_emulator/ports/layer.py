"""The ASGI layer around all that a port answers: it refuses by the rules given, and lets no CORS header out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from federation_emulator.ports.origin import Asked, Objection, Rule

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
Writer = Callable[[Asked, Objection], tuple[Headers, bytes]]
"""Writes a refusal in the words of the API that was asked: headers without a length, and a body."""


class Guard:
    """ASGI middleware."""

    def __init__(self, app: App, *, rule: Rule, write: Writer) -> None:
        self._app = app
        self._rule = rule
        self._write = write

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        else:
            asked = Asked.of(scope)
            problem = self._rule(asked)
            if problem is None:
                await self._app(scope, receive, _without_cors(send))
            else:
                await answer(send, problem.status, *self._write(asked, problem))


async def answer(send: Send, status: int, headers: Headers, body: bytes) -> None:
    """Send a whole answer."""
    lasting = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": lasting})
    await send({"type": "http.response.body", "body": body})


class JsonDocument:
    """ASGI middleware that answers a GET of one path with JSON, which anyone may have, and hands all else on.

    Args:
        app: What is behind it.
        path: The path, without a query.
        written: Makes the JSON; it may take its time.
    """

    def __init__(self, app: App, path: str, written: Callable[[], str]) -> None:
        self._app = app
        self._path = path.encode()
        self._written = written

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the document, or hand on."""
        if scope["type"] == "http" and scope["method"] == "GET" and scope["raw_path"] == self._path:
            body = (await asyncio.to_thread(self._written)).encode()
            await answer(send, 200, [(b"content-type", b"application/json")], body)
        else:
            await self._app(scope, receive, send)


def _without_cors(send: Send) -> Send:
    async def send_without_cors(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [pair for pair in message["headers"] if not pair[0].lower().startswith(b"access-control-")]
            message = {**message, "headers": kept}
        await send(message)

    return send_without_cors
