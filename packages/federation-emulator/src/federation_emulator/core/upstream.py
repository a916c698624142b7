"""A client of one server on this machine: HTTP/1.1 over TCP, TLS or a Unix socket, without proxies or redirects.

Each exchange of a token asks AWS, and each query the BigQuery emulator; a general client took half of that time.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from urllib.parse import urlsplit

import h11

from federation_emulator.core.loopback import Answer
from federation_emulator.servers.sockets import reachable

_READ_BYTES = 64 * 1024
_MOST_KEPT = 20
_IDLE_SECONDS = 3.0
"""How long a connection is kept for the next request: less than a server keeps it."""


class UpstreamError(Exception):
    """The server did not answer; the message says how it failed, and quotes nothing of what was sent."""


class Upstream:
    """The client of the server at ``http://HOST:PORT``, or at ``unix:`` and the path of a socket; ``tls`` for https."""

    def __init__(self, url: str, *, tls: ssl.SSLContext | None = None) -> None:
        self._socket = reachable(url.removeprefix("unix:")) if url.startswith("unix:") else ""
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or (443 if tls else 80)
        self._tls = tls
        self._authority = "localhost" if self._socket else parts.netloc
        self._kept: list[_Connection] = []

    async def send(
        self,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        limit_seconds: float,
        most_bytes: int,
        repeatable: bool = False,
    ) -> Answer:
        """Sends a request and reads its answer, whose body has one byte more than asked for where it is longer.

        Args:
            method: Of HTTP.
            target: Path and query, encoded.
            headers: ``host`` is added where it isn't given.
            body: Sent with its length, unless the method is GET.
            limit_seconds: For the whole call: an answer that comes drop by drop has no longer.
            most_bytes: How much of the answer's body is needed.
            repeatable: The request changes nothing: it may go over a kept connection, and is sent once more where that
                one is gone.

        Raises:
            UpstreamError: There is no whole answer in time.
        """
        request = self._request(method, target, headers, body)
        try:
            async with asyncio.timeout(limit_seconds):
                if repeatable and (kept := self._take_kept()):
                    try:
                        return await self._over(kept, request, body, most_bytes)
                    except (OSError, h11.RemoteProtocolError):
                        pass  # the server had closed it
                return await self._over(await self._connect(), request, body, most_bytes, keep=repeatable)
        except TimeoutError:
            raise UpstreamError(f"no whole answer within {limit_seconds:g} s") from None
        except (OSError, h11.ProtocolError) as problem:
            raise UpstreamError(type(problem).__name__) from problem

    @asynccontextmanager
    async def stream(self, target: str, *, limit_seconds: float) -> AsyncIterator[tuple[int, AsyncIterator[bytes]]]:
        """Sends a GET; yields the status, and the chunks of the body as they come.

        Args:
            target: Path and query, encoded.
            limit_seconds: Until the answer begins, and from each chunk to the next.

        Raises:
            UpstreamError: The server can't be reached, or its answer ends too early or comes too late.
        """
        try:
            async with asyncio.timeout(limit_seconds):
                connection = await self._connect()
            with closing(connection):
                async with asyncio.timeout(limit_seconds):
                    status = await connection.begin(self._request("GET", target, {}, b""), b"")
                yield status, connection.chunks(limit_seconds)
        except (OSError, h11.ProtocolError) as problem:
            raise UpstreamError(type(problem).__name__) from problem

    def close(self) -> None:
        """Closes the connections that are kept."""
        while self._kept:
            self._kept.pop().close()

    def _request(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> h11.Request:
        lines = [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
        if b"host" not in dict(lines):
            lines.insert(0, (b"host", self._authority.encode("ascii")))
        if method != "GET":
            lines.append((b"content-length", str(len(body)).encode("ascii")))
        return h11.Request(method=method.encode("ascii"), target=target.encode("ascii"), headers=lines)

    async def _over(
        self, connection: _Connection, request: h11.Request, body: bytes, most_bytes: int, *, keep: bool = True
    ) -> Answer:
        kept = False
        try:
            status = await connection.begin(request, body)
            received = bytearray()
            async for chunk in connection.chunks():
                received += chunk
                if len(received) > most_bytes:
                    break
            else:
                kept = keep and len(self._kept) < _MOST_KEPT and connection.finish()
            if kept:
                self._kept.append(connection)
            return Answer(status, bytes(received[: most_bytes + 1]))
        finally:
            if not kept:
                connection.close()

    def _take_kept(self) -> _Connection | None:
        while self._kept:
            connection = self._kept.pop()
            if connection.is_fresh():
                return connection
            connection.close()
        return None

    async def _connect(self) -> _Connection:
        if self._socket:
            return _Connection(*await asyncio.open_unix_connection(self._socket))
        return _Connection(*await asyncio.open_connection(self._host, self._port, ssl=self._tls))


class _Connection:
    """One connection; what goes wrong on it is an ``OSError`` or h11's ``ProtocolError``."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.CLIENT)
        self._idle_since = 0.0

    async def begin(self, request: h11.Request, body: bytes) -> int:
        """Sends a request and waits for the answer's head; its status."""
        events: list[h11.Event] = [request, *([h11.Data(data=body)] if body else []), h11.EndOfMessage()]
        self._writer.write(b"".join(self._http.send(event) or b"" for event in events))
        await self._writer.drain()
        while not isinstance(event := await self._event(), h11.Response):
            if not isinstance(event, h11.InformationalResponse):
                raise h11.RemoteProtocolError("no answer")
        return event.status_code

    async def chunks(self, limit_seconds: float | None = None) -> AsyncIterator[bytes]:
        """Yields the body's parts."""
        while True:
            async with asyncio.timeout(limit_seconds):
                event = await self._event()
            if not isinstance(event, h11.Data):
                return
            yield bytes(event.data)

    def finish(self) -> bool:
        """Makes it ready for another request; whether it can be."""
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        self._idle_since = time.monotonic()
        return True

    def is_fresh(self) -> bool:
        """Whether the server is likely to have it open still."""
        return not self._reader.at_eof() and time.monotonic() - self._idle_since < _IDLE_SECONDS

    def close(self) -> None:
        """Closes it, whatever is under way on it."""
        self._writer.close()

    async def _event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(await self._reader.read(_READ_BYTES))
        return event
