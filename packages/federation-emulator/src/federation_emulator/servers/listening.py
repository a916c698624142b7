"""HTTP on 127.0.0.1 for the local Google: the socket, and a server that answers in Google's shape even what is no HTTP.

It can also cut a connection when a fault asks for it.
"""

from __future__ import annotations

import json
import socket
import ssl
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from federation_emulator.console.page.guard import HEADERS, is_own
from federation_emulator.core.errors import ApiError, OAuthError, Shape, body_of, invalid_argument, shape_of
from federation_emulator.ports import server
from federation_emulator.ports.layer import Guard, Headers
from federation_emulator.ports.origin import Asked, Objection, objection
from federation_emulator.servers.process import ProcessError

CUT = server.CUT


def listener(port: int) -> socket.socket:
    """A socket that listens on loopback, bound before anything learns its port.

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


def server_settings(
    app: ASGIApp, *, tls: ssl.SSLContext | None = None, request_seconds: float = server.REQUEST_SECONDS
) -> uvicorn.Config:
    """How uvicorn serves the app, over https if ``tls`` is given, and which requests never reach the app."""
    made = server.settings(
        Guard(app, rule=problem_of, write=_write),
        unreadable=lambda message: body_of(invalid_argument(message), Shape.GOOGLE),
        request_seconds=request_seconds,
    )
    if tls is not None:
        made.ssl_context_factory = lambda _config, _default: tls
    return made


def problem_of(asked: Asked) -> Objection | None:
    """Say why a request is refused before anything else is done; ``None`` if it is not."""
    return objection(asked, is_page=is_own)


def _write(asked: Asked, problem: Objection) -> tuple[Headers, bytes]:
    shape = shape_of(asked.path)
    error = (
        OAuthError("invalid_request", problem.message, code=problem.status)
        if shape is Shape.OAUTH
        else ApiError(problem.status, "PERMISSION_DENIED", problem.message, reason="forbidden")
    )
    headers = {"Content-Type": "application/json", **HEADERS}
    body: dict[str, Any] = body_of(error, shape)
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()], json.dumps(body).encode()
