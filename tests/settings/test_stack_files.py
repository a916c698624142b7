"""The tracked stack files stay readable once the engine writes to them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from keyless_bigquery.components.program import ROOT
from pulumi_offline.engine.workspace import Workspace


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {**os.environ, **Workspace(tmp_path_factory.mktemp("workspace")).environment()}


def parted(file: Path) -> tuple[list[str], dict[str, object]]:
    """The comments, and the settings by key."""
    text = file.read_text()
    config = yaml.safe_load(text)["config"]
    comments = [line for line in text.splitlines() if line.lstrip().startswith("#")]
    return comments, {key.rpartition(":")[2]: value for key, value in config.items()}


@pytest.mark.parametrize(("stack", "project"), [("dev", "keyless-bigquery"), ("prod", "acme"), ("local", "acme")])
def test_setting_a_key_keeps_all_comments_and_the_values_of_the_other_keys(
    stack: str, project: str, environment: dict[str, str], tmp_path: Path
) -> None:
    lines = (ROOT / "Pulumi.yaml").read_text().splitlines(keepends=True)
    (tmp_path / "Pulumi.yaml").write_text("".join([f"name: {project}\n", *lines[1:]]))
    file = tmp_path / f"Pulumi.{stack}.yaml"
    shutil.copy(ROOT / file.name, file)
    comments, values = parted(file)
    for command in (["stack", "init", stack], ["config", "set", "memoryMb", "333", "--stack", stack]):
        subprocess.run(["pulumi", *command, "--non-interactive"], cwd=tmp_path, env=environment, check=True, timeout=60)
    assert f"  {project}:memoryMb: " in file.read_text()
    assert parted(file) == (comments, values | {"memoryMb": "333"})
    assert all(isinstance(value, str) for value in values.values()), "the engine writes each value as text"
