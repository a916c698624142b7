"""The layer around what is the local cloud's own: ``/``, ``/page/`` and ``/_local/``.

None of it is behind a token, but the clock and the faults. Who may ask at all is decided before, by
``federation_emulator/ports``; here nothing is shared across origins, and the page itself may load
and call nothing but itself.
"""

from __future__ import annotations

from types import MappingProxyType

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = MappingProxyType(
    {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
            # The browser itself refuses text that would be read as markup.
            "require-trusted-types-for 'script'; trusted-types 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
)


def is_own(path: str) -> bool:
    """Whether a path is the local cloud's own, and none of Google's."""
    return path == "/" or path.startswith(("/page/", "/_local/"))


class GuardLayer:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let Google's requests through as they are; guard the local cloud's own."""
        if scope["type"] != "http" or not is_own(scope["path"]):
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._app(scope, receive, send_guarded)
