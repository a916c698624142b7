"""What this project asks of its workflows beyond their syntax, which actionlint checks.

Each rule is a pure function over a parsed workflow and says what it found as sentences.
Source: GitHub, "Secure use reference" for Actions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

_PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", re.ASCII)
_VERSION_BESIDE = re.compile(r"uses:\s*(\S+)[ \t]*(?:#[ \t]*(v\d\S*))?", re.ASCII)
_SECRET = re.compile(r"\bsecrets\s*(?:\.\s*(\w+)|\[)|secrets:\s*inherit", re.ASCII)
_CHANGES_A_STACK = re.compile(
    r"\bpulumi (?:up|destroy|import|state|cancel)\b|\bpulumi refresh\b(?!.*--preview-only)", re.ASCII
)
_DESTROYS = re.compile(r"\bpulumi destroy\b", re.ASCII)
_NEVER_TRIGGERED_BY = ("pull_request_target", "workflow_run", "issue_comment", "issues")
_MAY_BE_WRITTEN = frozenset({"id-token", "pull-requests", "issues"})
_LONGEST_MINUTES = 90
_SAME_REPOSITORY = "github.event.pull_request.head.repo.full_name == github.repository"


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """A workflow, or a composite action of this repository.

    Args:
        name: its file's name.
        text: as it is written.
        parsed: the same, parsed.
    """

    name: str
    text: str
    parsed: Mapping[Any, Any]

    @classmethod
    def read(cls, name: str, text: str) -> Workflow:
        """Parse one. Raises yaml.YAMLError where it is no YAML."""
        return cls(name=name, text=text, parsed=yaml.safe_load(text))

    @property
    def is_action(self) -> bool:
        """It is a composite action, which has steps and no jobs."""
        return "runs" in self.parsed

    @property
    def triggers(self) -> Mapping[str, Any]:
        """What starts it, and how. YAML 1.1 reads the key `on` as true."""
        on = self.parsed.get("on", self.parsed.get(True)) or {}
        return on if isinstance(on, dict) else dict.fromkeys([on] if isinstance(on, str) else on)

    @property
    def jobs(self) -> Mapping[str, Mapping[str, Any]]:
        """Its jobs by id; an action's steps are one."""
        return {"action": self.parsed["runs"]} if self.is_action else self.parsed["jobs"]


Rule = Callable[[Workflow], Iterator[str]]


def problems(workflow: Workflow) -> list[str]:
    """Everything that breaks a rule, each as one sentence that begins with the file's name."""
    rules = ACTION_RULES if workflow.is_action else RULES
    return [f"{workflow.name}: {found}" for rule in rules for found in rule(workflow)]


def actions_are_pinned(workflow: Workflow) -> Iterator[str]:
    """A tag can be moved to other code; a commit can't."""
    for used, version in _VERSION_BESIDE.findall(workflow.text):
        if used.startswith("./"):
            continue
        if not _PINNED.fullmatch(used):
            yield f"{used} is not pinned; write the 40 digits of a commit after the @"
        elif not version:
            yield f"{used} does not say which version that is; write it behind as a comment: # v1.2.3"


def permissions_are_least(workflow: Workflow) -> Iterator[str]:
    """Nothing for the workflow, and each job only what it names."""
    if workflow.parsed.get("permissions") != {}:
        yield "the workflow's own permissions must be {}, so that a job has none that it doesn't name"
    for name, job in workflow.jobs.items():
        granted = job.get("permissions")
        if not isinstance(granted, dict):
            yield f"job {name} must name its permissions, each by itself"
            continue
        for scope, access in granted.items():
            if access == "write" and scope not in _MAY_BE_WRITTEN:
                yield f"job {name} may write {scope}; only {', '.join(sorted(_MAY_BE_WRITTEN))} may be written here"


def time_is_bounded(workflow: Workflow) -> Iterator[str]:
    """GitHub's own limit is six hours."""
    for name, job in workflow.jobs.items():
        minutes = job.get("timeout-minutes")
        if not isinstance(minutes, int) or minutes > _LONGEST_MINUTES:
            yield f"job {name} needs timeout-minutes of at most {_LONGEST_MINUTES}; it has {minutes}"


def checkout_keeps_no_token(workflow: Workflow) -> Iterator[str]:
    """The token would stay in .git/config, for every later step to read."""
    for name, step in _steps(workflow):
        checks_out = str(step.get("uses", "")).startswith("actions/checkout@")
        if checks_out and (step.get("with") or {}).get("persist-credentials") is not False:
            yield f"job {name} must check out with persist-credentials: false"


def shell_fails_with_its_first_command(workflow: Workflow) -> Iterator[str]:
    """Where bash is named GitHub adds pipefail; where it isn't, a failure before a pipe goes unseen."""
    named = ((workflow.parsed.get("defaults") or {}).get("run") or {}).get("shell")
    for name, step in _steps(workflow):
        if "run" in step and (step.get("shell") or named) != "bash":
            yield f"job {name} runs a command without `shell: bash`"


def nothing_is_pasted_into_a_command(workflow: Workflow) -> Iterator[str]:
    """What GitHub pastes into a script is run by it, whoever wrote it; a variable is not."""
    for name, step in _steps(workflow):
        if "${{" in str(step.get("run", "")):
            yield f"job {name} pastes an expression into a command; hand it over in env"


def no_secret_is_stored(workflow: Workflow) -> Iterator[str]:
    """Identities come from OIDC, and the job's own token from `github.token`."""
    for found in _SECRET.finditer(workflow.text):
        if found[1] != "GITHUB_TOKEN":
            yield f"{found[0]} is a stored secret; log in by OIDC"


def strangers_start_nothing_that_has_rights(workflow: Workflow) -> Iterator[str]:
    """A fork's pull request may run, with nothing; what runs with rights must not be theirs to start or to write."""
    for trigger in _NEVER_TRIGGERED_BY:
        if trigger in workflow.triggers:
            yield f"it is started by {trigger}, which runs with this repository's rights on a stranger's word"
    if "pull_request" not in workflow.triggers:
        return
    for name, job in workflow.jobs.items():
        granted = job.get("permissions")
        has_rights = isinstance(granted, dict) and "write" in granted.values()
        if has_rights and _SAME_REPOSITORY not in str(job.get("if", "")):
            yield f"job {name} writes or logs in for any pull request; add to its if: {_SAME_REPOSITORY}"


def a_stack_is_changed_with_approval_and_to_the_end(workflow: Workflow) -> Iterator[str]:
    """An engine that is killed leaves what it made unnoted; two at once are refused by the backend's lock."""
    for name, job in workflow.jobs.items():
        if not any(_CHANGES_A_STACK.search(command) for command in _commands(job)):
            continue
        if not job.get("environment"):
            yield f"job {name} changes a stack; name its environment, on which approval is set"
        concurrency = job.get("concurrency")
        if not isinstance(concurrency, dict) or concurrency.get("cancel-in-progress") is not False:
            yield f"job {name} changes a stack; give it a concurrency group with cancel-in-progress: false"
        elif not str(concurrency.get("group", "")).endswith(str(job.get("environment", ""))):
            yield f"job {name}: its concurrency group must end in its environment, one for each stack"
        if workflow.parsed.get("concurrency") is not None:
            yield f"job {name} changes a stack; the workflow's own concurrency could cancel it"
        if not _is_bound_to_main(workflow, job):
            yield f"job {name} changes a stack; start it by a push to main, or add to its if: github.ref == {_MAIN}"


def only_a_hand_destroys(workflow: Workflow) -> Iterator[str]:
    """No event destroys; a person does, who typed the name twice."""
    for name, job in workflow.jobs.items():
        if not any(_DESTROYS.search(command) for command in _commands(job)):
            continue
        if set(workflow.triggers) != {"workflow_dispatch"}:
            yield f"job {name} destroys, and the workflow is started by {', '.join(map(str, workflow.triggers))}"
        if "confirm" not in _needed(job):
            yield f"job {name} destroys; it must need the job `confirm`, which compares the two names"


_MAIN = "'refs/heads/main'"

RULES: tuple[Rule, ...] = (
    actions_are_pinned,
    permissions_are_least,
    time_is_bounded,
    checkout_keeps_no_token,
    shell_fails_with_its_first_command,
    nothing_is_pasted_into_a_command,
    no_secret_is_stored,
    strangers_start_nothing_that_has_rights,
    a_stack_is_changed_with_approval_and_to_the_end,
    only_a_hand_destroys,
)
"""For workflows."""

ACTION_RULES: tuple[Rule, ...] = (
    actions_are_pinned,
    checkout_keeps_no_token,
    shell_fails_with_its_first_command,
    nothing_is_pasted_into_a_command,
    no_secret_is_stored,
)
"""For composite actions, which have no triggers and no rights of their own."""


def _steps(workflow: Workflow) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, job in workflow.jobs.items():
        for step in job.get("steps") or ():
            yield name, step


def _commands(job: Mapping[str, Any]) -> list[str]:
    return [str(step.get("run", "")) for step in job.get("steps") or ()]


def _needed(job: Mapping[str, Any]) -> list[str]:
    needs = job.get("needs") or []
    return [needs] if isinstance(needs, str) else list(needs)


def _is_bound_to_main(workflow: Workflow, job: Mapping[str, Any]) -> bool:
    pushed = workflow.triggers.get("push") or {}
    only_pushes = set(workflow.triggers) == {"push"} and pushed.get("branches") == ["main"]
    return only_pushes or f"github.ref == {_MAIN}" in str(job.get("if", ""))
