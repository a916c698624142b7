"""An HTTP server on a free port of this machine whose answers a function gives, for tests and benchmarks."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from email.message import Message
from functools import cached_property
from http import HTTPMethod
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

LIMIT_SECONDS = 30.0
"""Longest wait for the other side of a connection, and for the end of the server."""

_POLL_SECONDS = 0.01
_OF_ONE_CONNECTION = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"})
"""Headers that are of one connection only, or that the server writes itself. Source: RFC 9110, section 7.6.1."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request.

    Args:
        method: HTTP method.
        target: What the first line asks for: a path with its query; of a proxy also a URL or a host and port.
        headers: Its headers, in any case.
        body: Its body.
        connection: The number of its connection, from 0 in the order of their first requests.
        place: The number of requests before it on its connection.
    """

    method: str
    target: str
    headers: Message
    body: bytes
    connection: int
    place: int

    @property
    def path(self) -> str:
        """The path alone."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        """The query's parameters."""
        return parse_qs(urlsplit(self.target).query)

    @property
    def authorization(self) -> str | None:
        """The header of that name."""
        return self.headers.get("Authorization")

    @property
    def form(self) -> dict[str, list[str]]:
        """The body as a form."""
        return parse_qs(self.body.decode(errors="replace"))

    @cached_property
    def json(self) -> Any:
        """The body as JSON; None without one."""
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer.

    Args:
        status: HTTP status.
        body: The body.
        parts: In place of the body: what is sent part by part, and ends with the last one.
        headers: Its headers, besides those of the length.
    """

    status: int = 200
    body: bytes = b""
    parts: Iterable[bytes] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def json_answer(value: object, status: int = 200) -> Answer:
    """An answer in JSON, without spaces, as Google's APIs answer what their clients ask."""
    body = json.dumps(value, separators=(",", ":")).encode()
    return Answer(status=status, body=body, headers={"Content-Type": "application/json"})


Handler = Callable[[Request], Answer | None]
"""Answers a request; None closes the connection in place of an answer."""


class Server:
    """A server that runs.

    Attributes:
        url: Its base URL.
        requests: What came, in order.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[Request] = []


@contextmanager
def serving(handler: Handler | Answer, *, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Serves until the block ends, each connection in a thread; connections are kept between requests.

    Args:
        handler: Gives the answers, or is the answer to everything. What it raises closes the connection, and is
            raised again at the end of the block.
        tls: Encrypts connections.

    Raises:
        Exception: The first that the handler raised.
    """
    failures: list[Exception] = []

    class Connection(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = LIMIT_SECONDS
        # Or the end of each answer waits 40 ms for the client's delayed acknowledgement.
        disable_nagle_algorithm = True
        number, answered = -1, 0

        def _respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.number < 0:
                self.number = next(numbers)
            request = Request(
                method=self.command,
                target=self.path,
                headers=self.headers,
                body=body,
                connection=self.number,
                place=self.answered,
            )
            self.answered += 1
            server.requests.append(request)
            self.close_connection = True
            try:
                answer = handler if isinstance(handler, Answer) else handler(request)
                if answer is not None:
                    self.close_connection = self.request_version == "HTTP/1.0"
                    self._send(answer)
            except ConnectionError:
                self.close_connection = True  # The client has gone, which some tests wait for.
            except Exception as error:  # noqa: BLE001 (raised again by the test's thread)
                self.close_connection = True
                failures.append(error)

        def _send(self, answer: Answer) -> None:
            self.send_response(answer.status)
            length = ("Transfer-Encoding", "chunked") if answer.parts else ("Content-Length", str(len(answer.body)))
            for name, value in (*answer.headers.items(), length):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)
            if answer.parts:
                for part in answer.parts:
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
                self.wfile.write(b"0\r\n\r\n")

        def log_message(self, *_: object) -> None: ...

    for method in HTTPMethod:
        setattr(Connection, f"do_{method}", Connection._respond)
    numbers = iter(range(1_000_000))
    with ThreadingHTTPServer(("127.0.0.1", 0), Connection) as listening:
        listening.daemon_threads, listening.block_on_close = True, False
        if tls is not None:
            listening.socket = tls.wrap_socket(listening.socket, server_side=True)
        server = Server(f"{'https' if tls else 'http'}://127.0.0.1:{listening.server_port}")
        thread = threading.Thread(target=listening.serve_forever, args=(_POLL_SECONDS,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join(LIMIT_SECONDS)
    for failure in failures:
        raise failure


def forwarding(target: str) -> Handler:
    """Hands each request on, as it came, and gives back what is answered.

    Args:
        target: Base URL of the server that answers.
    """
    place = urlsplit(target)

    def hand_on(request: Request) -> Answer:
        with closing(http.client.HTTPConnection(str(place.hostname), place.port, timeout=LIMIT_SECONDS)) as onward:
            onward.request(
                request.method, request.target, body=request.body or None, headers=_kept(request.headers.items())
            )
            answer = onward.getresponse()
            return Answer(status=answer.status, body=answer.read(), headers=_kept(answer.getheaders()))

    return hand_on


def _kept(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name: value for name, value in headers if name.lower() not in _OF_ONE_CONNECTION}
