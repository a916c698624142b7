"""The command line: a help on one screen, one place where commands end, and the stacks where none is named."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from federation_emulator.core.errors import StateError
from federation_emulator.core.roles import RoleError
from federation_emulator.expected import SeedError
from federation_emulator.servers.errors import EngineError
from federation_emulator.servers.process import ProcessError
from keyless_tools import boundary, stacks
from keyless_tools.boundary import UsageError
from keyless_tools.cli import main, parser
from keyless_tools.commands import COMMANDS, read_event
from keyless_tools.delivery.looking import DeliveryError
from keyless_tools.doctor.stack import StackError
from keyless_tools.lifecycle.destroy import NotDestroyedError
from pulumi_offline.engine.pins import ROOT
from pulumi_offline.engine.runner import PulumiError

ASKED_FOR = {"demo", "local-cloud", "explain", "doctor", "verify", "invoke", "adopt", "recover", "destroy", "preview"}
SLOW = {"boto3", "google", "grpc", "httpx", "pulumi", "pydantic", "requests", "rich", "starlette", "uvicorn", "yaml"}


def keyless(*arguments: str, folder: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "keyless_tools", *arguments], cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_the_help_fits_one_screen_and_names_every_command_and_the_exit_codes() -> None:
    lines = parser().format_help().splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert {line.split()[0] for line in lines if line.startswith("  ")} == {
        *ASKED_FOR,
        "guardrails",
        "lock",
        "completion",
    }
    assert lines[-1] == "exit codes: 0 done, 1 refused or failed, 2 wrong usage or not readable"


def test_the_help_loads_no_client_of_a_cloud() -> None:
    code = "import sys; from keyless_tools.cli import parser; parser().format_help(); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert SLOW & {name.partition(".")[0] for name in done.stdout.split()} == set()


def test_each_command_has_a_help_of_its_own() -> None:
    for command in COMMANDS:
        with pytest.raises(SystemExit) as ended:
            main([command.name, "--help"])
        assert ended.value.code == 0


@pytest.mark.parametrize("arguments", [[], ["tea"], ["doctor", "dev", "--tea"], ["completion", "fish"]])
def test_what_can_not_be_typed_is_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "error: " in capsys.readouterr().err


# Where a command ends


def ends(raised: BaseException | None, code: int = 0) -> int:
    def command() -> int:
        if raised is not None:
            raise raised
        return code

    return boundary.run(command, name="doctor", interrupted="nothing was changed")


@pytest.mark.parametrize("code", [0, 1, 2])
def test_a_commands_own_exit_code_is_kept(code: int) -> None:
    assert ends(None, code) == code


@pytest.mark.parametrize(
    ("raised", "code", "message"),
    [
        (UsageError("no stack"), 2, "keyless doctor: error: no stack\n"),
        (StackError("not deployed"), 2, "error: not deployed\n"),
        *(
            (kind("a\nb\x1b"), 1, "error: a\nb\\x1b\n")
            for kind in (
                *(DeliveryError, EngineError, NotDestroyedError, ProcessError, PulumiError),
                *(RoleError, SeedError, StateError),
            )
        ),
        (KeyboardInterrupt(), 130, "interrupted; nothing was changed\n"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_an_expected_error_is_its_text_and_its_code(
    raised: BaseException, code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ends(raised) == code
    assert capsys.readouterr() == ("", message)


@pytest.mark.parametrize("raised", [KeyError("x"), OSError("full"), AssertionError()], ids=repr)
def test_any_other_error_is_not_swallowed(raised: Exception) -> None:
    with pytest.raises(type(raised)):
        ends(raised)


def test_a_reader_that_has_gone_ends_the_command_without_a_word() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "keyless_tools", "completion", "bash"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as writer:  # fmt: skip
        assert writer.stdout
        writer.stdout.close()
        _, errors = writer.communicate(timeout=60)
    assert (writer.returncode, errors) == (141, b"")


# Stacks


@pytest.fixture
def answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a `pulumi` on PATH that does what a line of shell says, into a folder with settings of two stacks."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml"):
        (tmp_path / name).touch()

    def write(script: str) -> None:
        (tmp_path / "pulumi").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "pulumi").chmod(0o700)

    return write


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("""echo '[{"name": "a"}, {"name": "b"}]'""", "no stack is named; this project has a, b"),
        ("echo '[]'", "no stack is named; this project has none yet: `pulumi stack init dev`"),
        (
            "exit 3",
            "no stack is named; settings are here for dev, prod (`pulumi stack ls --json` failed: exit status 3",
        ),
    ],
)
def test_without_a_stack_those_that_there_are_are_listed(
    answer: Callable[[str], None], script: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(script)
    for command in ("doctor", "preview"):
        assert main([command]) == 2
        out, errors = capsys.readouterr()
        assert out == ""
        assert errors.startswith(f"keyless {command}: error: {message}")


def raising(error: Exception) -> Callable[[], int]:
    def run() -> int:
        raise error

    return run


def test_a_stack_that_is_not_there_is_refused_with_those_that_are(answer: Callable[[str], None]) -> None:
    answer("""echo '[{"name": "dev"}]'""")
    with pytest.raises(UsageError, match="there is no stack 'tea'; this project has dev"):
        stacks.on_stack("tea", raising(StackError("`pulumi config` failed: error: no stack named 'tea' found")))


def test_any_other_failure_on_a_stack_is_left_to_what_reads_it() -> None:
    assert stacks.on_stack("acme/keyless/dev", lambda: 0) == 0
    with pytest.raises(PulumiError, match="passphrase"):
        stacks.on_stack("dev", raising(PulumiError("error: passphrase must be set")))


# Completion


COMPLETED = {
    "d": "demo doctor destroy",
    "doctor ''": "dev prod",
    "destroy p": "prod",
    "local-cloud s": "serve sign",
    "guardrails --h": "--help",
}
"""What is typed, and what bash offers."""


def test_bash_completes_commands_stacks_and_options(tmp_path: Path) -> None:
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml"):
        (tmp_path / name).touch()
    (tmp_path / "completion").write_text(keyless("completion", "bash").stdout)
    for words, found in COMPLETED.items():
        lines = f". ./completion; COMP_WORDS=(keyless {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _shtab_keyless"
        command = ["bash", "-c", f'{lines}; echo "${{COMPREPLY[@]}}"']
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=20)
        assert (done.stdout.strip(), done.stderr) == (found, ""), words


def test_zsh_gets_completions_of_its_own() -> None:
    assert keyless("completion", "zsh").stdout.startswith("#compdef keyless\n")


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "can't be read: No such file"), (b"{a: 1}", "is not JSON"), (b"[" * 100_000, "is not JSON")],
)
def test_an_event_that_can_not_be_sent_is_wrong_usage(tmp_path: Path, content: bytes | None, message: str) -> None:
    event = tmp_path / "event.json"
    event.write_bytes(b'{"a": 1}')
    assert read_event(event) == {"a": 1}
    event.unlink()
    if content is not None:
        event.write_bytes(content)
    with pytest.raises(UsageError, match=message):
        read_event(event)
