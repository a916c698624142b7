"""``docs/benchmarks/README.md``: what the reports in its folder promise and compare, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks.figures import Figure, number
from benchmarks.report import REPORT, Report, Table
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

A cold start is short by bytecode above all; without the parts that a query never uses, which don't ship or have
stand-ins ([decision 19](../decisions/0019-stand-ins-and-the-guard.md)); and with the token fetched during the imports
([decision 21](../decisions/0021-the-token-beside-the-work.md)). Of a result two pages of one to two megabytes are in
memory, one of them on its way ([decision 30](../decisions/0030-pages-by-bytes.md)).
"""


def write(report: Report, folder: Path) -> None:
    """Keeps a report in ``folder``, and rewrites the folder's page."""
    (folder / f"{report.section}.json").write_bytes(REPORT.dump_json(report, indent=1) + b"\n")
    (folder / "README.md").write_text(page(reports(folder)))


def reports(folder: Path) -> list[Report]:
    """The reports in ``folder``, in the order of the sections.

    Raises:
        pydantic.ValidationError: One of the files is no such report; the text names each place.
    """
    paths = (folder / f"{section}.json" for section in SECTIONS)
    return [REPORT.validate_json(path.read_bytes()) for path in paths if path.exists()]


def page(found: Sequence[Report]) -> str:
    """The page, in Markdown: where and when, each figure with a goal, and the tables that compare."""
    origins = dict.fromkeys(
        f"{one.measured[:10]} on {one.machine['processor']}, {one.machine['python']}" for one in found
    )
    goals = ((report.section, *row) for report in found for table in report.tables for row in _goals(table))
    return "\n".join(
        [
            _HEAD,
            f"Measured {'; '.join(origins)}.\n",
            *_table("Goals", ("section", "figure", "measured", "goal", "reached"), goals),
            *(
                line
                for report in found
                for table in report.tables
                if table.title in COMPARED
                for line in _table(table.title, ("figure", "measured"), ((one.name, str(one)) for one in table.figures))
            ),
        ]
    )


def _goals(table: Table) -> Iterator[tuple[str, ...]]:
    """A row for each figure that has a goal; many that all reach the same goal share one."""
    figures = [figure for figure in table.figures if figure.goal is not None]
    alike = Counter(_goal(figure) for figure in figures if figure.reached)
    for figure in figures:
        if not figure.reached or alike[_goal(figure)] <= _MOST_ALIKE:
            yield figure.name, str(figure), _goal(figure), "yes" if figure.reached else "**NO**"
    for goal in (goal for goal, count in alike.items() if count > _MOST_ALIKE):
        shared = [figure for figure in figures if figure.reached and _goal(figure) == goal]
        low, high = (number(limit(figure.median for figure in shared)) for limit in (min, max))
        yield f"{table.title}: {len(shared)} figures", f"{low} to {high}{shared[0].suffix}", goal, "yes"


def _goal(figure: Figure) -> str:
    return f"{figure.goal}{figure.suffix}"


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"## {title}\n", *(f"|{'|'.join(row)}|" for row in (columns, ["---"] * len(columns), *rows)), ""]
