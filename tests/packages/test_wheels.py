"""Each package can be installed elsewhere: its wheel works in an environment without this repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from keyless_bigquery.project import project_folder

ROOT = project_folder()
UV = Path(sys.executable).with_name("uv")
_SECONDS = 100

LIBRARY = """
from keyless_bigquery.trust.attributes import condition_problem
from keyless_bigquery.trust.trust import TrustChain, attribute_condition, audience

chain = TrustChain(aws_account_id="210987654321", role_name="reader", function_name="reader")
condition = attribute_condition([chain])
assert "assumed-role/reader/" in condition and condition_problem(condition) is None, condition
name = "projects/123456789012/locations/global/workloadIdentityPools/my-pool/providers/my-aws"
assert audience(name) == f"//iam.googleapis.com/{name}"
"""
EMULATOR = """
from federation_emulator.client import cloud
from federation_emulator.commands import parser

assert parser().parse_args(["serve"]).without == []
"""
"""packages/federation-emulator/tests/emulator/install starts it."""

OFFLINE = """
import json
from importlib.resources import files
from federation_emulator.servers.progress import Progress
from pulumi_offline.engine import get

assert (get.ensure(Progress()).folder / "pulumi").exists()
# Else the engine takes a package of this name for one that has a plugin, and looks for it.
assert json.loads(files("pulumi_offline").joinpath("pulumi-plugin.json").read_text()) == {"resource": False}
"""
TOOLS = """
import runpy, sys

sys.argv = ["keyless", "--help"]
runpy.run_module("keyless_tools", run_name="__main__")
"""
SMALLEST_USE = {
    "keyless-bigquery": LIBRARY,
    "federation-emulator": EMULATOR,
    "pulumi-offline": OFFLINE,
    "keyless-tools": TOOLS,
}
NEEDS = {
    "keyless-bigquery": [],
    "federation-emulator": [],
    "pulumi-offline": ["federation-emulator", "keyless-bigquery"],
    "keyless-tools": ["federation-emulator", "keyless-bigquery", "pulumi-offline"],
}
"""What each package may bring along of the other three."""


def run(*command: str | Path, folder: Path, **variables: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    ended = subprocess.run(
        [str(part) for part in command], cwd=folder, env=environment | variables, capture_output=True, text=True,
        timeout=_SECONDS,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("wheels")
    run(UV, "build", "--offline", "--all-packages", "--wheel", "--out-dir", folder, folder=ROOT)
    return {path.name.split("-")[0].replace("_", "-"): path for path in folder.glob("*.whl")}


@pytest.mark.parametrize("package", SMALLEST_USE)
def test_its_wheel_works_outside_the_repository(package: str, wheels: dict[str, Path], tmp_path: Path) -> None:
    assert set(wheels) == set(SMALLEST_USE)
    python = tmp_path / "venv" / "bin" / "python"
    # The lock's own versions, from the cache that set-up filled, where only uv itself is not: pip installed that.
    run(UV, "sync", "--offline", "--frozen", "--no-dev", "--no-install-workspace", "--no-install-package", "uv",
        "--package", package, "--python", sys.executable,
        folder=ROOT, UV_PROJECT_ENVIRONMENT=str(tmp_path / "venv"))  # fmt: skip
    run(UV, "pip", "install", "--offline", "--no-deps", "--python", python,
        *(wheels[name] for name in [package, *NEEDS[package]]), folder=tmp_path)  # fmt: skip
    run(python, "-I", "-c", SMALLEST_USE[package], folder=tmp_path)
    found = run(UV, "pip", "list", "--format", "json", "--python", python, folder=tmp_path)
    assert {one["name"] for one in json.loads(found)} & set(SMALLEST_USE) == {package, *NEEDS[package]}
