"""Everything that prints text from outside, each as a function from such a text to what is printed for it."""

from __future__ import annotations

import io
import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

from google.auth.exceptions import OAuthError
from rich.console import Console

import benchmarks.__main__
import federation_emulator.__main__
import keyless_tools.cli
import keyless_tools.delivery.__main__
import pulumi_offline.engine.__main__
import tools.lint_workflows
from benchmarks.errors import BenchmarkError
from federation_emulator import commands
from federation_emulator.console.log_lines import LineFormatter
from federation_emulator.console.render import render_chain
from federation_emulator.core.endpoints import Endpoints
from federation_emulator.core.terminal import guidance
from federation_emulator.core.trace import Decision, Part, Refusal, Step
from federation_emulator.core.trace import Link as TracedLink
from federation_emulator.servers.errors import EngineError
from federation_emulator.servers.process import ProcessError, last_lines
from federation_emulator.servers.progress import Progress
from keyless_bigquery.attempt import Attempt, Failure
from keyless_bigquery.runtime.boundary import failure
from keyless_bigquery.runtime.rows import print_rows
from keyless_bigquery.settings.problems import Problem
from keyless_bigquery.settings.schema_refusal import OwnTable, refusal, stale
from keyless_tools.delivery import looking, report
from keyless_tools.delivery.looking import DeliveryError
from keyless_tools.doctor import invoke
from keyless_tools.doctor.answer import Absent, Answer, Found, Silent
from keyless_tools.doctor.finding import Finding, Link, failed
from keyless_tools.doctor.keys import report as keys_report
from keyless_tools.doctor.keys.key import Key
from keyless_tools.doctor.keys.report import Looked
from keyless_tools.doctor.report import Walked, as_json, print_report
from keyless_tools.doctor.stack import StackError
from keyless_tools.doctor.verify.report import Report
from keyless_tools.doctor.verify.waiting import Outcome
from keyless_tools.guardrails.files import judge
from keyless_tools.guardrails.plan import read_plan
from keyless_tools.lifecycle import adopt, destroy, recover
from keyless_tools.lifecycle.imports import Importable
from keyless_tools.lifecycle.planned_changes import outlook
from pulumi_offline import previews
from pulumi_offline.demo.report import Report as DemoReport
from pulumi_offline.engine.runner import Ended, Pulumi
from tests.previews import STACK, preview, step
from tests.printing import Printer, last_line_of_a_log, main_that_fails, on_console, printed

TOOLS = "packages/keyless-tools/src/keyless_tools"
EMULATOR = "packages/federation-emulator/src/federation_emulator"
OFFLINE = "packages/pulumi-offline/src/pulumi_offline"


def rows(text: str) -> str:
    out = io.StringIO()
    print_rows([{"a": text, "b": 1}, {"a": [text], "b": {text: text}}], out)
    return out.getvalue()


def error_of_the_function(text: str) -> str:
    refused = OAuthError("x", json.dumps({"error": text, "error_description": text}))  # type: ignore[no-untyped-call]  # google-auth's own
    return str(failure(refused, secrets=[]))


def diagnosed(text: str) -> str:
    walks = [Walked(reader=text, findings=(Finding(link=Link.ROLE, **vars(failed(text, expected=text, fix=text))),))]
    return on_console(lambda console: print_report(console, walks)) + as_json(walks)


def keys_left(text: str) -> str:
    when = datetime.fromtimestamp(0, UTC)
    named = dict.fromkeys(("account", "project", "id", "reason", "last_use"), text)
    key = Key(**named, created=when, expires=when, uploaded=False, disabled=True)
    found: Answer[tuple[Key, ...]] = Found(value=(key,))
    looked = [Looked(reader=text, email=text, keys=keys) for keys in (found, Silent(why=text), Absent())]
    return keys_report.as_text(looked, days=1) + keys_report.as_json(looked, days=1)


def attempts(text: str, failed: Failure) -> tuple[Attempt, Attempt]:
    return Attempt(payload="", log="", failure=failed), Attempt(payload=text, log="", failure=None)


def verified(text: str) -> str:
    failed = Failure(kind=text, text=text, may_pass=True)

    def report_all(console: Console) -> None:
        shown = Report(console, text)
        shown.begin(text, text)
        shown.wait(1, 1.0, failed, 1.0)
        for tries, attempt in enumerate(attempts(text, failed)):
            shown.finish(Outcome(attempt=attempt, tries=tries + 1, seconds=1.0))
            shown.passed(attempt)

    return on_console(report_all)


def invoked(text: str) -> str:
    failed = Failure(kind=text, text=text, may_pass=False)
    return "".join(printed(lambda: invoke.report(attempt)) for attempt in attempts(text, failed))  # noqa: B023 - called at once


def explained(text: str) -> str:
    refusal = Refusal(part=Part.PERMISSION, rule=text, actual=text, expected=text, fix=text)
    steps = (Step(part=Part.CALLER, rule=text, actual=text), Step(part=Part.TOKEN, rule=text, actual=text))
    decision = Decision(
        id="1", time="t", link=TracedLink.JOB, allowed=False, resource=text, principal=text, steps=steps,
        refusal=refusal,
    )  # fmt: skip
    return render_chain([decision])


def demonstrated(text: str) -> str:
    def report_all(console: Console) -> None:
        shown = DemoReport(console)
        with shown.step(text):
            shown.check(text, expected=text, actual=text, held=False)

    return on_console(report_all).split("done in")[0]


def judged(text: str) -> str:
    document = preview(
        step("create", "gcp:serviceaccount/key:Key", text), diagnostics=[{"severity": "error", "message": f"a{text}"}]
    )
    with mock.patch.object(sys, "stdin", io.StringIO(document)):
        return printed(lambda: judge(["-"]))


def commented(text: str) -> str:
    steps = [step("delete", "t:t:T", text), step("update", "t:t:T", "b", diffReasons=[text])]
    return report.preview(text, read_plan(preview(STACK, *steps)), "diff")


def logged_by_the_engine(text: str) -> str:
    return printed(lambda: looking._log(Ended(command="", status=0, output=f"a{text}b\n", errors=f"a{text}b\n")))


class Answering(Pulumi):
    """A `pulumi` that answers with the stack's name."""

    def run(self, *arguments: str, limit_seconds: float = 0) -> Ended:
        del limit_seconds
        text = self.stack
        state: dict[str, Any] = {"deployment": {"resources": [{"urn": f"a::{text}", "type": "t:t:T", "id": text}]}}
        shown = preview(step("create", "c:c:C", text, custom=False)) if "preview" in arguments else json.dumps(state)
        return Ended(command="", status=0, output=shown, errors="")


def recovered(text: str) -> str:
    one = Importable(urn=f"b::{text}", type="t:t:T", import_id=text, parent="p", provider="p")
    return printed(lambda: recover._take_over(Answering(stack=text), [one]))


def destroyed(text: str) -> str:
    ended = printed(lambda: destroy.destroy(Answering(stack=text), confirmed=text))
    return ended + destroy.explanation(text, [{"urn": f"a::{text}", "id": text}])


def planned(text: str) -> str:
    change = {"op": "replace", "urn": f"a::{text}", "diffReasons": [text]}
    return outlook([change, change])


def unkept(text: str) -> str:
    table = OwnTable(project="p", dataset_id="d", table_id="t", columns=(), key="columns", listed=True, stack="s")
    live = [{"name": text, "type": text, "mode": text}, {"name": "a", "type": "STRING", "description": text}]
    return str(refusal(table, live)) + str(stale(table, live))


def linted(text: str) -> str:
    found = mock.Mock(return_value=[text])
    with mock.patch.multiple("tools.lint_workflows", _actionlint=found, _zizmor=found):
        return printed(lambda: tools.lint_workflows.main(Path("/nowhere")))


def failing(text: str) -> str:
    """What the command line prints of an error."""
    with mock.patch("keyless_tools.stacks.on_stack", side_effect=StackError(text)):
        return printed(lambda: keyless_tools.cli.main(["doctor", "s"]))


def local(text: str) -> str:
    failing = mock.Mock(side_effect=ProcessError(text))
    with mock.patch.dict(commands.COMMANDS, clock=failing):
        return printed(federation_emulator.__main__.main, ["clock"])


def logged(text: str) -> str:
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(LineFormatter())
    try:
        {"": ""}[text + "x"]
    except KeyError:
        handler.handle(logging.LogRecord(text, logging.ERROR, text, 1, "%s", (text,), sys.exc_info(), text))
    return str(handler.stream.getvalue())


def started(text: str) -> str:
    endpoints = Endpoints(
        google_url=text, aws_url=text, bigquery_url="", project_id=text, project_number=text, aws_account_id=text,
        aws_region=text, deployer_token="",
    )  # fmt: skip
    return guidance(Path("x" + text.replace("/", "").replace("\0", "")), endpoints, roles=[text])


def asked(command: str, answer: dict[str, Any]) -> str:
    """What a command of the local cloud prints when it is answered so."""
    with mock.patch("federation_emulator.commands._remote", return_value=mock.Mock(get=lambda _: answer)):
        return printed(lambda: commands.COMMANDS[command](commands.parser().parse_args([command])))


def deploying(text: str) -> str:
    environment = previews._Environment(cloud=mock.Mock(), stack=text, shell={})
    with (
        mock.patch.multiple(previews, _settings=mock.Mock(), Pulumi=mock.Mock()),
        mock.patch.object(previews._Environment, "_project"),
    ):
        return printed(lambda: environment.preview(lambda _: True, Path("x" + text.replace("\0", ""))))


ONE_LINE: dict[str, tuple[Printer, str]] = {
    "rows": (rows, "keyless_bigquery/runtime/rows.py"),
    "the function's error": (error_of_the_function, "keyless_bigquery/runtime/wrapper.py"),
    "doctor": (diagnosed, f"{TOOLS}/doctor/report.py"),
    "doctor --keys": (keys_left, f"{TOOLS}/doctor/keys/run.py"),
    "invoke": (invoked, f"{TOOLS}/doctor/invoke.py"),
    "verify": (verified, f"{TOOLS}/doctor/verify/report.py"),
    "explain": (explained, f"{EMULATOR}/commands.py"),
    "demo": (demonstrated, f"{OFFLINE}/demo/report.py"),
    "guardrails": (judged, f"{TOOLS}/guardrails/files.py"),
    "comment": (commented, f"{TOOLS}/delivery/report.py"),
    "recover": (recovered, f"{TOOLS}/lifecycle/recover.py"),
    "destroy": (destroyed, f"{TOOLS}/lifecycle/destroy.py"),
    "adopt": (lambda text: printed(lambda: adopt.show(Answering(stack=text))), f"{TOOLS}/lifecycle/adopt.py"),
    "what a table would lose": (unkept, "keyless_bigquery/components/table_guard.py"),
    "what an up would do": (planned, f"{TOOLS}/lifecycle/adopt.py"),
    "lint": (linted, "tools/lint_workflows.py"),
    "progress": (lambda text: printed(lambda: Progress().say(text)), f"{EMULATOR}/servers/progress.py"),
    "the end of a log": (lambda text: last_line_of_a_log(last_lines, text), f"{EMULATOR}/servers/process.py"),
    "server log": (logged, f"{EMULATOR}/console/log_lines.py"),
    "serve": (started, f"{EMULATOR}/servers/serve.py"),
    "clock": (lambda text: asked("clock", {"now": text, "aheadSeconds": 1}), f"{EMULATOR}/commands.py"),
    "faults": (lambda text: asked("faults", {text: 1.0}), f"{EMULATOR}/commands.py"),
    "offline preview": (deploying, f"{OFFLINE}/previews.py"),
    "settings": (
        lambda text: str(Problem(key=text, value=text, rule=text, fix=text)),
        "keyless_bigquery/settings/problems.py",
    ),
    "delivery": (
        main_that_fails(
            keyless_tools.delivery.__main__.main,
            ["preview", "s", "--folder", "x"],
            "keyless_tools.delivery.looking.preview",
            DeliveryError,
        ),
        f"{TOOLS}/delivery/__main__.py",
    ),
    "engine": (
        main_that_fails(pulumi_offline.engine.__main__.main, [], "pulumi_offline.engine.get.ensure", EngineError),
        f"{OFFLINE}/engine/__main__.py",
    ),
}
"""Printers that give each text one line, or a part of one; and where they print."""

SEVERAL_LINES: dict[str, tuple[Printer, str]] = {
    "the function's log in the demo": (
        lambda text: on_console(lambda console: DemoReport(console).show(f"a{text}b")),
        f"{OFFLINE}/demo/report.py",
    ),
    "the engine's output": (logged_by_the_engine, f"{TOOLS}/delivery/looking.py"),
    "local_cloud/__main__": (local, f"{EMULATOR}/__main__.py"),
    "the command line": (failing, f"{TOOLS}/boundary.py"),
    "a diff": (lambda text: report.drift("s", f"a{text}b"), f"{TOOLS}/delivery/report.py"),
    "benchmarks/__main__": (
        main_that_fails(
            lambda: benchmarks.__main__.main(["size", "--folder", "/tmp"]),  # noqa: S108 - it stays empty
            *([], "benchmarks.__main__._run", BenchmarkError),
        ),
        "benchmarks/__main__.py",
    ),
}
"""Printers of texts that have lines of their own on purpose: they keep these, and get no others."""
