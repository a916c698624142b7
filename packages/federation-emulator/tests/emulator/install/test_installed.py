"""The wheel alone is enough: a command and a pytest fixture, with the standard library; the servers bring their own.

The Containerfile and the action do what they say, as far as a machine without an engine and a runner shows.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from federation_emulator.core.loopback import ask
from keyless_bigquery.runtime.signature import FORM
from tests.emulator.install.conftest import PACKAGE, UV, Image
from tests.emulator.processes.conftest import alive, eventually
from tests.emulator.test_readme import block

_SECONDS = 110
CONTAINERFILE = (PACKAGE / "Containerfile").read_text()
ACTION = yaml.safe_load((PACKAGE / "action.yml").read_text())
ENVIRONMENT = {
    name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV", "PYTEST_ADDOPTS"}
}
REPORT = """

def test_a_bug_report_names_the_version_that_was_installed(federation):
    with federation.as_role("stranger"), pytest.raises(google.auth.exceptions.GoogleAuthError):
        my_program()
    report = federation.call("GET", f"/_local/decisions/{federation.last.id}")["report"]
    assert "federation-emulator 0.1.0, Python" in report
"""
COMMAND = (sys.executable, "-S", "-P", "-m", "federation_emulator")
"""Without site-packages: there is the standard library, and what PYTHONPATH names."""


def run(*command: str | Path, folder: Path, **variables: str) -> str:
    ended = subprocess.run(
        command, cwd=folder, env=ENVIRONMENT | variables, capture_output=True, text=True, timeout=_SECONDS
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.mark.timeout(240)
def test_five_lines_of_pytest_pass_in_an_environment_that_was_empty(image: Image, tmp_path: Path) -> None:
    python = image.venv / "bin" / "python"
    listed = json.loads(run(UV, "pip", "list", "--format", "json", "--python", python, folder=tmp_path))
    assert {one["name"] for one in listed} - {"pip", "setuptools"} == {"federation-emulator"}
    run(UV, "pip", "install", "--quiet", "--python", python, "pytest", "google-auth[requests]", folder=tmp_path)
    lines = block("In pytest", "python")
    # What the user has installed is not what the servers run on.
    for name in ("pydantic", "sqlglot", "starlette", "uvicorn"):
        decoy = python.parents[1] / "lib" / f"python3.{sys.version_info.minor}" / "site-packages" / f"{name}.py"
        decoy.write_text("raise ImportError('this one is not locked')")
    (tmp_path / "test_mine.py").write_text(lines + REPORT)
    (tmp_path / "test_wrong.py").write_text(lines.replace('"attribute condition"', '"signature"'))
    ended = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider"], cwd=tmp_path, env=ENVIRONMENT,
        capture_output=True, text=True, timeout=_SECONDS,
    )  # fmt: skip
    assert "1 failed, 2 passed" in ended.stdout, ended.stdout + ended.stderr
    assert "AssertionError: assert 'attribute condition' == 'signature'" in ended.stdout


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


def test_the_container_serves_is_found_healthy_and_ends_when_it_is_asked_to(image: Image) -> None:
    program = image.venv / "bin" / image.entrypoint[0]
    quick = ["--without", "bigquery", "--google-port", "0", "--aws-port", "0"]
    arguments = [*image.arguments[:2], str(PACKAGE / "src/federation_emulator/function.yaml"), *quick]
    with subprocess.Popen([program, *arguments], env=image.environment, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        assert serving.stdout.readline() == "The local Google is ready; Ctrl-C ends it.\n"
        check = [str(image.venv / "bin" / image.healthcheck[0]), *image.healthcheck[1:]]
        assert subprocess.run(check, env=image.environment, timeout=30).returncode == 0
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(20) == 0
    assert subprocess.run(check, env=image.environment, timeout=30, stderr=subprocess.DEVNULL).returncode == 1


def test_the_container_is_no_users_but_its_own_and_opens_no_port() -> None:
    assert re.search(r"^USER (?!0\b|root\b)\d+:\d+$", CONTAINERFILE, re.MULTILINE | re.ASCII)
    assert "EXPOSE" not in CONTAINERFILE


def test_the_action_serves_the_steps_that_follow_and_they_need_the_standard_library(
    image: Image, unpacked: Path, tmp_path: Path
) -> None:
    serve = next(step for step in ACTION["runs"]["steps"] if step.get("id") == "serve")
    files = {name: tmp_path / name for name in ("GITHUB_PATH", "GITHUB_ENV", "GITHUB_OUTPUT")}
    seed = str(PACKAGE / "src/federation_emulator/function.yaml")
    environment = {**image.environment, **{name: str(file) for name, file in files.items()}}
    ended = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", f"{serve['run']}\necho pid $!"], timeout=60, text=True,
        env={**environment, "RUNNER_TEMP": str(image.folder), "SEED": seed, "WITHOUT": "bigquery"},
        capture_output=True, check=False,
    )  # fmt: skip
    pid = re.search(r"^pid (\d+)$", ended.stdout, re.MULTILINE | re.ASCII)
    assert pid, ended.stdout + ended.stderr
    try:
        following = dict(line.split("=", 1) for line in files["GITHUB_ENV"].read_text().splitlines())
        assert files["GITHUB_OUTPUT"].read_text() == f"url={following['LOCAL_GOOGLE_URL']}\n"
        # Without site-packages: the client has the standard library, and the wheel's files.
        path = f"{files['GITHUB_PATH'].read_text().strip()}{os.pathsep}{os.environ['PATH']}"
        assert shutil.which("federation-emulator", path=path)

        def command(*words: str) -> str:
            return run(*COMMAND, *words, folder=tmp_path, **following, PYTHONPATH=str(unpacked))

        for role, field in (("function", "access_token"), ("stranger", "error")):
            url, form = f"{following['LOCAL_GOOGLE_URL']}/v1/token", command("sign", role).strip().encode()
            answer = ask("POST", url, body=form, headers={"Content-Type": FORM}, limit_seconds=10)
            assert field in json.loads(answer.body)
        assert "token exchange  REFUSED" in command("explain")
        assert "export AWS_SESSION_TOKEN=" in command("use", "function", "--service-account", "function-reader")
        assert "AWS_CONTAINER_AUTHORIZATION_TOKEN" in command("task", "function", "--", "env")
        assert "0:00:01 ahead of this machine" in command("clock", "--advance", "1s")
        assert "iamDelaySeconds=0.5\n" in command("faults", "iamDelaySeconds=0.5")
        assert "iamDelaySeconds=0\n" in command("faults", "clear")
    finally:
        os.kill(int(pid[1]), signal.SIGTERM)
    assert eventually(lambda: not alive(int(pid[1])))


def test_an_action_that_can_not_serve_fails_with_the_reason(image: Image, tmp_path: Path) -> None:
    serve = next(step for step in ACTION["runs"]["steps"] if step.get("id") == "serve")
    ended = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", serve["run"]], timeout=60, text=True, capture_output=True, check=False,
        env={**image.environment, "RUNNER_TEMP": str(image.folder), "SEED": str(tmp_path / "none.yaml"), "WITHOUT": ""},
    )  # fmt: skip
    assert ended.returncode == 1
    assert "none.yaml can't be read" in ended.stdout
