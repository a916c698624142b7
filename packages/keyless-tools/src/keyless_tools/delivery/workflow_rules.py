"""What this project asks of its workflows that neither actionlint nor zizmor looks at.

Each rule is a pure function over a parsed workflow and yields what it found as sentences.
Source: GitHub, "Secure use reference" for Actions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

_USED = re.compile(r"uses:\s*(?![.$]/)(\S+)[ \t]*(?:#[ \t]*(v\d\S*))?", re.ASCII)
_SECRET = re.compile(r"\bsecrets\s*(?:\.\s*(?!GITHUB_TOKEN\b)\w+|\[)", re.ASCII)
_CHANGES_A_STACK = re.compile(
    r"\bpulumi (?:up|destroy|import|state|cancel)\b|\bpulumi refresh\b(?!.*--preview-only)", re.ASCII
)
_DESTROYS = re.compile(r"\bpulumi destroy\b", re.ASCII)
_MAY_BE_WRITTEN = frozenset({"id-token", "pull-requests", "issues"})
_LONGEST_MINUTES = 90
_SAME_REPOSITORY = "github.event.pull_request.head.repo.full_name == github.repository"
_ON_MAIN = "github.ref == 'refs/heads/main'"
_EVENT = "github.event_name"
_CHANGING = frozenset({"deploy", "destroy"})
_CALLED = re.compile(r"^(?:\$|[\w.-]+/[\w.-]+)/\.github/workflows/(preview|deploy|destroy|drift)\.yml(?:@|$)", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """A workflow, or a composite action of this repository.

    Args:
        name: Its file's name.
        text: Its text.
        parsed: The same, parsed.
    """

    name: str
    text: str
    parsed: Mapping[Any, Any]

    @classmethod
    def read(cls, name: str, text: str) -> Workflow:
        """Parses one. Raises yaml.YAMLError where it is no YAML."""
        return cls(name=name, text=text, parsed=yaml.safe_load(text))

    @property
    def is_action(self) -> bool:
        """Whether it is a composite action, which has steps, and neither jobs nor triggers nor permissions."""
        return "runs" in self.parsed

    @property
    def triggers(self) -> Mapping[str, Any]:
        """What starts it, and how. YAML 1.1 reads the key `on` as true."""
        on = self.parsed.get("on", self.parsed.get(True)) or {}
        return on if isinstance(on, dict) else dict.fromkeys([on] if isinstance(on, str) else on)

    @property
    def callable(self) -> bool:
        """Whether other workflows can call it. Its `github` context is then the caller's, whatever started that."""
        return "workflow_call" in self.triggers

    @property
    def jobs(self) -> Mapping[str, Mapping[str, Any]]:
        """Its jobs by id; an action's steps are one."""
        return {"action": self.parsed["runs"]} if self.is_action else self.parsed["jobs"]


def problems(workflow: Workflow) -> list[str]:
    """Everything that breaks a rule, each as one sentence that begins with the file's name."""
    rules = [steps_fail_loudly_and_need_no_secret]
    if not workflow.is_action:
        rules += [jobs_are_bounded, a_stack_is_changed_with_approval_and_to_the_end]
    return [f"{workflow.name}: {found}" for rule in rules for found in rule(workflow)]


def steps_fail_loudly_and_need_no_secret(workflow: Workflow) -> Iterator[str]:
    """Identities come from OIDC, commands stop at a failure before a pipe, and a reader sees each action's version.

    GitHub adds pipefail only where bash is named. zizmor compares versions and commits only online, and allows stored
    secrets in an environment.
    """
    for used, version in _USED.findall(workflow.text):
        if not version:
            yield f"{used} has no version; write it behind as a comment: # v1.2.3"
    for found in _SECRET.finditer(workflow.text):
        yield f"{found[0]} is a stored secret; log in by OIDC"
    named = ((workflow.parsed.get("defaults") or {}).get("run") or {}).get("shell")
    for name, job in workflow.jobs.items():
        for step in job.get("steps") or ():
            if "run" in step and (step.get("shell") or named) != "bash":
                yield f"job {name} runs a command without `shell: bash`"


def jobs_are_bounded(workflow: Workflow) -> Iterator[str]:
    """Each job names its few permissions and its time, where GitHub's own limit is six hours; a fork has no more.

    A called workflow has at most the permissions of the job that calls it, and the events of its caller. This project's
    own refuse forks and other events themselves.
    """
    if workflow.parsed.get("permissions") != {}:
        yield "the workflow's own permissions must be {}, so that a job has none that it doesn't name"
    if "issues" in workflow.triggers:
        yield "it is started by issues, which runs with this repository's permissions for any user of GitHub"
    if workflow.callable and workflow.parsed.get("concurrency") is not None:
        yield "it can be called, and its own concurrency could cancel its caller's run; give each job its own"
    for name, job in workflow.jobs.items():
        called, condition = job.get("uses"), str(job.get("if", ""))
        minutes = job.get("timeout-minutes")
        # A job that calls can have none; the called workflow's have.
        if called is None and (not isinstance(minutes, int) or minutes > _LONGEST_MINUTES):
            yield f"job {name} needs timeout-minutes of at most {_LONGEST_MINUTES}; it has {minutes}"
        granted = job.get("permissions")
        if not isinstance(granted, dict):
            yield f"job {name} must name its permissions, each by itself"
            continue
        written = {scope for scope, access in granted.items() if access == "write"}
        for scope in sorted(written - _MAY_BE_WRITTEN):
            yield f"job {name} may write {scope}; only {', '.join(sorted(_MAY_BE_WRITTEN))} may be written here"
        if not written or _CALLED.match(str(called)):
            continue
        if workflow.callable and _EVENT not in condition:
            yield f"job {name} writes or logs in whatever started the caller; name the event in its if: {_EVENT} == '…'"
        pull_request = "pull_request" in workflow.triggers or "'pull_request'" in condition
        if pull_request and _SAME_REPOSITORY not in condition:
            yield f"job {name} writes or logs in for any pull request; add to its if: {_SAME_REPOSITORY}"


def a_stack_is_changed_with_approval_and_to_the_end(workflow: Workflow) -> Iterator[str]:
    """Only main changes a stack, alone and uncancelled; only a person destroys one, who typed its name twice.

    An engine that is killed leaves resources that its state doesn't have; the backend's lock refuses two at once.
    """
    for name, job in workflow.jobs.items():
        called = _CALLED.match(str(job.get("uses")))
        if called and called[1] in _CHANGING and (workflow.parsed.get("concurrency") or job.get("concurrency")):
            yield f"job {name} calls {called[1]}.yml; concurrency around the call could cancel what it changes"
        commands = "\n".join(str(step.get("run", "")) for step in job.get("steps") or ())
        if not _CHANGES_A_STACK.search(commands):
            continue
        environment, concurrency = job.get("environment"), job.get("concurrency")
        if not environment:
            yield f"job {name} changes a stack; name its environment, on which approval is set"
        if not isinstance(concurrency, dict) or concurrency.get("cancel-in-progress") is not False:
            yield f"job {name} changes a stack; give it a concurrency group with cancel-in-progress: false"
        elif not str(concurrency.get("group", "")).endswith(str(environment or "")):
            yield f"job {name}: its concurrency group must end in its environment, one for each stack"
        if workflow.parsed.get("concurrency") is not None:
            yield f"job {name} changes a stack; the workflow's own concurrency could cancel it"
        condition = str(job.get("if", ""))
        pushed_to_main = workflow.triggers == {"push": {"branches": ["main"]}}
        if not (pushed_to_main or _ON_MAIN in condition):
            yield f"job {name} changes a stack; start it by a push to main, or add to its if: {_ON_MAIN}"
        destroys = bool(_DESTROYS.search(commands))
        only = f"{_EVENT} == '{'workflow_dispatch' if destroys else 'push'}'"
        # `pull_request_target` has main as its ref for a stranger's pull request.
        if workflow.callable and _EVENT in condition and only not in condition:
            yield f"job {name} changes a stack for its caller; let one event alone start it, by its if: {only}"
        if destroys:
            if set(workflow.triggers) - {"workflow_call"} != {"workflow_dispatch"}:
                yield f"job {name} destroys, and the workflow is started by {', '.join(map(str, workflow.triggers))}"
            if "confirm" not in ([job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs") or []):
                yield f"job {name} destroys; it must need the job `confirm`, which compares the two names"
