"""The BigQuery emulator as a child process. It checks no one, so only the gateway can connect to its socket."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from federation_emulator.servers import environments
from federation_emulator.servers.launch import STANDALONE
from federation_emulator.servers.process import Child, Command

_MAIN = f"{__package__}.bigquery_emulator.main"
_SOCKET = "bigquery.sock"


@dataclass(frozen=True, kw_only=True)
class EmulatorSettings:
    """What the local BigQuery is like.

    Args:
        project_id: the project that a request without one means.
        folder: where its socket and its log are, and its data if it is kept.
        keep: whether the data outlives it, in that folder; otherwise it is in memory only.
    """

    project_id: str
    folder: Path
    keep: bool = False


class BigQueryEmulator:
    """A running local BigQuery.

    Attributes:
        child: its process.
        url: ``unix:`` and the path of its socket.
    """

    def __init__(self, child: Child, url: str) -> None:
        self.child = child
        self.url = url

    @classmethod
    def start(cls, settings: EmulatorSettings) -> BigQueryEmulator:
        """Start it; `wait` says when it can be used.

        Raises:
            ProcessError: when its environment is not there.
        """
        environment = environments.LOCAL_WAREHOUSE
        folder = settings.folder.absolute()
        folder.chmod(0o700)
        extensions = environment.home / ".duckdb" / "extensions"
        python = [str(environment.python), "-I", "-X", "utf8"]
        keep = "keep" if settings.keep else "forget"
        command = Command(
            name="the local BigQuery",
            arguments=[*python, str(STANDALONE), _MAIN, str(folder), str(extensions), settings.project_id, keep],
            # Nothing of ours, and nothing of the user's: what it executes comes from others.
            environment={},
            log=folder / "bigquery.log",
            folder=folder,
        )
        return cls(Child.start(command), f"unix:{folder / _SOCKET}")

    def wait(self, *, limit_seconds: float) -> None:
        """Wait until it listens.

        Raises:
            ProcessError: when it does not.
        """
        self.child.wait_for_event("listening", limit_seconds=limit_seconds)
