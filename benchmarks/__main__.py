"""``python -m benchmarks [SECTION …]``: measure, print, and write it all down."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pulumi.automation import CommandError
from rich.console import Console

from benchmarks import machine
from benchmarks.errors import BenchmarkError
from benchmarks.page import FOLDER, write
from benchmarks.report import Report, rendered
from benchmarks.sections import ONLY_WHEN_NAMED, SECTIONS, measuring
from federation_emulator.servers.process import ProcessError
from keyless_bigquery.packaging import PackageError
from keyless_bigquery.runtime.printable import as_lines

_WIDTH = 140


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the sections that are named, or all, one after the other. The exit code is 0 if each could be measured.

    One that can't be measured is reported and left out; the page keeps its earlier figures.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "sections",
        nargs="*",
        metavar="SECTION",
        help=f"one of {', '.join(SECTIONS)}; none: all but {', '.join(ONLY_WHEN_NAMED)}",
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the reports go")
    given = parser.parse_args(arguments)
    if unknown := sorted(set(given.sections) - set(SECTIONS)):
        parser.error(f"there is no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    console = Console(width=_WIDTH, highlight=False)
    given.folder.mkdir(parents=True, exist_ok=True)
    failed = False
    for section in given.sections or [one for one in SECTIONS if one not in ONLY_WHEN_NAMED]:
        console.rule(section)
        try:
            report = _run(section, given.folder)
        except (BenchmarkError, PackageError, ProcessError, CommandError) as error:
            console.print(as_lines(f"{section} could not be measured: {error}"), markup=False, soft_wrap=True)
            failed = True
            continue
        for table in report.tables:
            console.print(rendered(table))
        console.print(f"{section} took {report.seconds:.0f} s")
    return 1 if failed else 0


def _run(section: str, folder: Path) -> Report:
    measured = datetime.now(UTC).isoformat(timespec="seconds")
    began = time.monotonic()
    tables = measuring(section)()
    report = Report(
        section=section,
        measured=measured,
        seconds=round(time.monotonic() - began, 1),
        machine=machine.describe(),
        versions=machine.versions(),
        tables=tables,
    )
    write(report, folder)
    return report


if __name__ == "__main__":
    sys.exit(main())
