"""A run of `pulumi` ends in time, shows the engine's own words, and hands its program no token of GitHub's."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_offline.engine.get import Engine
from pulumi_offline.engine.runner import Pulumi, PulumiError


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `pulumi` on PATH; a test writes what it does."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path / "pulumi"


def write(program: Path, script: str) -> None:
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)


FAILURES = {
    "error lines, each once": (
        "echo noise; echo 'error: a' >&2; echo ' error: b' >&2; echo 'error: a' >&2; exit 1",
        "`pulumi preview --stack dev` failed:\n  error: a\n  error: b",
    ),
    "one line": (
        "echo noise; echo 'error: no stack' >&2; exit 255",
        "`pulumi preview --stack dev` failed: error: no stack",
    ),
    "the last lines": ("seq 7; exit 1", "`pulumi preview --stack dev` failed:\n  3\n  4\n  5\n  6\n  7"),
    "nothing": ("exit 3", "`pulumi preview --stack dev` failed: exit status 3, and no output"),
}


@pytest.mark.parametrize("what", FAILURES)
def test_a_failure_is_shown_in_the_engines_words(program: Path, what: str) -> None:
    script, expected = FAILURES[what]
    write(program, script)
    assert Pulumi(stack="dev").run("preview").failure == expected
    with pytest.raises(PulumiError) as error:
        Pulumi(stack="dev").must("preview")
    assert str(error.value) == expected


def test_a_command_runs_in_its_folder_and_asks_nothing(program: Path, tmp_path: Path) -> None:
    write(program, 'pwd; echo "$@"; cat')
    ended = Pulumi(folder=tmp_path).run("whoami")
    assert (ended.succeeded, ended.output) == (True, f"{tmp_path}\nwhoami --non-interactive --color never\n")


def test_the_engine_gets_no_token_of_githubs(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(program, "env")
    for name in ("GITHUB_TOKEN", "GH_TOKEN", "AWS_PROFILE"):
        monkeypatch.setenv(name, "secret")
    assert [line for line in Pulumi().must("env").splitlines() if "secret" in line] == ["AWS_PROFILE=secret"]


def test_a_command_that_hangs_is_killed_at_its_limit(program: Path) -> None:
    write(program, "exec sleep 60")
    with pytest.raises(PulumiError, match=r"`pulumi up --stack dev` took longer than 0 s: are its state backend and"):
        Pulumi(stack="dev").run("up", limit_seconds=0.2)


@pytest.mark.parametrize(
    ("printed", "expected"),
    [("hello", "printed something that is not JSON"), ("[" * 100_000, "not JSON"), ("[]", "not a stack")],
)
def test_what_is_no_state_is_an_error(program: Path, printed: str, expected: str) -> None:
    program.with_name("printed").write_text(printed)
    write(program, f"cat {program.with_name('printed')}")
    with pytest.raises(PulumiError, match=expected):
        Pulumi(stack="dev").state()


def test_a_stack_without_a_state_has_an_empty_one(program: Path) -> None:
    write(program, """echo '{"version": 3, "deployment": null}'""")
    assert Pulumi(stack="dev").state() == {}


def test_without_a_pulumi_on_path_that_of_set_up_is_run_and_without_either_it_says_so(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(program, 'echo "$PATH"')
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr("pulumi_offline.engine.get.find", lambda: Engine(program.parent))
    assert Pulumi().must("version") == f"{program.parent}:/usr/bin:/bin\n"
    monkeypatch.setattr("pulumi_offline.engine.get.find", lambda: None)
    with pytest.raises(PulumiError, match=r"there is no pulumi: `python -m pulumi_offline\.engine` gets one"):
        Pulumi().must("version")
