"""What a change would do to each environment, on a local cloud: no credential, and nothing leaves the machine."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from federation_emulator.client.cloud import LocalCloud
from federation_emulator.servers.process import ProcessError
from keyless_bigquery.runtime.printable import one_line
from pulumi_offline import attached
from pulumi_offline.engine.pins import ROOT
from pulumi_offline.engine.plugins import report
from pulumi_offline.engine.runner import Pulumi
from pulumi_offline.engine.workspace import Workspace
from pulumi_offline.shell import variables, write_settings

PROJECT_FILE = "Pulumi.yaml"
Look = Callable[[Pulumi], bool]
"""Previews a stack, and returns whether it could; what failed has been printed."""


def preview(stacks: Sequence[str], look: Look, *, base: Path | None = None) -> bool:
    """Preview environments with their own settings; only project, account, region and endpoints are the local cloud's.

    Args:
        stacks: names of the environments; each has its `Pulumi.NAME.yaml`.
        look: previews each of them.
        base: folder that holds another version of this project, which is deployed first: the preview then shows what
            changes between the two. None previews a first deployment.

    Returns:
        Whether each of them could be previewed. What failed has been printed, and has its report too.

    Raises:
        PulumiError: the engine can't make a stack, or deploy the base.
        ProcessError: an environment has no settings, the base is no such project, or the local cloud doesn't start.
    """
    absent = [_settings(ROOT, stack).name for stack in stacks if not _settings(ROOT, stack).exists()]
    if absent:
        raise ProcessError(f"{', '.join(absent)} is not there; an environment is a file Pulumi.NAME.yaml")
    if base is not None and not (base / PROJECT_FILE).exists():
        raise ProcessError(f"the base {base} holds no {PROJECT_FILE}; name a folder with a checkout of this project")
    with LocalCloud.start() as cloud:
        for line in report(Workspace(cloud.folder).plugins()):
            sys.stderr.write(f"{one_line(line)}\n")
        environment = {**variables(cloud.folder, cloud.endpoints), "PULUMI_OPTION_CONFIG_FILE": ""}
        with attached.serving(cloud.folder, environment) as listening:
            shell = {**os.environ, **environment, **listening}
            previewed = [_Environment(cloud=cloud, stack=stack, shell=shell).preview(look, base) for stack in stacks]
    return all(previewed)


@dataclass(frozen=True, kw_only=True)
class _Environment:
    """One environment on the local cloud."""

    cloud: LocalCloud
    stack: str
    shell: Mapping[str, str]

    def preview(self, look: Look, base: Path | None) -> bool:
        """Deploy the base, if it has this environment; then preview this project."""
        project = self._project(ROOT, "changed")
        Pulumi(folder=project, environment=self.shell).must("stack", "init", self.stack)
        if base is not None and _settings(base, self.stack).exists():
            sys.stderr.write(f"{one_line(f'deploying {self.stack} as {base} has it')}\n")
            based = self._project(base, "base")
            Pulumi(stack=self.stack, folder=based, environment=self.shell).must("up", "--yes", "--skip-preview")
        return look(Pulumi(stack=self.stack, folder=project, environment=self.shell))

    def _project(self, of: Path, name: str) -> Path:
        """A folder that holds a project by links, and settings of its own: the engine writes into them."""
        project = self.cloud.folder / "previews" / self.stack / name
        project.mkdir(parents=True)
        tracked = _settings(of, self.stack)
        for part in of.iterdir():
            if part.name not in {tracked.name, PROJECT_FILE, _VENV}:
                (project / part.name).symlink_to(part)
        (project / _VENV).symlink_to(ROOT / _VENV)
        shutil.copy(of / PROJECT_FILE, project)
        write_settings(project / tracked.name, tracked, self.cloud.endpoints)
        return project


_VENV = ".venv"


def _settings(project: Path, stack: str) -> Path:
    return project / f"Pulumi.{stack}.yaml"
