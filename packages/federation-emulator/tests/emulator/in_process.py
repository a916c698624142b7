"""A local Google without a network or anything behind it: the app is called in this process."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from federation_emulator.core.app import create_app
from tests.emulator.google_server import DEPLOYER_TOKEN, config


@dataclass(frozen=True)
class InProcess:
    """The app, and the deployer's calls of it."""

    app: Starlette

    @classmethod
    def open(cls, state_directory: Path | None = None) -> InProcess:
        """Make one, as a start of the server does."""
        return cls(create_app(config(state_directory=state_directory)))

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Send a request as the deployer."""

        async def sent() -> httpx.Response:
            transport, headers = httpx.ASGITransport(app=self.app), {"Authorization": f"Bearer {DEPLOYER_TOKEN}"}
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
                return await client.request(method, path, json=body)

        return asyncio.run(sent())

    def done(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request that has to succeed; return its JSON."""
        answer = self.call(method, path, body)
        assert answer.is_success, answer.text
        return answer.json()
