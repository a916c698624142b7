"""The same rules for the small servers of the standard library's ``http.server``."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler

from federation_emulator.ports.origin import Asked, objection


def refused(handler: BaseHTTPRequestHandler) -> bool:
    """Answer a request that may not come from where it comes from; call it once its head is parsed."""
    target, _, query = handler.path.partition("?")
    headers = [(name.lower(), value) for name, value in handler.headers.items()]
    problem = objection(Asked(method=handler.command, target=target, query=query, headers=headers))
    if problem is not None:
        handler.send_error(problem.status, explain=problem.message)
    return problem is not None
