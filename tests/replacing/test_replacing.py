"""The function is the user's: with three others in its place everything around it works as before."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pulumi_offline.engine.pins import ROOT
from tools.copying import copy_repository

FUNCTIONS = Path(__file__).with_name("functions")
PRINTED = {
    "aggregate": r"\{.name.: .Alice., .users.: 1\}|.name.: .Bob., .users.: 1",
    "article": "user_id=3, name=Chiyo",
    "dependency": r"- Alice\\+n- Bob\\+n- Chiyo",
}
"""Of each, what shows that it read the rows of the demo."""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What git would copy, without a function."""
    folder = copy_repository(tmp_path / "clone", without="lambda_src/")
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def put(function: Path, clone: Path) -> None:
    """Puts a function into a clone, locked as `keyless lock` would."""
    shutil.copytree(function, clone / "lambda_src")
    lock = (ROOT / "lambda_src" / "requirements.txt").read_text()
    if (function / "requirements.in").exists():
        # Its versions and hashes are those of the developers' own lock.
        added = re.search(r"^pyyaml==.*?(?=^\S)", (ROOT / "requirements.txt").read_text(), re.M | re.S)
        assert added
        lock += added[0]
    else:
        shutil.copy(ROOT / "lambda_src" / "requirements.in", clone / "lambda_src")
    (clone / "lambda_src" / "requirements.txt").write_text(lock)


def run(clone: Path, *arguments: str) -> str:
    """What a module prints in the clone; it must end with status 0."""
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(command, cwd=clone, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "name", [*(pytest.param(name, marks=pytest.mark.soak) for name in ("aggregate", "article")), "dependency"]
)
def test_verify_invoke_container_and_lint_work_with_another_function(name: str, clone: Path) -> None:
    put(FUNCTIONS / name, clone)
    printed = run(clone, "tests.replacing.deployed")
    assert len(re.findall(PRINTED[name], printed)) >= 2, printed
    run(clone, "ruff", "check", ".")


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", PRINTED)
def test_the_demo_works_with_another_function(name: str, clone: Path) -> None:
    put(FUNCTIONS / name, clone)
    printed = run(clone, "keyless_tools", "demo")
    assert re.search("^ok +the function succeeds", printed, re.MULTILINE), printed
