"""What the doctor prints: one line for each link, and the first failed one with its fix; or all of it as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from keyless_bigquery.runtime.printable import one_line
from keyless_tools.doctor.finding import Finding, Link, Verdict
from keyless_tools.doctor.walk import first_failed

PASSED, FAILED, NOT_SEEN = 0, 1, 2
"""Exit codes: all checks passed; one failed; it could not be looked at, or not at all of it."""

_STYLES = {
    Verdict.OK: "green",
    Verdict.FAILED: "bold red",
    Verdict.FOLLOWS: "red",
    Verdict.WARNING: "yellow",
    Verdict.UNKNOWN: "yellow",
    Verdict.NOT_LOOKED: "dim",
}
_WIDTH = 26


@dataclass(frozen=True, kw_only=True)
class Walked:
    """One reader's walk: a finding for each link."""

    reader: str
    findings: tuple[Finding, ...]


def exit_code(walks: Sequence[Walked]) -> int:
    """The exit code of the command."""
    verdicts = {finding.verdict for walked in walks for finding in walked.findings}
    if Verdict.FAILED in verdicts:
        return FAILED
    return NOT_SEEN if Verdict.UNKNOWN in verdicts else PASSED


def print_report(console: Console, walks: Sequence[Walked]) -> None:
    """Prints every walk, then what to fix first."""
    for walked in walks:
        console.print(Text(one_line(f"reader {walked.reader}"), style="bold"))
        for finding in walked.findings:
            console.print(_line(finding), soft_wrap=True)
    for walked in walks:
        _print_first(console, walked)


def as_json(walks: Sequence[Walked]) -> str:
    """The same for machines."""
    readers = {
        walked.reader: {
            "findings": [_fields(finding) for finding in walked.findings],
            "firstFailed": None if (failed := first_failed(walked.findings)) is None else failed.link.value,
        }
        for walked in walks
    }
    return json.dumps({"readers": readers, "exitCode": exit_code(walks)}, indent=2)


def _line(finding: Finding) -> Text:
    return Text.assemble(
        (f"  {finding.verdict.value:<14}", _STYLES[finding.verdict]),
        (f"{finding.link.value:<{_WIDTH}}", "bold"),
        one_line(finding.actual),
    )


def _print_first(console: Console, walked: Walked) -> None:
    failed, reader = first_failed(walked.findings), one_line(walked.reader)
    if failed is not None:
        console.print(Text(f"\nreader {reader}: the first failed link is {failed.link.value}", style="bold red"))
        _print_details(console, failed)
    warnings = [finding for finding in walked.findings if finding.verdict is Verdict.WARNING]
    for finding in warnings:
        added = f"\nreader {reader}: more than the stack made is allowed at {finding.link.value}"
        console.print(Text(added, style="bold yellow"))
        _print_details(console, finding)
    if failed is not None:
        return
    if unseen := [finding.link.value for finding in walked.findings if finding.verdict is Verdict.UNKNOWN]:
        console.print(Text(f"\nreader {reader}: nothing failed, but not seen: {', '.join(unseen)}"))
    elif warnings:
        console.print(Text(f"\nreader {reader}: nothing failed"))
    else:
        last = next((one for one in walked.findings if one.link is Link.LAST_INVOCATION), None)
        but = "" if last is None or last.verdict is Verdict.OK else f"; {one_line(last.actual)}"
        console.print(Text(f"\nreader {reader}: all checks passed{but}", style="bold green"))


def _print_details(console: Console, finding: Finding) -> None:
    for what, text in {"actual": finding.actual, "expected": finding.expected, "fix": finding.fix}.items():
        console.print(Text.assemble((f"  {what:<14}", "bold"), one_line(text)), soft_wrap=True)


def _fields(finding: Finding) -> dict[str, str]:
    words = {"link": finding.link.value, "verdict": finding.verdict.value.lower()}
    return words | {"actual": finding.actual, "expected": finding.expected, "fix": finding.fix}
