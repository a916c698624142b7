"""Starts ministack. Run as a script by the local AWS's own Python, which holds ministack and nothing of ours.

Two things that `python -m ministack` does not do: it listens on a port that the system chose and that is never free in
between, and a function that gets another role starts afresh, so that it never goes on with its old role's credentials.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import socket
import sys
from typing import Any


def main() -> None:
    """Bind, say which port, serve until SIGTERM or SIGINT."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    listener = socket.create_server(("127.0.0.1", port))
    # asyncio sets it on sockets of its own only; without it each answer waits 40 ms for the client's delayed ACK.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    bound = listener.getsockname()[1]
    # Both are read when ministack is imported.
    os.environ["GATEWAY_PORT"] = str(bound)
    os.environ["BIND_HOST"] = "127.0.0.1"
    # Every function inherits this one. Lambda tells it so; ministack doesn't.
    os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"] = "on-demand"
    application = importlib.import_module("ministack.app")
    _start_afresh_with_another_role()
    hypercorn = importlib.import_module("hypercorn.asyncio")
    config = importlib.import_module("hypercorn.config").Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.loglevel = "WARNING"
    config.graceful_timeout = 1.0
    sys.stdout.write(json.dumps({"event": "listening", "port": bound}) + "\n")
    sys.stdout.flush()
    asyncio.run(hypercorn.serve(application.app, config))


def _start_afresh_with_another_role() -> None:
    """Lambda gives a function with another role new execution environments; ministack 1.5 keeps the warm one."""
    functions: Any = importlib.import_module("ministack.services.lambda_svc")
    update = functions._update_config

    def update_and_start_afresh(name: str, data: dict[str, Any]) -> Any:  # noqa: ANN401 (ministack's own type)
        answer = update(name, data)
        if "Role" in data:
            functions.invalidate_worker(name, qualifier="$LATEST")
        return answer

    functions._update_config = update_and_start_afresh


if __name__ == "__main__":
    main()
