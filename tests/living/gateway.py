"""A way to the local Google on which single requests fail."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

_LIMIT_SECONDS = 30.0
_OF_ONE_CONNECTION = {"connection", "content-length", "host", "transfer-encoding", "content-encoding"}


@dataclass(kw_only=True)
class Gateway:
    """The gateway, as the tests steer it.

    Attributes:
        url: Where it listens.
        failing: Method and status of the requests for a table that fail; ``None``: none does.
        requests: Method and path of what came, in order.
    """

    url: str
    failing: tuple[str, int] | None = None
    requests: list[tuple[str, str]] = field(default_factory=list)

    def fails(self, method: str, path: str) -> int | None:
        """The status with which a request fails."""
        self.requests.append((method, path))
        if self.failing is None or self.failing[0] != method or "/tables/" not in path:
            return None
        return self.failing[1]


@contextmanager
def gateway(google_url: str) -> Iterator[Gateway]:
    """Listens on a free port, and hands on what doesn't fail."""
    opened = Gateway(url="")

    class Handler(BaseHTTPRequestHandler):
        def _hand_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status = opened.fails(self.command, self.path.partition("?")[0])
            if status is not None:
                text = {"error": {"code": status, "message": "Fault.", "status": "PERMISSION_DENIED"}}
                return self._answer(status, {"Content-Type": "application/json"}, json.dumps(text).encode())
            headers = {key: value for key, value in self.headers.items() if key.lower() not in _OF_ONE_CONNECTION}
            answer = httpx.request(
                self.command, google_url + self.path, content=body, headers=headers, timeout=_LIMIT_SECONDS
            )
            return self._answer(answer.status_code, answer.headers, answer.content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _hand_on  # noqa: N815 - http.server's names

        def _answer(self, status: int, headers: httpx.Headers | dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for key, value in headers.items():
                if key.lower() not in _OF_ONE_CONNECTION:
                    self.send_header(key, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    opened.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield opened
    finally:
        server.shutdown()
        server.server_close()
        thread.join(_LIMIT_SECONDS)
