"""The project's own commands on a stack of the local cloud, as a person runs them."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

import grpc  # type: ignore[import-untyped]  # grpcio ships no types
import pytest
from pulumi.automation import CommandError
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2_grpc

from keyless_bigquery.components.program import ROOT
from keyless_tools.cli import main
from pulumi_offline.engine import runner
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


def run(stage: StackHarness, *command: str) -> Ended:
    """Runs a command in the project's folder to its end, for the stack."""
    finished = subprocess.run(
        command, cwd=ROOT, env=stage.environment(),
        capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False,
    )  # fmt: skip
    return Ended(status=finished.returncode, output=finished.stdout, errors=finished.stderr)


def pulumi(stage: StackHarness, *arguments: str) -> Ended:
    """Runs ``pulumi`` on the stack."""
    return run(stage, "pulumi", *arguments, "--stack", stage.stack.name, "--non-interactive")


def inline(stage: StackHarness, command: str, **options: Any) -> Ended:
    """Runs a command of ``pulumi`` on the stack with its program in this process, which has loaded the SDKs already."""
    printed: list[str] = []
    try:
        getattr(stage.stack, command)(on_output=printed.append, **options)
    except CommandError as error:
        return Ended(status=1, output="\n".join(printed), errors=str(error))
    return Ended(status=0, output="\n".join(printed), errors="")


def keyless(stage: StackHarness, *arguments: str, typed: str = "") -> Ended:
    """Runs ``keyless`` as in a shell in the project's folder, but in this process, and so the program of its previews.

    Args:
        stage: The stack whose environment it gets.
        arguments: The command and its arguments.
        typed: What is typed into it.
    """
    out, errors = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as shell, redirect_stdout(out), redirect_stderr(errors):
        shell.chdir(ROOT)
        for name, value in stage.environment().items():
            shell.setenv(name, value)
        shell.setattr("sys.stdin", io.StringIO(typed))
        shell.setattr(runner, "Pulumi", _inline_engine(stage.stack.workspace.program))
        status = main(arguments)
    return Ended(status=status, output=out.getvalue(), errors=errors.getvalue())


def tool(stage: StackHarness, name: str, *arguments: str, typed: str = "") -> Ended:
    """Runs ``keyless NAME STACK`` with further arguments."""
    return keyless(stage, name, stage.stack.name, *arguments, typed=typed)


def _inline_engine(program: Callable[[], Awaitable[None] | None] | None) -> type[runner.Pulumi]:
    """The runner of ``pulumi``, whose previews and ups get the program as the Automation API hands it over."""
    assert program
    language = LanguageServer(program)

    class Inline(runner.Pulumi):
        def run(self, *arguments: str, limit_seconds: float = runner.PLANNING_SECONDS) -> runner.Ended:
            if arguments[0] not in {"preview", "up"}:
                return super().run(*arguments, limit_seconds=limit_seconds)
            server = grpc.server(ThreadPoolExecutor(max_workers=4))
            language_pb2_grpc.add_LanguageRuntimeServicer_to_server(language, server)
            client = f"--client=127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
            server.start()
            try:
                return super().run(*arguments, client, limit_seconds=limit_seconds)
            finally:
                server.stop(0)

    return Inline
