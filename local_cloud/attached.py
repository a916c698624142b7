"""The stand-in plugins in one process that outlives the engines: they come to it, one after another."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from engine.pins import ROOT
from engine.workspace import stand_ins_together
from local_cloud.plugins import ATTACHABLE
from local_cloud.process import Child, Command

_START_SECONDS = 30.0


def start_plugins(folder: Path, environment: Mapping[str, str]) -> Child:
    """Start them; ``variables`` says how an engine finds them.

    Args:
        folder: where their log goes.
        environment: laid over the environment of this process: credentials, for example.

    Raises:
        EngineError: when a provider's SDK is not installed.
        ProcessError: when the process can't be started.
    """
    return Child.start(
        Command(
            name="the provider plugins",
            arguments=stand_ins_together(),
            environment={**os.environ, **environment},
            log=folder / "plugins.log",
            folder=ROOT,
        )
    )


def variables(plugins: Child) -> dict[str, str]:
    """What an engine needs in its environment to come to them, as soon as they listen.

    Raises:
        ProcessError: when they don't.
    """
    told = plugins.wait_for_event(ATTACHABLE, limit_seconds=_START_SECONDS)
    return {"PULUMI_DEBUG_PROVIDERS": ",".join(f"{name}:{port}" for name, port in told["ports"].items())}
