"""A local Google in a thread of the test, with a clock that the test can turn."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
import uvicorn

from federation_emulator.core.app import CloudConfig, create_app
from federation_emulator.core.trace import Decision, Link, Refusal, from_json
from federation_emulator.servers.listening import listener, server_settings

PROJECT = "local-keyless"
NUMBER = "123456789012"
SECOND_PROJECT = "second-project"
SECOND_NUMBER = "222222222222"
DEPLOYER_TOKEN = "deployer-token-of-the-tests"


class TurnedClock:
    """The host's clock plus whatever a test adds: signatures are made at the host's time."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Google:
    """A running server and the deployer's way to talk to it."""

    url: str
    clock: TurnedClock
    session: requests.Session

    def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = DEPLOYER_TOKEN, **more: Any
    ) -> requests.Response:
        """Send a request, as the deployer if no other token is given."""
        headers = dict(more.pop("headers", {}))
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return self.session.request(method, self.url + path, json=body, headers=headers, timeout=20, **more)

    def done(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request as the deployer that has to succeed; return its JSON."""
        response = self.call(method, path, body)
        assert response.ok, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else {}

    def decisions(self) -> list[Decision]:
        """All decisions so far."""
        return from_json(self.done("GET", "/_local/decisions")["decisions"])

    def last_refusal(self) -> Decision:
        """The newest refused decision."""
        return [decision for decision in self.decisions() if not decision.allowed][-1]

    def refusal(self, link: Link | None = None) -> Refusal:
        """Why the newest refused decision went against the caller; it must be of this link, if one is named."""
        decision = self.last_refusal()
        assert link in (None, decision.link), decision
        assert decision.refusal is not None
        return decision.refusal

    def inject(self, **faults: Any) -> None:
        """Inject these faults, and no other."""
        self.done("POST", "/_local/faults", faults)

    def pass_time(self, seconds: int) -> None:
        """Put the clock ahead."""
        assert self.done("POST", "/_local/clock", {"advanceSeconds": seconds})["aheadSeconds"] >= seconds


def config(**changes: Any) -> CloudConfig:
    """Settings of a local Google with nothing behind it, unless they are changed."""
    settings: dict[str, Any] = {
        "project_id": PROJECT,
        "project_number": NUMBER,
        "aws_url": "http://127.0.0.1:9",
        "bigquery_url": "",
        "deployer_token": DEPLOYER_TOKEN,
        "state_directory": None,
    }
    return CloudConfig(**{**settings, **changes})


@contextmanager
def serving(
    *,
    aws_url: str,
    bigquery_url: str,
    state_directory: Path | None = None,
    statement_seconds: float = 30.0,
    tls: ssl.SSLContext | None = None,
    trusted: Path | None = None,
) -> Iterator[Google]:
    """Run a server until the block ends; with ``tls`` over https, called by a client that trusts this authority."""
    clock = TurnedClock()
    settings = config(
        other_projects={SECOND_PROJECT: SECOND_NUMBER},
        aws_url=aws_url,
        bigquery_url=bigquery_url,
        bigquery_timeout_seconds=statement_seconds,
        state_directory=state_directory,
    )
    bound = listener(0)
    server = _Server(server_settings(create_app(settings, clock=clock), tls=tls))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        assert server.began.wait(20), "the server did not start"
        with requests.Session() as session:
            session.trust_env = False
            session.verify = str(trusted or False)
            yield Google(
                url=f"{'https' if tls else 'http'}://127.0.0.1:{bound.getsockname()[1]}", clock=clock, session=session
            )
    finally:
        server.end()
        thread.join(20)
        bound.close()


class _Server(uvicorn.Server):
    """A server that ends at once when asked to: a fifth of a second sooner, which hundreds of tests would wait.

    uvicorn looks every tenth of a second whether it should end, and then gives its clients another tenth. Here the
    clients are gone by then.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.began = threading.Event()

    def end(self) -> None:
        """End it, from another thread; nothing if it never began."""
        if self.began.is_set():
            self._loop.call_soon_threadsafe(self._asked.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop, self._asked = asyncio.get_running_loop(), asyncio.Event()
        await super().startup(sockets=sockets)
        self.began.set()

    async def main_loop(self) -> None:
        while not self._asked.is_set():
            await self.on_tick(0)  # the date that answers carry
            with suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), 1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listening in sockets or []:
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(0)
        await self.lifespan.shutdown()
