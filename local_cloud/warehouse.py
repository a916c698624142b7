"""The local BigQuery: bqemulator as a child process. It checks nobody, so only our gateway may know its port."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine import environments
from local_cloud.emulator import Emulator
from local_cloud.process import Child, Command


@dataclass(frozen=True, kw_only=True)
class WarehouseSettings:
    """What the local BigQuery is like.

    Args:
        project_id: the project that a request without one means.
        folder: where its log and uploads are kept.
        keep: whether the data outlives it, in that folder; otherwise it is in memory only.
    """

    project_id: str
    folder: Path
    keep: bool = False


class LocalWarehouse(Emulator):
    """A running local BigQuery."""

    listening = "rest.listen"
    health = "/healthz"

    @classmethod
    def start(cls, settings: WarehouseSettings) -> LocalWarehouse:
        """Start it on ports that the system chooses; `wait` says when it can be used.

        Raises:
            ProcessError: when its environment is not there.
        """
        temporary = settings.folder / "tmp"
        temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
        environment = environments.LOCAL_WAREHOUSE
        data = settings.folder / "data"
        kept = {"BQEMU_PERSISTENCE_MODE": "persistent", "BQEMU_DATA_DIR": str(data)} if settings.keep else {}
        if settings.keep:
            data.mkdir(mode=0o700, exist_ok=True)
        command = Command(
            name="the local BigQuery (bqemulator)",
            arguments=[str(environment.python), "-I", "-m", "bqemulator", "start"],
            environment={
                "PATH": "/usr/bin:/bin",
                # DuckDB looks for its extensions below HOME.
                "HOME": str(environment.home),
                "TMPDIR": str(temporary),
                "LANG": "C.UTF-8",
                "PYTHONUNBUFFERED": "1",
                "BQEMU_REST_HOST": "127.0.0.1",
                "BQEMU_REST_PORT": "0",
                "BQEMU_GRPC_HOST": "127.0.0.1",
                "BQEMU_GRPC_PORT": "0",
                "BQEMU_DEFAULT_PROJECT_ID": settings.project_id,
                # Otherwise it tries to download extensions when it starts.
                "BQEMU_ENABLE_FORMAT_EXTENSIONS": "false",
                **kept,
            },
            log=settings.folder / "warehouse.log",
            folder=settings.folder,
        )
        return cls(Child.start(command))
