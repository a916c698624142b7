"""What a person who has only the wheel has."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from federation_emulator.servers import launch
from keyless_bigquery.components.program import ROOT

UV = Path(sys.executable).with_name("uv")
PACKAGE = ROOT / "packages/federation-emulator"


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, made from the source distribution: what it carries has passed through both."""
    folder = tmp_path_factory.mktemp("built")
    subprocess.run([UV, "build", "--quiet", "--out-dir", folder], cwd=PACKAGE, timeout=100, check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's files alone, next to no other package."""
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@dataclass(frozen=True, kw_only=True)
class Image:
    """The Containerfile's steps, done in a folder in place of an image.

    Attributes:
        folder: In place of ``/opt``; below it is the virtual environment.
        entrypoint: What it starts, without its arguments.
        arguments: The arguments that it has where none are given.
        healthcheck: What says whether it serves.
        environment: Its variables.
    """

    folder: Path
    entrypoint: list[str]
    arguments: list[str]
    healthcheck: list[str]
    environment: dict[str, str]

    @property
    def venv(self) -> Path:
        """The virtual environment."""
        return self.folder / "federation-emulator" / "venv"


@pytest.fixture(scope="session")
def image(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Image:
    """What the Containerfile makes. The environments are those of this machine's cache, where they are there."""
    launch.prepare(launch.environments(here=False))
    folder = tmp_path_factory.mktemp("image")
    text = (PACKAGE / "Containerfile").read_text().replace("\\\n", "")
    for place, path in (("/opt/", f"{folder}/"), ("/wheel/", f"{wheel.parent}/"), ("/state", f"{folder}/state")):
        text = re.sub(rf"(?<![\w.]){place}", path, text)
    text = text.replace("RUN python ", f"RUN {sys.executable} ")
    steps = [(line.partition(" ")[0], line.partition(" ")[2]) for line in text.splitlines() if line[:1].isupper()]
    outside = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    for kind, command in steps:
        if kind == "RUN":
            shared = command.replace('KEYLESS_CACHE="$CACHE" ', "")
            subprocess.run(["sh", "-ec", shared], env=outside, timeout=100, check=True)
    set_there = dict(steps)["ENV"].replace("$PATH", os.environ["PATH"])
    made = dict(re.findall(r"(\w+)=(\S+)", set_there, re.ASCII))
    del made["KEYLESS_CACHE"]
    return Image(
        folder=folder,
        entrypoint=json.loads(dict(steps)["ENTRYPOINT"]),
        arguments=json.loads(dict(steps)["CMD"]),
        healthcheck=json.loads(dict(steps)["HEALTHCHECK"].partition("CMD ")[2]),
        environment=outside | made,
    )
