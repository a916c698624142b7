"""An HTTP server of a benchmark, on a free port of this machine, in a thread."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LIMIT_SECONDS = 30.0
"""Longest wait for the other side of a connection."""

_POLL_SECONDS = 0.02


class Answering(BaseHTTPRequestHandler):
    """Keeps connections, and says nothing; a subclass has what to do with a GET or a POST."""

    protocol_version = "HTTP/1.1"
    timeout = LIMIT_SECONDS
    # Or the end of each answer waits 40 ms for the client's delayed acknowledgement.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """As the subclass says."""
        self.respond()

    def do_POST(self) -> None:
        """As the subclass says."""
        self.respond()

    def respond(self) -> None:
        """Reads the request, and answers it."""
        raise NotImplementedError

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def body(self) -> bytes:
        """What the request carries; asked once for each request."""
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, content: bytes, *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> None:
        """Sends an answer, with its length."""
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextlib.contextmanager
def served(handler: type[Answering], *, name: str) -> Iterator[str]:
    """The base URL of a server whose requests the handler answers; it ends with the context.

    Args:
        handler: Answers, with one instance for each connection.
        name: The thread's.
    """
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), name=name, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join(LIMIT_SECONDS)
