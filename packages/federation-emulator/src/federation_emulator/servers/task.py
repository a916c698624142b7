"""`python -m federation_emulator task`: a command that comes as a role in the way that a container does.

No key is in the command's environment. It has to ask a stand-in for the endpoint that ECS and EKS Pod Identity keep
next to a container, which serves as long as the command runs, and gives the bearer of its token a new session.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import secrets
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from federation_emulator.client.use import Choice, addresses
from federation_emulator.core.credentials import PUBLIC_UNIVERSE
from federation_emulator.core.endpoints import Endpoints
from federation_emulator.core.roles import RoleError, SessionKeys, take_on
from federation_emulator.ports.handler import refused
from federation_emulator.servers.process import ProcessError

_REQUEST_SECONDS = 5.0
_SIGNAL_STATUS = 128


def run(command: Sequence[str], *, folder: Path, endpoints: Endpoints, choice: Choice) -> int:
    """Run a command as a container of a role, for as long as it takes: it is the user's, who ends it with Ctrl-C.

    The credential configuration is written below the state folder.

    Returns:
        Its exit status; 128 and the signal's number if one ended it, as shells have it.

    Raises:
        ProcessError: It can't be run, or the provider or service account isn't there or isn't the only one.
        RoleError: The role can't be taken on.
    """
    # ECS names a task's session by the task's id: 32 hexadecimal digits.
    task_id = secrets.token_hex(16)

    def give() -> SessionKeys:
        return take_on(endpoints, choice.role, session=task_id)

    give()  # a role that isn't there fails before anything runs
    with credentials_endpoint(give) as where:
        variables = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            # As a function of the local AWS: it reaches this machine alone, so that it may be in Google's universe.
            **addresses(folder / "task", endpoints, choice, universe_domain=PUBLIC_UNIVERSE),
            "AWS_REGION": endpoints.aws_region,
            **where,
        }
        try:
            status = subprocess.run(command, env=variables, check=False).returncode
        except OSError as error:
            raise ProcessError(f"{command[0]} can't be run: {error.strerror}") from error
    return status if status >= 0 else _SIGNAL_STATUS - status


@contextlib.contextmanager
def credentials_endpoint(give: Callable[[], SessionKeys]) -> Iterator[dict[str, str]]:
    """A container credentials endpoint on a free port; the value is the variables that lead to it.

    Args:
        give: Makes a session; a :class:`RoleError` becomes an answer that says so.
    """
    token = secrets.token_urlsafe(32)

    class Handler(BaseHTTPRequestHandler):
        timeout = _REQUEST_SECONDS

        def parse_request(self) -> bool:
            return super().parse_request() and not refused(self)

        def do_GET(self) -> None:
            status, body = _answer(self.headers.get("Authorization", ""), token, give)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            del format, args  # the terminal is for the command's own output

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield {
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{server.server_port}/v1/credentials",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": token,
            }
        finally:
            server.shutdown()
            thread.join()


def _answer(shown: str, token: str, give: Callable[[], SessionKeys]) -> tuple[HTTPStatus, bytes]:
    if not hmac.compare_digest(shown.encode(), token.encode()):
        return HTTPStatus.UNAUTHORIZED, _json(code="Unauthorized", message="the Authorization header is not the token")
    try:
        keys = give()
    except RoleError as error:
        return HTTPStatus.BAD_REQUEST, _json(code="RoleError", message=str(error))
    return HTTPStatus.OK, _json(
        AccessKeyId=keys.access_key_id,
        SecretAccessKey=keys.secret_access_key,
        Token=keys.session_token,
        Expiration=f"{keys.expires:%Y-%m-%dT%H:%M:%SZ}",
    )


def _json(**values: str) -> bytes:
    return json.dumps(values).encode()
