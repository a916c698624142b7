"""The wheel alone is enough: a command and a pytest fixture, with the standard library; the servers bring their own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from federation_emulator import pytest_plugin
from federation_emulator.client.cloud import LocalCloud
from federation_emulator.core.loopback import ask
from keyless_bigquery.runtime.signature import FORM
from tests.emulator.install.conftest import PACKAGE, UV
from tests.emulator.test_readme import block

_SECONDS = 110
ENVIRONMENT = {
    name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV", "PYTEST_ADDOPTS"}
}
COMMAND = (sys.executable, "-S", "-P", "-m", "federation_emulator")
"""Without site-packages: there is the standard library, and what PYTHONPATH names."""


def run(*command: str | Path, folder: Path, **variables: str) -> str:
    ended = subprocess.run(
        command, cwd=folder, env=ENVIRONMENT | variables, capture_output=True, text=True, timeout=_SECONDS
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.mark.timeout(240)
def test_five_lines_of_pytest_pass_in_an_environment_that_was_empty(wheel: Path, tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    run(UV, "venv", "--quiet", "--python", sys.executable, tmp_path / "venv", folder=tmp_path)
    install = (UV, "pip", "install", "--quiet", "--python", python)
    run(*install, wheel, "pytest", "google-auth[requests]", folder=tmp_path)
    lines = block("In pytest", "python")
    (tmp_path / "test_mine.py").write_text(lines)
    (tmp_path / "test_wrong.py").write_text(lines.replace('"attribute condition"', '"signature"'))
    ended = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider"], cwd=tmp_path, env=ENVIRONMENT,
        capture_output=True, text=True, timeout=_SECONDS,
    )  # fmt: skip
    assert "1 failed, 1 passed" in ended.stdout, ended.stdout + ended.stderr
    assert "AssertionError: assert 'attribute condition' == 'signature'" in ended.stdout


def test_every_command_of_the_client_runs_with_the_standard_library(unpacked: Path, tmp_path: Path) -> None:
    options = ["--seed", str(Path(pytest_plugin.__file__).with_name("function.yaml")), "--without", "bigquery"]
    with LocalCloud.start(state_directory=tmp_path / "cloud", options=options) as cloud:

        def command(*words: str) -> str:
            variables = {"PYTHONPATH": str(unpacked), "LOCAL_CLOUD_STATE": str(cloud.folder)}
            return run(*COMMAND, *words, folder=tmp_path, **variables)

        for role, field in (("function", "access_token"), ("stranger", "error")):
            headers = {"Content-Type": FORM}
            url = f"{cloud.google_url}/v1/token"
            answer = ask("POST", url, body=command("sign", role).strip().encode(), headers=headers, limit_seconds=10)
            assert field in json.loads(answer.body)
        assert "token exchange  REFUSED" in command("explain")
        assert "export AWS_SESSION_TOKEN=" in command("use", "function", "--service-account", "function-reader")
        assert "AWS_CONTAINER_AUTHORIZATION_TOKEN" in command("task", "function", "--", "env")
        assert "0:00:01 ahead of this machine" in command("clock", "--advance", "1s")
        assert "iamDelaySeconds=0.5\n" in command("faults", "iamDelaySeconds=0.5")
        assert "iamDelaySeconds=0\n" in command("faults", "clear")


def test_the_plugin_costs_a_run_that_does_not_use_it_nothing() -> None:
    code = "import sys, pytest; before = set(sys.modules); import federation_emulator.pytest_plugin; print(*sorted(set(sys.modules) - before))"  # noqa: E501
    loaded = set(run(sys.executable, "-c", code, folder=PACKAGE).split())
    assert loaded == {"federation_emulator", "federation_emulator.pytest_plugin"}


def test_the_wheel_needs_nothing_and_carries_what_is_on_no_index(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = archive.read(next(name for name in names if name.endswith("/METADATA"))).decode()
        entry_points = archive.read(next(name for name in names if name.endswith("/entry_points.txt"))).decode()
    assert not [line for line in re.findall("^Requires-Dist: (.*)$", metadata, re.MULTILINE) if "extra ==" not in line]
    assert "keyless" not in "".join(re.findall("^Requires-Dist: (.*)$", metadata, re.MULTILINE))
    assert "federation-emulator = federation_emulator.__main__:main" in entry_points
    assert "[pytest11]\nfederation_emulator.pytest_plugin" in entry_points
    carried = {name for name in names if "/_library/" in name}
    assert "federation_emulator/_library/keyless_bigquery/trust/members.py" in carried
    assert not [name for name in carried if "/components/" in name or "/settings/" in name]
