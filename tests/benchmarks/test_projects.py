"""Commands are timed, and projects take turns."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.commands import run
from benchmarks.errors import BenchmarkError
from benchmarks.projects import Project, in_turn


def test_a_command_is_timed(tmp_path: Path) -> None:
    assert 0.1 <= run(["sleep", "0.1"], folder=tmp_path, limit_seconds=10) < 5


def test_a_command_that_fails_is_shown_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match=r"sh -c .*: no stack named local"):
        run(["sh", "-c", "echo no stack named local >&2; exit 3"], folder=tmp_path, limit_seconds=10)


def test_a_command_has_a_time_limit(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="not done after 0 s"):
        run(["sleep", "10"], folder=tmp_path, limit_seconds=0.1)


def test_projects_take_turns_and_the_first_round_does_not_count(tmp_path: Path) -> None:
    engine = tmp_path / "pulumi"
    engine.write_text('#!/bin/sh\necho "$NAME $*" >> "$LOG"\n')
    engine.chmod(0o755)
    log = tmp_path / "log"
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    compared = {
        name: Project(folder=tmp_path, environment={"PATH": path, "NAME": name, "LOG": str(log)})
        for name in ("empty", "ours")
    }
    taken = in_turn(compared, 2, "preview")
    assert [line.split()[:2] for line in log.read_text().splitlines()] == [
        ["empty", "preview"],
        ["ours", "preview"],
    ] * 3
    assert {name: len(runs) for name, runs in taken.items()} == {"empty": 2, "ours": 2}
