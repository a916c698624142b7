"""The first way to an engine: one that is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pulumi_offline.engine.pins import Version

_LIMIT_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class Found:
    """What PATH holds.

    Args:
        folder: folder of the executables; None when it can't be used.
        reason: why it can't be used; empty when it can.
    """

    folder: Path | None
    reason: str = ""


def find(*, at_least: Version, path: str | None = None) -> Found:
    """The engine on PATH, if it is of a suitable version and has its Python language host.

    Args:
        at_least: the oldest version that will do; a higher major version will not.
        path: a PATH to look on; None looks on ours.
    """
    program = shutil.which("pulumi", path=path)
    if program is None:
        return Found(folder=None, reason="no pulumi on PATH")
    try:
        version = _version(program)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return Found(folder=None, reason=f"{program} does not tell its version ({error})")
    if version.major != at_least.major or version < at_least:
        return Found(
            folder=None,
            reason=f"{program} is {version}; it must be {at_least} or newer, and below {at_least.major + 1}.0.0",
        )
    folder = Path(program).resolve().parent
    if not (folder / "pulumi-language-python").exists() and not shutil.which("pulumi-language-python", path=path):
        return Found(folder=None, reason=f"{program} has no pulumi-language-python beside it")
    return Found(folder=folder)


def _version(program: str) -> Version:
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    answer = subprocess.run(
        [program, "version"], env=environment, capture_output=True, text=True, check=True, timeout=_LIMIT_SECONDS
    )
    return Version.parse(answer.stdout)
