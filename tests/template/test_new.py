"""`pulumi new` with the template, from this used clone; then the README of what it made, as it stands."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from federation_emulator.client.cloud import LocalCloud
from pulumi_offline import attached
from pulumi_offline.engine import get
from pulumi_offline.engine.pins import ROOT
from pulumi_offline.engine.workspace import Workspace
from tests.docs.pages import read
from tests.docs.typed import ACCOUNT, PROJECT, Clone, put_settings, readers_environment
from tests.packages.test_wheels import UV, run
from tests.template.making import TEMPLATE, VERSION, files_of, lay_in, write_empty_wheels
from tools.copying import copy_repository

NAME, DESCRIPTION = "acme.reports_2-b", 'it\'s: {a "report"} # of ${HOME}, $(id) and `id`; ünï ⌘'
DEPENDENCIES = ["common-expression-language", "deflate", "pulumi", "pulumi-aws", "pulumi-gcp", "pulumi-random", "uv"]
BLOCKS = {text.splitlines()[0]: text for text in read(TEMPLATE / "README.md").blocks}
WHEELS = BLOCKS[".venv/bin/uv build --all-packages --wheel --out-dir ~/wheels"]
OFFLINE, DEPLOY = BLOCKS["python3 -m venv .venv"], BLOCKS["gcloud auth application-default login"]
UPGRADE = BLOCKS["pip install -r requirements-dev.txt"]
(NEW,) = [block for block in read(ROOT / "docs" / "delivery.md").blocks if "pulumi new" in block]
NEXT = "99.0.0"
PLAIN = ("PYTHONPATH", "VIRTUAL_ENV")
PYTHON = Path(sys.base_prefix) / "bin" / "python{}.{}".format(*sys.version_info)
"""The Python that made this project's environment, without its packages."""


def bash(lines: str, *, home: Path, folder: Path = ROOT, **variables: str) -> None:
    """Runs lines in a shell without a terminal, with the engine of set-up and a home of its own."""
    environment = {name: value for name, value in os.environ.items() if name not in PLAIN}
    done = subprocess.run(
        ["bash", "-e", "-c", lines], cwd=folder, capture_output=True, text=True, timeout=120, check=False,
        env={**environment, **Workspace(home).environment(), "HOME": str(home), "UV_OFFLINE": "1", **variables},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages of this version, in a folder."""
    home = tmp_path_factory.mktemp("home")
    bash(WHEELS, home=home, UV_CACHE_DIR=run(UV, "cache", "dir", folder=ROOT).strip())
    folder = home / "wheels"
    assert len(list(folder.glob("*.whl"))) == 4
    return folder


@pytest.fixture(scope="module")
def next_too(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same folder, in which those of the next version are too."""
    changed = copy_repository(tmp_path_factory.mktemp("next"))
    for file in (changed / "pyproject.toml", *changed.glob("packages/*/pyproject.toml")):
        file.write_text(file.read_text().replace(f'"{VERSION}"', f'"{NEXT}"').replace(f"=={VERSION}", f"=={NEXT}"))
    run(UV, "build", "--offline", "--all-packages", "--wheel", "--out-dir", wheels, folder=changed)
    assert len(list(wheels.glob("*.whl"))) == 8
    return wheels


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new project; what it requires is not installed."""
    home = tmp_path_factory.mktemp("new")
    (home / "keyless-bigquery").symlink_to(ROOT)
    line = f"{NEW.strip()} --name {NAME} --description {shlex.quote(DESCRIPTION)}"
    bash(line, home=home, PULUMI_SKIP_CONFIRMATIONS="true")
    return home / "reports"


@pytest.fixture(scope="module")
def shell(made: Path, wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """The shell of its user, who has an engine on PATH, and wheels in place of a registry."""
    engine = get.find()
    assert engine is not None
    programs = tmp_path_factory.mktemp("shell")
    (programs / "python3").write_text(f'#!/bin/sh\nexec "{PYTHON}" "$@"\n')
    (programs / "python3").chmod(0o755)
    path = [str(programs), str(engine.folder), os.environ["PATH"].replace(str(ROOT / ".venv" / "bin"), "")]
    lay_in(made / ".venv")
    environment = {name: value for name, value in os.environ.items() if name not in PLAIN}
    registry = {"PIP_FIND_LINKS": str(wheels), "PIP_NO_INDEX": "1", "UV_OFFLINE": "1"}
    return Clone(folder=made, environment={**environment, **registry, "PATH": os.pathsep.join(path)})


@pytest.fixture(scope="module")
def deploying(shell: Clone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    """The same shell with both clouds on this machine."""
    folder = tmp_path_factory.mktemp("deploying")
    with (
        LocalCloud.start(options=["--project-id", PROJECT, "--aws-account-id", ACCOUNT]) as both,
        attached.serving(both.folder, both.environment()) as listening,
    ):
        of_clouds = {**readers_environment(folder / "bin", both), **listening}
        put_settings(shell.folder, both)
        own = {name: shell.environment[name] for name in ("PIP_FIND_LINKS", "PIP_NO_INDEX", "UV_OFFLINE")}
        own["PATH"] = os.pathsep.join([str(folder / "bin"), shell.environment["PATH"]])
        yield Clone(folder=shell.folder, environment={**of_clouds, **own})


def test_it_copies_the_template_alone_and_fills_in_names_of_any_letters(made: Path) -> None:
    files = files_of(TEMPLATE)
    assert files_of(made) == files
    for name in files - {"Pulumi.yaml"}:
        text = (TEMPLATE / name).read_text().replace("${PROJECT}", NAME).replace("${DESCRIPTION}", DESCRIPTION)
        assert (made / name).read_text() == text, name
    project = yaml.safe_load((made / "Pulumi.yaml").read_text())
    assert (project["name"], project["description"]) == (NAME, DESCRIPTION)
    assert "template" not in project


@pytest.mark.soak
@pytest.mark.skipif(get.on_path()[0] is not None, reason="an engine on PATH downloads plugins for what it installs")
def test_without_generate_only_it_also_makes_the_stack_and_installs_the_pinned_library(
    next_too: Path, tmp_path: Path
) -> None:
    found = shutil.copytree(next_too, tmp_path / "wheels")
    write_empty_wheels(found, {**{name: version(name) for name in DEPENDENCIES}, "setuptools": "1.0", "wheel": "1.0"})
    folder, programs = tmp_path / "project", tmp_path / "programs"
    for made in (folder, programs):
        made.mkdir()
    # One without this project's packages: the engine would look for a plugin of each.
    (programs / "python3").symlink_to(PYTHON)
    bash(
        f"PATH={programs}:$PATH pulumi new {TEMPLATE} --yes --name {NAME} --stack dev"
        f" --config googleProject=my-project --config awsAccountId={ACCOUNT}",
        home=tmp_path / "home", folder=folder, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(found),
    )  # fmt: skip
    settings = yaml.safe_load((folder / "Pulumi.dev.yaml").read_text())
    assert settings["config"] == {
        f"{NAME}:googleProject": "my-project",
        f"{NAME}:awsAccountId": ACCOUNT,
        f"{NAME}:awsRegion": "us-east-1",
        f"{NAME}:bigqueryLocation": "US",
    }
    assert list(folder.rglob(f"keyless_bigquery-{VERSION}.dist-info"))
    assert not list(folder.rglob(f"keyless_bigquery-{NEXT}.dist-info"))


@pytest.mark.timeout(300)
def test_the_readmes_first_lines_test_the_function_and_preview_the_stack_without_a_cloud(shell: Clone) -> None:
    printed = shell.type(OFFLINE)
    assert " 1 passed" in printed
    assert f"urn:pulumi:local::{NAME}::" in printed
    assert re.search(r"Resources:\n\s+\+ \d+ to create\s*$", printed)


@pytest.mark.soak
@pytest.mark.usefixtures("next_too")
@pytest.mark.timeout(600)
def test_the_project_deploys_as_its_readme_has_it_and_an_upgrade_is_another_number(deploying: Clone) -> None:
    deployed = deploying.type(DEPLOY, activate=True)
    assert "all checks passed" in deployed
    assert "user_id=1, name=Alice" in deployed
    assert "BROKEN" not in deploying.type("keyless doctor dev", activate=True)
    for name in ("requirements.txt", "requirements-dev.txt"):
        file = deploying.folder / name
        file.write_text(file.read_text().replace(f"=={VERSION}", f"=={NEXT}"))
    assert re.search(r"Resources:\n\s+\d+ unchanged\s*$", deploying.type(UPGRADE, activate=True))
    assert f"keyless-tools {NEXT}" in " ".join(deploying.type("pip list", activate=True).split())
