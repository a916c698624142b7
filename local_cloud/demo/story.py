"""The demo's story: deploy, read, be refused twice for two reasons, be let in again, tear down."""

from __future__ import annotations

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

from engine.plugins import report as report_plugins
from engine.workspace import Workspace
from infra import outputs
from local_cloud.cloud import LocalCloud
from local_cloud.demo.report import Report
from local_cloud.process import ProcessError
from local_cloud.render import render_chain
from local_cloud.stage import Invocation, Stage
from local_cloud.trace import Link

ROWS = ({"user_id": 1, "name": "Alice"}, {"user_id": 2, "name": "Bob"}, {"user_id": 3, "name": "Chiyo"})
"""The three rows that the demo puts in the table."""

EXPECTED_LOG = ["The query data:", *(f"user_id={row['user_id']}, name={row['name']}" for row in ROWS)]
"""What the function prints for them."""

_STRANGER = "somebody-else"
INTERRUPTED = 130
"""Exit code after Ctrl-C, as a shell gives it."""

_EVENT = {"asked by": "make demo"}
_LONGEST_ERROR = 600


def main() -> int:
    """Tells the story. The exit code is 0 only if every step did what it should.

    A story that breaks off leaves nothing running: both clouds end with it, and what is in them. Its folder stays.

    Raises:
        EngineError: Official plugins are asked for, and one is missing.
    """
    plugins = report_plugins(Workspace(Path(os.devnull)).plugins())
    report = Report(Console(file=sys.stdout, highlight=False))
    folder = Path(tempfile.mkdtemp(prefix="keyless-demo-"))
    report.show(f"state and logs of this run: {folder}", style="dim")
    report.show("\n".join(plugins), style="dim")
    threading.excepthook = _quiet_about_closed_pipes
    try:
        _tell(report, folder)
    except KeyboardInterrupt:
        report.show("interrupted; everything that was started has ended")
        shutil.rmtree(folder)
        return INTERRUPTED
    except (CommandError, ProcessError, ClientError, httpx.HTTPError) as error:
        report.check("the story comes to its end", expected="no error", saw=_in_short(error), held=False)
    held = report.finish()
    if held:
        shutil.rmtree(folder)
    else:
        report.show(f"kept for a closer look: {folder}")
    return 0 if held else 1


def _tell(report: Report, folder: Path) -> None:
    with report.step("start the local cloud: Google identity, AWS, BigQuery"):
        cloud = LocalCloud.start(state_directory=folder / "cloud")
    with cloud, Stage(cloud, folder / "stack") as stage:
        report.show(f"Google {cloud.google_url}   AWS {cloud.aws_url}")
        report.show("open the first of them in a browser to watch each decision while this runs", style="dim")
        before = stage.holdings()
        _deploy(report, stage)
        with report.step("put three rows in the table, invoke the function"):
            stage.put_rows(ROWS)
            _expect_rows(report, "the function reads the rows", stage.invoke(_EVENT))
        _refuse_another_role(report, stage)
        _refuse_without_binding(report, stage)
        _change_nothing(report, stage)
        _tear_down(report, stage, before)


def _deploy(report: Report, stage: Stage) -> None:
    with report.step("pulumi preview, before anything exists"):
        planned = stage.preview().change_summary
        report.check(
            "a preview works with unknown outputs",
            expected="only create",
            saw=_counts(planned),
            held=set(planned) == {"create"},
        )
    with report.step("pulumi up"):
        changes = stage.up()
        report.check(
            "up creates the stack", expected="only create", saw=_counts(changes), held=set(changes) == {"create"}
        )
        for name in (outputs.FUNCTION_NAME, outputs.PRINCIPAL, outputs.AUDIENCE, outputs.TABLE):
            report.show(f"{name}: {stage.output(name)}")


def _refuse_another_role(report: Report, stage: Stage) -> None:
    with report.step(f"take the role off the function: it now has the role {_STRANGER}"):
        stage.give_another_role(_STRANGER)
        invocation = stage.invoke(_EVENT)
        _expect_refusal(report, "another role is refused", invocation, link=Link.TOKEN_EXCHANGE)
    with report.step("put the role back: pulumi up --refresh"):
        _expect_repair(report, "up --refresh gives the role back", stage.up(refresh=True))
        stage.delete_role(_STRANGER)


def _refuse_without_binding(report: Report, stage: Stage) -> None:
    with report.step("remove the binding from the service account"):
        stage.remove_binding()
        invocation = stage.invoke(_EVENT)
        _expect_refusal(report, "the right role without the binding is refused", invocation, link=Link.IMPERSONATION)
    with report.step("put the binding back: pulumi up --refresh, and invoke"):
        _expect_repair(report, "up --refresh makes the binding again", stage.up(refresh=True))
        _expect_rows(report, "the function reads the rows again", stage.invoke(_EVENT))


def _change_nothing(report: Report, stage: Stage) -> None:
    with report.step("second pulumi up"):
        changes = stage.up()
        report.check(
            "a second up changes nothing", expected="only same", saw=_counts(changes), held=set(changes) == {"same"}
        )


def _tear_down(report: Report, stage: Stage, before: set[str]) -> None:
    with report.step("pulumi destroy"):
        changes = stage.destroy()
        report.check(
            "destroy deletes the stack", expected="only delete", saw=_counts(changes), held=set(changes) == {"delete"}
        )
        left = sorted(stage.holdings() - before)
        report.check(
            "nothing is left in either cloud", expected="nothing", saw=", ".join(left) or "nothing", held=not left
        )


def _expect_rows(report: Report, what: str, invocation: Invocation) -> None:
    _show(report, invocation)
    printed = [line for line in invocation.log.splitlines() if line in EXPECTED_LOG]
    held = not invocation.failed and printed == EXPECTED_LOG and invocation.returned == _EVENT
    saw = f"{max(len(printed) - 1, 0)} rows, {'failed' if invocation.failed else 'event returned'}"
    report.check(what, expected=f"{len(ROWS)} rows, event returned", saw=saw, held=held)


def _expect_refusal(report: Report, what: str, invocation: Invocation, *, link: Link) -> None:
    _show(report, invocation)
    refused = invocation.refusal
    saw = f"refused at {refused.link.value}" if refused else "allowed"
    leaked = any(line in invocation.log for line in EXPECTED_LOG[1:])
    held = invocation.failed and refused is not None and refused.link is link and not leaked
    report.check(what, expected=f"refused at {link.value}", saw=saw, held=held)


def _expect_repair(report: Report, what: str, changes: Mapping[OpType, int]) -> None:
    changed = {kind: count for kind, count in changes.items() if kind != "same"}
    report.check(what, expected="one change", saw=_counts(changed), held=sum(changed.values()) == 1)


def _show(report: Report, invocation: Invocation) -> None:
    report.show("the function's log:", style="dim")
    report.show(invocation.log, style="yellow")
    report.show("the chain:", style="dim")
    report.show(render_chain(invocation.decisions), style="green" if invocation.refusal is None else "red")


def _counts(changes: Mapping[OpType, int]) -> str:
    return ", ".join(f"{count} {OpType(kind).value}" for kind, count in changes.items()) or "none"


def _in_short(error: Exception) -> str:
    """An error without its stack; of the engine's long one, the lines that name an error."""
    lines = [line.strip() for line in str(error).splitlines()]
    named = [line for line in lines if line.startswith("error:") and line != "error: update failed"]
    return "; ".join(dict.fromkeys(named) or lines)[:_LONGEST_ERROR]


def _quiet_about_closed_pipes(failed: threading.ExceptHookArgs) -> None:
    """Says nothing of the SDK's reading threads, whose pipe Ctrl-C closes under them; anything else is shown."""
    if failed.exc_type is not ValueError or failed.thread is None or "consumer" not in failed.thread.name:
        threading.__excepthook__(failed)
