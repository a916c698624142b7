"""Asking a running local cloud: the calls that its own commands and the pytest fixture make, as the deployer."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from federation_emulator.core.endpoints import Endpoints
from federation_emulator.core.loopback import ask
from federation_emulator.core.trace import Decision, from_json
from federation_emulator.servers.process import ProcessError

_ANSWER_SECONDS = 10.0


class Remote:
    """A running local cloud, seen from outside."""

    def __init__(self, endpoints: Endpoints) -> None:
        self.endpoints = endpoints

    def get(self, path: str, query: dict[str, str] | None = None) -> dict[str, Any]:
        """Read something.

        Raises:
            ProcessError: It was refused, or failed; the text is the server's.
            OSError: There was no answer.
            http.client.HTTPException: The answer is no HTTP.
        """
        return self.call("GET", path, query=query)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Change something; raises as :meth:`get`."""
        return self.call("POST", path, body=body)

    def decisions(self, after: str | None = None) -> list[Decision]:
        """The decisions since this one, oldest first; all that are kept when it is ``None``."""
        return from_json(self.get("/_local/decisions", {} if after is None else {"after": after})["decisions"])

    def advance(self, step: timedelta) -> dict[str, Any]:
        """Put the clock ahead, by whole seconds."""
        return self.post("/_local/clock", {"advanceSeconds": int(step.total_seconds())})

    def call(
        self, method: str, path: str, *, query: dict[str, str] | None = None, body: object = None
    ) -> dict[str, Any]:
        """Call any of its paths as the deployer; raises as :meth:`get`."""
        headers = {"Authorization": f"Bearer {self.endpoints.deployer_token}", "Content-Type": "application/json"}
        answer = ask(
            method,
            f"{self.endpoints.google_url}{path}{f'?{urlencode(query)}' if query else ''}",
            body=None if body is None else json.dumps(body).encode(),
            headers=headers,
            limit_seconds=_ANSWER_SECONDS,
            ca_file=self.endpoints.ca_file,
        )
        found = json.loads(answer.body or b"{}")
        if not answer.good:
            raise ProcessError(str(found["error"]["message"]))
        return dict(found)
