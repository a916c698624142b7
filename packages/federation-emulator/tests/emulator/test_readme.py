"""The README of the local cloud says what is so: its first lines are run as they are written, its tables name all."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from federation_emulator.commands import COMMANDS, parser
from federation_emulator.core.trace import Check
from federation_emulator.faults.model import FaultSettings
from federation_emulator.pytest_plugin import Federation
from federation_emulator.seed.model import Dataset, Pool, Provider, Seed, Table
from keyless_bigquery.components.program import ROOT
from tests.emulator.processes.conftest import alive, eventually

PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
README = (ROOT / "packages/federation-emulator/README.md").read_text()


def section(title: str) -> str:
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def block(title: str, language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", section(title), re.DOTALL)
    assert found
    return found[1]


def test_the_ten_lines_lead_from_nothing_to_an_allowed_and_a_refused_exchange(tmp_path: Path) -> None:
    lines = block("From nothing to an allowed and a refused exchange", "bash")
    assert len(lines.splitlines()) <= 10
    script = f"{lines}\necho pid $!\nkill -INT $!\nwait\n"
    run = subprocess.run(
        ["bash", "-c", f"set -m\n{script}"], cwd=tmp_path, env={**os.environ, "PATH": PATH},
        capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    shown = run.stdout + run.stderr
    answers = [json.loads(found) for found in re.findall(r"\{[^{}]*\}", run.stdout)]
    assert answers, shown
    assert [set(answer) & {"access_token", "error"} for answer in answers] == [{"access_token"}, {"error"}], shown
    assert answers[1]["error"] == "unauthorized_client"
    assert "token exchange  REFUSED" in run.stdout
    assert ":assumed-role/stranger/" in run.stdout
    assert "impersonated reporter@local-keyless.iam.gserviceaccount.com" in run.stdout, shown
    pid = re.search(r"^pid (\d+)$", run.stdout, re.MULTILINE)
    assert pid
    assert eventually(lambda: not alive(int(pid[1])))


def test_the_tables_name_every_command_and_option() -> None:
    commands = section("Commands and options")
    for name in set(COMMANDS) - {"serve"}:
        assert f"| `{name}" in commands
    serve = parser()._subparsers._group_actions[0].choices["serve"]  # type: ignore[union-attr,index]  # argparse has it nowhere else
    shown = [action for action in serve._actions if action.help != argparse.SUPPRESS]
    options = {option for action in shown for option in action.option_strings if option.startswith("--")}
    names = {"--project-id", "--project-number", "--aws-account-id", "--aws-region"}  # the seed's
    for option in options - names - {"--help", "--limit-seconds"}:
        assert f"`{option}" in commands, option


def test_the_table_of_the_seed_names_every_key() -> None:
    table = section("The seed")
    for model in (Seed, Pool, Provider, Dataset, Table):
        for field in model.model_fields.values():
            assert re.search(rf"`{field.alias}\b", table), field.alias


def test_the_table_of_the_faults_names_every_one() -> None:
    assert {f"`{field.alias}`" for field in FaultSettings.model_fields.values()} <= set(
        re.findall(r"`\w+`", section("Faults"))
    )


def test_the_table_of_the_fixture_names_everything_it_has() -> None:
    table = section("In pytest")
    for name in {name for name in vars(Federation) if not name.startswith("_")}:
        assert re.search(rf"`{name}\b", table), name


def test_the_list_of_checks_names_every_one() -> None:
    listed = section("In pytest")
    for check in Check:
        assert f"`{check}`" in listed.replace("\n", " "), check
