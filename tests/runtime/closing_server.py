"""A server that keeps a connection for so many requests, and then closes it in place of an answer."""

from __future__ import annotations

import contextlib
import json
import socketserver
import threading
from collections.abc import Iterator
from typing import Any

from tests.runtime.google_stand_in import SCHEMA, rows


class ClosingServer(socketserver.ThreadingTCPServer):
    """Gives each request the same row.

    Attributes:
        answers_each: How many requests of a connection are answered; the next one is not.
        requests: How many requests came on each connection, in order.
        headers: Header lines of the latest request.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.answers_each = 1
        self.requests: list[int] = []
        self.headers: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Connection(socketserver.StreamRequestHandler):
    server: ClosingServer

    def handle(self) -> None:
        place = len(self.server.requests)
        self.server.requests.append(0)
        while self._received():
            self.server.requests[place] += 1
            if self.server.requests[place] > self.server.answers_each:
                return
            answer: dict[str, Any] = {"jobComplete": True, "schema": SCHEMA, "rows": rows([("1", "Ada")])}
            body = json.dumps({**answer, "totalRows": "1"}).encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            self.wfile.write(head.encode() + body)

    def _received(self) -> bool:
        lines = list(iter(lambda: self.rfile.readline().decode().strip(), ""))
        self.server.headers = lines or self.server.headers
        length = next((int(line[15:]) for line in lines if line.lower().startswith("content-length:")), 0)
        self.rfile.read(length)
        return bool(lines)


@contextlib.contextmanager
def running() -> Iterator[ClosingServer]:
    """The server on a free port of this machine."""
    with ClosingServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(timeout=10)
