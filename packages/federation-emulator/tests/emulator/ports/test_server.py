"""A client that is slow, silent or takes nothing in is cut off, on each port; one that is quick is not."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn

from federation_emulator.ports.server import REQUEST_SECONDS
from federation_emulator.servers.aws import AwsSettings, LocalAws
from federation_emulator.servers.listening import listener, server_settings
from tests.emulator.chain import ACCOUNT, REGION
from tests.emulator.processes.conftest import eventually

LIMIT = 1.0
WAIT = 10.0
HEAD = "Host: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
WHOLE = f"GET /_ministack/health HTTP/1.1\r\n{HEAD}\r\n".encode()
BEGUN = f"POST / HTTP/1.1\r\n{HEAD}Content-Length: 1000\r\n\r\n".encode()
CHUNKED = f"POST / HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\n".encode()


class Answering:
    """An app that reads its requests whole and answers each path in its own way."""

    def __init__(self) -> None:
        self.lost = threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        length, more = 0, True
        if scope["path"] == "/reads-late":
            await asyncio.sleep(3 * LIMIT)
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.lost.set()
                return
            length, more = length + len(message["body"]), message["more_body"]
        if scope["path"] == "/slow":
            await asyncio.sleep(2 * LIMIT)
        parts = {"/large": [bytes(1_000_000)] * 100, "/60-kB": [bytes(60_000)]}.get(
            scope["path"], [str(length).encode()]
        )
        size = str(sum(map(len, parts))).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", size)]})
        for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        if (await receive())["type"] == "http.disconnect":
            self.lost.set()


@contextmanager
def served(
    app: Answering, *, system_buffer: int = 0, tls: ssl.SSLContext | None = None
) -> Iterator[tuple[int, uvicorn.Server]]:
    """The port on which the app is served as the local Google is, with a smaller limit."""
    bound = listener(0)
    if system_buffer:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, system_buffer)
    server = uvicorn.Server(server_settings(app, tls=tls, request_seconds=LIMIT))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        yield bound.getsockname()[1], server
    finally:
        server.should_exit = True
        thread.join(WAIT)
        bound.close()


@pytest.fixture(scope="module")
def app() -> Answering:
    return Answering()


@pytest.fixture(scope="module")
def google_port(app: Answering) -> Iterator[int]:
    with served(app) as (port, _):
        yield port


@pytest.fixture(scope="module")
def aws_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("slow-aws")
    aws = LocalAws.start(AwsSettings(account_id=ACCOUNT, region=REGION, folder=folder, request_seconds=LIMIT))
    try:
        aws.wait(limit_seconds=20)
        yield int(aws.url.rpartition(":")[2])
    finally:
        aws.child.stop()


@pytest.fixture(params=["google_port", "aws_port"])
def port(request: pytest.FixtureRequest) -> int:
    return int(request.getfixturevalue(request.param))


def connected(port: int) -> socket.socket:
    """A connection to the port. Not a fixture: what passes between one and its test counts as the client's silence."""
    return socket.create_connection(("127.0.0.1", port), timeout=WAIT)


def is_cut(connection: socket.socket, *, dripping: bytes = b"") -> bool:
    """Whether the other side hangs up within the wait, though a byte is sent every now and then."""
    until = time.monotonic() + WAIT
    connection.settimeout(LIMIT / 10)
    while time.monotonic() < until:
        try:
            if dripping:
                connection.sendall(dripping)
            if not connection.recv(65536):
                return True
        except TimeoutError:
            continue
        except (ConnectionError, ssl.SSLEOFError):
            return True
    return False


def answer(connection: socket.socket, request: bytes) -> bytes:
    """The whole answer to a request."""
    connection.settimeout(WAIT)
    connection.sendall(request)
    received, length = b"", None
    while length is None or len(received) < length:
        part = connection.recv(65536)
        assert part, f"hung up after {received!r:.300}"
        received += part
        head, ended, body = received.partition(b"\r\n\r\n")
        if ended:
            (stated,) = re.findall(rb"content-length: (\d+)", head.lower())
            length = len(received) - len(body) + int(stated)
    return received


def check_large_answer(connection: socket.socket) -> None:
    connection.sendall(WHOLE.replace(b"/_ministack/health", b"/large"))
    received = 0
    while received < 100_000_000:
        part = connection.recv(1_000_000)
        assert part
        received += len(part)


def test_the_limit_is_half_a_minute() -> None:
    assert REQUEST_SECONDS == 30


SLOW = {
    "silent": (b"", b""),
    "silent in the first line": (b"GET / HT", b""),
    "slow first line": (b"GET /", b"a"),
    "slow headers": (WHOLE[:-2], b"X-Slow: 1\r\n"),
    "silent before the body": (BEGUN, b""),
    "slow body": (BEGUN, b"a"),
    "slow chunks": (CHUNKED, b"1\r\na\r\n"),
}


def test_a_request_that_is_not_whole_in_time_is_cut_off(port: int) -> None:
    def is_cut_in_time(begin: bytes, dripping: bytes) -> bool:
        with connected(port) as connection:
            connection.sendall(begin)
            began = time.monotonic()
            return is_cut(connection, dripping=dripping) and time.monotonic() - began > LIMIT / 2

    # All at once: each takes as long as the limit.
    with ThreadPoolExecutor(len(SLOW)) as pool:
        found = {name: pool.submit(is_cut_in_time, *slow) for name, slow in SLOW.items()}
    assert {name: cut.result() for name, cut in found.items()} == dict.fromkeys(SLOW, True)


def test_the_next_request_on_a_connection_has_its_own_limit(port: int) -> None:
    with connected(port) as connection:
        assert answer(connection, WHOLE).startswith(b"HTTP/1.1 200 ")
        connection.sendall(WHOLE[:10])
        assert is_cut(connection)


def test_so_has_one_that_comes_with_the_request_before_it(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(WHOLE + WHOLE[:10])
        assert is_cut(connection)


def test_an_idle_connection_between_two_requests_stays(port: int) -> None:
    with connected(port) as connection:
        assert answer(connection, WHOLE).startswith(b"HTTP/1.1 200 ")
        connection.settimeout(2 * LIMIT)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        assert answer(connection, WHOLE).startswith(b"HTTP/1.1 200 ")


def test_a_refused_request_is_cut_off_too_when_its_body_does_not_end(port: int) -> None:
    with connected(port) as connection:
        refused = BEGUN.replace(b"Host: localhost", b"Host: attacker.example")
        assert answer(connection, refused).startswith(b"HTTP/1.1 421 ")
        assert is_cut(connection, dripping=b"a")


def test_an_answer_that_is_late_is_waited_for(google_port: int) -> None:
    with connected(google_port) as connection:
        assert answer(connection, WHOLE.replace(b"/_ministack/health", b"/slow")).startswith(b"HTTP/1.1 200 ")


def test_a_large_body_that_comes_quickly_is_read(google_port: int) -> None:
    with connected(google_port) as connection:
        request = BEGUN.replace(b"1000", b"20000000") + bytes(20_000_000)
        assert answer(connection, request).endswith(b"\r\n\r\n20000000")


def test_a_body_that_we_do_not_read_yet_is_not_the_clients_delay(google_port: int) -> None:
    with connected(google_port) as connection:
        request = BEGUN.replace(b"POST /", b"POST /reads-late").replace(b"1000", b"1000000") + bytes(1_000_000)
        assert answer(connection, request).endswith(b"\r\n\r\n1000000")


def test_a_client_that_takes_no_answer_in_is_cut_off(google_port: int, app: Answering) -> None:
    app.lost.clear()
    with connected(google_port) as connection:
        connection.sendall(WHOLE.replace(b"/_ministack/health", b"/large"))
        assert app.lost.wait(WAIT)


def test_so_is_one_that_leaves_a_little_of_it(app: Answering) -> None:
    """Less than asyncio keeps for a connection before it reports it, and more than the system does."""
    with served(app, system_buffer=4096) as (port, server), socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", port))
        connection.sendall(WHOLE.replace(b"/_ministack/health", b"/60-kB"))
        assert eventually(lambda: bool(server.server_state.connections))
        assert eventually(lambda: not server.server_state.connections)


def test_a_client_that_takes_a_large_answer_in_gets_all_of_it(google_port: int) -> None:
    with connected(google_port) as connection:
        check_large_answer(connection)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
    ],
)
def test_what_is_no_http_is_answered_so_in_json(port: int, request_bytes: bytes) -> None:
    with connected(port) as connection:
        said = answer(connection, request_bytes)
        assert said.startswith(b"HTTP/1.1 400 ")
        assert b"Content-Type: application/json" in said
        assert is_cut(connection)


def test_a_request_without_a_host_is_refused_in_http_1_0_too(port: int) -> None:
    with connected(port) as connection:
        assert answer(connection, b"GET / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 421 ")


def test_an_absolute_target_is_refused_whatever_the_host_says(port: int) -> None:
    with connected(port) as connection:
        absolute = WHOLE.replace(b"GET /_", b"GET http://attacker.example/_")
        assert answer(connection, absolute).startswith(b"HTTP/1.1 421 ")


@pytest.mark.parametrize("upgrade", ["websocket", "WebSocket"])
def test_a_websocket_is_refused_and_http_2_is_not_spoken(port: int, upgrade: str) -> None:
    with connected(port) as connection:
        asks = f"Upgrade: {upgrade}\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n"
        head = WHOLE.decode()[:-2]
        assert answer(connection, f"{head}{asks}\r\n".encode()).startswith(b"HTTP/1.1 403 ")
        h2c = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
        assert answer(connection, f"{head}{h2c}\r\n".encode()).startswith(b"HTTP/1.1 200 ")
        assert answer(connection, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").startswith(b"HTTP/1.1 421 ")
