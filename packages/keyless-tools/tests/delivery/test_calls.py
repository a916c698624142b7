"""The workflows as another repository calls them: what it must grant, what it may pass, what runs on its machine."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from keyless_tools.delivery.workflow_rules import Workflow, problems
from pulumi_offline.engine.pins import ROOT
from tests.delivery.caller import caller
from tools import lint_workflows

FOLDER = ROOT / ".github"
CALLABLE = ("preview", "deploy", "drift", "destroy")
READY = yaml.safe_load((FOLDER / "actions" / "ready" / "action.yml").read_text())
NEEDS = re.compile(r"`(\w+)` needs\s((?:`[\w-]+: \w+`(?:,\s)?)+)")
DOCUMENTED = dict(NEEDS.findall((ROOT / "docs" / "delivery.md").read_text()))


def workflow(name: str) -> Workflow:
    return Workflow.read(name, (FOLDER / "workflows" / f"{name}.yml").read_text())


def inputs(name: str) -> Mapping[str, Mapping[str, Any]]:
    declared: Mapping[str, Mapping[str, Any]] = workflow(name).triggers["workflow_call"]["inputs"]
    return declared


def needed(name: str) -> dict[str, str]:
    """The permissions without which GitHub refuses to start the workflow for a caller: those of all its jobs."""
    return {scope: access for job in workflow(name).jobs.values() for scope, access in job["permissions"].items()}


def faults(calling: Workflow) -> list[str]:
    """What GitHub would refuse, or what is given too much, in a workflow that calls these."""
    found = []
    for job in calling.jobs.values():
        (name,) = re.findall(r"/(\w+)\.yml@", job["uses"])
        if job["permissions"] != needed(name):
            found.append(f"{name} has {job['permissions']}")
        found += [f"{name} has no input {key}" for key in job.get("with", {}) if key not in inputs(name)]
    return found


def test_the_templates_caller_has_ten_lines_and_passes_every_linter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calling = caller()
    assert len(calling.text.splitlines()) <= 10
    assert problems(calling) == []
    file = tmp_path / ".github" / "workflows" / "delivery.yml"
    file.parent.mkdir(parents=True)
    file.write_text(calling.text)
    assert lint_workflows.main(tmp_path) == 0, capsys.readouterr().out


def test_it_grants_what_is_needed_and_no_more() -> None:
    calling = caller()
    assert faults(calling) == []
    for part, replacement in (
        ("id-token: write, pull-requests", "pull-requests"),
        ("id-token: write}", "id-token: write, issues: write}"),
        ("# v0.1.0\n  deploy", "# v0.1.0\n    with: {stacks: dev}\n  deploy"),
    ):
        assert part in calling.text
        assert len(faults(Workflow.read("broken.yml", calling.text.replace(part, replacement)))) == 1


def test_what_the_document_says_of_the_others_is_what_they_need() -> None:
    called = {re.findall(r"/(\w+)\.yml@", job["uses"])[0] for job in caller().jobs.values()}
    assert called | set(DOCUMENTED) == set(CALLABLE)
    for name, permissions in DOCUMENTED.items():
        assert dict(re.findall(r"`([\w-]+): (\w+)`", permissions)) == needed(name)


@pytest.mark.parametrize("name", CALLABLE)
def test_each_input_has_a_type_and_the_same_default_without_a_caller(name: str) -> None:
    assert set(workflow(name).triggers["workflow_call"]) == {"inputs"}, "no secret is taken"
    text = json.dumps(workflow(name).parsed["jobs"])
    for key, described in inputs(name).items():
        assert {"type", "description"} <= set(described)
        assert described["type"] in {"string", "boolean"}
        assert ("default" in described) is not described.get("required", False)
        assert f"inputs.{key}" in text
        if default := described.get("default"):
            assert set(re.findall(rf"inputs\.{key} \|\| ('[^']*')", text)) == {f"'{default}'"}


def test_actionlint_does_not_know_the_action_so_what_it_is_given_is_checked_here() -> None:
    used = [
        (job, step)
        for name in (*CALLABLE, "check")
        for job in workflow(name).jobs.values()
        for step in job["steps"]
        if step.get("uses", "").startswith("$/")
    ]
    assert {step["uses"] for _, step in used} == {"$/.github/actions/ready"}
    for job, step in used:
        assert set(step["with"]) <= set(READY["inputs"])
        needed = set(re.findall(r"steps\.(\w+)\.outputs\.([\w-]+)", json.dumps(job)))
        assert needed <= {(step.get("id"), output) for output in READY["outputs"]}


def shell(script: str, folder: Path, environment: Mapping[str, str]) -> Sequence[str]:
    """Runs a step with programs that only write down how they are called; returns that, one line for each call."""
    programs = folder.parent / "programs"
    programs.mkdir(exist_ok=True)
    for name in ("make", "pulumi", "python"):
        (programs / name).write_text(f'#!/bin/sh\necho "{name} $*" >> "$CALLS"\n')
        (programs / name).chmod(0o755)
    calls = folder.parent / "calls"
    calls.unlink(missing_ok=True)
    subprocess.run(
        ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env={"PATH": f"{programs}:{os.environ['PATH']}", "CALLS": str(calls), **environment},
        check=True,
        timeout=10,
    )
    return calls.read_text().splitlines()


@pytest.mark.parametrize("own", [True, False], ids=["this repository", "another repository"])
def test_the_tools_are_this_repositorys_and_the_packages_the_projects_own(own: bool, tmp_path: Path) -> None:
    workspace, downloaded = tmp_path / "work space", tmp_path / "_actions" / "keyless" / "sha"
    tools = workspace if own else downloaded
    for folder in (workspace, downloaded / ".github" / "actions" / "ready", tools / "packages" / "keyless-tools"):
        folder.mkdir(parents=True, exist_ok=True)
    (tools / ".venv" / "bin").mkdir(parents=True)
    (tools / ".venv" / "bin" / "python").write_text("#!/bin/sh\necho /engine\n")
    (tools / ".venv" / "bin" / "python").chmod(0o755)
    (step,) = [step for step in READY["runs"]["steps"] if step.get("id") == "ready"]
    environment = {
        "PROJECT": "in fra; exit 1",
        "GITHUB_ACTION_PATH": str(downloaded / ".github" / "actions" / "ready"),
        "GITHUB_PATH": str(tmp_path / "path"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
    }
    installs = [] if own else ["pulumi -C in fra; exit 1 install --non-interactive"]
    assert shell(step["run"], workspace, environment) == [f"make -C {tools} setup", *installs]
    assert (tmp_path / "path").read_text() == f"/engine\n{tools}/.venv/bin\n"
    pack = (tmp_path / "output").read_text().strip().removeprefix(f"policy-pack={tools}/")
    assert (ROOT / pack).is_file()


@pytest.mark.parametrize(("without", "options"), [("yes", " --without-doctor"), ("", "")])
def test_drift_is_looked_for_with_the_doctor_or_without(without: str, options: str, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (step,) = [step for step in workflow("drift").jobs["dev"]["steps"] if "delivery drift" in step.get("run", "")]
    called = shell(step["run"], folder, {"STACK": "dev", "WITHOUT_DOCTOR": without})
    assert called == [f"python -m keyless_tools.delivery drift dev --folder build/drift{options}"]


@pytest.mark.parametrize(("pack", "options"), [("/a b/pack.py", " --policy-pack /a b/pack.py"), ("", "")])
def test_a_stack_is_deployed_with_the_policy_pack_or_without(pack: str, options: str, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    for stack in ("dev", "prod"):
        (step,) = [step for step in workflow("deploy").jobs[stack]["steps"] if "pulumi up" in step.get("run", "")]
        up = f"pulumi up --refresh --yes --diff --non-interactive --stack {stack}{options}"
        assert shell(step["run"], folder, {"STACK": stack, "PACK": pack}) == [up]


@pytest.mark.skipif(shutil.which("go") is None, reason="there is no Go to build actionlint with")
def test_of_actionlint_only_what_it_says_of_the_new_syntax_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (FOLDER / "workflows" / "drift.yml").read_text()
    file = tmp_path / ".github" / "workflows" / "drift.yml"
    file.parent.mkdir(parents=True)
    shutil.copytree(FOLDER / "actions", tmp_path / ".github" / "actions")
    file.write_text(text.replace("actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1", "actions/checkout"))
    assert lint_workflows.main(tmp_path) == 1
    assert "in invalid format because ref is missing" in capsys.readouterr().out
