"""What a first deployment of each environment would make, on a local cloud: no credential, and nothing leaves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.pins import ROOT
from local_cloud.cloud import LocalCloud
from local_cloud.process import ProcessError
from local_cloud.shell import write_settings

PROJECT_FILE = "Pulumi.yaml"
_LIMIT_SECONDS = 300.0


def preview(stacks: Sequence[str], reports: Path) -> bool:
    """Preview environments with their own settings; only project, account, region and endpoints are the local cloud's.

    Args:
        stacks: names of the environments; each has its `Pulumi.NAME.yaml`.
        reports: where `NAME.md` and `NAME.json` go.

    Returns:
        Whether each of them could be previewed. What failed has been told, and has its report too.

    Raises:
        ProcessError: an environment has no settings, or the local cloud doesn't start.
    """
    absent = [_settings(stack).name for stack in stacks if not _settings(stack).exists()]
    if absent:
        raise ProcessError(f"{', '.join(absent)} is not there; an environment is a file Pulumi.NAME.yaml")
    with LocalCloud.start() as cloud:
        previewed = [_preview(cloud, stack, reports) for stack in stacks]
        return all(previewed)


def _preview(cloud: LocalCloud, stack: str, reports: Path) -> bool:
    environment = {**os.environ, **cloud.environment(), "PULUMI_OPTION_CONFIG_FILE": ""}
    commands = (
        ["pulumi", "stack", "init", stack, "--non-interactive"],
        [sys.executable, "-m", "delivery", "preview", stack, "--folder", str(reports)],
    )
    project = _project(cloud, stack)
    # Each of the two writes what went wrong for itself.
    return all(
        subprocess.run(command, cwd=project, env=environment, timeout=_LIMIT_SECONDS, check=False).returncode == 0
        for command in commands
    )


def _project(cloud: LocalCloud, stack: str) -> Path:
    """A folder that holds this project by links, and settings of its own: the engine writes into them."""
    project = cloud.folder / "previews" / stack
    project.mkdir(parents=True)
    own = {_settings(stack).name, PROJECT_FILE}
    for part in ROOT.iterdir():
        if part.name not in own:
            (project / part.name).symlink_to(part)
    shutil.copy(ROOT / PROJECT_FILE, project)
    write_settings(project / _settings(stack).name, _settings(stack), cloud.endpoints)
    return project


def _settings(stack: str) -> Path:
    return ROOT / f"Pulumi.{stack}.yaml"
