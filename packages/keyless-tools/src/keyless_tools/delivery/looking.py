"""Reads what would change, and what has changed; changes nothing."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from federation_emulator.expected import ExpectedError
from keyless_bigquery.runtime.printable import as_lines
from keyless_tools.delivery import report
from keyless_tools.doctor.examine import clouds_of, examine
from keyless_tools.doctor.finding import ADDITIONS, Finding, Verdict
from keyless_tools.doctor.stack import StackError, read_stack
from keyless_tools.guardrails.plan import read_plan
from pulumi_offline.engine.runner import Ended, Pulumi

_UNEXPECTED_CHANGES = "no changes were expected"


class DeliveryError(ExpectedError):
    """A preview or a look for drift failed; the text is the whole message: what failed, and the fix."""


def preview(pulumi: Pulumi, folder: Path) -> bool:
    """Previews one stack; leaves its diff as Markdown and its plan as JSON, for the comment and for the guardrails.

    Args:
        pulumi: The stack's.
        folder: Where `STACK.md` and `STACK.json` go. After a failure there is only `STACK.md`, which reports it.

    Returns:
        Whether it succeeded.

    Raises:
        ExpectedError: There is no engine, it took too long, or its JSON is no preview.
    """
    stack = pulumi.stack
    folder.mkdir(parents=True, exist_ok=True)
    plan, written = folder / f"{stack}.json", folder / f"{stack}.md"
    for left_over in (plan, written):
        left_over.unlink(missing_ok=True)
    diff = pulumi.run("preview", "--diff", "--suppress-progress")
    _log(diff)
    planned = pulumi.run("preview", "--json", "--show-sames") if diff.succeeded else diff
    if not planned.succeeded:
        written.write_text(report.failure(f"The preview of {report.code(stack)}", planned.output + planned.errors))
        return False
    read = read_plan(planned.output)
    if read.errors:
        raise DeliveryError(f"the preview failed: {read.errors[0]}")
    written.write_text(report.preview(stack, read, diff.output))
    plan.write_text(planned.output)
    return True


def additions(stack: str) -> Sequence[Finding]:
    """Finds with the doctor what was added by hand to what a stack made, which the engine doesn't see.

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


def no_additions(_stack: str) -> Sequence[Finding]:
    """Finds nothing; for a stack that the doctor doesn't know."""
    return ()


def drift(stack: str, folder: Path, look: Callable[[str], Sequence[Finding]] = additions) -> bool | None:
    """Compares one stack's state with what is in the clouds, and finds what was added there.

    Args:
        stack: The stack's name.
        folder: Where `STACK.drift.md` goes: empty where nothing has drifted, absent where it isn't known.
        look: Finds what was added.

    Returns:
        Whether something has drifted; None where the engine failed.

    Raises:
        ExpectedError: There is no engine, it took too long, or what was added isn't known.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / f"{stack}.drift.md"
    written.unlink(missing_ok=True)
    # Neither writes the state, so an identity that can only read will do.
    compared = Pulumi(stack=stack).run("refresh", "--preview-only", "--expect-no-changes", "--diff")
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


def _log(run: Ended) -> None:
    """Prints all of it to the run's log, whatever the report has room for. Nothing in it commands GitHub's runner.

    Source: GitHub, "Workflow commands", stopping and starting workflow commands.
    """
    token = secrets.token_hex(16)
    commands = (f"::stop-commands::{token}::\n", f"::{token}::\n") if os.environ.get("GITHUB_ACTIONS") else ("", "")
    sys.stdout.write(f"{commands[0]}{as_lines(run.output)}")
    sys.stdout.flush()
    sys.stderr.write(as_lines(run.errors))
    sys.stderr.flush()
    sys.stdout.write(commands[1])
