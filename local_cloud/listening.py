"""HTTP on 127.0.0.1: the socket, and a server that answers in Google's shape even what is no HTTP at all.

It can also cut a connection when the weather asks for it.
"""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any, cast

import h11
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from local_cloud.errors import Shape, body_of, invalid_argument
from local_cloud.process import ProcessError

CUT = "local_cloud.cut_connection"
"""ASGI extension: a function without arguments that cuts the connection of the request."""

_IDLE_SECONDS = 120
"""How long an idle connection stays: bq keeps one while it waits before a retry, and fails when it is gone."""


def listener(port: int) -> socket.socket:
    """A socket that listens on loopback, bound before anything is told its port.

    Args:
        port: The port; 0 lets the system choose.

    Raises:
        ProcessError: The port can't be used.
    """
    try:
        bound = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise ProcessError(
            f"port {port} on 127.0.0.1 can't be used ({error.strerror}); give another one with --google-port, "
            "0 for a free one"
        ) from error
    # asyncio sets it on sockets of its own only; without it each answer waits 40 ms for the client's delayed ACK.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound


def server_settings(app: ASGIApp) -> uvicorn.Config:
    """How uvicorn serves the app."""
    return uvicorn.Config(
        app,
        http=_Protocol,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=_IDLE_SECONDS,
        lifespan="auto",
    )


class _Protocol(H11Protocol):
    """uvicorn's HTTP/1.1, whose requests carry a way to cut their connection, and whose own errors are JSON."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own has it
        super().connection_made(transport)
        app = cast("ASGIApp", self.app)

        async def with_cut(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[CUT] = transport.abort
            await app(scope, receive, send)

        self.app = cast("Any", with_cut)

    def send_400_response(self, msg: str) -> None:
        """Answer what can't be read as HTTP: uvicorn's own answer would be plain text."""
        body = json.dumps(body_of(invalid_argument(msg), Shape.GOOGLE)).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("Connection", "close")]
        for event in (h11.Response(status_code=400, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
