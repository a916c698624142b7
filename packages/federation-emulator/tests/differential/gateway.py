"""A gateway before a real engine, called in this process; it notes what was admitted and what DuckDB scanned."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from federation_emulator.core.app import CloudConfig, create_app
from federation_emulator.services.bigquery import emulator
from tests.emulator.google_server import DEPLOYER_TOKEN, NUMBER, PROJECT, SECOND_NUMBER, SECOND_PROJECT

_LIMIT_SECONDS = 60.0
_AT_A_TIME = 8

Place = tuple[str, str, str]
"""Project, dataset and table."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A query as it is sent.

    Attributes:
        sql: The statement.
        payer: The project that it runs in.
        settings: The other fields of the request.
        token: Who asks.
    """

    sql: str
    payer: str = PROJECT
    settings: dict[str, Any] = field(default_factory=dict)
    token: str = DEPLOYER_TOKEN


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What came of it.

    Attributes:
        asked: The query.
        status: The HTTP status.
        body: The answer.
        seconds: How long it took.
        executed: The text that DuckDB was given; empty if the gateway refused.
        admitted: The tables that the gateway let the statement scan.
        target: The table that it may change; empty for a query.
        scanned: The tables that DuckDB's plan scans.
        engine_refused: Why the engine's judge refused it; empty if it didn't.
        failed: Whether DuckDB was let to execute it, and failed.
    """

    asked: Asked
    status: int
    body: dict[str, Any]
    seconds: float
    executed: tuple[str, ...] = ()
    admitted: frozenset[Place] = frozenset()
    target: tuple[str, ...] = ()
    scanned: frozenset[tuple[str, ...]] = frozenset()
    engine_refused: str = ""
    failed: bool = False

    def __str__(self) -> str:
        error = self.body.get("error", {}).get("message", "")
        said = f"{self.status} {error}" if error else f"{self.status}"
        return (
            f"\n  sent {self.asked}\n  answered {said} in {self.seconds:.2f} s\n  executed {self.executed}"
            f"\n  admitted {sorted(self.admitted)}\n  scanned {sorted(self.scanned)}\n  judge {self.engine_refused!r}"
        )


_noted: ContextVar[dict[str, Any]] = ContextVar("noted")


class Gateway:
    """The gateway of two projects, and who asks it."""

    def __init__(self, bigquery_url: str) -> None:
        config = CloudConfig(
            project_id=PROJECT,
            project_number=NUMBER,
            other_projects={SECOND_PROJECT: SECOND_NUMBER},
            aws_url="http://127.0.0.1:9",
            bigquery_url=bigquery_url,
            deployer_token=DEPLOYER_TOKEN,
            state_directory=None,
        )
        self._runner = asyncio.Runner()
        app = create_app(config)
        self._serving = app.router.lifespan_context(app)
        self._runner.run(self._serving.__aenter__())
        transport = httpx.ASGITransport(app=app)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=_LIMIT_SECONDS)

    def close(self) -> None:
        """End it, and the connections to the engine that it keeps."""
        self._runner.run(self._client.aclose())
        self._runner.run(self._serving.__aexit__(None, None, None))
        self._runner.close()

    def done(self, method: str, path: str, body: Any = None, *, project: str = PROJECT) -> Any:
        """Send a call of the deployer's that has to succeed; ``{project}`` in the path is the project."""
        sent = self._send(method, path.replace("{project}", project), body, DEPLOYER_TOKEN)
        response = self._runner.run(sent)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else {}

    def ask(self, queries: Iterable[Asked]) -> list[Answered]:
        """Send queries, some at a time; the answers are in their order."""
        return self._runner.run(self._ask_all(list(queries)))

    async def _ask_all(self, queries: list[Asked]) -> list[Answered]:
        places = asyncio.Semaphore(_AT_A_TIME)

        async def one(asked: Asked) -> Answered:
            async with places:
                return await self._ask(asked)

        return list(await asyncio.gather(*map(one, queries)))

    async def _ask(self, asked: Asked) -> Answered:
        noted: dict[str, Any] = {}
        _noted.set(noted)
        began = time.monotonic()
        timestamps = {"formatOptions": {"useInt64Timestamp": True}}
        body = {"query": asked.sql, "useLegacySql": False, **timestamps, **asked.settings}
        response = await self._send("POST", f"/bigquery/v2/projects/{asked.payer}/queries", body, asked.token)
        answered = noted.get("answered", {})
        sent = noted.get("sent", {})
        return Answered(
            asked=asked,
            status=response.status_code,
            body=response.json(),
            seconds=time.monotonic() - began,
            executed=tuple(sent.get("statements", ())),
            admitted=frozenset((p, d, t) for p, d, t in sent.get("tables", ())),
            target=tuple(sent.get("target", ())),
            scanned=frozenset(_place(scan) for scan in answered.get("scans", ())),
            engine_refused=str(answered.get("refused", "")),
            failed="failed" in answered,
        )

    async def _send(self, method: str, path: str, body: Any, token: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return await self._client.request(method, path, json=body, headers=headers)


def _place(scan: list[str]) -> tuple[str, ...]:
    """Take DuckDB's schema apart: projects have no underscore, so the first two end the project's id."""
    schema, table = scan
    project, _, dataset = schema.partition("__")
    return (project, dataset, table)


@contextmanager
def opened(bigquery_url: str) -> Iterator[Gateway]:
    """Open a gateway whose calls of ``/execute`` are noted."""
    call = emulator.call

    async def noting(cloud: Any, method: str, path: str, **more: Any) -> dict[str, Any]:
        answered = await call(cloud, method, path, **more)
        noted = _noted.get(None)
        if path == "/execute" and noted is not None:
            noted["sent"], noted["answered"] = more["body"], answered
        return answered

    gateway = Gateway(bigquery_url)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(emulator, "call", noting)
        try:
            yield gateway
        finally:
            gateway.close()
