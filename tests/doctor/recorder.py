"""A server that hands every request on and remembers it: what reached a cloud, whoever sent it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import httpx

_LIMIT_SECONDS = 20.0
_NOT_HANDED_ON = {"transfer-encoding", "content-encoding", "content-length", "connection", "date", "server"}


class Recorder:
    """What passed. ``url`` is where to send it; each entry of ``calls`` is a method and what it was for."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.calls: list[str] = []


@contextmanager
def recording(target: str) -> Iterator[Recorder]:
    """Stands before a server.

    Args:
        target: Base URL of the server.
    """

    class Handler(BaseHTTPRequestHandler):
        def handle_one(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            recorder.calls.append(_call(self.command, self.path, self.headers.get("X-Amz-Target"), body))
            answer = client.request(self.command, target + self.path, content=body, headers=dict(self.headers))
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in _NOT_HANDED_ON:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_one  # noqa: N815  (http.server calls them so)

        def log_message(self, *_: object) -> None: ...

    with httpx.Client(timeout=_LIMIT_SECONDS) as client, ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        recorder = Recorder(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield recorder
        finally:
            server.shutdown()
            thread.join()


def _call(method: str, path: str, target: str | None, body: bytes) -> str:
    """A request in words: AWS tells the action in a header or in the form, Google in the path."""
    if target:
        return target.rpartition(".")[2]
    form = parse_qs(body.decode(errors="replace"))
    return form["Action"][0] if "Action" in form else f"{method} {path.partition('?')[0]}"
