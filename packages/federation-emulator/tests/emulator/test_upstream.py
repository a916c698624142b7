"""The client of the servers behind the local Google: bounded in time and size, and never twice where that matters."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import pytest

from federation_emulator.core.loopback import Answer
from federation_emulator.core.upstream import Upstream, UpstreamError


class Counting(ThreadingHTTPServer):
    """Counts connections and requests; closes each connection after ``per_connection`` answers, without a word."""

    daemon_threads = True

    def __init__(self, per_connection: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.per_connection = per_connection
        self.connections = 0
        self.requests = 0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        cast("Counting", self.server).connections += 1
        self.answered = 0

    def do_POST(self) -> None:
        server = cast("Counting", self.server)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.requests += 1
        self.answered += 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.answered == server.per_connection

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Counting]:
    with Counting(request.param) as made:
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join(10)


def asked(server: Counting, *, times: int, repeatable: bool, most_bytes: int = 100) -> list[Answer]:
    async def ask() -> list[Answer]:
        upstream = Upstream(f"http://127.0.0.1:{server.server_port}")
        try:
            return [
                await upstream.send(
                    "POST", "/", headers={}, body=b"body", limit_seconds=10, most_bytes=most_bytes,
                    repeatable=repeatable,
                )
                for _ in range(times)
            ]  # fmt: skip
        finally:
            upstream.close()

    return asyncio.run(ask())


@pytest.mark.parametrize("server", [100], indirect=True)
@pytest.mark.parametrize(("repeatable", "connections"), [(True, 1), (False, 3)])
def test_only_what_changes_nothing_goes_over_a_kept_connection(
    server: Counting, *, repeatable: bool, connections: int
) -> None:
    assert asked(server, times=3, repeatable=repeatable) == [Answer(200, b"body")] * 3
    assert (server.connections, server.requests) == (connections, 3)


@pytest.mark.parametrize("server", [1], indirect=True)
def test_a_kept_connection_that_is_gone_is_replaced_and_nothing_is_answered_twice(server: Counting) -> None:
    assert asked(server, times=3, repeatable=True) == [Answer(200, b"body")] * 3
    assert server.requests == 3


@pytest.mark.parametrize("server", [100], indirect=True)
def test_a_longer_answer_is_cut_off_and_its_connection_is_not_kept(server: Counting) -> None:
    assert asked(server, times=2, repeatable=True, most_bytes=2) == [Answer(200, b"bod")] * 2
    assert server.connections == 2


def test_where_nothing_listens_the_error_says_so() -> None:
    async def ask() -> None:
        await Upstream("http://127.0.0.1:9").send("GET", "/", headers={}, limit_seconds=5, most_bytes=1)

    with pytest.raises(UpstreamError, match="ConnectionRefusedError"):
        asyncio.run(ask())
