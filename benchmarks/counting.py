"""A server on the way to the local Google that notes each request, and those that would have gone elsewhere."""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

from benchmarks.serving import LIMIT_SECONDS, Answering, served

ELSEWHERE = "elsewhere: "
"""How a request begins that would have left the machine; its host follows."""

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server", "host"})
"""Headers that are of one connection only, or that this server writes itself. Source: RFC 9110, section 7.6.1."""


class Counter:
    """What was sent.

    Attributes:
        url: Where the server listens; what is sent there is forwarded.
        last_body: What the latest request carried.
    """

    def __init__(self) -> None:
        self.url = ""
        self.last_body = b""
        self._sent: list[str] = []
        self._lock = threading.Lock()

    def note(self, request: str, body: bytes = b"") -> None:
        """Notes one request."""
        with self._lock:
            self._sent.append(request)
            self.last_body = body

    def taken(self) -> tuple[str, ...]:
        """The requests since this was last asked, in their order, each as its method and what it is for."""
        with self._lock:
            sent, self._sent = tuple(self._sent), []
        return sent


@contextlib.contextmanager
def counting(target: str) -> Iterator[Counter]:
    """Counts what is sent to ``target``, the base URL of the local Google.

    As a proxy for anything else it notes the host that was wanted and refuses: nothing leaves the machine.
    """
    place = urlsplit(target)
    counter = Counter()

    class Forwarding(Answering):
        def do_CONNECT(self) -> None:  # noqa: N802 - http.server's name
            counter.note(f"{ELSEWHERE}{self.path}")
            self.send_error(http.client.BAD_GATEWAY)

        def respond(self) -> None:
            body = self.body()
            counter.note(f"{self.command} {purpose(self.path)}", body)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
            onward = http.client.HTTPConnection(str(place.hostname), place.port, timeout=LIMIT_SECONDS)
            with contextlib.closing(onward):
                onward.request(self.command, self.path, body=body, headers=headers)
                answer = onward.getresponse()
                content = answer.read()
            kept = tuple((name, value) for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP)
            self.answer(content, status=answer.status, headers=kept)

    with served(Forwarding, name="counting") as counter.url:
        yield counter


def purpose(path: str) -> str:
    """What a request is for, from its path: without its query, and without what differs from one run to the next."""
    plain = urlsplit(path).path
    if plain.endswith("/token"):
        return "token exchange"
    if plain.endswith(":generateAccessToken"):
        return "impersonation"
    parts = plain.strip("/").split("/")
    kind = parts[parts.index("projects") + 2 :] if "projects" in parts else parts
    return f"BigQuery {kind[0]}" + ("/ID" if len(kind) > 1 else "")
