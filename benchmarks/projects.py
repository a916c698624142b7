"""Pulumi projects on one local cloud, and how long the engine's commands take with each."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.commands import run
from federation_emulator.client.cloud import LocalCloud
from pulumi_offline import attached
from pulumi_offline.engine.pins import ROOT
from pulumi_offline.engine.workspace import Workspace
from pulumi_offline.shell import prepare
from pulumi_offline.stack_harness import STACK

_LIMIT_SECONDS = 120.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Project:
    """A project with a stack, and the whole environment of the engine."""

    folder: Path
    environment: Mapping[str, str]

    def run(self, *command: str) -> float:
        """Runs ``pulumi COMMAND`` on the stack; how many seconds it took.

        Raises:
            BenchmarkError: It failed, or was not done in time.
        """
        whole = ["pulumi", *command, "--stack", STACK, "--non-interactive"]
        return run(whole, folder=self.folder, environment=self.environment, limit_seconds=_LIMIT_SECONDS)


@contextlib.contextmanager
def projects() -> Iterator[dict[str, Project]]:
    """This project (``ours``), and one that only imports Pulumi (``empty``), each with a stack of nothing.

    Both have the same engine, language host, virtual environment and backend, and plugins that run already. All ends
    with the context.
    """
    with tempfile.TemporaryDirectory(prefix="keyless-bench-") as name, LocalCloud.start() as cloud:
        folder = Path(name)
        prepare(cloud.folder, cloud.endpoints)
        environment = {**os.environ, **cloud.environment(), **Workspace(folder).environment()}
        settings = {"PULUMI_OPTION_CONFIG_FILE": str(cloud.folder / f"Pulumi.{STACK}.yaml")}
        with attached.serving(folder, environment) as listening:
            environment |= listening
            made = {
                "empty": Project(folder=_empty(folder / "empty"), environment=environment),
                "ours": Project(folder=ROOT, environment={**environment, **settings}),
            }
            for project in made.values():
                project.run("stack", "init")
            yield made


def _empty(folder: Path) -> Path:
    """A project with the least program, and this project's virtual environment."""
    options = {"toolchain": "pip", "virtualenv": str(ROOT / ".venv")}
    folder.mkdir()
    (folder / "__main__.py").write_text("import pulumi\n")
    # JSON is YAML.
    (folder / "Pulumi.yaml").write_text(
        json.dumps({"name": folder.name, "runtime": {"name": "python", "options": options}})
    )
    return folder


def in_turn(compared: Mapping[str, Project], rounds: int, *command: str) -> dict[str, list[float]]:
    """Runs a command with each project in turn, round after round, after one round that doesn't count.

    Returns:
        By the project's name, how many seconds each round took.
    """
    taken: dict[str, list[float]] = {name: [] for name in compared}
    for number in range(rounds + 1):
        for name, project in compared.items():
            seconds = project.run(*command)
            if number:
                taken[name].append(seconds)
    return taken
