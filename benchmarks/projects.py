"""Pulumi projects on one local cloud, and how long the engine's commands take with each."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.commands import Took, run
from federation_emulator.client.cloud import LocalCloud
from pulumi_offline import attached
from pulumi_offline.engine.pins import ROOT
from pulumi_offline.engine.workspace import Workspace
from pulumi_offline.shell import prepare
from pulumi_offline.stack_harness import STACK

_LIMIT_SECONDS = 120.0

EMPTY = "import pulumi\n"
"""The least that a program is."""

SDKS = """import pulumi
import pulumi_aws as aws
import pulumi_gcp as gcp
import pulumi_random

USED = (aws.iam.Role, aws.lambda_.Function, gcp.bigquery.Table, gcp.iam.WorkloadIdentityPool, gcp.projects.Service)
USED += (gcp.serviceaccount.Account, aws.Provider, gcp.Provider, pulumi_random.RandomId)
"""
"""Loads the parts of the providers' SDKs that this project uses, and registers nothing."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Project:
    """A project with a stack.

    Args:
        name: What it is called in tables.
        folder: Where it is.
        environment: The whole environment of the engine.
    """

    name: str
    folder: Path
    environment: Mapping[str, str]

    def run(self, *command: str) -> Took:
        """Runs ``pulumi COMMAND`` on the stack. Plugins that ran before are not counted.

        Raises:
            CommandFailedError: It failed, or was not done in time.
        """
        whole = ["pulumi", *command, "--stack", STACK, "--non-interactive"]
        return run(whole, folder=self.folder, environment=self.environment, limit_seconds=_LIMIT_SECONDS)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Projects:
    """What is compared. All have the same language host, virtual environment and backend.

    Args:
        empty: Imports Pulumi, and nothing else.
        sdks: Loads what this project uses of the SDKs.
        ours: This project, with plugins that run already.
        ours_from_nothing: The same stack, with stand-in plugins that the engine starts.
    """

    empty: Project
    sdks: Project
    ours: Project
    ours_from_nothing: Project

    def all(self) -> tuple[Project, ...]:
        """Every one, from the least to the most."""
        return tuple(getattr(self, field.name) for field in dataclasses.fields(self))


@contextlib.contextmanager
def projects() -> Iterator[Projects]:
    """The projects, each with a stack in which nothing is deployed; all ends with the context."""
    with tempfile.TemporaryDirectory(prefix="keyless-bench-") as name, LocalCloud.start() as cloud:
        folder = Path(name)
        prepare(cloud.folder, cloud.endpoints)
        offline = {**os.environ, **cloud.environment(), **Workspace(folder).environment()}
        settings = {"PULUMI_OPTION_CONFIG_FILE": str(cloud.folder / f"Pulumi.{STACK}.yaml")}
        plugins = attached.start_plugins(folder, offline)
        try:
            running = {**offline, **attached.variables(plugins)}
            made = Projects(
                empty=Project(name="empty", folder=_written(folder / "empty", EMPTY), environment=running),
                sdks=Project(name="the SDKs alone", folder=_written(folder / "sdks", SDKS), environment=running),
                ours=Project(name="ours", folder=ROOT, environment={**running, **settings}),
                ours_from_nothing=Project(
                    name="ours, stand-ins started", folder=ROOT, environment={**offline, **settings}
                ),
            )
            for project in (made.empty, made.sdks, made.ours):
                project.run("stack", "init")
            yield made
        finally:
            if plugins is not None:
                plugins.stop()


def _written(folder: Path, program: str) -> Path:
    """A project with this program, and with this project's virtual environment."""
    options = {"toolchain": "pip", "virtualenv": str(ROOT / ".venv")}
    folder.mkdir()
    (folder / "__main__.py").write_text(program)
    # JSON is YAML.
    (folder / "Pulumi.yaml").write_text(
        json.dumps({"name": folder.name, "runtime": {"name": "python", "options": options}})
    )
    return folder


def in_turn(compared: Sequence[Project], rounds: int, *command: str) -> dict[str, list[Took]]:
    """Runs a command with each project in turn, round after round, after one round that doesn't count.

    Returns:
        By the project's name, what each round took.
    """
    taken: dict[str, list[Took]] = {project.name: [] for project in compared}
    for number in range(rounds + 1):
        for project in compared:
            took = project.run(*command)
            if number:
                taken[project.name].append(took)
    return taken
