"""Which jobs run is up to the environments that a team has: both, one of them, or none."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from keyless_tools.delivery.workflow_rules import Workflow
from pulumi_offline.engine.pins import ROOT

PULL_REQUEST = {
    "github.event.pull_request.head.repo.full_name": "acme/reports",
    "github.repository": "acme/reports",
    "github.ref": "refs/heads/main",
}


def contains(where: Any, what: str) -> bool:
    return what in where


def formatted(template: str, value: str | None) -> str:
    return template.replace("{0}", value or "")


def holds(
    condition: str, delivery: str | None, *, results: Mapping[str, str], stack: str, github: Mapping[str, str]
) -> bool:
    """A job's condition as GitHub evaluates it. Source: GitHub, "Evaluate expressions in workflows and actions"."""
    names: dict[str, Any] = {"contains": contains, "format": formatted, "fromJSON": json.loads, "cancelled": bool}
    known = {
        "vars.DELIVERY": delivery,
        "inputs.stack": stack,
        **github,
        **{f"needs.{job}.result": result for job, result in results.items()},
    }
    text = re.sub(r"\b[a-z]+(?:\.\w+)+", lambda found: repr(known[found[0]]), condition)
    text = text.replace("&&", "and").replace("||", "or").replace("!cancelled()", "not cancelled()")
    held = bool(eval(text, {"__builtins__": {}}, names))  # noqa: S307 (a condition of this repository's own files)
    # Without a status function there is an implicit success(): every needed job succeeded.
    return held and ("cancelled()" in condition or set(results.values()) <= {"success"})


def run(
    name: str,
    delivery: str | None,
    *,
    ends: Mapping[str, str] | None = None,
    stack: str = "",
    github: Mapping[str, str] = PULL_REQUEST,
) -> set[str]:
    """The jobs of a workflow that run.

    Args:
        name: The workflow's file.
        delivery: The variable ``DELIVERY``; ``None``: it isn't set.
        ends: How a job ends that runs; without an entry it succeeds.
        stack: The stack that a person chose.
        github: What GitHub says of the run.
    """
    workflow = Workflow.read(name, (ROOT / ".github" / "workflows" / f"{name}.yml").read_text())
    results: dict[str, str] = {}
    ran = set()
    for job, described in workflow.jobs.items():
        needs = described.get("needs", [])
        needed = {one: results[one] for one in ([needs] if isinstance(needs, str) else needs)}
        condition = str(described.get("if", "true == true")).replace("true == true", "1 == 1")
        if holds(condition, delivery, results=needed, stack=stack, github=github):
            ran.add(job)
            results[job] = (ends or {}).get(job, "success")
        else:
            results[job] = "skipped"
    return ran


@pytest.mark.parametrize("workflow", ["preview", "drift", "deploy"])
@pytest.mark.parametrize(
    ("delivery", "expected"),
    [
        ("dev prod", {"dev", "prod"}),
        ("prod", {"prod"}),
        ("dev", {"dev"}),
        ("prod dev", {"dev", "prod"}),
        (None, set()),
        ("", set()),
        ("on", set()),
        ("production dev-2", set()),
    ],
)
def test_a_team_has_the_jobs_of_its_environments_and_no_others(
    workflow: str, delivery: str | None, expected: set[str]
) -> None:
    assert run(workflow, delivery) == expected


@pytest.mark.parametrize("result", ["failure", "cancelled"])
def test_prod_is_not_deployed_after_a_dev_that_did_not_succeed(result: str) -> None:
    assert run("deploy", "dev prod", ends={"dev": result}) == {"dev"}


def test_a_forks_pull_request_is_previewed_by_neither() -> None:
    fork = {**PULL_REQUEST, "github.event.pull_request.head.repo.full_name": "stranger/reports"}
    assert run("preview", "dev prod", github=fork) == set()


@pytest.mark.parametrize(
    ("delivery", "stack", "destroys"),
    [("prod", "prod", True), ("dev prod", "dev", True), ("prod", "dev", False), (None, "prod", False)],
)
def test_only_an_environment_of_the_teams_is_destroyed(delivery: str | None, stack: str, destroys: bool) -> None:
    assert ("destroy" in run("destroy", delivery, stack=stack)) is destroys
    elsewhere = {**PULL_REQUEST, "github.ref": "refs/heads/mine"}
    assert "destroy" not in run("destroy", delivery, stack=stack, github=elsewhere)
