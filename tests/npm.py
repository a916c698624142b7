"""npm packages that a test needs: those of a lock, installed once into the cache."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from federation_emulator.servers.cache import build_once, digest
from keyless_bigquery.cache import cache_folder

SEEN_BY_FUNCTIONS = "/usr/bin:/bin"
"""Where the local AWS looks for programs."""
_SECONDS = 120


def packages(folder: Path) -> Path:
    """The folder of a package.json and its lock with all that they name in `node_modules`.

    Skips the test where there is no Node.
    """
    npm = shutil.which("npm")
    if npm is None or shutil.which("node", path=SEEN_BY_FUNCTIONS) is None:
        pytest.skip("there is no npm, or no node in /usr/bin: what a program in Node does was not tried")
    files = [folder / name for name in ("package.json", "package-lock.json")]

    def install(made: Path) -> None:
        for file in files:
            shutil.copy(file, made)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
        done = subprocess.run(command, cwd=made, capture_output=True, text=True, timeout=_SECONDS, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    target = cache_folder() / "npm" / f"{folder.name}-{digest(*(file.read_bytes() for file in files))}"
    return build_once(target, install, waiting=lambda: None)
