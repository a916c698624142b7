"""A private place for the engine to run offline: its home, its state, its plugins, its environment variables."""

from __future__ import annotations

import json
import os
import shlex
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import semver
from pulumi.automation import PulumiCommand

from engine import get
from engine.errors import EngineError
from engine.pins import CLI, ROOT

STAND_INS = ("gcp", "aws", "random")
"""Provider plugins that are laid in; `python -m local_cloud.plugins` serves them."""


@dataclass(frozen=True)
class Workspace:
    """The engine's folders, all below one.

    Args:
        folder: where they go; made when they are first needed.
    """

    folder: Path

    @property
    def home(self) -> Path:
        """`PULUMI_HOME`: plugins and settings, none of them the user's."""
        return self.folder / "pulumi-home"

    @property
    def backend(self) -> Path:
        """Folder that holds the stacks' state."""
        return self.folder / "pulumi-state"

    def environment(self) -> dict[str, str]:
        """The variables with which the engine stays offline, keeps its state here and finds the stand-ins.

        Makes the folders and lays the stand-ins in.

        Raises:
            EngineError: when a provider's SDK is not installed, or there is no engine.
        """
        for part in (self.home, self.backend):
            part.mkdir(mode=0o700, parents=True, exist_ok=True)
        for plugin in STAND_INS:
            version = plugin_version(plugin)
            self.lay_in(plugin, version=version, command=_stand_in(plugin, version))
        return {
            "PULUMI_HOME": str(self.home),
            "PULUMI_BACKEND_URL": self.backend.as_uri(),
            # The local stack has no secret; the engine insists that the variable is there.
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            # Empty counts as unset: a person's own account and settings must not reach an offline run.
            "PULUMI_ACCESS_TOKEN": "",
            "PULUMI_OPTION_CONFIG_FILE": "",
            # The language host runs the first python3 on PATH.
            "PATH": search_path(_ready_engine().folder, Path(sys.executable).parent),
        }

    def command(self) -> PulumiCommand:
        """The engine, for the Automation API.

        Raises:
            EngineError: when set-up has not been run.
        """
        engine = _ready_engine()
        root = str(engine.folder.parent) if engine.folder.name == "bin" else None
        return PulumiCommand(root=root, version=semver.VersionInfo.parse(str(CLI.version)))

    def lay_in(self, plugin: str, *, version: str, command: Sequence[str]) -> Path:
        """Install a resource plugin that is a command of ours.

        The folder is what `pulumi plugin install resource NAME VERSION -f PATH` would make, without starting the
        engine for it (0.25 s each).

        Args:
            plugin: its name, for example `gcp`.
            version: the version that the SDK asks for.
            command: what to run; the engine's own arguments are added.

        Returns:
            The executable.
        """
        folder = self.home / "plugins" / f"resource-{plugin}-v{version}"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        executable = folder / f"pulumi-resource-{plugin}"
        script = f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n'
        if executable.exists() and executable.read_text() == script:
            return executable
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


def stand_ins_together() -> list[str]:
    """The command that serves all stand-ins in one process, for engines that come to it; needs the project's folder.

    Raises:
        EngineError: when a provider's SDK is not installed.
    """
    versions = (f"{plugin}={plugin_version(plugin)}" for plugin in STAND_INS)
    return [sys.executable, "-m", "local_cloud.plugins", "together", *versions]


def _stand_in(plugin: str, version: str) -> list[str]:
    """The command of a stand-in. `env` sets what the engine's own environment may lack."""
    return ["/usr/bin/env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "local_cloud.plugins", plugin, version]


def _ready_engine() -> get.Engine:
    engine = get.find()
    if engine is None:
        raise EngineError("there is no pulumi engine yet; run `make setup`")
    return engine
