"""A test issuer behind its own address: the discovery document and the key set, on 127.0.0.1.

The local Google fetches the keys of such an issuer, as Google fetches those of a public one. Source: OpenID Connect
Discovery 1.0, section 4.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from federation_emulator.client.issuer import Issuer

_DISCOVERY = "/.well-known/openid-configuration"
_KEYS = "/jwks"
_CLIENT_SECONDS = 5.0


@contextmanager
def serving(*, port: int = 0) -> Iterator[Issuer]:
    """An issuer whose URI is its address, until the block ends.

    A key that :meth:`Issuer.rotate` makes is published at once.

    Args:
        port: Its port; 0 takes a free one.
    """
    with ThreadingHTTPServer(("127.0.0.1", port), _Pages) as server:
        issuer = Issuer(f"http://127.0.0.1:{server.server_port}", algorithms=("RS256", "ES256"))
        server.RequestHandlerClass = type("Pages", (_Pages,), {"issuer": issuer})
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join(_CLIENT_SECONDS)


class _Pages(BaseHTTPRequestHandler):
    """What an issuer publishes."""

    issuer: Issuer
    timeout = _CLIENT_SECONDS

    def do_GET(self) -> None:
        """Answer one of both documents, or 404."""
        uri = self.issuer.uri
        if self.path == _DISCOVERY:
            self._answer(200, json.dumps({"issuer": uri, "jwks_uri": uri + _KEYS}))
        elif self.path == _KEYS:
            self._answer(200, self.issuer.key_set())
        else:
            self._answer(404, "{}")

    def _answer(self, status: int, body: str) -> None:
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  (http.server's name)
        """Write nothing."""
