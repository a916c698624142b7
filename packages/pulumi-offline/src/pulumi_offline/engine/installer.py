"""The second way to an engine: the official release, through the Automation API's own installer.

The installer has no time limit of its own, so it runs in a process that has one; and where the network is closed a
short probe finds out first.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from federation_emulator.servers.errors import EngineError
from federation_emulator.servers.progress import Progress
from pulumi_offline.engine.pins import Version

_PROBE = "import urllib.request; urllib.request.urlopen('https://get.pulumi.com/', timeout=4).close()"
_PROBE_SECONDS = 6.0
_INSTALL = (
    "import sys, semver; from pulumi.automation import PulumiCommand; "
    "PulumiCommand.install(root=sys.argv[1], version=semver.VersionInfo.parse(sys.argv[2]))"
)
_INSTALL_SECONDS = 300.0


def reachable(*, limit_seconds: float = _PROBE_SECONDS) -> bool:
    """Whether Pulumi's own host answers. Looking up a name has no time limit in Python, hence a process."""
    try:
        subprocess.run([sys.executable, "-c", _PROBE], check=True, capture_output=True, timeout=limit_seconds)
    except subprocess.SubprocessError:
        return False
    return True


def install(folder: Path, *, version: Version, progress: Progress) -> None:
    """Install the release below `folder`, executables in `folder/bin`.

    Raises:
        EngineError: when the installer fails or takes too long.
    """
    command = [sys.executable, "-c", _INSTALL, str(folder), str(version)]
    failure = attempt(command, f"installing the official pulumi {version}", _INSTALL_SECONDS, progress)
    if failure is not None:
        raise EngineError(failure)


def attempt(
    command: Sequence[str],
    what: str,
    limit_seconds: float,
    progress: Progress,
    *,
    environment: Mapping[str, str] | None = None,
) -> str | None:
    """Run a command that fetches something. Returns its failure in one line; None: it succeeded."""
    try:
        result = progress.run(command, what=what, limit_seconds=limit_seconds, environment=environment)
    except subprocess.TimeoutExpired:
        return f"{what} is not done after {limit_seconds:.0f} s"
    if result.returncode == 0:
        return None
    last = result.stdout.strip().splitlines()[-1:] or ["no output"]
    return f"{what} failed: {last[0]}"
