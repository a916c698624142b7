"""Whether a request was meant for this machine: what needs no token must not be readable from another site's page."""

from __future__ import annotations

from starlette.requests import Request

from local_cloud.errors import ApiError

_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})


def check_host(request: Request) -> None:
    """Insist that the request names this machine.

    Raises:
        ApiError: 421, another host: a page from elsewhere, whose name was turned to this address.
    """
    host = request.headers.get("host", "")
    if host.rpartition(":")[0] not in _HOSTS and host not in _HOSTS:
        raise ApiError(
            421,
            "FAILED_PRECONDITION",
            f"The host {host:.80} is not this machine: open http://127.0.0.1 with the server's port.",
            reason="wrongHost",
        )
