"""`python -m federation_emulator serve`: the whole local cloud in the foreground.

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
import ssl
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import uvicorn
from starlette.types import ASGIApp

from federation_emulator.client.languages import AUTHORITY
from federation_emulator.console.log_lines import log_in_lines
from federation_emulator.core.endpoints import Endpoints, forget
from federation_emulator.core.errors import StateError
from federation_emulator.core.kept import Kept
from federation_emulator.core.terminal import guidance, write_tool_settings
from federation_emulator.ports import issuers
from federation_emulator.servers.aws import AwsSettings, LocalAws, another_aws
from federation_emulator.servers.bigquery import BigQueryEmulator, EmulatorSettings
from federation_emulator.servers.listening import listener, server_settings
from federation_emulator.servers.process import Child, ProcessError

if TYPE_CHECKING:
    from federation_emulator.seed.model import Seed

_WATCH_SECONDS = 0.2


@dataclass(frozen=True, kw_only=True)
class ServeSettings:
    """What to serve.

    Args:
        folder: state, logs, and the files that say where everything is.
        other_projects: id and number of each project that exists besides the main one.
        google_port: port of the Google identity; 0 lets the system choose, None takes the kept one if there is one.
        aws_port: port of the local AWS; likewise.
        aws_endpoint: base URL of another local AWS, to be used instead of one of ours.
        aws: whether there is an AWS; without, only providers of kind OIDC serve.
        bigquery: whether there is a BigQuery; without, its routes answer 501.
        keep: whether the state outlives the run, and the next one with the same folder begins with it.
        tls: whether the Google identity is served over https, with an authority of this run's own.
        announce: makes what is printed when all is ready, of the folder and the addresses; None: how to come as a role.
        python: the Python that the printed commands are for.
    """

    folder: Path
    project_id: str
    project_number: str
    aws_account_id: str
    aws_region: str
    other_projects: Mapping[str, str] = field(default_factory=dict)
    google_port: int | None = None
    aws_port: int | None = None
    aws_endpoint: str | None = None
    aws: bool = True
    bigquery: bool = True
    seed: Seed | None = None
    keep: bool = False
    tls: bool = False
    limit_seconds: float = 30.0
    announce: Callable[[Path, Endpoints], str] | None = None
    python: str = sys.executable


def serve(settings: ServeSettings) -> None:
    """Serve until a signal. Call it from the main thread, which alone can take one.

    Raises:
        KeyboardInterrupt: on SIGINT and SIGTERM, after everything has ended.
        ProcessError: when something does not start, or ends while it should run.
        StateError: when the kept state can't be used.
        SeedError: when the local Google refuses a part of the seed.
        RoleError: when the local AWS does not make one of the seed's roles.
    """
    # Both signals unwind what is below; uvicorn hands a signal on after its own shutdown.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.ExitStack() as held:
        held.enter_context(_only_one(settings.folder))
        forget(settings.folder)
        held.callback(forget, settings.folder)
        kept = _kept(settings) if settings.keep else None
        bound = held.enter_context(listener(_port(settings.google_port, kept.google_port if kept else 0)))
        aws_settings = _aws_settings(settings, kept)
        aws = LocalAws.start(aws_settings) if settings.aws and settings.aws_endpoint is None else None
        if aws is not None:
            held.callback(aws.child.stop)
        bigquery = BigQueryEmulator.start(_emulator_settings(settings)) if settings.bigquery else None
        if bigquery is not None:
            held.callback(bigquery.child.stop)
        # Imported while the children start: it takes as long as they do.
        from federation_emulator.core.app import create_app
        from federation_emulator.core.config import CloudConfig

        for server in (aws, bigquery):
            if server is not None:
                server.wait(limit_seconds=settings.limit_seconds)
        ca_file, tls = _secured(settings)
        endpoints = Endpoints(
            google_url=f"{'https' if tls else 'http'}://127.0.0.1:{bound.getsockname()[1]}",
            aws_url=aws.url if aws else another_aws(settings.aws_endpoint) if settings.aws_endpoint else "",
            bigquery_url=bigquery.url if bigquery else "",
            project_id=settings.project_id,
            project_number=settings.project_number,
            aws_account_id=settings.aws_account_id,
            aws_region=settings.aws_region,
            deployer_token=kept.deployer_token if kept else secrets.token_urlsafe(32),
            ca_file=ca_file,
        )
        if settings.keep:
            LocalAws.forget(aws_settings)
            _keep(settings.folder, endpoints, ours=aws is not None)
        app = create_app(
            CloudConfig(
                project_id=endpoints.project_id,
                project_number=endpoints.project_number,
                aws_url=endpoints.aws_url,
                bigquery_url=endpoints.bigquery_url,
                deployer_token=endpoints.deployer_token,
                other_projects=settings.other_projects,
                issuers=settings.folder / issuers.FILE,
                # Without --keep the emulators forget everything when they end, and what Google knows must not
                # outlive them.
                state_directory=_folder(settings, "google") if settings.keep else None,
            )
        )
        children = [server.child for server in (aws, bigquery) if server is not None]
        if asyncio.run(_run(app, tls, bound, endpoints, settings, children)):
            raise KeyboardInterrupt


async def _run(
    app: ASGIApp,
    tls: ssl.SSLContext | None,
    bound: socket.socket,
    endpoints: Endpoints,
    settings: ServeSettings,
    children: list[Child],
) -> bool:
    """Serve the app on the bound socket, seed it, say that it is ready, and watch the children; a signal: True."""
    server = uvicorn.Server(server_settings(app, tls=tls))
    log_in_lines()
    serving = asyncio.create_task(_served(server, bound))
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    failed: Child | None = None
    try:
        if server.started:
            await _get_ready(app, endpoints, settings)
        while not serving.done():
            failed = failed or next((child for child in children if child.exit_status is not None), None)
            if failed:
                server.should_exit = True
            await asyncio.wait([serving], timeout=_WATCH_SECONDS)
    finally:
        server.should_exit = True
        await serving
    if failed:
        raise failed.failure(f"ended with status {failed.exit_status} while it should run")
    if not server.started:
        raise ProcessError("the local Google did not start; what is above says why")
    return serving.result()


async def _served(server: uvicorn.Server, bound: socket.socket) -> bool:
    """Serve until the end; whether it was a signal, which uvicorn raises again after its shutdown."""
    try:
        await server.serve(sockets=[bound])
    except KeyboardInterrupt:
        return True
    return False


async def _get_ready(app: ASGIApp, endpoints: Endpoints, settings: ServeSettings) -> None:
    """Make what the seed says, and announce that it is there."""
    if settings.seed is not None:
        from federation_emulator.core.roles import make_roles
        from federation_emulator.seed.apply import apply_seed

        await apply_seed(app, endpoints, settings.seed)
        await asyncio.to_thread(make_roles, endpoints, settings.seed.aws.roles)
    write_tool_settings(settings.folder)
    if settings.announce is not None:
        text = settings.announce(settings.folder, endpoints)
    else:
        text = guidance(
            settings.folder,
            endpoints,
            roles=settings.seed.aws.roles if settings.seed else [],
            python=settings.python,
        )
    endpoints.write(settings.folder)
    sys.stdout.write(text)
    sys.stdout.flush()


def _kept(settings: ServeSettings) -> Kept | None:
    """What the last run with --keep left in the folder.

    Raises:
        StateError: it is unreadable, or of another project or account.
    """
    kept = Kept.read(settings.folder)
    names = (settings.project_id, settings.project_number, settings.aws_account_id)
    if kept is not None and kept.names != names:
        raise StateError(
            f"the state in {settings.folder} is of {', '.join(kept.names)}, and this run of {', '.join(names)}; "
            "give another folder with --state, or remove this one"
        )
    return kept


def _keep(folder: Path, endpoints: Endpoints, *, ours: bool) -> None:
    """Remember ports and token for the next run; before the first change, since a kill may follow it."""
    Kept(
        project_id=endpoints.project_id,
        project_number=endpoints.project_number,
        aws_account_id=endpoints.aws_account_id,
        google_port=urlsplit(endpoints.google_url).port or 0,
        aws_port=(urlsplit(endpoints.aws_url).port or 0) if ours else 0,
        deployer_token=endpoints.deployer_token,
    ).write(folder)


def _secured(settings: ServeSettings) -> tuple[str, ssl.SSLContext | None]:
    """The authority's certificate, and the server's side of TLS; nothing of both over http."""
    if not settings.tls:
        return "", None
    # Imported for https alone: it takes a library of its own.
    from federation_emulator.servers.tls import make_certificates, server_context, write_trust

    certificates = make_certificates(datetime.now(UTC))
    return str(write_trust(_folder(settings, "tls"), certificates)), server_context(certificates)


def _port(given: int | None, kept: int) -> int:
    return kept if given is None else given


def _aws_settings(settings: ServeSettings, kept: Kept | None) -> AwsSettings:
    return AwsSettings(
        account_id=settings.aws_account_id,
        region=settings.aws_region,
        folder=_folder(settings, "aws"),
        port=_port(settings.aws_port, kept.aws_port if kept else 0),
        keep=settings.keep,
        issuers=settings.folder / issuers.FILE,
        authority=_folder(settings, "tls") / AUTHORITY if settings.tls else None,
    )


def _emulator_settings(settings: ServeSettings) -> EmulatorSettings:
    # The folder has the name that the states of earlier versions gave it.
    return EmulatorSettings(project_id=settings.project_id, folder=_folder(settings, "warehouse"), keep=settings.keep)


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
