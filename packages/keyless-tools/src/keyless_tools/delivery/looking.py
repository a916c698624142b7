"""Reads what would change, and what has changed; changes nothing."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from keyless_bigquery.runtime.printable import as_lines
from keyless_tools.delivery import report
from keyless_tools.delivery.errors import DeliveryError
from keyless_tools.doctor.examine import clouds_of, examine
from keyless_tools.doctor.finding import ADDITIONS, Finding, Verdict
from keyless_tools.doctor.stack import StackError, read_stack
from keyless_tools.guardrails.plan import Plan, PreviewError, read_plan
from pulumi_offline.engine.runner import Ended, Pulumi, PulumiError

SUFFIX_REPORT = ".md"
SUFFIX_JSON = ".json"
SUFFIX_DRIFT = ".drift.md"
_UNEXPECTED_CHANGES = "no changes were expected"


def preview(pulumi: Pulumi, folder: Path) -> bool:
    """Previews one stack; leaves its diff as Markdown and its plan as JSON, for the comment and for the guardrails.

    Args:
        pulumi: The stack's.
        folder: Where `STACK.md` and `STACK.json` go. After a failure there is only `STACK.md`, which reports it.

    Returns:
        Whether it succeeded.

    Raises:
        DeliveryError: There is no engine, it took too long, or its JSON is no preview.
    """
    stack = pulumi.stack
    folder.mkdir(parents=True, exist_ok=True)
    plan, written = folder / f"{stack}{SUFFIX_JSON}", folder / f"{stack}{SUFFIX_REPORT}"
    for left_over in (plan, written):
        left_over.unlink(missing_ok=True)
    diff = _run(pulumi, "preview", "--diff", "--suppress-progress")
    _log(diff)
    planned = _run(pulumi, "preview", "--json", "--show-sames") if diff.succeeded else diff
    if not planned.succeeded:
        written.write_text(report.failure(f"The preview of {report.code(stack)}", planned.output + planned.errors))
        return False
    written.write_text(report.preview(stack, _plan(planned.output), diff.output))
    plan.write_text(planned.output)
    return True


def additions(stack: str) -> Sequence[Finding]:
    """Finds with the doctor what was added by hand to what a stack made, which the engine doesn't see.

    Args:
        stack: The stack's name.

    Raises:
        DeliveryError: It could not look, or not everywhere.
    """
    try:
        read = read_stack(stack)
        findings = [finding for walked in examine(read, clouds_of(read)) for finding in walked.findings]
    except StackError as error:
        raise DeliveryError(f"what was added by hand isn't known: {error}") from error
    unseen = [
        finding.actual for finding in findings if finding.link in ADDITIONS and finding.verdict is Verdict.UNKNOWN
    ]
    if unseen:
        raise DeliveryError(f"what was added by hand isn't known: {'; '.join(unseen)}")
    return [finding for finding in findings if finding.verdict is Verdict.WARNING]


def drift(stack: str, folder: Path, look: Callable[[str], Sequence[Finding]] = additions) -> bool | None:
    """Compares one stack's state with what is in the clouds, and finds what was added there.

    Args:
        stack: The stack's name.
        folder: Where `STACK.drift.md` goes: empty where nothing has drifted, absent where it isn't known.
        look: Finds what was added.

    Returns:
        Whether something has drifted; None where the engine failed.

    Raises:
        DeliveryError: There is no engine, it took too long, or what was added isn't known.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / f"{stack}{SUFFIX_DRIFT}"
    written.unlink(missing_ok=True)
    # Neither writes the state, so an identity that can only read will do.
    compared = _run(Pulumi(stack=stack), "refresh", "--preview-only", "--expect-no-changes", "--diff")
    _log(compared)
    if not (compared.succeeded or _UNEXPECTED_CHANGES in compared.errors):
        return None
    differing = "" if compared.succeeded else compared.output
    if differing:
        # Also if the look for additions fails.
        written.write_text(report.drift(stack, differing))
    added = look(stack)
    for finding in added:
        sys.stdout.write(as_lines(f"{finding.link.value}: {finding.actual}\n"))
    written.write_text(report.drift(stack, differing, added) if differing or added else "")
    return bool(differing or added)


def _run(pulumi: Pulumi, *arguments: str) -> Ended:
    try:
        return pulumi.run(*arguments)
    except PulumiError as error:
        raise DeliveryError(str(error)) from error


def _plan(text: str) -> Plan:
    try:
        plan = read_plan(text)
    except PreviewError as error:
        raise DeliveryError(str(error)) from error
    if plan.errors:
        raise DeliveryError(f"the preview failed: {plan.errors[0]}")
    return plan


def _log(run: Ended) -> None:
    """Prints all of it to the run's log, whatever the report has room for. Nothing in it commands GitHub's runner.

    Source: GitHub, "Workflow commands", stopping and starting workflow commands.
    """
    stop, start = (f"::{command}::\n" if os.environ.get("GITHUB_ACTIONS") else "" for command in _pause())
    sys.stdout.write(f"{stop}{as_lines(run.output)}")
    sys.stdout.flush()
    sys.stderr.write(as_lines(run.errors))
    sys.stderr.flush()
    sys.stdout.write(start)


def _pause() -> tuple[str, str]:
    token = secrets.token_hex(16)
    return f"stop-commands::{token}", token
