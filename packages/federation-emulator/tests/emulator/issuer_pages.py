"""An address of an issuer that answers whatever a test says, and counts what it is asked."""

from __future__ import annotations

import json
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from federation_emulator.client.issuer import Issuer

DISCOVERY = "/.well-known/openid-configuration"


@dataclass(frozen=True, kw_only=True)
class Page:
    """An answer."""

    body: str = ""
    status: int = 200
    location: str = ""
    after_seconds: float = 0


@dataclass
class Pages:
    """What is answered, by path, and how often each path was asked for."""

    issuer: Issuer
    answers: dict[str, Page] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)

    def publish(self, *, more: dict[str, object] | None = None, **document: object) -> None:
        """Publish the issuer's keys as they are now; ``document`` changes the discovery document, ``more`` the set."""
        discovery = {"issuer": self.issuer.uri, "jwks_uri": f"{self.issuer.uri}/keys", **document}
        self.answers[DISCOVERY] = Page(body=json.dumps(discovery))
        self.answers["/keys"] = Page(body=json.dumps({**json.loads(self.issuer.key_set()), **(more or {})}))


@contextmanager
def answering(context: ssl.SSLContext | None = None) -> Iterator[Pages]:
    """One on a free port, which publishes its issuer's keys, until the block ends; with TLS if a context is given."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 5

        def do_GET(self) -> None:
            pages.asked[self.path] += 1
            page = pages.answers.get(self.path, Page(status=404))
            time.sleep(page.after_seconds)
            self.send_response(page.status)
            if page.location:
                self.send_header("Location", page.location)
            self.send_header("Content-Length", str(len(page.body)))
            self.end_headers()
            self.wfile.write(page.body.encode())

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  (http.server's name)
            del format, arguments

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        pages = Pages(
            Issuer(f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}", algorithms=("RS256",))
        )
        pages.publish()
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield pages
        finally:
            server.shutdown()
            thread.join(5)
