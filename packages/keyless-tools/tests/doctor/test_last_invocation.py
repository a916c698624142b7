"""What the function's log says of its newest invocation: by the lines that the library and Lambda really write."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence

import pytest
from rich.console import Console

from keyless_bigquery.runtime.errors import ReaderError
from keyless_tools.doctor.answer import Absent, Answer, Found, Hidden
from keyless_tools.doctor.finding import Link, Verdict
from keyless_tools.doctor.links.last_invocation import failure_of, last_invocation
from keyless_tools.doctor.report import NOT_SEEN, PASSED, Walked, exit_code, print_report
from keyless_tools.doctor.walk import walk
from tests.doctor.healthy import CHAIN, changed

START, END = "START RequestId: 1 Version: $LATEST", "END RequestId: 1"
REPORT = "REPORT RequestId: 1\tDuration: 3.00 ms\tBilled Duration: 3 ms\tMemory Size: 512 MB\tMax Memory Used: 90 MB"
OURS = "ERROR table access failed: BigQuery answered 403 accessDenied: no. Check: the table."
UNHANDLED = {"timestamp": "t", "level": "ERROR", "requestId": "1", "errorType": "KeyError", "errorMessage": "'least'"}


def platform(kind: str, status: str = "success", **record: str) -> str:
    return json.dumps(
        {"time": "t", "type": f"platform.{kind}", "record": {"requestId": "1", "status": status, **record}}
    )


ENDED_WELL: list[list[str]] = [
    [START, END, REPORT],
    [START, "The query data:", '{"name": "Ada"}', END, REPORT],
    [START, OURS, END, REPORT, START, "a row", END, REPORT],
    [platform("start"), "a row", platform("report")],
    # Without the platform's lines, as logLevel WARN leaves them out.
    ["a row"],
    [OURS, "a row"],
    [
        START,
        json.dumps({"level": "ERROR", "logger": "mine", "errorType": "KeyError", "message": "handled"}),
        END,
        REPORT,
    ],
    [START, json.dumps({"level": "ERROR", "message": "an error of the function's own log"}), END, REPORT],
    [START, "[" * 3_000, "{" * 3_000, END, REPORT],
]
FAILED: list[tuple[list[str], str]] = [
    ([START, OURS, END, REPORT], OURS),
    ([START, OURS, "[ERROR] TableAccessError: table access failed: x", "Traceback", END, REPORT], OURS),
    ([OURS], OURS),
    (["a row", OURS], OURS),
    ([START, END, REPORT, START, "a row", OURS, END, REPORT], OURS),
    ([OURS, json.dumps({**UNHANDLED, "errorMessage": OURS.removeprefix("ERROR ")})], OURS.removeprefix("ERROR ")),
    ([json.dumps(UNHANDLED)], "KeyError: 'least'"),
    ([START, "[ERROR] KeyError: 'least'\nTraceback", END, REPORT], "[ERROR] KeyError: 'least'\nTraceback"),
    (
        [START, "2026-01-01T00:00:00.000Z 1 Task timed out after 60.00 seconds", END, REPORT],
        "2026-01-01T00:00:00.000Z 1 Task timed out after 60.00 seconds",
    ),
    ([START, END, f"{REPORT}\tStatus: timeout"], "Status: timeout"),
    ([START, END, f"{REPORT}\tStatus: error\tError Type: Runtime.OutOfMemory"], "Runtime.OutOfMemory"),
    ([platform("start"), platform("report", "timeout")], "platform.report: timeout"),
    (["a row", platform("report", "error", errorType="Runtime.ExitError")], "platform.report: error Runtime.ExitError"),
    (
        [START, "[ERROR] Runtime.ImportModuleError: Unable to import module 'handler'", END, REPORT],
        "Runtime.ImportModuleError",
    ),
    ([START, "RequestId: 1 Error: Runtime exited with error: signal: killed", END, REPORT], "signal: killed"),
]  # fmt: skip


def seen(lines: Sequence[str]) -> Answer[Sequence[tuple[int, str]]]:
    return Found(value=[(1767225600000 + place, line) for place, line in enumerate(lines)])


@pytest.mark.parametrize("lines", ENDED_WELL)
def test_an_invocation_that_ended_well_is_fine(lines: list[str]) -> None:
    finding = last_invocation(CHAIN, changed(last_log=seen(lines)))
    assert finding.verdict is Verdict.OK, finding
    assert finding.actual == "it ended well at 2026-01-01 00:00:00 UTC"


@pytest.mark.parametrize(("lines", "line"), FAILED)
def test_one_that_failed_is_quoted_and_keeps_all_checks_from_having_passed(lines: list[str], line: str) -> None:
    found = walk(CHAIN, changed(last_log=seen(lines)))
    (unseen,) = [finding for finding in found if finding.verdict is Verdict.UNKNOWN]
    assert unseen.link is Link.LAST_INVOCATION
    assert line.split("\n")[0] in unseen.actual
    assert "\n" not in unseen.actual
    assert unseen.actual.endswith("Fixed since? Run `keyless verify dev`")
    assert exit_code([Walked(reader="r", findings=found)]) == NOT_SEEN


@pytest.mark.parametrize("kind", ReaderError.__subclasses__(), ids=lambda kind: kind.link.value)
def test_every_link_of_the_function_is_known_by_its_line(kind: type[ReaderError]) -> None:
    error = kind("x", "y")
    assert failure_of([f"ERROR {error}"]) == f"ERROR {error}"
    assert failure_of([f"[ERROR] {kind.__name__}: {error}"]) == f"[ERROR] {kind.__name__}: {error}"


def printed(lines: Answer[Sequence[tuple[int, str]]]) -> tuple[int, str]:
    walked = Walked(reader="r", findings=walk(CHAIN, changed(last_log=lines)))
    out = io.StringIO()
    print_report(Console(file=out, width=400), [walked])
    return exit_code([walked]), out.getvalue().splitlines()[-1]


def test_a_function_that_was_not_invoked_yet_fails_no_check_and_that_is_said() -> None:
    none = printed(seen([]))
    assert none == (
        PASSED,
        "reader r: all checks passed; no invocation was seen in the log: `keyless verify dev` makes one",
    )
    assert printed(seen(ENDED_WELL[0])) == (PASSED, "reader r: all checks passed")
    assert printed(Absent()) == (PASSED, "reader r: all checks passed; there is no log to look at")


def test_a_log_that_may_not_be_read_is_not_seen() -> None:
    code, last = printed(Hidden(permission="logs:GetLogEvents"))
    assert (code, last) == (NOT_SEEN, "reader r: nothing failed, but not seen: last invocation")
