"""A pull request's change is previewed against what it changes, on a local cloud."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from federation_emulator.servers.process import ProcessError
from pulumi_offline.engine.pins import ROOT
from pulumi_offline.engine.runner import Pulumi
from pulumi_offline.previews import preview

PROGRAM = (
    "Pulumi.yaml",
    "Pulumi.dev.yaml",
    "__main__.py",
    "keyless_bigquery",
    "lambda_src",
)


def never(pulumi: Pulumi) -> bool:
    raise AssertionError(pulumi)


def test_an_environment_without_settings_and_a_base_without_a_project_are_reported(tmp_path: Path) -> None:
    with pytest.raises(ProcessError, match=r"Pulumi\.nowhere\.yaml is not there"):
        preview(["dev", "nowhere"], never)
    with pytest.raises(ProcessError, match=r"holds no Pulumi\.yaml"):
        preview(["dev"], never, base=tmp_path)


@pytest.mark.soak
def test_only_what_changed_since_the_base_is_in_the_preview(tmp_path: Path) -> None:
    base = tmp_path / "base"
    for name in PROGRAM:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        base.mkdir(exist_ok=True)
        copy(ROOT / name, base / name)
    settings = base / "Pulumi.dev.yaml"
    settings.write_text(settings.read_text().replace("memoryMb: 256", "memoryMb: 192"))
    files = (ROOT / "Pulumi.dev.yaml", settings)
    before = [file.read_bytes() for file in files]
    command = ["-m", "keyless_tools", "preview", "dev", "--folder", str(tmp_path), "--base", str(base)]
    ended = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=110)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    written = (tmp_path / "dev.md").read_text()
    assert "### `dev`: 1 to update, " in written
    assert "~ memorySize: 192 => 256" in written
    assert [file.read_bytes() for file in files] == before, "the engine wrote into a tracked file"
