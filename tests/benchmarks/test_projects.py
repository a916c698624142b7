"""Commands are timed with all that they start, and projects take turns."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from benchmarks.commands import run
from benchmarks.errors import CommandFailedError
from benchmarks.projects import Project, in_turn

SPIN = "import time\nwhile time.process_time() < 0.2: pass"


def test_the_processor_time_of_what_a_command_starts_counts(tmp_path: Path) -> None:
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-I', '-S', '-c', {SPIN!r}], check=True)"
    took = run([sys.executable, "-I", "-S", "-c", child], folder=tmp_path, limit_seconds=10)
    assert 0.2 <= took.cpu < 1
    assert took.seconds >= 0.2


def test_a_command_that_fails_is_told_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(CommandFailedError, match=r"sh -c .*: no stack named local"):
        run(["sh", "-c", "echo no stack named local >&2; exit 3"], folder=tmp_path, limit_seconds=10)


def test_a_command_has_a_time_limit(tmp_path: Path) -> None:
    with pytest.raises(CommandFailedError, match="not done after 0 s"):
        run(["sleep", "10"], folder=tmp_path, limit_seconds=0.1)


def test_projects_take_turns_and_the_first_round_does_not_count(tmp_path: Path) -> None:
    engine = tmp_path / "pulumi"
    engine.write_text('#!/bin/sh\necho "$NAME $*" >> "$LOG"\n')
    engine.chmod(0o755)
    log = tmp_path / "log"
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    compared = [
        Project(name=name, folder=tmp_path, environment={"PATH": path, "NAME": name, "LOG": str(log)})
        for name in ("empty", "ours")
    ]
    taken = in_turn(compared, 2, "preview")
    assert [line.split()[:2] for line in log.read_text().splitlines()] == [
        ["empty", "preview"],
        ["ours", "preview"],
    ] * 3
    assert {name: len(runs) for name, runs in taken.items()} == {"empty": 2, "ours": 2}
