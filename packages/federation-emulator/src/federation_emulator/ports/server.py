"""HTTP/1.1 on a port, for clients that may be slow or silent: each has a limit, and is cut off at it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from federation_emulator.ports.layer import App
from federation_emulator.ports.origin import MOST_HEAD_BYTES

REQUEST_SECONDS = 30.0
"""How long a client may take to send a whole request, to begin with one, or to take in an answer."""

_IDLE_SECONDS = 120
"""How long an idle connection stays: bq keeps one while it waits before a retry, and fails when it is gone."""

Unreadable = Callable[[str], dict[str, Any]]
"""Writes the body of the answer to what is no HTTP."""


def settings(app: App, *, unreadable: Unreadable, request_seconds: float = REQUEST_SECONDS) -> uvicorn.Config:
    """How uvicorn serves a port. ``unreadable`` writes the body of the answer to what is no HTTP."""
    return uvicorn.Config(
        cast("Any", app),
        http=cast("Any", partial(_Protocol, unreadable=unreadable, request_seconds=request_seconds)),
        ws="none",
        log_level="warning",
        access_log=False,
        h11_max_incomplete_event_size=MOST_HEAD_BYTES,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=2,
        # No proxy is in front: a client's own word must not change the scheme by which origins are compared.
        proxy_headers=False,
        # Nothing of one request's may be in the context of the next one on the same connection.
        reset_contextvars=True,
    )


CUT = "local_cloud.cut_connection"
"""ASGI extension: a function without arguments that cuts the connection of the request."""


class _Protocol(H11Protocol):
    """uvicorn's HTTP/1.1 with limits of time, a way to cut a request's connection, and errors in JSON.

    uvicorn itself limits only how long a connection may be idle after an answer.
    """

    def __init__(self, *arguments: Any, unreadable: Unreadable, request_seconds: float, **named: Any) -> None:  # noqa: ANN401 (uvicorn's)
        super().__init__(*arguments, **named)
        self._unreadable = unreadable
        self._held_up = False
        self._sending = _Limit(self.loop, request_seconds, self._cut)
        self._taking = _Limit(self.loop, request_seconds, self._cut)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own has it
        super().connection_made(transport)
        # So that writing is paused as soon as, and as long as, the client does not take in what was sent. 0 would pause
        # a connection over TLS for ever: asyncio pauses it at this size, a plain one above it.
        transport.set_write_buffer_limits(1)
        self._sending.start()
        app = cast("App", self.app)

        async def with_cut(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 (uvicorn's own types)
            scope.setdefault("extensions", {})[CUT] = transport.abort
            await app(scope, receive, send)

        self.app = cast("Any", with_cut)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._sending.stop()
        self._taking.stop()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._held_up = self._held_up or self.flow.read_paused
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._taking.start()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._taking.stop()

    def send_400_response(self, msg: str) -> None:
        """Answer what can't be read as HTTP: uvicorn's own answer would be plain text."""
        if self.conn.our_state is not h11.IDLE and self.conn.our_state is not h11.SEND_RESPONSE:
            # The answer has begun already.
            self.transport.abort()
            return
        body = json.dumps(self._unreadable(msg)).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("Connection", "close")]
        for event in (h11.Response(status_code=400, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _should_upgrade(self) -> bool:
        return False

    def _watch(self) -> None:
        """Time a request from its first byte to its last."""
        state = self.conn.their_state
        begun = state is h11.SEND_BODY or (state is h11.IDLE and bool(self.conn.trailing_data[0]))
        if begun:
            self._sending.start()
        else:
            self._sending.stop()

    def _cut(self) -> None:
        if self._held_up and not self.flow.write_paused:
            # We do not read for the moment, or have not for a part of that time: it is not the client who is late.
            self._held_up = self.flow.read_paused
            self._sending.start()
        else:
            self.transport.abort()


class _Limit:
    """A limit of time that can be set and lifted."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float, reached: Callable[[], None]) -> None:
        self._loop = loop
        self._seconds = seconds
        self._reached = reached
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to count, unless it counts already."""
        self._timer = self._timer or self._loop.call_later(self._seconds, self._over)

    def stop(self) -> None:
        """Lift it."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None

    def _over(self) -> None:
        self._timer = None
        self._reached()
