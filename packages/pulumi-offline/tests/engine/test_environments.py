"""An environment holds what its lock says, byte for byte, or it is not there."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pytest

from federation_emulator.servers.environments import LOCAL_AWS, LOCAL_WAREHOUSE, Environment, ensure
from federation_emulator.servers.errors import EngineError
from federation_emulator.servers.progress import Progress


@pytest.fixture
def progress() -> Progress:
    return Progress(stream=io.StringIO())


def test_another_lock_is_another_environment(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("")
    environment = Environment(name="test", lock=lock)
    before = environment.folder
    lock.write_text("# changed\n")
    assert environment.folder != before


def test_an_empty_lock_makes_a_python_that_works(
    tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYLESS_CACHE", str(tmp_path / "cache"))
    lock = tmp_path / "lock.txt"
    lock.write_text("")
    made = ensure(Environment(name="test", lock=lock), progress)
    answer = subprocess.run([made.python, "-c", "print(6*7)"], capture_output=True, text=True, timeout=30, check=True)
    assert answer.stdout == "42\n"
    assert made.home.is_dir()


def test_a_package_without_a_hash_is_refused_on_one_line_and_nothing_is_left(
    tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYLESS_CACHE", str(tmp_path / "cache"))
    lock = tmp_path / "lock.txt"
    lock.write_text("idna==3.20\n")
    environment = Environment(name="test", lock=lock)
    with pytest.raises(EngineError, match="installing the test environment failed") as failed:
        ensure(environment, progress)
    assert "\n" not in str(failed.value)
    assert not environment.folder.exists()


@pytest.mark.parametrize(("environment", "module"), [(LOCAL_AWS, "ministack"), (LOCAL_WAREHOUSE, "bqemulator")])
def test_each_emulators_environment_holds_the_emulator_and_nothing_of_ours(
    environment: Environment, module: str, progress: Progress
) -> None:
    python = ensure(environment, progress).python
    names = (module, "pulumi", "federation_emulator")
    text = f"import importlib.util as u; print([bool(u.find_spec(m)) for m in {names!r}])"
    answer = subprocess.run([python, "-I", "-c", text], capture_output=True, text=True, timeout=30, check=True)
    assert answer.stdout == "[True, False, False]\n"
