"""PATH, then the cache, then the installer, then Go; and one line when none of them can."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from federation_emulator.servers.errors import EngineError
from federation_emulator.servers.progress import Progress
from pulumi_offline.engine import get, go_build, installer
from pulumi_offline.engine.pins import CLI, LANGUAGE_HOST, NODEJS_SDK, ROOT, YAML_HOST, Version


def program(folder: Path, name: str, text: str) -> Path:
    """An executable shell script."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def pulumi(folder: Path, version: str, *, host: bool = True) -> None:
    """An engine that prints this version."""
    program(folder, "pulumi", f"echo {version}")
    if host:
        program(folder, "pulumi-language-python", "true")


@pytest.fixture
def progress() -> Progress:
    return Progress(stream=io.StringIO())


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing on PATH, an empty cache, and no way out."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "sleep"):
        (folder / name).symlink_to(f"/bin/{name}")
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("KEYLESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(installer, "reachable", lambda: False)
    return folder


def test_the_pins_are_read_from_the_go_modules() -> None:
    assert str(CLI.version) == "3.259.0"
    assert str(LANGUAGE_HOST.version) == "3.60.0"
    assert str(YAML_HOST.version) == "1.25.0"
    assert NODEJS_SDK.version == CLI.version
    assert NODEJS_SDK.sums.removeprefix(CLI.sums).startswith(b"// Writes the SDK for Node")


@pytest.mark.parametrize("version", ["v3.259.0", "3.300.1", "v3.259.1-alpha.1"])
def test_a_suitable_engine_on_path_is_taken(machine: Path, progress: Progress, version: str) -> None:
    pulumi(machine, version)
    assert get.ensure(progress) == get.Engine(machine)


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("v3.258.9", "is 3.258.9; it must be 3.259.0 or newer, and below 4.0.0"),
        ("v4.0.0", "is 4.0.0; it must be 3.259.0 or newer, and below 4.0.0"),
        ("unknown", "does not print its version"),
    ],
)
def test_an_engine_of_another_version_is_not_taken(machine: Path, version: str, reason: str) -> None:
    pulumi(machine, version)
    found, why_not = get.on_path()
    assert found is None
    assert reason in why_not


def test_a_further_program_is_that_next_to_the_engine_or_else_built(machine: Path, progress: Progress) -> None:
    pulumi(machine, "v3.259.0")
    with pytest.raises(EngineError, match=r"there is no pulumi-language-yaml 1\.25\.0 and no Go to build it with"):
        get.tool(YAML_HOST, progress)
    own = program(machine, "pulumi-language-yaml", "true")
    assert get.tool(YAML_HOST, progress) == own


def test_an_engine_without_its_language_host_is_not_taken(machine: Path) -> None:
    pulumi(machine, "v3.259.0", host=False)
    assert "has no pulumi-language-python" in get.on_path()[1]


def test_no_engine_no_internet_and_no_go_is_one_line_with_the_fix(machine: Path, progress: Progress) -> None:
    with pytest.raises(EngineError, match=r"no pulumi: none on PATH.*install pulumi .* or Go") as failed:
        get.ensure(progress)
    assert "\n" not in str(failed.value)
    assert get.find() is None
    assert list(machine.parent.glob("cache/engines/pulumi-*")) == []


def test_the_installer_is_asked_first_and_go_when_it_fails(
    machine: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_folder: Path, **_: object) -> None:
        raise EngineError("installing failed: curl is missing")

    monkeypatch.setattr(installer, "reachable", lambda: True)
    monkeypatch.setattr(installer, "install", fail)
    program(machine, "go", "echo 'go: go.mod requires go >= 1.25.11 (running go 1.20)'; exit 1")
    with pytest.raises(
        EngineError, match=r"go is too old to build pulumi-language-python 3\.60\.0: install Go 1\.25\.11"
    ):
        get.ensure(progress)
    assert isinstance(progress.stream, io.StringIO)
    assert "curl is missing; building it instead" in progress.stream.getvalue()


@pytest.mark.usefixtures("machine")
def test_what_the_installer_made_is_kept_and_found_again(progress: Progress, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installer, "reachable", lambda: True)
    monkeypatch.setattr(installer, "install", lambda folder, **_: pulumi(folder / "bin", "v3.259.0"))
    made = get.ensure(progress)
    assert made.pulumi.exists()
    monkeypatch.setattr(installer, "install", None)
    assert get.ensure(progress) == made == get.find()


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("go: example.org/x@v1: Get https://proxy: dial tcp: lookup proxy: no such host", "proxy can't be reached"),
        ("verifying x: checksum mismatch\nSECURITY ERROR", "do not switch the check off"),
        ("go: go.mod requires go >= 1.25.11 (running go 1.20; GOTOOLCHAIN=local)", "install Go 1.25.11 or newer"),
        ("write /tmp/x: no space left on device", "the disk is full"),
        ("some/file.go:1: syntax error", "building pulumi failed; Go said: some/file.go:1: syntax error"),
        ("", "building pulumi failed; Go said: nothing"),
    ],
)
def test_what_go_says_becomes_one_line(output: str, expected: str) -> None:
    line = go_build.explain(output, go="/usr/bin/go", module=CLI)
    assert expected in line
    assert "\n" not in line


def test_a_module_proxy_that_is_not_there_is_reported_by_the_real_go_tool(
    tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOPROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("GOMODCACHE", str(tmp_path / "modules"))
    monkeypatch.setenv("GOFLAGS", "-modcacherw")
    if not any((Path(folder) / "go").exists() for folder in os.environ["PATH"].split(os.pathsep)):
        pytest.skip("there is no Go on this machine")
    with pytest.raises(EngineError, match="the Go module proxy can't be reached; set GOPROXY"):
        go_build.build(tmp_path, progress=progress)


def test_a_command_that_takes_too_long_is_killed_and_mentioned_meanwhile() -> None:
    stream = io.StringIO()
    progress = Progress(stream=stream, every_seconds=0.1)
    with pytest.raises(subprocess.TimeoutExpired):
        progress.run([sys.executable, "-c", "import time; time.sleep(60)"], what="sleeping", limit_seconds=0.5)
    assert "sleeping: still at it" in stream.getvalue()


def test_the_command_line_prints_one_line_for_an_error(machine: Path) -> None:
    """The probe is the real one: with a proxy that is not there it fails at once."""
    environment = {
        "PATH": str(machine),
        "KEYLESS_CACHE": str(machine.parent / "c"),
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }
    run = subprocess.run(
        [sys.executable, "-m", "pulumi_offline.engine"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 1
    assert run.stdout == ""
    assert run.stderr.splitlines()[-1].startswith("error: no pulumi: none on PATH")
    assert "Traceback" not in run.stderr


def test_versions_are_compared_as_numbers() -> None:
    assert Version.parse("v3.100.0") > Version.parse("3.99.9")
    with pytest.raises(ValueError, match="'unknown' is not a version"):
        Version.parse("unknown")
