"""A stack through the engine's command line: each call a process with a time limit, each refusal an exception."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes for a value that it doesn't know yet (pulumi.runtime.rpc)."""

_LIMIT_SECONDS = 600.0
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
        found: Mapping[str, Any] = json.loads(self.must("stack", "export"))["deployment"]
        return found

    def preview(self) -> Sequence[Mapping[str, Any]]:
        """The steps that ``pulumi up`` would take: ``steps`` of ``pulumi preview --json``.

        Raises:
            EngineRefusedError: The program or a provider failed.
        """
        finished = self.run("preview", "--json")
        if finished.returncode != 0:
            raise EngineRefusedError(_diagnosed(finished) or refusal(finished))
        steps: Sequence[Mapping[str, Any]] = json.loads(finished.stdout).get("steps") or []
        return steps


def refusal(finished: subprocess.CompletedProcess[str]) -> str:
    """What a failed command said of its failure: its error lines, or else the end of what it said."""
    told = [line.strip() for line in (finished.stdout + finished.stderr).splitlines() if line.strip()]
    errors = list(dict.fromkeys(line for line in told if line.startswith(_ERROR)))
    return f"`{' '.join(finished.args[:2])}` failed:\n" + "\n".join(
        f"  {line}" for line in errors or told[-_TOLD_LINES:]
    )


def _diagnosed(finished: subprocess.CompletedProcess[str]) -> str:
    """The errors in a failed preview's JSON; empty if it is none."""
    try:
        told = json.loads(finished.stdout).get("diagnostics") or []
    except ValueError:
        return ""
    errors = [
        _MARKUP.sub("", one["message"]).strip().removeprefix(_ERROR) for one in told if one.get("severity") == "error"
    ]
    return "\n".join(dict.fromkeys(errors))
