"""The workflows' steps on GitHub: one comment for each preview, one issue for each drift; no one else's is touched."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from keyless_tools.delivery.workflow_rules import Workflow
from pulumi_offline.engine.pins import ROOT
from tests.delivery import gh_stand_in
from tests.delivery.gh_stand_in import BOT, REPOSITORY, TOKEN

pytestmark = pytest.mark.skipif(shutil.which("jq") is None, reason="there is no jq, which evaluates what gh filters by")
MARKER = "<!-- keyless-delivery: preview dev -->"


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A repository of GitHub's, and a run of this project's workflows there."""

    folder: Path

    @property
    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads((self.folder / "state.json").read_text())
        return state

    def comment(self, body: str, login: str) -> None:
        state = self.state
        listed = state["comments"].setdefault("7", [])
        listed.append({"id": 7000 + len(listed), "user": {"login": login}, "body": body})
        (self.folder / "state.json").write_text(json.dumps(state))

    def write(self, name: str, text: str | None) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).unlink(missing_ok=True)
        if text is not None:
            (self.folder / name).write_text(text)

    def run(self, workflow: str, *, stack: str = "dev", pull_request: int = 7, token: str = TOKEN) -> str:
        """Runs the step that writes to GitHub, as GitHub's runner does; returns what it printed."""
        jobs = Workflow.read(workflow, (ROOT / ".github" / "workflows" / f"{workflow}.yml").read_text()).jobs
        (step,) = [step for step in jobs[stack]["steps"] if "GH_TOKEN" in step.get("env", {})]
        assert step["if"] == "always()"
        filled = {
            "${{ github.token }}": token,
            "${{ github.repository }}": REPOSITORY,
            "${{ github.event.pull_request.number }}": str(pull_request),
        }
        given = {key: filled.get(value, value.replace("${{ env.STACK }}", stack)) for key, value in step["env"].items()}
        assert "${{" not in str(given)
        ended = subprocess.run(
            ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.folder,
            env={
                "PATH": f"{self.folder}:{os.environ['PATH']}",
                "GH_STATE": str(self.folder / "state.json"),
                "GITHUB_REPOSITORY": REPOSITORY,
                "STACK": stack,
                **given,
            },
            capture_output=True,
            text=True,
            timeout=30,
        )
        return ended.stdout if ended.returncode == 0 else f"failed: {ended.stderr}"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    (tmp_path / "gh").write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {gh_stand_in.__file__} "$@"\n')
    (tmp_path / "gh").chmod(0o755)
    (tmp_path / "state.json").write_text(json.dumps({"comments": {}, "issues": [], "labels": []}))
    return Repository(folder=tmp_path)


def test_the_second_preview_takes_the_place_of_the_first(repository: Repository) -> None:
    for text in ("one to create\n", "nothing to change\n"):
        repository.write("build/preview/dev.md", text)
        assert repository.run("preview") == "c/0\n"
    (comment,) = repository.state["comments"]["7"]
    assert comment["body"] == f"{MARKER}\nnothing to change\n"


def test_each_environment_and_each_pull_request_has_its_own(repository: Repository) -> None:
    for number, stack in ((7, "dev"), (7, "prod"), (8, "dev")):
        repository.write(f"build/preview/{stack}.md", "text")
        repository.run("preview", stack=stack, pull_request=number)
    assert {number: len(listed) for number, listed in repository.state["comments"].items()} == {"7": 2, "8": 1}


@pytest.mark.parametrize(
    ("body", "login"),
    [(f"{MARKER}\nmine", "mallory"), (f"see {MARKER}", BOT), (f"{MARKER[:-4]}-2 -->", BOT)],
    ids=["of another user", "only quoting the marker", "of a longer name"],
)
def test_any_other_comment_is_not_touched(repository: Repository, body: str, login: str) -> None:
    repository.comment(body, login)
    repository.write("build/preview/dev.md", "text")
    repository.run("preview")
    assert [one["body"] for one in repository.state["comments"]["7"]] == [body, f"{MARKER}\ntext"]


def test_it_is_found_among_hundreds(repository: Repository) -> None:
    for _ in range(130):
        repository.comment("chatter", "mallory")
    repository.comment(f"{MARKER}\nfirst", BOT)
    repository.write("build/preview/dev.md", "second")
    repository.run("preview")
    assert [one["body"] for one in repository.state["comments"]["7"][130:]] == [f"{MARKER}\nsecond"]


def test_a_preview_that_did_not_start_is_commented_on_too(repository: Repository) -> None:
    assert repository.run("preview") == "c/0\n"
    assert repository.state["comments"]["7"][0]["body"] == f"{MARKER}\n### The preview of `dev` did not start\n"


@pytest.mark.parametrize("workflow", ["preview", "drift"])
def test_a_refusal_of_githubs_fails_the_step(repository: Repository, workflow: str) -> None:
    repository.write("build/preview/dev.md", "text")
    repository.write("build/drift/dev.drift.md", "text")
    assert repository.run(workflow, token="another").startswith("failed: gh: ")
    assert "another" not in repository.run(workflow, token="another")


def test_drift_is_one_issue_until_it_is_over(repository: Repository) -> None:
    for text, expected in (
        ("", []),
        ("512 => 256", [("open", "512 => 256")]),
        ("512 => 1024", [("open", "512 => 1024")]),
        (None, [("open", "512 => 1024")]),
        ("", [("closed", "512 => 1024")]),
        ("again", [("closed", "512 => 1024"), ("open", "again")]),
    ):
        repository.write("build/drift/dev.drift.md", text)
        printed = repository.run("drift")
        assert not printed.startswith("failed"), printed
        assert (text is None) == ("isn't known" in printed)
        assert [(issue["state"], issue["body"]) for issue in repository.state["issues"]] == expected
    assert repository.state["issues"][0]["comment"] == "Nothing differs any more."
    repository.write("build/drift/prod.drift.md", "text")
    repository.run("drift", stack="prod")
    assert [issue["title"] for issue in repository.state["issues"]] == ["Drift in dev", "Drift in dev", "Drift in prod"]
