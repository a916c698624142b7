"""A private place for the engine to run offline: its home, its state, its plugins, its environment variables."""

from __future__ import annotations

import json
import os
import shlex
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from engine.errors import EngineError

DROPPED = ("PULUMI_ACCESS_TOKEN", "PULUMI_API", "PULUMI_ORGANIZATION", "PULUMI_STACK", "PULUMI_CONFIG_PASSPHRASE_FILE")
"""Variables of a person's own Pulumi account that must not reach an offline run."""


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """The engine's folders.

    Args:
        home: `PULUMI_HOME`: plugins and settings, none of them the user's.
        backend: folder that holds the stacks' state.
    """

    home: Path
    backend: Path

    @classmethod
    def below(cls, folder: Path) -> Workspace:
        """Make both folders below this one, for the owner's eyes only."""
        workspace = cls(home=folder / "pulumi-home", backend=folder / "pulumi-state")
        for part in (workspace.home, workspace.backend):
            part.mkdir(mode=0o700, parents=True, exist_ok=True)
        return workspace

    def variables(self) -> dict[str, str]:
        """The variables with which the engine stays offline, keeps its state here and asks for no passphrase."""
        return {
            "PULUMI_HOME": str(self.home),
            "PULUMI_BACKEND_URL": self.backend.as_uri(),
            # The local stack has no secret; the engine insists that the variable is there.
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }

    def lay_in(self, plugin: str, *, version: str, command: Sequence[str], variables: Mapping[str, str]) -> Path:
        """Install a resource plugin that is a command of ours.

        The folder is what `pulumi plugin install resource NAME VERSION -f PATH` would make, without starting the
        engine for it (0.25 s each).

        Args:
            plugin: its name, for example `gcp`.
            version: the version that the SDK asks for.
            command: what to run; the engine's own arguments are added.
            variables: environment variables to set for it.

        Returns:
            The executable.
        """
        folder = self.home / "plugins" / f"resource-{plugin}-v{version}"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in sorted(variables.items()))
        script = f'#!/bin/sh\n{settings}exec {shlex.join(command)} "$@"\n'
        executable = folder / f"pulumi-resource-{plugin}"
        # Renamed into place: an engine that is running must never see half a script.
        with tempfile.NamedTemporaryFile("w", dir=folder, delete=False) as file:
            file.write(script)
        Path(file.name).chmod(0o700)
        Path(file.name).rename(executable)
        return executable


def plugin_version(plugin: str) -> str:
    """The plugin version that the installed SDK asks for, so that the two can't drift apart.

    Args:
        plugin: name of a provider, for example `gcp`; its SDK is the package `pulumi-gcp`.

    Raises:
        EngineError: when the SDK is not installed or does not say.
    """
    package = f"pulumi-{plugin}"
    try:
        listed = files(package) or []
    except PackageNotFoundError as error:
        raise EngineError(f"{package} is not installed here; run `make setup`") from error
    for file in listed:
        if file.name == "pulumi-plugin.json":
            return str(json.loads(file.read_text())["version"])
    raise EngineError(f"{package} holds no pulumi-plugin.json; reinstall it with `make setup`")


def search_path(*first: Path) -> str:
    """PATH with these folders in front."""
    return os.pathsep.join([*(str(folder) for folder in first), os.environ.get("PATH", os.defpath)])
