"""Which jobs run is up to the environments that a team has, and to what started the workflow or its caller."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from keyless_tools.delivery.workflow_rules import Workflow
from pulumi_offline.engine.pins import ROOT
from tests.delivery.caller import caller

Run = Mapping[str, str]
"""What GitHub's context `github` holds of a run. What isn't there is null."""

FROM = "event.pull_request.head.repo.full_name"
PULL_REQUEST: Run = {
    "event_name": "pull_request",
    "repository": "acme/reports",
    "ref": "refs/pull/7/merge",
    FROM: "acme/reports",
}
OF_A_FORK: Run = {**PULL_REQUEST, FROM: "stranger/reports"}
PUSHED: Run = {"event_name": "push", "repository": "acme/reports", "ref": "refs/heads/main"}
PUSHED_ELSEWHERE: Run = {**PUSHED, "ref": "refs/heads/mine"}
BY_HAND: Run = {**PUSHED, "event_name": "workflow_dispatch"}
BY_HAND_ELSEWHERE: Run = {**BY_HAND, "ref": "refs/heads/mine"}
DAILY: Run = {**PUSHED, "event_name": "schedule"}
TARGET: Run = {**PUSHED, "event_name": "pull_request_target", FROM: "stranger/reports"}
TARGET_OF_OURS: Run = {**TARGET, FROM: "acme/reports"}
COMMENTED: Run = {**PUSHED, "event_name": "issue_comment"}
USUAL = {"preview": PULL_REQUEST, "drift": DAILY, "deploy": PUSHED, "destroy": BY_HAND}
STARTS = {
    "a pull request": PULL_REQUEST,
    "a fork's": OF_A_FORK,
    "a push to main": PUSHED,
    "a push elsewhere": PUSHED_ELSEWHERE,
    "by hand": BY_HAND,
    "by hand elsewhere": BY_HAND_ELSEWHERE,
    "the schedule": DAILY,
    "pull_request_target of a fork": TARGET,
    "pull_request_target": TARGET_OF_OURS,
    "a comment": COMMENTED,
}


def evaluate(expression: str, known: Mapping[str, Any]) -> Any:
    """An expression of the workflows, as GitHub evaluates it.

    Source: GitHub, "Evaluate expressions in workflows and actions": text is compared without regard to case, and what a
    context doesn't have is null.
    """
    functions: dict[str, Any] = {
        "contains": lambda where, what: (where.lower() if isinstance(where, str) else where).__contains__(what.lower()),
        "format": lambda template, value: template.replace("{0}", value or ""),
        "fromJSON": json.loads,
        "cancelled": bool,
    }
    text = re.sub(r"\b[a-z]+(?:\.[\w-]+)+", lambda found: repr(known.get(found[0])), expression)
    text = text.replace("&&", "and").replace("||", "or").replace("!cancelled()", "not cancelled()")
    text = text.replace("!= true", "is not True")
    return eval(text, {"__builtins__": {}}, functions)  # noqa: S307 (an expression of this repository's own files)


def run(
    name: str,
    delivery: str | None,
    *,
    ends: Mapping[str, str] | None = None,
    inputs: Mapping[str, Any] | None = None,
    github: Run | None = None,
) -> set[str]:
    """The jobs of a workflow that run.

    Args:
        name: The workflow's file.
        delivery: The variable ``DELIVERY``; ``None``: it isn't set.
        ends: How a job ends that runs; without an entry it succeeds.
        inputs: What a person chose, or a caller passes.
        github: What GitHub says of the run; ``None``: what usually starts this workflow.
    """
    workflow = Workflow.read(name, (ROOT / ".github" / "workflows" / f"{name}.yml").read_text())
    known: dict[str, Any] = {
        "vars.DELIVERY": delivery,
        **{f"inputs.{key}": value for key, value in (inputs or {}).items()},
        **{f"github.{key}": value for key, value in (USUAL[name] if github is None else github).items()},
    }
    results: dict[str, str] = {}
    for job, described in workflow.jobs.items():
        needs = described.get("needs", [])
        needed = [results[one] for one in ([needs] if isinstance(needs, str) else needs)]
        known |= {f"needs.{one}.result": result for one, result in results.items()}
        condition = str(described.get("if", "1 == 1"))
        # Without a status function there is an implicit success(): every needed job succeeded.
        held = bool(evaluate(condition, known)) and ("cancelled()" in condition or set(needed) <= {"success"})
        results[job] = (ends or {}).get(job, "success") if held else "skipped"
    return {job for job, result in results.items() if result != "skipped"}


def called(name: str, delivery: str | None, github: Run, inputs: Mapping[str, Any] | None = None) -> set[str]:
    """The same of a workflow that is called: an input that isn't passed has its default."""
    workflow = Workflow.read(name, (ROOT / ".github" / "workflows" / f"{name}.yml").read_text())
    declared = workflow.triggers["workflow_call"]["inputs"]
    assert set(inputs or {}) <= set(declared)
    defaults = {key: one["default"] for key, one in declared.items() if "default" in one}
    return run(name, delivery, inputs=defaults | dict(inputs or {}), github=github)


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


@pytest.mark.parametrize(
    ("workflow", "starts"),
    [
        ("preview", {"a pull request"}),
        ("deploy", {"a push to main"}),
        ("drift", {"the schedule", "by hand", "by hand elsewhere"}),
        ("destroy", {"by hand"}),
    ],
)
def test_whatever_starts_the_caller_only_its_own_events_log_in(workflow: str, starts: set[str]) -> None:
    inputs = {"stack": "prod", "again": "prod"} if workflow == "destroy" else {}
    logged_in = {name for name, github in STARTS.items() if called(workflow, "prod", github, inputs) - {"confirm"}}
    assert logged_in == starts


@pytest.mark.parametrize("workflow", ["preview", "drift", "deploy"])
@pytest.mark.parametrize(
    ("delivery", "environments", "expected"),
    [
        ("dev prod", "", {"dev", "prod"}),
        ("dev prod", "prod", {"prod"}),
        ("prod", "dev prod", {"prod"}),
        ("prod", "dev", set()),
        (None, "dev prod", set()),
    ],
)
def test_a_caller_chooses_among_the_environments_that_are_set_up(
    workflow: str, delivery: str | None, environments: str, expected: set[str]
) -> None:
    assert called(workflow, delivery, USUAL[workflow], {"environments": environments}) == expected


@pytest.mark.parametrize(
    ("delivery", "github", "expected"),
    [
        ("dev prod", PULL_REQUEST, {"preview / dev", "preview / prod"}),
        ("prod", PULL_REQUEST, {"preview / prod"}),
        (None, PULL_REQUEST, set()),
        ("dev prod", OF_A_FORK, set()),
        ("dev prod", PUSHED, {"deploy / dev", "deploy / prod"}),
        ("prod", PUSHED, {"deploy / prod"}),
        (None, PUSHED, set()),
        ("prod", PUSHED_ELSEWHERE, set()),
    ],
)
def test_ten_lines_preview_pull_requests_and_deploy_main(delivery: str | None, github: Run, expected: set[str]) -> None:
    ran = {
        f"{job} / {one}"
        for job, described in caller().jobs.items()
        for one in called(re.findall(r"(\w+)\.yml@", described["uses"])[0], delivery, github, described.get("with"))
    }
    assert ran == expected


@pytest.mark.parametrize(
    ("delivery", "stack", "destroys"),
    [("prod", "prod", True), ("dev prod", "dev", True), ("prod", "dev", False), (None, "prod", False)],
)
def test_only_an_environment_of_the_teams_is_destroyed(delivery: str | None, stack: str, destroys: bool) -> None:
    inputs = {"stack": stack}
    assert ("destroy" in run("destroy", delivery, inputs=inputs)) is destroys
    assert "destroy" not in run("destroy", delivery, inputs=inputs, github=BY_HAND_ELSEWHERE)
    assert "destroy" not in run("destroy", delivery, inputs=inputs, ends={"confirm": "failure"})


@pytest.mark.parametrize(
    ("inputs", "guarded", "examined"),
    [
        ({}, True, True),
        ({"without-guardrails": False, "without-doctor": False}, True, True),
        ({"without-guardrails": True, "without-doctor": False}, False, True),
        ({"without-guardrails": False, "without-doctor": True}, True, False),
    ],
    ids=["not called", "called", "without guardrails", "without doctor"],
)
def test_guardrails_and_doctor_run_unless_a_caller_leaves_them_out(
    inputs: Mapping[str, bool], guarded: bool, examined: bool
) -> None:
    known = {"steps.ready.outputs.policy-pack": "p", **{f"inputs.{key}": value for key, value in inputs.items()}}

    def found(workflow: str, part: str) -> Any:
        text = (ROOT / ".github" / "workflows" / f"{workflow}.yml").read_text()
        dev, prod = (job["steps"] for name, job in Workflow.read(workflow, text).jobs.items())
        assert dev == prod
        (step,) = [step for step in dev if part in step.get("run", "")]
        expression = step["if"] if "if" in step else next(iter(step["env"].values()))
        return evaluate(expression.removeprefix("${{").removesuffix("}}").strip(), known)

    assert found("deploy", "--policy-pack") == ("p" if guarded else "")
    assert found("preview", "keyless_tools guardrails") is guarded
    assert found("deploy", "keyless_tools verify") is examined
    assert found("drift", "--without-doctor") == ("" if examined else "yes")
