"""``docs/benchmarks/README.md``: every report in its folder, for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.report import Report, Table, from_json, to_json
from benchmarks.sections import SECTIONS
from engine.pins import ROOT

FOLDER = ROOT / "docs" / "benchmarks"
"""Where reports, pictures and page are kept."""

_HEAD = """# Figures, measured

Written by `make bench`; [decision 22](../decisions/0022-how-we-measure.md) says how, and why so. Each section's JSON
beside this page holds every single run. A figure that misses its goal says **NO**.
"""


def write(report: Report, folder: Path) -> None:
    """Keeps a report in ``folder``, and writes the folder's page anew."""
    text = json.dumps(to_json(report), indent=1, ensure_ascii=False)
    (folder / f"{report.section}.json").write_text(text + "\n")
    (folder / "README.md").write_text(page(reports(folder)))


def reports(folder: Path) -> list[Report]:
    """The reports in ``folder``, in the order of the sections."""
    paths = (folder / f"{section}.json" for section in SECTIONS)
    return [from_json(path) for path in paths if path.exists()]


def page(found: Sequence[Report]) -> str:
    """The page, in Markdown."""
    return "\n".join([_HEAD, *(line for report in found for line in _section(report))])


def _section(report: Report) -> Iterator[str]:
    machine = ", ".join(f"{what} {value}" for what, value in report.machine.items())
    yield f"## {report.section}\n"
    yield f"{report.measured}, in {report.seconds:.0f} s. Machine: {machine}.\n"
    if report.versions:
        yield f"Compared: {', '.join(f'{name} {version}' for name, version in report.versions.items())}.\n"
    for table in report.tables:
        yield from _table(table)
    for picture in report.pictures:
        yield f"![{picture.removesuffix('.png').replace('-', ' ')}]({picture})\n"


def _table(table: Table) -> Iterator[str]:
    yield f"### {table.title}\n"
    if table.caption:
        yield f"{table.caption}\n"
    yield f"| {' | '.join(table.columns)} |"
    yield f"|{' --- |' * len(table.columns)}"
    for row in table.rows:
        yield f"| {' | '.join('**NO**' if cell == 'NO' else cell for cell in row)} |"
    yield ""
