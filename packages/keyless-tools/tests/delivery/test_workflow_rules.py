"""Each way to break a workflow is refused, by zizmor or by a rule of this project; its own workflows pass both."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import pytest

from keyless_tools.delivery.workflow_rules import Workflow, problems
from pulumi_offline.engine.pins import ROOT
from tests.delivery.sound import (
    CALLABLE,
    CALLS,
    CHECKOUT,
    DEPLOYS,
    DEPLOYS_FOR_A_CALLER,
    DESTROYS,
    DESTROYS_FOR_A_CALLER,
    PREVIEWS,
    PUSH,
    PUSHED,
    SOUND,
)
from tools.lint_workflows import zizmor

FOLDER = ROOT / ".github"
FILES = sorted([*(FOLDER / "workflows").glob("*.yml"), *FOLDER.glob("actions/*/action.yml")])


def own(text: str) -> list[str]:
    return problems(Workflow.read("broken.yml", text))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_this_projects_workflows_keep_every_rule_of_its_own(path: Path) -> None:
    assert problems(Workflow.read(path.name, path.read_text())) == []


def test_the_five_workflows_are_there() -> None:
    names = {path.stem for path in FILES if path.parent.name == "workflows"}
    assert names == {"check", "preview", "deploy", "destroy", "drift"}


def test_every_module_that_a_workflow_runs_is_there() -> None:
    run = {name for path in FILES for name in re.findall(r'\bpython"? -m ([\w.]+)', path.read_text())}
    assert {"keyless_tools", "keyless_tools.delivery", "pulumi_offline.engine"} <= run
    assert [name for name in sorted(run) if find_spec(f"{name}.__main__") is None] == []


OF_OURS = "    if: github.event.pull_request.head.repo.full_name == github.repository\n"
GROUP = "    concurrency: {group: stack-dev, cancel-in-progress: false}\n"
CANCELS = "concurrency: {group: a, cancel-in-progress: true}\n"

KEY = "make lint\n        env: {K: '${{ secrets.AWS_KEY }}'}"

SOUNDS = {
    "sound": SOUND,
    "deploys": DEPLOYS,
    "destroys": DESTROYS,
    "previews": PREVIEWS,
    "previews for a caller": CALLABLE,
    "deploys for a caller": DEPLOYS_FOR_A_CALLER,
    "destroys for a caller": DESTROYS_FOR_A_CALLER,
    "calls": CALLS,
    "has the job's own token": SOUND.replace("make lint", KEY.replace("AWS_KEY", "GITHUB_TOKEN")),
}

BY_ZIZMOR = {
    "a tag instead of a commit": (SOUND, f"{CHECKOUT} # v7.0.1", "actions/checkout@v7 # v7.0.1", "unpinned-uses"),
    "a short commit": (SOUND, f"{CHECKOUT} # v7", "actions/checkout@3d3c42e5aac5 # v7", "unpinned-uses"),
    "a container by tag": (SOUND, f"{CHECKOUT} # v7.0.1", "docker://alpine:3 # v3", "unpinned-images"),
    "a token left on disk": (SOUND, "persist-credentials: false", "fetch-depth: 0", "artipacked"),
    "a token left on disk in words": (SOUND, "persist-credentials: false", "persist-credentials: true", "artipacked"),
    "a title pasted into a command": (
        SOUND,
        "make lint",
        "echo ${{ github.event.pull_request.title }}",
        "template-injection",
    ),
    "a number pasted into a command": (SOUND, "make lint", "echo ${{ github.run_id }}", "template-injection"),
    "pull_request_target": (SOUND, PUSH, "  pull_request_target:", "dangerous-triggers"),
    "workflow_run": (SOUND, PUSH, "  workflow_run: {workflows: [check]}", "dangerous-triggers"),
    "issue_comment": (SOUND, PUSH, "  issue_comment:", "dangerous-triggers"),
    "an action of the checked-out folder": (SOUND, f"{CHECKOUT} # v7.0.1", "./.github/actions/a", "self-repository"),
    "every secret handed on": (
        SOUND,
        SOUND[SOUND.index("    runs-on") :],
        f"    uses: a/b/.github/workflows/c.yml@{CHECKOUT[-40:]} # v1.0.0\n"
        "    permissions: {}\n    secrets: inherit\n",
        "secrets-inherit",
    ),
}
"""A sound workflow, what is replaced in it by what, and the audit that refuses the outcome."""

BY_OURSELVES = {
    "no version beside the commit": (SOUND, " # v7.0.1", "", "has no version"),
    "rights for every job": (SOUND, "permissions: {}\n", "permissions: read-all\n", "own permissions must be {}"),
    "no word about rights": (SOUND, "    permissions:\n      contents: read\n", "", "must name its permissions"),
    "rights to read for every job": (SOUND, "permissions: {}\n", "permissions: {contents: read}\n", "must be {}"),
    "a stranger's issue": (SOUND, PUSH, "  issues:", "started by issues"),
    "all rights": (SOUND, "    permissions:\n      contents: read\n", "    permissions: write-all\n", "must name its"),
    "writing the repository": (SOUND, "contents: read", "contents: write", "may write contents"),
    "no time limit": (SOUND, "    timeout-minutes: 10\n", "", "needs timeout-minutes"),
    "six hours": (SOUND, "timeout-minutes: 10", "timeout-minutes: 360", "needs timeout-minutes"),
    "a shell without pipefail": (SOUND, "    shell: bash", "    working-directory: .", "without `shell: bash`"),
    "a stored key": (SOUND, "make lint", KEY, "stored secret"),
    "a stored key of an environment": (
        DEPLOYS,
        "    steps",
        "    env: {K: '${{ secrets.K }}'}\n    steps",
        "stored secret",
    ),
    "a stored key by its index": (
        SOUND,
        "make lint",
        "make lint\n        env: {K: \"${{ secrets['K'] }}\"}",
        "stored secret",
    ),
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
    "a login for whatever started the caller": (
        CALLABLE,
        "github.event_name == 'pull_request' && ",
        "",
        "name the event in its if",
    ),
    "a login for a caller's forks": (
        CALLABLE,
        " && github.event.pull_request.head.repo.full_name == github.repository",
        "",
        "any pull request",
    ),
    "a called workflow that cancels": (
        CALLABLE,
        "permissions: {}\n",
        f"permissions: {{}}\n{CANCELS}",
        "own concurrency",
    ),
    "a deployment for a caller by another event": (
        DEPLOYS_FOR_A_CALLER,
        PUSHED,
        "github.event_name != ''",
        "one event",
    ),
    "destroying for a caller's push": (
        DESTROYS_FOR_A_CALLER,
        "_name == 'workflow_dispatch'",
        "_name == 'push'",
        "one event",
    ),
    "a deployment for a caller of a branch": (
        DEPLOYS_FOR_A_CALLER,
        " && github.ref == 'refs/heads/main'",
        "",
        "to main",
    ),
    "a call that can be cancelled": (CALLS, "permissions: {}\n", f"permissions: {{}}\n{CANCELS}", "around the call"),
    "a call's job that can be cancelled": (CALLS, "    uses", f"    {CANCELS}    uses", "around the call"),
    "a call without its version": (CALLS, " # v0.1.0", "", "has no version"),
    "a call with all rights": (CALLS, "{contents: read, id-token: write}", "write-all", "must name its"),
    "a call of another's for any pull request": (CALLS, "deploy.yml", "build.yml", "any pull request"),
    "destroying without the name typed twice": (DESTROYS, "    needs: confirm\n", "", "must need the job `confirm`"),
}


@pytest.fixture(scope="module")
def audits(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, set[str]]:
    """Which audits of zizmor refuse each workflow of this module, by its name; all are audited at once."""
    folder = tmp_path_factory.mktemp("project") / ".github" / "workflows"
    folder.mkdir(parents=True)
    texts = SOUNDS | {case: _broken(*found[:3]) for case, found in (BY_ZIZMOR | BY_OURSELVES).items()}
    for case, text in texts.items():
        (folder / f"{case}.yml").write_text(f"name: broken\n{text}")
    ended = subprocess.run(zizmor("--format", "json", folder), capture_output=True, text=True, timeout=60)
    found: dict[str, set[str]] = {case: set() for case in texts}
    for finding in json.loads(ended.stdout):
        path = finding["locations"][0]["symbolic"]["key"]["Local"]["verbatim_path"]
        found[Path(path).stem].add(finding["ident"])
    return found


def _broken(sound: str, part: str, replacement: str) -> str:
    assert part in sound
    return sound.replace(part, replacement)


@pytest.mark.parametrize("case", SOUNDS)
def test_a_sound_workflow_passes(case: str, audits: Mapping[str, set[str]]) -> None:
    assert (own(SOUNDS[case]), audits[case]) == ([], set())


@pytest.mark.parametrize("case", BY_ZIZMOR)
def test_what_zizmor_refuses_no_rule_here_repeats(case: str, audits: Mapping[str, set[str]]) -> None:
    *changed, audit = BY_ZIZMOR[case]
    assert audits[case] == {audit}
    assert own(_broken(*changed)) == []


@pytest.mark.parametrize("case", BY_OURSELVES)
def test_what_breaks_a_rule_of_this_project_is_refused_once(case: str) -> None:
    *changed, expected = BY_OURSELVES[case]
    (found,) = own(_broken(*changed))
    assert expected in found


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("uses: actions/cache@27d5ce7f107fe9357f9df03efb73ab90386fccae # v5.0.5", None),
        ("uses: actions/cache@27d5ce7f107fe9357f9df03efb73ab90386fccae", "has no version"),
        ("{run: make setup, shell: sh}", "without `shell: bash`"),
    ],
)
def test_a_composite_action_has_the_rules_of_steps_and_no_others(step: str, expected: str | None) -> None:
    found = own(f"name: ready\nruns:\n  using: composite\n  steps:\n    - {step}\n")
    assert len(found) == (expected is not None)
    assert expected is None or expected in found[0]


def test_a_refresh_that_only_looks_changes_no_stack() -> None:
    assert own(SOUND.replace("make lint", "pulumi refresh --preview-only --stack dev")) == []
    assert own(SOUND.replace("make lint", "pulumi refresh --yes --stack dev")) != []


@pytest.mark.parametrize(
    ("stack", "again", "passes"),
    [
        *(("prod", again, again == "prod") for again in ("prod", "dev", "", "prod; exit 0", "PROD")),
        # Each of two stacks would be among those that are delivered.
        ("dev prod", "dev prod", False),
        ("my-stack.1", "my-stack.1", True),
    ],
)
def test_destroying_needs_the_name_of_one_stack_typed_again(stack: str, again: str, passes: bool) -> None:
    workflow = Workflow.read("destroy.yml", (FOLDER / "workflows" / "destroy.yml").read_text())
    (step,) = workflow.jobs["confirm"]["steps"]
    assert set(re.findall(r"inputs\.(\w+)", str(step["env"]))) == {"stack", "again"}
    ended = subprocess.run(
        ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        env={"STACK": stack, "AGAIN": again},
        capture_output=True,
        text=True,
        timeout=10,
    )
    assert (ended.returncode == 0) is passes
    assert passes or "nothing was destroyed" in ended.stdout
