"""The real engine with plugins that take any type, and with the policy pack."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from pulumi import automation

from federation_emulator.servers import environments
from federation_emulator.servers.process import Child, Command
from federation_emulator.servers.progress import Progress
from keyless_tools.guardrails.environment import GUARDRAILS
from pulumi_offline import attached
from pulumi_offline.engine.event_stack import EventStack
from pulumi_offline.engine.pins import ROOT
from pulumi_offline.engine.workspace import Workspace, plugin_version

PACK = ROOT / "packages/keyless-tools/src/keyless_tools/guardrails/pack/analyzer.py"
Program = Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run of the engine.

    Attributes:
        succeeded: Whether the engine ended with success.
        output: What it printed.
        violations: For each violation of a policy that the pack reported, its name and the resource's logical name.
    """

    succeeded: bool
    output: str
    violations: frozenset[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A stack on plugins that make nothing; each program is another state of it."""

    stack: automation.Stack

    def preview(self, program: Program, *, pack: bool = True) -> Run:
        """Previews as JSON, with the policy pack or for the check alone."""
        return self._run(program, self.stack.preview, json=True, policy_packs=[str(PACK)] if pack else None)

    def up(self, program: Program) -> Run:
        """Deploys, with the policy pack."""
        return self._run(program, self.stack.up, policy_packs=[str(PACK)])

    def _run(self, program: Program, operation: Callable[..., Any], **options: Any) -> Run:
        lines: list[str] = []
        events: list[automation.EngineEvent] = []
        self.stack.workspace.program = program
        try:
            operation(on_output=lines.append, on_event=events.append, **options)
            succeeded = True
        except automation.CommandError:
            succeeded = False
        reported = [event.policy_event for event in events if event.policy_event is not None]
        return Run(
            succeeded=succeeded,
            output="\n".join(lines),
            violations=frozenset((one.policy_name, str(one.resource_urn).rpartition("::")[2]) for one in reported),
        )


@pytest.fixture(scope="package")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    versions = [f"{name}={plugin_version(name)}" for name in ("aws", "gcp")]
    child = Child.start(
        Command(
            name="the plugins for any type",
            arguments=[sys.executable, "-m", "tests.guardrails.any_type", *versions],
            environment=dict(os.environ),
            log=tmp_path_factory.mktemp("plugins") / "log",
            # Where Python finds `tests.guardrails`.
            folder=ROOT / "packages" / "keyless-tools",
        )
    )
    try:
        yield child
    finally:
        child.stop()


@pytest.fixture(scope="package")
def engine(plugins: Child, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    environments.ensure(GUARDRAILS, Progress())
    folder = tmp_path_factory.mktemp("engine")
    workspace = Workspace(folder)
    project = folder / "project"
    project.mkdir()
    stack = EventStack(
        "test",
        automation.LocalWorkspace(
            work_dir=str(project),
            project_settings=automation.ProjectSettings(name="guardrails", runtime="python"),
            pulumi_command=workspace.command(),
            env_vars={**workspace.environment(), **attached.variables(plugins)},
            program=lambda: None,
        ),
    )
    return Engine(stack=stack)
