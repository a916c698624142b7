"""`pulumi new` makes a project of another name from this one, and everything in it goes by that name."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from keyless_bigquery.settings.settings import KEYS, Settings, SettingsError
from pulumi_offline.engine.pins import ROOT, project_name
from pulumi_offline.engine.workspace import Workspace
from tests.components.recording import declared
from tools.copying import copy_repository

pytestmark = [
    pytest.mark.skipif(project_name() != "keyless-bigquery", reason="this project was made from the template"),
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="git says which files are the template's"),
]
NAME = "acme-reports"
ANSWERS = {"googleProject": "my-project", "awsAccountId": "210987654321"}


def pulumi(folder: Path, environment: dict[str, str], *arguments: str) -> str:
    ended = subprocess.run(
        ["pulumi", *arguments, "--non-interactive"],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, f"pulumi {arguments}: {ended.stdout + ended.stderr}"
    return ended.stdout


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return Workspace(tmp_path_factory.mktemp("workspace")).environment()


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a clone of this repository holds, with what isn't committed yet."""
    return copy_repository(tmp_path_factory.mktemp("clean"))


@pytest.fixture(scope="module")
def made(clean: Path, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The new project, as far as it is made without a network: packages are `make setup`'s business."""
    folder = tmp_path_factory.mktemp("new") / NAME
    folder.mkdir()
    options = ("--offline", "--generate-only", "--yes", "--name", NAME, "--dir", str(folder))
    pulumi(folder, environment, "new", str(clean), *options)
    return folder


def test_the_new_project_has_every_file_and_only_its_name_is_another(clean: Path, made: Path) -> None:
    files = {path.relative_to(clean) for path in clean.rglob("*") if path.is_file()}
    assert {path.relative_to(made) for path in made.rglob("*") if path.is_file()} == files
    assert {path for path in files if (clean / path).read_bytes() != (made / path).read_bytes()} == {
        Path("Pulumi.yaml")
    }
    project = yaml.safe_load((made / "Pulumi.yaml").read_text())
    assert project["name"] == NAME
    assert "template" not in project


def test_it_asks_for_settings_that_there_are_and_for_each_that_must_be_set() -> None:
    asked = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["template"]["config"]
    assert set(asked) <= set(KEYS)
    with pytest.raises(SettingsError) as refused:
        Settings.read(declared(), stack="dev")
    must_be_set = {problem.key for problem in refused.value.problems}
    assert must_be_set == {key for key, question in asked.items() if "default" not in question}
    assert must_be_set == set(ANSWERS)


def test_an_environments_settings_are_the_new_projects_own(
    made: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    for file in made.glob("Pulumi.*"):
        shutil.copy(file, tmp_path)
    pulumi(tmp_path, environment, "stack", "init", "prod")
    answers = [part for key, value in ANSWERS.items() for part in ("--plaintext", f"{key}={value}")]
    pulumi(tmp_path, environment, "config", "set-all", *answers, "--stack", "prod")
    configured = json.loads(pulumi(tmp_path, environment, "config", "--json", "--stack", "prod"))
    given = {key.removeprefix(f"{NAME}:"): entry["value"] for key, entry in configured.items()}
    settings = Settings.read({key: given[key] for key in KEYS if given.get(key)}, stack="prod")
    assert settings.deletion_protection, "what stands in the copied file holds"
    assert settings.google_project == ANSWERS["googleProject"]


@pytest.mark.soak
def test_the_new_project_previews_on_the_local_cloud(made: Path, tmp_path: Path) -> None:
    project = shutil.copytree(made, tmp_path / NAME)
    (project / ".venv").symlink_to(ROOT / ".venv")
    command = [sys.executable, "-m", "keyless_tools", "preview", "local", "--folder", str(tmp_path / "reports")]
    ended = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=110)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"urn:pulumi:local::{NAME}::" in (tmp_path / "reports" / "local.md").read_text()
