"""A stack through the engine's command line: each call a process with a time limit, each refusal an exception."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from guardrails.plan import Plan, PreviewError, read_plan

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes for a value that it doesn't know yet (pulumi.runtime.rpc)."""

_LIMIT_SECONDS = 600.0
_STATE_VERSION = 3
_TOLD_LINES = 5
_ERROR = "error: "
_MARKUP = re.compile(r"<\{%[^%]*%\}>")


class EngineRefusedError(Exception):
    """The engine refused a step; the text is the end of what it said."""


def pulumi(*arguments: str, limit_seconds: float = _LIMIT_SECONDS) -> subprocess.CompletedProcess[str]:
    """Runs the engine's command line to its end, whatever that is.

    Args:
        arguments: The command and its options.
        limit_seconds: After this it is killed.
    """
    command = ["pulumi", *arguments, "--non-interactive"]
    return subprocess.run(command, capture_output=True, text=True, timeout=limit_seconds, check=False)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stack:
    """One stack of the project in the current folder.

    Args:
        name: The stack's name.
    """

    name: str

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs ``pulumi`` on this stack to its end, whatever that is."""
        return pulumi(*arguments, "--stack", self.name)

    def must(self, *arguments: str) -> str:
        """Runs ``pulumi`` on this stack; returns what it printed.

        Raises:
            EngineRefusedError: It failed.
        """
        finished = self.run(*arguments)
        if finished.returncode != 0:
            raise EngineRefusedError(refusal(finished))
        return finished.stdout

    def deployment(self) -> Mapping[str, Any]:
        """The stack's state: ``deployment`` of ``pulumi stack export``.

        Raises:
            EngineRefusedError: There is no such stack, or its state can't be had.
        """
        try:
            found: Mapping[str, Any] = dict(json.loads(self.must("stack", "export"))["deployment"] or {})
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise EngineRefusedError(
                f"what `pulumi stack export` printed is no stack ({error!r}); run it by hand"
            ) from error
        return found

    def put(self, deployment: Mapping[str, Any]) -> None:
        """Replaces the stack's state; the engine drops its notes of pending operations with it.

        Args:
            deployment: As :meth:`deployment` gives it, changed.

        Raises:
            EngineRefusedError: It is no state that the engine takes.
        """
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "state.json"
            file.write_text(json.dumps({"version": _STATE_VERSION, "deployment": deployment}))
            self.must("stack", "import", "--file", str(file))

    def preview(self) -> Sequence[Mapping[str, Any]]:
        """The steps that ``pulumi up`` would take: ``steps`` of ``pulumi preview --json``.

        Raises:
            EngineRefusedError: The program or a provider failed, or what the engine printed is no preview.
        """
        finished = self.run("preview", "--json")
        try:
            plan = read_plan(finished.stdout)
        except PreviewError as error:
            raise EngineRefusedError(refusal(finished) if finished.returncode else str(error)) from error
        if finished.returncode != 0 or plan.errors:
            raise EngineRefusedError(_errors(plan) or refusal(finished))
        return plan.steps


def refusal(finished: subprocess.CompletedProcess[str]) -> str:
    """What a failed command said of its failure: its error lines, or else the end of what it said."""
    told = [line.strip() for line in (finished.stdout + finished.stderr).splitlines() if line.strip()]
    errors = list(dict.fromkeys(line for line in told if line.startswith(_ERROR)))
    return f"`{' '.join(finished.args[:2])}` failed:\n" + "\n".join(
        f"  {line}" for line in errors or told[-_TOLD_LINES:]
    )


def _errors(plan: Plan) -> str:
    """The errors of a failed preview, each once."""
    return "\n".join(dict.fromkeys(_MARKUP.sub("", error).strip().removeprefix(_ERROR) for error in plan.errors))
