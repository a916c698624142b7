"""``docs/benchmarks/README.md``: what the reports in its folder promise and compare, for people."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks.figures import TIMES, Figure, number
from benchmarks.report import Figures, Report, from_json, to_json
from benchmarks.sections import SECTIONS
from pulumi_offline.engine.pins import ROOT

FOLDER = ROOT / "docs" / "benchmarks"
"""Where the reports and the page are kept."""

COMPARED = (
    "From the start of the process to the handler's end of import, warm files",
    "Zip",
)
"""The tables that the page shows besides the figures with a goal: others next to ours."""

_MOST_ALIKE = 4
"""More figures of one table that reach the same goal are one row."""

_HEAD = """# Benchmarks

`make bench` and `make bench-setup` write this page and one JSON file per section, which has every figure and every run.
[Decision 22](../decisions/0022-how-we-measure.md) explains the method. Each figure is the median of its runs, with the
lowest and the highest; `a / b` is how many times longer `a` takes than `b`. The machine has two noisy cores and reaches
package registries only.

`ours` is this project's package. `naive` is google-cloud-bigquery as `pip install -t` makes it, `pandas` the same with
pandas, and `floor` the least that can read a row: google-auth and one POST. For each read, `naive` sends six requests,
or five with direct access. A million rows of two columns take 40 MB in `ours`, and half a gigabyte in `naive`.

Why a cold start is short:

- **Bytecode** saves most: a package without it compiles what it imports, at each cold start.
- **Parts that a query never uses** don't ship: gRPC and tracing are left out, and stand-ins replace cryptography and
  protobuf ([decision 19](../decisions/0019-stand-ins-and-the-guard.md)).
- **The token** is fetched while the function's modules are imported, and renewed while a query runs
  ([decision 21](../decisions/0021-the-token-beside-the-work.md)).
- **Pages** of a result are one to two megabytes, two are in memory, and the next is fetched while one is used
  ([decision 30](../decisions/0030-pages-by-bytes.md)).
"""


def write(report: Report, folder: Path) -> None:
    """Keeps a report in ``folder``, and rewrites the folder's page."""
    text = json.dumps(to_json(report), indent=1, ensure_ascii=False)
    (folder / f"{report.section}.json").write_text(text + "\n")
    (folder / "README.md").write_text(page(reports(folder)))


def reports(folder: Path) -> list[Report]:
    """The reports in ``folder``, in the order of the sections."""
    paths = (folder / f"{section}.json" for section in SECTIONS)
    return [from_json(path) for path in paths if path.exists()]


def page(found: Sequence[Report]) -> str:
    """The page, in Markdown: where and when, each figure with a goal, and the tables that compare."""
    origins = dict.fromkeys(map(_origin, found))
    lines = [_HEAD, f"Measured {'; '.join(origins)}.\n"]
    goals = (row for report in found for row in _goals(report))
    lines += ["## Goals\n", *_table(("section", "figure", "measured", "goal", "reached"), goals)]
    for table in (table for report in found for table in report.tables):
        if isinstance(table, Figures) and table.title in COMPARED:
            rows = ((figure.name, _measured(figure)) for figure in table.figures)
            lines += [f"## {table.title}\n", *_table(("figure", "measured"), rows)]
    return "\n".join(lines)


def _origin(report: Report) -> str:
    return f"{report.measured[:10]} on {report.machine['processor']}, {report.machine['python']}"


def _goals(report: Report) -> Iterator[tuple[str, ...]]:
    """A row for each figure that has a goal; figures of one table that all reach the same goal share one."""
    for table in report.tables:
        figures = [
            figure for figure in (table.figures if isinstance(table, Figures) else ()) if figure.goal is not None
        ]
        alike = Counter(_alike(figure) for figure in figures if figure.reached)
        for figure in figures:
            if figure.reached and alike[_alike(figure)] > _MOST_ALIKE:
                continue
            reached = "yes" if figure.reached else "**NO**"
            yield report.section, figure.name, _measured(figure), _alike(figure), reached
        for goal in (goal for goal, count in alike.items() if count > _MOST_ALIKE):
            shared = [figure for figure in figures if figure.reached and _alike(figure) == goal]
            low, high = (number(limit(figure.median for figure in shared)) for limit in (min, max))
            yield (
                report.section,
                f"{table.title}: {len(shared)} figures",
                f"{low} to {high}{_unit(shared[0])}",
                goal,
                "yes",
            )


def _alike(figure: Figure) -> str:
    return f"{figure.goal}{_unit(figure)}"


def _measured(figure: Figure) -> str:
    spread = f" ({number(figure.lowest)} to {number(figure.highest)})" if len(figure.runs) > 1 else ""
    return f"{number(figure.median)}{_unit(figure)}{spread}"


def _unit(figure: Figure) -> str:
    return "" if figure.unit == TIMES else f" {figure.unit}"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [*(f"|{'|'.join(row)}|" for row in (columns, ["---"] * len(columns), *rows)), ""]
