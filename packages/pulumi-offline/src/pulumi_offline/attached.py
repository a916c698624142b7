"""The stand-in plugins in one process that outlives the engines: they come to it, one after another."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from federation_emulator.servers.process import Child, Command
from pulumi_offline.engine.pins import ROOT
from pulumi_offline.engine.plugins import Mode
from pulumi_offline.engine.workspace import Workspace
from pulumi_offline.plugins import ATTACHABLE

_START_SECONDS = 30.0


def start_plugins(folder: Path, environment: Mapping[str, str], *, mode: Mode | None = None) -> Child | None:
    """Start those that no official plugin replaces; ``variables`` gives an engine what it finds them by.

    Args:
        folder: the workspace's folder, where their log goes.
        environment: laid over the environment of this process: credentials, for example.
        mode: which plugins to use; None: as the environment names it.

    Returns:
        The process; None where every plugin is an official one, which each run of the engine starts for itself.

    Raises:
        EngineError: when a provider's SDK is not installed, or an official plugin is missing that the mode asks for.
        ProcessError: when the process can't be started.
    """
    plugins = [plugin for plugin in Workspace(folder, mode=mode).plugins() if plugin.official is None]
    if not plugins:
        return None
    versions = (f"{plugin.name}={plugin.expected}" for plugin in plugins)
    return Child.start(
        Command(
            name="the provider plugins",
            arguments=[sys.executable, "-m", "pulumi_offline.plugins", "together", *versions],
            environment={**os.environ, **environment},
            log=folder / "plugins.log",
            folder=ROOT,
        )
    )


def variables(plugins: Child | None) -> dict[str, str]:
    """What an engine needs in its environment to come to them, as soon as they listen.

    Raises:
        ProcessError: when they don't.
    """
    if plugins is None:
        return {}
    listening = plugins.wait_for_event(ATTACHABLE, limit_seconds=_START_SECONDS)
    return {"PULUMI_DEBUG_PROVIDERS": ",".join(f"{name}:{port}" for name, port in listening["ports"].items())}


@contextmanager
def serving(folder: Path, environment: Mapping[str, str], *, mode: Mode | None = None) -> Iterator[dict[str, str]]:
    """Serve them as long as the block runs; gives what :func:`variables` does. The rest is as for `start_plugins`."""
    plugins = start_plugins(folder, environment, mode=mode)
    try:
        yield variables(plugins)
    finally:
        if plugins is not None:
            plugins.stop()
