"""What a program in Node needs: the packages of a lock, installed once into the cache, and the components' SDK."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from federation_emulator.servers.cache import build_once, digest
from federation_emulator.servers.progress import Progress
from keyless_bigquery.cache import cache_folder
from keyless_bigquery.components.program import ROOT
from pulumi_offline.engine import get
from pulumi_offline.engine.pins import NODEJS_SDK

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


def write_sdk(folder: Path) -> None:
    """Writes the components' SDK into a new folder, as it follows from the schema that is checked in.

    Skips the test where there is no Go.
    """
    if shutil.which("go") is None:
        pytest.skip("there is no Go, with which the generator of an SDK for Node is built: TypeScript was not tried")
    schema = ROOT / "component" / "schema.json"
    subprocess.run([get.tool(NODEJS_SDK, Progress()), schema, folder], check=True, timeout=_SECONDS)
