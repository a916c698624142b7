"""A private place for the engine to run offline: its home, its state, its plugins, its environment variables."""

from __future__ import annotations

import functools
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

from federation_emulator.servers.errors import EngineError
from pulumi_offline.engine import get
from pulumi_offline.engine.pins import CLI
from pulumi_offline.engine.plugins import OURS, Mode, Plugin, choose, user_homes

STAND_INS = ("gcp", "aws", "random")
"""Providers that have a stand-in; `python -m pulumi_offline.plugins` serves them."""

_CLOSED = "http://127.0.0.1:9"
_NO_PUBLIC_HOST = ("/usr/bin/env", f"HTTPS_PROXY={_CLOSED}", f"https_proxy={_CLOSED}")
"""Before an official plugin: the local cloud is reached by plain HTTP, and all else is refused at once.

The Google plugin asks https://openidconnect.googleapis.com who its caller is, whatever its endpoints are, and without a
route it tries that again for minutes. Source: pulumi-gcp, provider/resources.go, preConfigureCallbackWithLogger;
terraform-provider-google-beta, transport/config.go, GetCurrentUserEmail.
"""

_HEADER = "#!/bin/sh\n# Written by this project; `python -m federation_emulator` writes it anew.\n"
"""How each launcher begins. What begins otherwise is not ours, and is never written to."""


@dataclass(frozen=True)
class Workspace:
    """The engine's folders, all below one.

    Args:
        folder: where they go; made when they are first needed.
        mode: which plugins to use; None: as the environment names it.
    """

    folder: Path
    mode: Mode | None = None

    @property
    def home(self) -> Path:
        """`PULUMI_HOME`: launchers of plugins, and settings, none of them the user's."""
        return self.folder / "pulumi-home"

    @property
    def backend(self) -> Path:
        """Folder that holds the stacks' state."""
        return self.folder / "pulumi-state"

    def environment(self) -> dict[str, str]:
        """The variables with which the engine stays offline, keeps its state here and finds the chosen plugins.

        Makes the folders and writes a launcher for each plugin.

        Raises:
            EngineError: when a provider's SDK is not installed, there is no engine, or an official plugin is missing
                and the mode asks for it.
        """
        for part in (self.home, self.backend):
            part.mkdir(mode=0o700, parents=True, exist_ok=True)
        for plugin in self.plugins():
            official = plugin.official
            stand_in = [sys.executable, "-m", "pulumi_offline.plugins", plugin.name, plugin.expected]
            command = [*_NO_PUBLIC_HOST, str(official.executable)] if official else stand_in
            self.lay_in(plugin.name, version=plugin.expected, command=command)
        engine = _ready_engine()
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
            "PATH": search_path(engine.folder, Path(sys.executable).parent),
            # A plugin on PATH goes before all others, unless this is set. An engine whose language host is only on
            # PATH can't do without it.
            **({"PULUMI_IGNORE_AMBIENT_PLUGINS": "true"} if engine.language_host.exists() else {}),
        }

    def plugins(self) -> tuple[Plugin, ...]:
        """The plugin of each provider: official ones of this workspace, of the user and on PATH, or stand-ins.

        Raises:
            EngineError: when an official plugin is missing and the mode asks for it.
        """
        expected = {name: plugin_version(name) for name in STAND_INS}
        homes = tuple(dict.fromkeys((self.home, *user_homes())))
        return choose(self.mode or Mode.of(), expected, homes=homes, path=os.environ.get("PATH", os.defpath))

    def command(self) -> PulumiCommand:
        """The engine, for the Automation API.

        Raises:
            EngineError: when set-up has not been run.
        """
        return _command(_ready_engine().folder)

    def lay_in(self, plugin: str, *, version: str, command: Sequence[str]) -> Path:
        """Install a launcher for a resource plugin, in a folder that no official plugin has.

        The folder is what `pulumi plugin install resource NAME VERSION -f PATH` would make, without starting the
        engine for it (0.25 s each), but for the end of its name.

        Args:
            plugin: its name, for example `gcp`.
            version: the version that the SDK asks for.
            command: what to run; the engine's own arguments are added.

        Returns:
            The executable.

        Raises:
            EngineError: when something else lies there.
        """
        folder = self.home / "plugins" / f"resource-{plugin}-v{version}{OURS}"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        executable = folder / f"pulumi-resource-{plugin}"
        script = f'{_HEADER}exec {shlex.join(command)} "$@"\n'
        present = executable.read_bytes() if executable.exists() else None
        if present == script.encode():
            return executable
        if present is not None and not present.startswith(_HEADER.encode()):
            raise EngineError(f"{executable} is not a launcher of this project, and stays as it is; move it away")
        # Renamed into place: an engine that is running must never see half a script.
        with tempfile.NamedTemporaryFile("w", dir=folder, delete=False) as file:
            file.write(script)
        Path(file.name).chmod(0o700)
        Path(file.name).rename(executable)
        return executable


def plugin_version(plugin: str) -> str:
    """The plugin version that a provider's installed SDK asks for, so that the two can't drift apart.

    Raises:
        EngineError: when the SDK is not installed, or has no such file.
    """
    package = f"pulumi-{plugin}"
    try:
        listed = files(package) or []
    except PackageNotFoundError as error:
        raise EngineError(
            f"{package} is not installed here; run `make setup`, or in a project from the template"
            " `pip install -r requirements-dev.txt`"
        ) from error
    for file in listed:
        if file.name == "pulumi-plugin.json":
            return str(json.loads(file.read_text())["version"])
    raise EngineError(f"{package} holds no pulumi-plugin.json; install it again")


def search_path(*first: Path) -> str:
    """PATH with these folders in front."""
    return os.pathsep.join([*(str(folder) for folder in first), os.environ.get("PATH", os.defpath)])


def _ready_engine() -> get.Engine:
    engine = get.find()
    if engine is None:
        raise EngineError("there is no pulumi engine yet; run `python -m pulumi_offline.engine`")
    return engine


@functools.cache
def _command(folder: Path) -> PulumiCommand:
    """Kept, since making one starts the engine, to ask for its version."""
    root = str(folder.parent) if folder.name == "bin" else None
    return PulumiCommand(root=root, version=semver.VersionInfo.parse(str(CLI.version)))
