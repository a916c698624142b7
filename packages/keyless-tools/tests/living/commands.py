"""The project's own commands, run as a person runs them, on a stack of the local cloud."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from pulumi.automation import CommandError

from keyless_bigquery.components.program import ROOT
from pulumi_offline.stack_harness import StackHarness

LIMIT_SECONDS = 110.0


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A command that has run."""

    status: int
    output: str
    errors: str

    @property
    def succeeded(self) -> str:
        """The output of a command that had to succeed."""
        assert self.status == 0, self.output + self.errors
        return self.output


def run(stage: StackHarness, *command: str, typed: str = "") -> Ended:
    """Runs a command in the project's folder to its end.

    Args:
        stage: The stack that it acts on.
        command: The program and its arguments.
        typed: What is typed into it.
    """
    finished = subprocess.run(
        command, cwd=ROOT, env=stage.environment(), input=typed,
        capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False,
    )  # fmt: skip
    return Ended(status=finished.returncode, output=finished.stdout, errors=finished.stderr)


def tool(stage: StackHarness, name: str, *arguments: str, typed: str = "") -> Ended:
    """Runs ``keyless NAME STACK`` with further arguments."""
    return run(stage, sys.executable, "-m", "keyless_tools", name, stage.stack.name, *arguments, typed=typed)


def pulumi(stage: StackHarness, command: str, **options: Any) -> Ended:
    """Runs a command of ``pulumi`` on the stack with its program in this process, which has loaded the SDKs already."""
    printed: list[str] = []
    try:
        getattr(stage.stack, command)(on_output=printed.append, **options)
    except CommandError as error:
        return Ended(status=1, output="\n".join(printed), errors=str(error))
    return Ended(status=0, output="\n".join(printed), errors="")
