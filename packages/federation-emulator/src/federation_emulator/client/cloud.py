"""A local cloud for tests and the demo: started as a child, ended with everything that it started."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from federation_emulator.client.remote import Remote
from federation_emulator.core.endpoints import FILE, Endpoints
from federation_emulator.core.terminal import variables
from federation_emulator.core.trace import Decision
from federation_emulator.servers import launch
from federation_emulator.servers.process import Child, Command


class LocalCloud(AbstractContextManager["LocalCloud"]):
    """A running local cloud, with the values of its :class:`Endpoints`; a context manager that ends it."""

    def __init__(self, child: Child, folder: Path, endpoints: Endpoints, *, temporary: bool) -> None:
        self._child = child
        self.endpoints = endpoints
        self._temporary = temporary
        self.folder = folder
        self.google_url = endpoints.google_url
        self.aws_url = endpoints.aws_url
        self.bigquery_url = endpoints.bigquery_url
        self.project_id = endpoints.project_id
        self.project_number = endpoints.project_number
        self.aws_account_id = endpoints.aws_account_id
        self.aws_region = endpoints.aws_region
        self.deployer_token = endpoints.deployer_token

    @classmethod
    def start(cls, *, state_directory: Path | None = None, options: Sequence[str] = ()) -> LocalCloud:
        """Start one and wait until it is ready. Call it from the main thread: only then does it die with us.

        Args:
            state_directory: Folder for state and logs; ``None`` makes one that goes when the cloud ends.
            options: Further options of `serve`, such as `--seed` and a file.

        Raises:
            ProcessError: It does not get ready; the message holds the end of its log.
        """
        folder = state_directory or Path(tempfile.mkdtemp(prefix="keyless-cloud-"))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        command = Command(
            name="the local cloud",
            arguments=[
                *(sys.executable, "-m", "federation_emulator", "serve"),
                *("--state", str(folder), "--limit-seconds", str(launch.START_SECONDS)),
                *options,
            ],
            environment={**os.environ, "PYTHONUNBUFFERED": "1"},
            log=folder / "serve.log",
            folder=Path.cwd(),
            # It ends its own children when it is asked to.
            orphaned_signal=signal.SIGTERM,
        )
        # Left by a cloud that was killed: it must not be taken for this one.
        (folder / FILE).unlink(missing_ok=True)
        limit_seconds = launch.start_seconds()
        child = Child.start(command)
        try:
            child.wait_for_file(folder / FILE, limit_seconds=limit_seconds)
        except BaseException:
            child.stop()
            raise
        return cls(child, folder, Endpoints.read(folder), temporary=state_directory is None)

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"LocalCloud({self.google_url}, {self.aws_url}, {self.folder})"

    @property
    def pid(self) -> int:
        """Process id of the child that serves."""
        return self._child.pid

    def stop(self) -> None:
        """End it, its children included. Doing it twice is fine."""
        self._child.stop(grace_seconds=10.0)
        if self._temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def environment(self) -> dict[str, str]:
        """What aws, gcloud and bq need, to be laid over a process's own environment."""
        return variables(self.folder, self.endpoints)

    def decisions(self, after: str | None = None) -> list[Decision]:
        """The decisions since this one, oldest first; all that are kept when it is None."""
        return Remote(self.endpoints).decisions(after)

    def resources(self) -> dict[str, Any]:
        """What exists in the local Google now."""
        return Remote(self.endpoints).get("/_local/resources")

    def unsupported(self) -> list[dict[str, Any]]:
        """The latest requests that the local Google does not serve."""
        found: list[dict[str, Any]] = Remote(self.endpoints).get("/_local/unsupported")["unsupported"]
        return found
