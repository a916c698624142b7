"""The demo's scenario: deploy, call the function, be refused twice for two reasons, be let in again, tear down.

The function and its event are those of `lambda_src`, whatever they are.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path

import httpx
from botocore.exceptions import ClientError
from pulumi.automation import OpType
from pulumi.automation.errors import CommandError
from rich.console import Console

from federation_emulator.client.cloud import LocalCloud
from federation_emulator.console.render import render_chain, render_in_short
from federation_emulator.core.trace import Link
from federation_emulator.servers.process import ProcessError
from keyless_bigquery.attempt import failed_link
from keyless_bigquery.components import outputs
from keyless_bigquery.components.program import FUNCTION
from keyless_bigquery.runtime.printable import one_line
from pulumi_offline.demo.report import Report
from pulumi_offline.engine.plugins import report as report_plugins
from pulumi_offline.engine.workspace import Workspace
from pulumi_offline.stack_harness import Invocation, StackHarness

ROWS = ({"user_id": 1, "name": "Alice"}, {"user_id": 2, "name": "Bob"}, {"user_id": 3, "name": "Chiyo"})
"""The three rows that the demo puts in the table."""

EXPECTED_LOG = ["The query data:", *(f"user_id={row['user_id']}, name={row['name']}" for row in ROWS)]
"""What the function that ships with this project prints for them."""

SHIPPED = "b03f056c634141f2d64103e4d55536cc1a07412918445ee0ad36c136d2e65578"
"""SHA-256 of that function. Of one that was changed nothing is known but whether it succeeds."""

_STRANGER = "another-role"
INTERRUPTED = 130
"""Exit code after Ctrl-C, as a shell gives it."""

_EVENT = FUNCTION / "example_event.json"
_LONGEST_ERROR = 600
_SUCCESS = "success"
_MOST_LINES = 6
_LONGEST_LINE = 76


def main(*, verbose: bool = False) -> int:
    """Runs the scenario. The exit code is 0 only if every step did what is expected.

    A scenario that breaks off leaves nothing running: both clouds end with it, and what is in them. Its folder stays.

    Args:
        verbose: Print whole logs and chains.

    Raises:
        EngineError: Official plugins are asked for, and one is missing.
    """
    plugins = report_plugins(Workspace(Path(os.devnull)).plugins())
    report = Report(Console(file=sys.stdout, highlight=False), verbose=verbose)
    try:
        event = json.loads(_EVENT.read_bytes())
    except (OSError, ValueError) as error:
        report.show(f"the event {_EVENT} can't be used: {error}", style="bold red")
        return 1
    folder = Path(tempfile.mkdtemp(prefix="keyless-demo-"))
    report.show("\n".join(plugins), style="dim")
    threading.excepthook = _quiet_about_closed_pipes
    try:
        _run(report, folder, event)
    except KeyboardInterrupt:
        report.show("interrupted; everything that was started has ended, and the logs are deleted")
        shutil.rmtree(folder)
        return INTERRUPTED
    except (CommandError, ProcessError, ClientError, httpx.HTTPError) as error:
        report.check("the scenario completes", expected="no error", actual=_in_short(error), held=False)
    held = report.finish()
    if held:
        shutil.rmtree(folder)
        report.show("state and logs of this run are deleted", style="dim")
    else:
        report.show(f"state and logs of this run are kept: {folder}")
    return 0 if held else 1


def _run(report: Report, folder: Path, event: object) -> None:
    with report.step("start the local cloud: Google identity, AWS, BigQuery"):
        cloud = LocalCloud.start(state_directory=folder / "cloud")
    with cloud, StackHarness(cloud, folder / "stack") as stack:
        report.show(f"Google {cloud.google_url}   AWS {cloud.aws_url}")
        before = stack.holdings()
        _deploy(report, stack)
        with report.step("put three rows in the table, invoke the function with example_event.json"):
            stack.put_rows(ROWS)
            succeeded = _expect_success(report, "the function succeeds", stack.invoke(event))
        if succeeded:
            _refuse_another_role(report, stack, event)
            _refuse_without_binding(report, stack, event)
        else:
            report.show("the refusals are left out: that a function fails shows nothing if it always does")
        with report.step("second pulumi up"):
            _expect_only(report, "a second up changes nothing", "same", stack.up())
        _tear_down(report, stack, before)


def _deploy(report: Report, stack: StackHarness) -> None:
    with report.step("pulumi preview, before anything exists"):
        planned = stack.preview().change_summary
        _expect_only(report, "preview works with unknown outputs", "create", planned)
    with report.step("pulumi up"):
        _expect_only(report, "up creates the stack", "create", stack.up())
        report.show(f"{stack.output(outputs.FUNCTION_NAME)} may read {stack.output(outputs.TABLE)}")
        for name in (outputs.PRINCIPAL, outputs.AUDIENCE) if report.verbose else ():
            report.show(f"{name}: {stack.output(name)}")


def _refuse_another_role(report: Report, stack: StackHarness, event: object) -> None:
    with report.step(f"take the role off the function: it now has the role {_STRANGER}"):
        stack.give_another_role(_STRANGER)
        invocation = stack.invoke(event)
        _expect_refusal(report, "another role is refused", invocation, link=Link.TOKEN_EXCHANGE)
    with report.step("put the role back: pulumi up --refresh"):
        _expect_repair(report, "up --refresh gives the role back", stack.up(refresh=True))
        stack.delete_role(_STRANGER)


def _refuse_without_binding(report: Report, stack: StackHarness, event: object) -> None:
    with report.step("remove the binding from the service account"):
        stack.remove_binding()
        invocation = stack.invoke(event)
        _expect_refusal(report, "the role without its binding is refused", invocation, link=Link.IMPERSONATION)
    with report.step("put the binding back: pulumi up --refresh, and invoke"):
        _expect_repair(report, "up --refresh puts the binding back", stack.up(refresh=True))
        _expect_success(report, "the function succeeds again", stack.invoke(event), log=False)


def _tear_down(report: Report, stack: StackHarness, before: set[str]) -> None:
    with report.step("pulumi destroy"):
        _expect_only(report, "destroy deletes the stack", "delete", stack.destroy())
        left = sorted(stack.holdings() - before)
        report.check(
            "nothing is left in either cloud", expected="nothing", actual=", ".join(left) or "nothing", held=not left
        )


def _expect_only(report: Report, what: str, kind: str, changes: Mapping[OpType, int]) -> None:
    report.check(what, expected=f"only {kind}", actual=_counts(changes), held=set(changes) == {kind})


def _expect_success(report: Report, what: str, invocation: Invocation, *, log: bool = True) -> bool:
    _show(report, invocation, log=log or invocation.failed)
    expected, actual = _SUCCESS, outcome_of(invocation)
    succeeded = actual == _SUCCESS
    if is_shipped((FUNCTION / "handler.py").read_bytes()):
        printed = [line for line in invocation.log.splitlines() if line in EXPECTED_LOG]
        expected, actual = f"{expected}, {len(ROWS)} rows", f"{actual}, {max(len(printed) - 1, 0)} rows"
        report.check(what, expected=expected, actual=actual, held=succeeded and printed == EXPECTED_LOG)
    else:
        report.check(what, expected=expected, actual=actual, held=succeeded)
    return succeeded


def _expect_refusal(report: Report, what: str, invocation: Invocation, *, link: Link) -> None:
    _show(report, invocation)
    refused = invocation.refusal
    read = any(decision.allowed and decision.link in {Link.JOB, Link.TABLE} for decision in invocation.decisions)
    # A function may catch what it is refused, and return: it was refused all the same, and read nothing.
    held = refused is not None and refused.link is link and not read
    report.check(what, expected=f"refused at {link.value}", actual=outcome_of(invocation), held=held)


def outcome_of(invocation: Invocation) -> str:
    """How an invocation ended, in words: one that was not refused was not therefore allowed."""
    refused = invocation.refusal
    if refused is not None:
        raised = f"raised {invocation.error}" if invocation.failed else "returned"
        own = "" if failed_link(invocation.error) else f", and the function {raised}"
        return f"refused at {refused.link.value}{own}"
    if not invocation.failed:
        return _SUCCESS
    decided = "without a refusal" if invocation.decisions else "before any decision"
    return f"failed {decided}: {invocation.error}"


def is_shipped(handler: bytes) -> bool:
    """Whether this is the function that ships with this project, of which it is known what it prints."""
    return hashlib.sha256(handler).hexdigest() == SHIPPED


def _expect_repair(report: Report, what: str, changes: Mapping[OpType, int]) -> None:
    changed = {kind: count for kind, count in changes.items() if kind != "same"}
    report.check(what, expected="one change", actual=_counts(changed), held=sum(changed.values()) == 1)


def _show(report: Report, invocation: Invocation, *, log: bool = True) -> None:
    style = "green" if invocation.refusal is None else "red"
    if report.verbose:
        report.show("the function's log:", style="dim")
        report.show(invocation.log, style="yellow")
        report.show("the chain:", style="dim")
        report.show(render_chain(invocation.decisions), style=style)
        return
    lines = invocation.log.splitlines()
    if invocation.failed:
        # The log's end is the traceback; what it ends with comes first.
        lines = [one_line(invocation.error, _LONGEST_LINE)]
    elif len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], f"and {len(lines) - _MOST_LINES + 1} more lines"]
    if log and lines:
        report.show("\n".join(lines), style="yellow")
    report.show(render_in_short(invocation.decisions), style=style)


def _counts(changes: Mapping[OpType, int]) -> str:
    return ", ".join(f"{count} {OpType(kind).value}" for kind, count in changes.items()) or "none"


def _in_short(error: Exception) -> str:
    """An error without its stack; of the engine's long one, the lines that name an error."""
    lines = [line.strip() for line in str(error).splitlines()]
    named = [line for line in lines if line.startswith("error:") and line != "error: update failed"]
    return "; ".join(dict.fromkeys(named) or lines)[:_LONGEST_ERROR]


def _quiet_about_closed_pipes(failed: threading.ExceptHookArgs) -> None:
    """Leaves out the SDK's reading threads, whose pipe Ctrl-C closes under them; anything else is shown."""
    if failed.exc_type is not ValueError or failed.thread is None or "consumer" not in failed.thread.name:
        threading.__excepthook__(failed)
