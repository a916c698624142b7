"""Starts the BigQuery emulator. Run by its own environment's Python, with nothing in the environment.

    python -I standalone.py federation_emulator.servers.bigquery_emulator.main FOLDER EXTENSIONS PROJECT KEEP

It listens on ``bigquery.sock`` in the folder, which is its working directory and only its owner's.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import resource
import signal
import socket
import sys
from pathlib import Path
from typing import Any

SOCKET = "bigquery.sock"
MOST_ADDRESS_SPACE = 6 * 1024**3
SQLGLOT = "30.11.0"
"""The version of pyproject.toml of this package and of servers/locks/local-bigquery.in: one reading of SQL, not two."""


def main() -> None:
    """Open the database, listen, say so, serve until SIGTERM or SIGINT."""
    folder, extensions, project, keep = sys.argv[1:]
    logging.basicConfig(level=logging.WARNING)
    # One operation of DuckDB's may ask for more than it is allowed to hold; it is refused, and the machine goes on.
    resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESS_SPACE, MOST_ADDRESS_SPACE))
    from importlib.metadata import version

    if version("sqlglot") != SQLGLOT:
        raise SystemExit(
            f"sqlglot is {version('sqlglot')}, expected {SQLGLOT}: run `make setup`, or install the package again"
        )
    asyncio.run(_serve(Path(folder), Path(extensions), project, keep=keep == "keep"))


async def _serve(folder: Path, extensions: Path, project: str, *, keep: bool) -> None:
    import uvicorn

    _quiet()
    from federation_emulator.servers.bigquery_emulator.emulator import open_emulator
    from federation_emulator.servers.bigquery_emulator.readers import Readers

    readers = Readers()
    application, engine = await open_emulator(folder, extensions, project, readers=readers, keep=keep)
    listener = _listen()
    config = uvicorn.Config(application, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, _end, server)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.005)
    sys.stdout.write(json.dumps({"event": "listening"}) + "\n")
    sys.stdout.flush()
    # Not before: it takes as long as everything else, and the first statement comes later.
    starting = asyncio.create_task(readers.start())
    try:
        await serving
    finally:
        starting.cancel()
        readers.stop()
        await engine.stop()


def _quiet() -> None:
    """Let only warnings be written, from the first import on: at any other level SQL would be quoted."""
    from bqemulator.config import LogFormat
    from bqemulator.observability.logging_ import configure_logging

    configure_logging(level="warning", fmt=LogFormat.JSON)


def _end(server: Any) -> None:  # noqa: ANN401  (uvicorn's own)
    server.should_exit = True


def _listen() -> socket.socket:
    """Listen on a socket that only its owner can connect to. Its name is relative: a path of its length has no room."""
    Path(SOCKET).unlink(missing_ok=True)
    before = os.umask(0o177)
    try:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(SOCKET)
        listener.listen(128)
    finally:
        os.umask(before)
    return listener


if __name__ == "__main__":
    main()
