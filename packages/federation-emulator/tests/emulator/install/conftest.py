"""What a person who has only the wheel has."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

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
