"""The workflows hold the rules, and a workflow that breaks one is told so, by that rule and no other."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from delivery.workflow_rules import ACTION_RULES, RULES, Workflow, problems
from engine.pins import ROOT

FOLDER = ROOT / ".github"
FILES = sorted([*(FOLDER / "workflows").glob("*.yml"), *FOLDER.glob("actions/*/action.yml")])
CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1"

SOUND = f"""
on:
  push:
    branches: [main]
permissions: {{}}
defaults:
  run:
    shell: bash
jobs:
  one:
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    permissions:
      contents: read
    steps:
      - uses: {CHECKOUT} # v7.0.1
        with:
          persist-credentials: false
      - run: make lint
"""

DEPLOYS = SOUND.replace("make lint", 'pulumi up --yes --stack "$STACK"').replace(
    "    timeout-minutes",
    "    environment: dev\n    concurrency: {group: stack-dev, cancel-in-progress: false}\n    timeout-minutes",
)

DESTROYS = (
    DEPLOYS.replace("pulumi up", "pulumi destroy")
    .replace("  push:\n    branches: [main]", "  workflow_dispatch:")
    .replace(
        "    environment: dev", "    environment: dev\n    needs: confirm\n    if: github.ref == 'refs/heads/main'"
    )
)

PREVIEWS = (
    SOUND.replace("  push:\n    branches: [main]", "  pull_request:")
    .replace("contents: read", "contents: read\n      id-token: write")
    .replace(
        "    timeout-minutes",
        "    if: github.event.pull_request.head.repo.full_name == github.repository\n    timeout-minutes",
    )
)


def told(text: str) -> list[str]:
    return problems(Workflow.read("broken.yml", text))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_this_projects_workflows_hold_every_rule(path: Path) -> None:
    assert problems(Workflow.read(path.name, path.read_text())) == []


def test_the_five_workflows_are_there() -> None:
    names = {path.stem for path in FILES if path.parent.name == "workflows"}
    assert names == {"check", "preview", "deploy", "destroy", "drift"}


@pytest.mark.parametrize("text", [SOUND, DEPLOYS, DESTROYS, PREVIEWS], ids=["sound", "deploys", "destroys", "previews"])
def test_a_sound_workflow_is_left_alone(text: str) -> None:
    assert told(text) == []


OF_OURS = "    if: github.event.pull_request.head.repo.full_name == github.repository\n"
GROUP = "    concurrency: {group: stack-dev, cancel-in-progress: false}\n"
CANCELS = "concurrency: {group: a, cancel-in-progress: true}\n"

BROKEN = {
    "a tag instead of a commit": (SOUND, f"{CHECKOUT} # v7.0.1", "actions/checkout@v7", "is not pinned"),
    "a short commit": (SOUND, f"{CHECKOUT} # v7.0.1", "actions/checkout@3d3c42e5aac5", "is not pinned"),
    "a container by tag": (SOUND, f"{CHECKOUT} # v7.0.1", "docker://alpine:3", "is not pinned"),
    "no version beside the commit": (SOUND, " # v7.0.1", "", "which version"),
    "rights for every job": (SOUND, "permissions: {}\n", "permissions: read-all\n", "own permissions must be {}"),
    "no word about rights": (SOUND, "    permissions:\n      contents: read\n", "", "must name its permissions"),
    "all rights": (SOUND, "    permissions:\n      contents: read\n", "    permissions: write-all\n", "must name its"),
    "writing the repository": (SOUND, "contents: read", "contents: write", "may write contents"),
    "no time limit": (SOUND, "    timeout-minutes: 10\n", "", "needs timeout-minutes"),
    "six hours": (SOUND, "timeout-minutes: 10", "timeout-minutes: 360", "needs timeout-minutes"),
    "a token left on disk": (SOUND, "persist-credentials: false", "fetch-depth: 0", "persist-credentials: false"),
    "a shell without pipefail": (SOUND, "    shell: bash", "    working-directory: .", "without `shell: bash`"),
    "a title pasted into a command": (
        SOUND,
        "make lint",
        "echo ${{ github.event.pull_request.title }}",
        "pastes an expression",
    ),
    "a stored key": (SOUND, "make lint", "make lint\n        env: {K: '${{ secrets.AWS_KEY }}'}", "stored secret"),
    "a stored key by its index": (
        SOUND,
        "make lint",
        "make lint\n        env: {K: \"${{ secrets['K'] }}\"}",
        "stored secret",
    ),
    "pull_request_target": (SOUND, "  push:\n    branches: [main]", "  pull_request_target:", "pull_request_target"),
    "a login for forks": (PREVIEWS, OF_OURS, "", "any pull request"),
    "a deployment without approval": (DEPLOYS, "    environment: dev\n", "", "name its environment"),
    "a deployment that is cancelled": (DEPLOYS, "cancel-in-progress: false", "cancel-in-progress: true", "false"),
    "a deployment without a group": (DEPLOYS, GROUP, "", "concurrency group"),
    "two environments in one group": (DEPLOYS, "stack-dev", "stack", "must end in its environment"),
    "a workflow that cancels its deployment": (
        DEPLOYS,
        "permissions: {}\n",
        f"permissions: {{}}\n{CANCELS}",
        "could cancel it",
    ),
    "a deployment of any branch": (DEPLOYS, "    branches: [main]", "    branches: ['**']", "push to main"),
    "destroying from any branch": (DESTROYS, "    if: github.ref == 'refs/heads/main'\n", "", "github.ref =="),
    "destroying on a schedule": (DESTROYS, "  workflow_dispatch:", "  schedule: [{cron: 1 1 * * *}]", "by schedule"),
    "destroying without the name typed twice": (DESTROYS, "    needs: confirm\n", "", "must need the job `confirm`"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_workflow_that_breaks_a_rule_is_told_so_once(case: str) -> None:
    sound, part, replacement, expected = BROKEN[case]
    assert part in sound
    found = told(sound.replace(part, replacement))
    assert len(found) == 1, found
    assert expected in found[0]


def test_each_rule_has_an_example_that_breaks_it() -> None:
    caught = set()
    for sound, part, replacement, _ in BROKEN.values():
        workflow = Workflow.read("broken.yml", sound.replace(part, replacement))
        caught |= {rule for rule in RULES if list(rule(workflow))}
    assert caught == set(RULES)
    assert set(ACTION_RULES) <= set(RULES)


def test_a_refresh_that_only_looks_changes_no_stack() -> None:
    assert told(SOUND.replace("make lint", "pulumi refresh --preview-only --stack dev")) == []
    assert told(SOUND.replace("make lint", "pulumi refresh --yes --stack dev")) != []


@pytest.mark.parametrize(
    ("again", "passes"), [("prod", True), ("dev", False), ("", False), ("prod; exit 0", False), ("PROD", False)]
)
def test_destroying_wants_the_stacks_name_typed_again(again: str, passes: bool) -> None:
    workflow = Workflow.read("destroy.yml", (FOLDER / "workflows" / "destroy.yml").read_text())
    (step,) = workflow.jobs["confirm"]["steps"]
    assert set(re.findall(r"inputs\.(\w+)", str(step["env"]))) == {"stack", "again"}
    ended = subprocess.run(
        ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        env={"STACK": "prod", "AGAIN": again},
        capture_output=True,
        text=True,
        timeout=10,
    )
    assert (ended.returncode == 0) is passes
    assert passes or "nothing was destroyed" in ended.stdout
