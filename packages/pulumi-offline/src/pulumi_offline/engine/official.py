"""Official plugins, downloaded where none is installed and Pulumi's own host answers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from federation_emulator.servers.progress import Progress
from pulumi_offline.engine import get, installer, plugins
from pulumi_offline.engine.plugins import Plugin, download_home

NO_DOWNLOAD = "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"
"""Pulumi's own variable, which switches off automatic downloads of plugins."""

_PROBE_SECONDS = 3.0
_LIMIT_SECONDS = 900.0
_TRUE = frozenset({"1", "true"})


def may_download() -> bool:
    """Whether Pulumi's own variable leaves automatic downloads on, as it does by default."""
    return os.environ.get(NO_DOWNLOAD, "").lower() not in _TRUE


def get_plugins(chosen: str | None, folder: Path = Path(os.devnull)) -> None:
    """Fixes which plugins this process and what it starts use, and downloads what is missing.

    Args:
        chosen: What ``--plugins`` names.
        folder: Where a workspace's own plugins are, besides those of the user.

    Raises:
        EngineError: Official plugins are asked for, and one is missing.
    """
    if chosen:
        os.environ[plugins.VARIABLE] = chosen
    if plugins.Mode.of() is not plugins.Mode.STAND_IN and may_download():
        # Imported late: the SDK behind it is slow to load.
        from pulumi_offline.engine.workspace import Workspace

        found = Workspace(folder, mode=plugins.Mode.AUTO).plugins()
        download([plugin for plugin in found if not plugin.official], Progress())


def download(missing: Sequence[Plugin], progress: Progress) -> None:
    """Download these plugins, as far as they are available. What isn't is reported in a line."""
    engine = get.find()
    if not missing or engine is None:
        return
    if not installer.reachable(limit_seconds=_PROBE_SECONDS):
        progress.say("Pulumi's own host does not answer: no official plugin is downloaded")
        return
    environment = {
        **os.environ,
        "PULUMI_HOME": str(download_home()),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # The user's account isn't needed.
        "PULUMI_ACCESS_TOKEN": "",
    }
    for plugin in missing:
        command = [str(engine.pulumi), "plugin", "install", "resource", plugin.name, plugin.expected]
        what = f"downloading the official {plugin.name} plugin {plugin.expected}"
        failure = installer.attempt(command, what, _LIMIT_SECONDS, progress, environment=environment)
        if failure is not None:
            progress.say(failure)
