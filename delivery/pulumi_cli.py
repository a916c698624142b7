"""The `pulumi` on PATH, as a person runs it: bounded in time, without colour, its words kept."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from delivery.errors import DeliveryError

LIMIT_SECONDS = 900.0
"""A preview of both clouds takes seconds, and a refresh of a large stack a few minutes."""

_WITHHELD = ("GITHUB_TOKEN", "GH_TOKEN")
"""The program of a pull request runs in the engine, and has no business on GitHub."""

_OPTIONS = ("--non-interactive", "--color", "never")
_UNEXPECTED_CHANGES = "no changes were expected"


@dataclass(frozen=True, kw_only=True)
class Run:
    """One command of the engine, ended.

    Args:
        told: its standard output.
        error: its standard error.
        succeeded: whether it ended with status 0.
    """

    told: str
    error: str
    succeeded: bool

    @property
    def found_changes(self) -> bool:
        """It failed, and only because `--expect-no-changes` was given and there are some."""
        return not self.succeeded and _UNEXPECTED_CHANGES in self.error


def run(arguments: Sequence[str], *, limit_seconds: float = LIMIT_SECONDS) -> Run:
    """Run the engine to its end.

    Args:
        arguments: the command and its options.
        limit_seconds: after this it is killed. Only for commands that change nothing.

    Raises:
        DeliveryError: there is no engine, or it took too long.
    """
    program = shutil.which("pulumi")
    if program is None:
        raise DeliveryError("there is no pulumi on PATH; `python -m engine` gets one and prints its folder")
    environment = {name: value for name, value in os.environ.items() if name not in _WITHHELD}
    try:
        ended = subprocess.run(
            [program, *arguments, *_OPTIONS],
            env=environment,
            capture_output=True,
            text=True,
            timeout=limit_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DeliveryError(f"`pulumi {arguments[0]}` is not done after {limit_seconds:.0f} s") from error
    return Run(told=ended.stdout, error=ended.stderr, succeeded=ended.returncode == 0)
