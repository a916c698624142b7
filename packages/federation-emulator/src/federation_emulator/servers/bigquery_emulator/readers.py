"""The processes that read SQL: some for short statements, one for long ones, each with a time limit.

A statement that takes too long to read costs its process. Others are read by another one meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from pathlib import Path
from typing import Any

_STANDALONE = Path(__file__).parents[1] / "standalone.py"
_READER = f"{__package__}.reader"
_SHORT_CHARACTERS = 4_000
_SHORT_PROCESSES = 3
_SHORT_SECONDS = 5.0
_LONG_SECONDS = 10.0
_START_SECONDS = 30.0
_MOST_WAITING = 32
"""Tasks that wait for one process; more are refused at once."""

_MOST_ANSWER_BYTES = 64 * 1024 * 1024


class TooSlowError(Exception):
    """A statement was not read in time."""


class _Reader:
    """One process, started when it is needed. It answers one task at a time."""

    def __init__(self, limit_seconds: float) -> None:
        self._limit_seconds = limit_seconds
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()
        self.waiting = 0

    async def ask(self, line: bytes) -> bytes:
        self.waiting += 1
        try:
            async with self._lock:
                process = await self._started()
                return await self._exchanged(process, line, self._limit_seconds)
        finally:
            self.waiting -= 1

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        self._process = None

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                str(_STANDALONE),
                _READER,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env={},
                limit=_MOST_ANSWER_BYTES,
            )
            # The first answer takes as long as the libraries' import, which isn't the first statement's fault.
            await self._exchanged(self._process, b"{}\n", _START_SECONDS)
        return self._process

    async def _exchanged(self, process: asyncio.subprocess.Process, line: bytes, limit_seconds: float) -> bytes:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the process that reads SQL has no pipes")
        try:
            async with asyncio.timeout(limit_seconds):
                process.stdin.write(line)
                await process.stdin.drain()
                answer = await process.stdout.readline()
        except (TimeoutError, asyncio.CancelledError) as problem:
            # Its answer would be taken for the next one's.
            self.stop()
            if isinstance(problem, TimeoutError):
                raise TooSlowError from problem
            raise
        except (ConnectionError, ValueError) as problem:
            self.stop()
            raise TooSlowError from problem
        if not answer.endswith(b"\n"):
            self.stop()
            raise TooSlowError
        return answer


class Readers:
    """The processes."""

    def __init__(self) -> None:
        self._short = [_Reader(_SHORT_SECONDS) for _ in range(_SHORT_PROCESSES)]
        self._long = _Reader(_LONG_SECONDS)

    async def ask(self, task: dict[str, Any]) -> dict[str, Any]:
        """Have a task done; ``Busy`` where too many wait already, ``TooSlow`` where it took too long."""
        line = json.dumps(task).encode() + b"\n"
        # The first that is free: the others are started only when they are needed.
        free = min(self._short, key=lambda reader: reader.waiting)
        reader = free if len(line) <= _SHORT_CHARACTERS else self._long
        if reader.waiting >= _MOST_WAITING:
            return {"is": "Busy"}
        try:
            answer: dict[str, Any] = json.loads(await reader.ask(line))
        except TooSlowError:
            return {"is": "TooSlow"}
        return answer

    async def start(self) -> None:
        """Start one for short statements before it is needed."""
        await self._short[0].ask(b"{}\n")

    def stop(self) -> None:
        """End them all."""
        for reader in (*self._short, self._long):
            reader.stop()
