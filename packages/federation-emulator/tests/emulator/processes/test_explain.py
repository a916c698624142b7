"""`explain` follows a decision back to where its chain began; the shell's lines give each tool what it needs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from federation_emulator.console.explain import explanation
from federation_emulator.core.endpoints import Endpoints, forget
from federation_emulator.core.trace import Decision, Link
from federation_emulator.servers.process import ProcessError
from pulumi_offline.engine.pins import project_name
from pulumi_offline.shell import instructions, prepare, variables

ENDPOINTS = Endpoints(
    google_url="http://127.0.0.1:1",
    aws_url="http://127.0.0.1:2",
    bigquery_url="http://127.0.0.1:3",
    project_id="p",
    project_number="1",
    aws_account_id="210987654321",
    aws_region="eu-west-1",
    deployer_token="the-deployers-own-token",
)


def decision(number: str, parent: str | None) -> Decision:
    return Decision(
        id=number, time="", link=Link.JOB, allowed=True, resource=f"of {number}", principal="", steps=(), parent=parent
    )


DECISIONS = [decision("1", None), decision("2", "1"), decision("3", None), decision("4", "2")]


def test_the_chain_goes_back_to_its_beginning_and_leaves_others_out() -> None:
    for decisions, asked, links in (
        (DECISIONS, "4", ["1", "2", "4"]),
        (DECISIONS, None, ["1", "2", "4"]),
        (DECISIONS, "3", ["3"]),
        (DECISIONS[1:], "2", ["2"]),  # the one before it is forgotten
    ):
        assert re.findall(r"allowed  of (\d)", explanation(decisions, asked)) == links


def test_a_decision_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ProcessError, match="Decision 9 is not kept: the federation emulator keeps the latest 2000"):
        explanation(DECISIONS, "9")
    with pytest.raises(ProcessError, match="no decisions yet"):
        explanation([], None)


def test_a_shell_that_runs_the_printed_lines_has_every_variable(tmp_path: Path) -> None:
    folder = tmp_path / "with a space"
    folder.mkdir()
    prepare(folder, ENDPOINTS)
    ENDPOINTS.write(folder)
    text = instructions(folder, ENDPOINTS)
    assert ENDPOINTS.deployer_token not in text
    expected = variables(folder, ENDPOINTS)
    script = text + "".join(f'printf "%s\\n" "${name}"\n' for name in expected)
    ran = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, timeout=10, check=True)
    assert ran.stdout.splitlines() == list(expected.values())


def test_the_settings_of_this_run_are_laid_over_the_tracked_ones(tmp_path: Path) -> None:
    prepare(tmp_path, ENDPOINTS)
    settings = (tmp_path / "Pulumi.local.yaml").read_text()
    assert "\n  googleEndpoint: http://127.0.0.1:1\n" in settings
    assert "\n  awsEndpoint: http://127.0.0.1:2\n" in settings
    assert "\n  functionRuntime: host\n" in settings
    assert f"{project_name()}:" not in settings


def test_a_project_without_the_local_stack_is_pointed_to_the_template(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pulumi_offline.shell.ROOT", tmp_path)
    with pytest.raises(ProcessError, match=r"Pulumi\.local\.yaml is not there; copy it from the template"):
        prepare(tmp_path, ENDPOINTS)


def test_what_was_written_is_read_again_until_it_is_forgotten(tmp_path: Path) -> None:
    ENDPOINTS.write(tmp_path)
    assert Endpoints.read(tmp_path) == ENDPOINTS
    assert ENDPOINTS.deployer_token not in repr(ENDPOINTS)
    forget(tmp_path)
    with pytest.raises(FileNotFoundError):
        Endpoints.read(tmp_path)
