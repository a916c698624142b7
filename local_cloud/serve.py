"""`python -m local_cloud serve`: the whole local cloud in the foreground.

It owns three servers: two children, and the Google identity in this process. They start together, and they end
together: on Ctrl-C, on SIGTERM, and when one of them fails.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import secrets
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from local_cloud.aws import AwsSettings, LocalAws
from local_cloud.endpoints import Endpoints, forget
from local_cloud.listening import listener, server_settings
from local_cloud.process import Child, ProcessError
from local_cloud.shell import instructions, prepare
from local_cloud.warehouse import LocalWarehouse, WarehouseSettings

_WATCH_SECONDS = 0.2


@dataclass(frozen=True, kw_only=True)
class ServeSettings:
    """What to serve.

    Args:
        folder: state, logs, and the files that say where everything is.
        project_id: the Google project.
        project_number: its number.
        aws_account_id: the AWS account.
        aws_region: the AWS region.
        google_port: port of the Google identity; 0 lets the system choose.
        aws_port: port of the local AWS; 0 lets the system choose.
        limit_seconds: how long the start may take.
    """

    folder: Path
    project_id: str
    project_number: str
    aws_account_id: str
    aws_region: str
    google_port: int = 0
    aws_port: int = 0
    limit_seconds: float = 30.0


def serve(settings: ServeSettings) -> None:
    """Serve until a signal. Call it from the main thread, which alone can take one.

    Raises:
        KeyboardInterrupt: on SIGINT and SIGTERM, after everything has ended.
        ProcessError: when something does not start, or ends while it should run.
    """
    # Both signals unwind what is below; uvicorn hands a signal on after its own shutdown.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.ExitStack() as held:
        held.enter_context(_only_one(settings.folder))
        forget(settings.folder)
        held.callback(forget, settings.folder)
        bound = held.enter_context(listener(settings.google_port))
        aws = LocalAws.start(
            AwsSettings(
                account_id=settings.aws_account_id,
                region=settings.aws_region,
                folder=_folder(settings, "aws"),
                port=settings.aws_port,
            )
        )
        held.callback(aws.child.stop)
        warehouse = LocalWarehouse.start(
            WarehouseSettings(project_id=settings.project_id, folder=_folder(settings, "warehouse"))
        )
        held.callback(warehouse.child.stop)
        # Imported while the children start: it takes as long as they do.
        from local_cloud.app import create_app
        from local_cloud.config import CloudConfig

        aws.wait(limit_seconds=settings.limit_seconds)
        warehouse.wait(limit_seconds=settings.limit_seconds)
        endpoints = Endpoints(
            google_url=f"http://127.0.0.1:{bound.getsockname()[1]}",
            aws_url=aws.url,
            warehouse_url=warehouse.url,
            project_id=settings.project_id,
            project_number=settings.project_number,
            aws_account_id=settings.aws_account_id,
            aws_region=settings.aws_region,
            deployer_token=secrets.token_urlsafe(32),
        )
        app = create_app(
            CloudConfig(
                project_id=endpoints.project_id,
                project_number=endpoints.project_number,
                aws_url=endpoints.aws_url,
                warehouse_url=endpoints.warehouse_url,
                deployer_token=endpoints.deployer_token,
                # The emulators forget everything when they end, so what Google knows must not outlive them.
                state_directory=None,
            )
        )
        asyncio.run(_run(app, bound, endpoints, settings.folder, [aws.child, warehouse.child]))


async def _run(app: ASGIApp, bound: socket.socket, endpoints: Endpoints, folder: Path, children: list[Child]) -> None:
    """Serve the app on the bound socket, say that it is ready, and watch the children."""
    server = uvicorn.Server(server_settings(app))
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    if server.started:
        prepare(folder, endpoints)
        endpoints.write(folder)
        sys.stdout.write(instructions(folder, endpoints))
        sys.stdout.flush()
    failed: Child | None = None
    while not serving.done():
        failed = failed or next((child for child in children if child.exit_status is not None), None)
        if failed:
            server.should_exit = True
        await asyncio.wait([serving], timeout=_WATCH_SECONDS)
    await serving
    if failed:
        raise failed.failure(f"ended with status {failed.exit_status} while it should run")


def _folder(settings: ServeSettings, name: str) -> Path:
    folder = settings.folder / name
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@contextlib.contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Refuse a folder in which a local cloud runs already. The lock goes with the process, however it ends."""
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ProcessError(
                f"a local cloud already runs in {folder}; stop it, or give another folder with --state"
            ) from error
        yield
