"""What the doctor prints: one line for each link, and the first broken one with its mend; or all of it as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from keyless_bigquery.runtime.printable import one_line
from keyless_tools.doctor.finding import Finding, Verdict
from keyless_tools.doctor.walk import first_broken

WHOLE, BROKEN, NOT_SEEN = 0, 1, 2
"""Exit codes: the chain is whole; a link is broken; it could not be looked at, or not at all of it."""

_STYLES = {
    Verdict.OK: "green",
    Verdict.BROKEN: "bold red",
    Verdict.FOLLOWS: "red",
    Verdict.WARNING: "yellow",
    Verdict.UNKNOWN: "yellow",
    Verdict.NOT_LOOKED: "dim",
}
_WIDTH = 26


@dataclass(frozen=True, kw_only=True)
class Walked:
    """One reader's walk.

    Args:
        reader: The reader's name.
        findings: One for each link.
    """

    reader: str
    findings: tuple[Finding, ...]


def exit_code(walks: Sequence[Walked]) -> int:
    """What the shell is told."""
    verdicts = {finding.verdict for walked in walks for finding in walked.findings}
    if Verdict.BROKEN in verdicts:
        return BROKEN
    return NOT_SEEN if Verdict.UNKNOWN in verdicts else WHOLE


def print_report(console: Console, walks: Sequence[Walked]) -> None:
    """Prints every walk, then what to mend first."""
    for walked in walks:
        console.print(Text(one_line(f"reader {walked.reader}"), style="bold"))
        for finding in walked.findings:
            console.print(_line(finding), soft_wrap=True)
    for walked in walks:
        _print_first(console, walked)


def as_json(walks: Sequence[Walked]) -> str:
    """The same for machines."""
    return json.dumps(
        {
            "readers": {
                walked.reader: {
                    "findings": [_fields(finding) for finding in walked.findings],
                    "firstBroken": None if (broken := first_broken(walked.findings)) is None else broken.link.value,
                }
                for walked in walks
            },
            "exitCode": exit_code(walks),
        },
        indent=2,
    )


def _line(finding: Finding) -> Text:
    return Text.assemble(
        (f"  {finding.verdict.value:<14}", _STYLES[finding.verdict]),
        (f"{finding.link.value:<{_WIDTH}}", "bold"),
        one_line(finding.saw),
    )


def _print_first(console: Console, walked: Walked) -> None:
    broken, reader = first_broken(walked.findings), one_line(walked.reader)
    if broken is not None:
        console.print(Text(f"\nreader {reader}: the first broken link is {broken.link.value}", style="bold red"))
        _print_details(console, broken)
    warnings = [finding for finding in walked.findings if finding.verdict is Verdict.WARNING]
    for finding in warnings:
        added = f"\nreader {reader}: more than the stack made is allowed at {finding.link.value}"
        console.print(Text(added, style="bold yellow"))
        _print_details(console, finding)
    if broken is not None:
        return
    unseen = [finding.link.value for finding in walked.findings if finding.verdict is Verdict.UNKNOWN]
    if unseen:
        console.print(Text(f"\nreader {reader}: nothing is broken, but not seen: {', '.join(unseen)}"))
    elif warnings:
        console.print(Text(f"\nreader {reader}: nothing is broken"))
    else:
        console.print(Text(f"\nreader {reader}: all checks passed", style="bold green"))


def _print_details(console: Console, finding: Finding) -> None:
    for what, told in {"actual": finding.saw, "expected": finding.wanted, "fix": finding.mend}.items():
        console.print(Text.assemble((f"  {what:<14}", "bold"), one_line(told)), soft_wrap=True)


def _fields(finding: Finding) -> dict[str, str]:
    return {
        "link": finding.link.value,
        "verdict": finding.verdict.value.lower(),
        "actual": finding.saw,
        "expected": finding.wanted,
        "fix": finding.mend,
    }
