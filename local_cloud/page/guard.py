"""The layer around what is the local cloud's own: ``/``, ``/page/`` and ``/_local/``. Other sites can't read it.

None of it is behind a token, but the clock and the weather, so any site that the user's browser has open could try. It
can't share this origin (the request must name this machine as its host, or a name that an attacker's DNS turns to
127.0.0.1 would do), nothing is shared across origins, and the page itself may load and call nothing but itself.
Google's paths are not touched: there the token decides, and clients may reach this machine under other names.
"""

from __future__ import annotations

from types import MappingProxyType

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local_cloud.errors import ApiError, Shape, body_of

_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})

_HEADERS = MappingProxyType(
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


def host_problem(host: str) -> ApiError | None:
    """Say why a request may not be answered under this host; ``None`` if it may.

    Args:
        host: The ``Host`` header. Its port proves nothing: it may be forwarded, and a page can't choose its name.
    """
    name, colon, port = host.rpartition(":")
    if host in _HOSTS or (colon and name in _HOSTS and port.isascii() and port.isdigit()):
        return None
    return ApiError(
        421,
        "FAILED_PRECONDITION",
        f"The host {host:.80} is not this machine: open http://127.0.0.1 with the server's port.",
        reason="wrongHost",
    )


class GuardLayer:
    """ASGI middleware.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let Google's requests through as they are; guard the local cloud's own."""
        if scope["type"] != "http" or not is_own(scope["path"]):
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        problem = host_problem(Headers(scope=scope).get("host", ""))
        answering = self._app if problem is None else _refusal(problem)
        await answering(scope, receive, send_guarded)


def _refusal(problem: ApiError) -> JSONResponse:
    return JSONResponse(body_of(problem, Shape.GOOGLE), status_code=problem.code)
