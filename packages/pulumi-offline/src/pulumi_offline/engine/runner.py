"""The one runner of `pulumi`: each call is a process with a time limit, and each failure one kind of error."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from federation_emulator.expected import ExpectedError
from keyless_bigquery.command_line import command_line
from keyless_bigquery.runtime.printable import one_line
from pulumi_offline.engine import get

READING_SECONDS: Final = 60.0
"""For a command that reads a stack: longer, and its backend is not reachable."""

PLANNING_SECONDS: Final = 900.0
"""For a preview: seconds for both clouds, and minutes for a refresh of a large stack."""

CHANGING_SECONDS: Final = 7200.0
"""For a command that changes a stack. Lambda may hold a function's network interfaces for 45 minutes."""

_WITHHELD = frozenset({"GITHUB_TOKEN", "GH_TOKEN"})
"""The program of a pull request runs in the engine, and has no business on GitHub."""

_OPTIONS = ("--non-interactive", "--color", "never")
_STATE_VERSION = 3
_LAST_LINES = 5
_LONGEST_SHOWN = 120
_ERROR = "error: "


class PulumiError(ExpectedError):
    """`pulumi` failed, took too long, is not there, or printed something else; the text is the whole message."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A command, as it is shown, that has ended with a status and these two outputs."""

    command: str
    status: int
    output: str
    errors: str

    @property
    def succeeded(self) -> bool:
        """Whether its exit status is 0."""
        return self.status == 0

    @property
    def failure(self) -> str:
        """The command with its error lines, each once; without any, with the last lines that it printed."""
        printed = [line.strip() for line in (self.output + self.errors).splitlines() if line.strip()]
        errors = list(dict.fromkeys(line for line in printed if line.startswith(_ERROR)))
        lines = errors or printed[-_LAST_LINES:] or [f"exit status {self.status}, and no output"]
        between = " " if len(lines) == 1 else "\n  "
        return f"`{self.command}` failed:{between}" + "\n  ".join(lines)


@dataclass(frozen=True, kw_only=True)
class Pulumi:
    """The `pulumi` on PATH, or else that of set-up, for the project in a folder.

    Args:
        stack: Name of the stack that it acts on; empty for commands that need none.
        folder: The project's folder; `None`: the current one.
        environment: Its whole environment; `None`: that of this process.
    """

    stack: str = ""
    folder: Path | None = None
    environment: Mapping[str, str] | None = None

    def run(self, *arguments: str, limit_seconds: float = PLANNING_SECONDS) -> Ended:
        """Runs a command with its options to its end, whatever that is; after `limit_seconds` it is killed.

        Raises:
            PulumiError: There is no `pulumi`, or it took too long.
        """
        words = [*arguments, *(("--stack", self.stack) if self.stack else ())]
        shown = one_line(command_line("pulumi", *words), _LONGEST_SHOWN)
        program, environment = self._found()
        try:
            ended = subprocess.run(
                [program, *words, *_OPTIONS],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=limit_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise PulumiError(
                f"`{shown}` took longer than {limit_seconds:.0f} s: are its state backend and both clouds reachable?"
            ) from error
        return Ended(command=shown, status=ended.returncode, output=ended.stdout, errors=ended.stderr)

    def must(self, *arguments: str, limit_seconds: float = CHANGING_SECONDS) -> str:
        """Runs a command that has to succeed. Returns what it printed.

        Raises:
            PulumiError: It failed.
        """
        return self._succeeded(*arguments, limit_seconds=limit_seconds).output

    def json(self, *arguments: str, limit_seconds: float = READING_SECONDS) -> Any:  # noqa: ANN401  (JSON of any kind)
        """Runs a command that prints JSON. Returns its value.

        Raises:
            PulumiError: It failed, or printed something else.
        """
        ended = self._succeeded(*arguments, limit_seconds=limit_seconds)
        try:
            return json.loads(ended.output)
        except (ValueError, RecursionError) as error:
            raise PulumiError(f"`{ended.command}` printed something that is not JSON") from error

    def state(self) -> Mapping[str, Any]:
        """The stack's state: `deployment` of `pulumi stack export`.

        Raises:
            PulumiError: There is no such stack, or its state is not available.
        """
        exported = self.json("stack", "export")
        if not isinstance(exported, dict) or not isinstance(exported.get("deployment") or {}, dict):
            raise PulumiError("what `pulumi stack export` printed is not a stack; run it by hand")
        return exported.get("deployment") or {}

    def put_state(self, deployment: Mapping[str, Any]) -> None:
        """Replaces the stack's state; the engine drops its notes of pending operations with the old one.

        Raises:
            PulumiError: It is no state that the engine takes.
        """
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "state.json"
            file.write_text(json.dumps({"version": _STATE_VERSION, "deployment": deployment}))
            self.must("stack", "import", "--file", str(file), limit_seconds=READING_SECONDS)

    def _succeeded(self, *arguments: str, limit_seconds: float) -> Ended:
        ended = self.run(*arguments, limit_seconds=limit_seconds)
        if not ended.succeeded:
            raise PulumiError(ended.failure)
        return ended

    def _found(self) -> tuple[str, dict[str, str]]:
        """The program, and the environment to run it with."""
        given = os.environ if self.environment is None else self.environment
        environment = {name: value for name, value in given.items() if name not in _WITHHELD}
        environment.setdefault("PULUMI_SKIP_UPDATE_CHECK", "true")
        if program := shutil.which("pulumi", path=environment.get("PATH")):
            return program, environment
        engine = get.find()
        if engine is None:
            raise PulumiError(
                "there is no pulumi: `python -m pulumi_offline.engine` gets one; or install it from"
                " https://www.pulumi.com/docs/install/"
            )
        path = os.pathsep.join([str(engine.folder), environment.get("PATH", os.defpath)])
        return str(engine.pulumi), {**environment, "PATH": path}
