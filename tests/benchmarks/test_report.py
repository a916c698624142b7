"""Tables, JSON and page say the same."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from benchmarks.figures import Figure, Goal, number
from benchmarks.page import COMPARED, FOLDER, page, reports, write
from benchmarks.report import Figures, Listing, Report, from_json, to_json
from benchmarks.sections import SECTIONS
from keyless_bigquery.components.program import ROOT

MISSED = Figure(name="ours", unit="s", runs=(0.123456789, 2.0, 3.0), goal=Goal(bound=1.0))
EVEN = Figure(name="even", unit="s", runs=(0.99996, 1.000049))
REACHED = Figure(name="theirs", unit="s", runs=(4.0,), goal=Goal(bound=1.0, more=True))
REPORT = Report(
    section=SECTIONS[0],
    measured="2026-11-24T12:00:00+00:00",
    seconds=1.25,
    machine={"processor": "a fast one", "python": "CPython 3.11.7"},
    versions={"requests": "2.34.2"},
    tables=(
        Figures(title="Start", figures=(MISSED, REACHED, EVEN), caption="In turn."),
        Listing(title="Weight", columns=("package", "MB"), rows=(("grpc", "19"),)),
    ),
)
COMMITTED = sorted(FOLDER.glob("*.json"))


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    write(REPORT, tmp_path)
    again = from_json(tmp_path / f"{REPORT.section}.json")
    assert to_json(again) == json.loads((tmp_path / f"{REPORT.section}.json").read_text()) == to_json(REPORT)


def test_beside_its_runs_a_figure_carries_what_follows_from_them() -> None:
    ours, theirs, _ = to_json(REPORT)["tables"][0]["figures"]
    assert ours["runs"] == [0.12346, 2.0, 3.0]
    assert (ours["median"], ours["min"], ours["max"], ours["reached"]) == (2.0, 0.12346, 3.0, False)
    assert theirs["reached"] is True


def test_a_report_without_its_machine_is_refused(tmp_path: Path) -> None:
    written = to_json(REPORT)
    del written["machine"]
    path = tmp_path / "report.json"
    path.write_text(json.dumps(written))
    with pytest.raises(ValidationError, match="machine"):
        from_json(path)


def test_the_page_has_each_figure_with_a_goal_and_which_goal_is_missed() -> None:
    text = page([REPORT])
    assert f"|{SECTIONS[0]}|ours|2.00 s (0.12 to 3.00)|≤ 1 s|**NO**|" in text
    assert f"|{SECTIONS[0]}|theirs|4.00 s|≥ 1 s|yes|" in text
    assert "even" not in text
    assert "Measured 2026-11-24 on a fast one, CPython 3.11.7.\n" in text


def test_figures_that_reach_one_goal_share_a_row_and_a_missed_one_has_its_own() -> None:
    reached = tuple(Figure(name=f"{runs} rows", unit="MB", runs=(runs,), goal=Goal(bound=64)) for runs in range(1, 6))
    missed = Figure(name="many", unit="MB", runs=(65,), goal=Goal(bound=64))
    text = page([dataclasses.replace(REPORT, tables=(Figures(title="Memory", figures=(*reached, missed)),))])
    assert f"|{SECTIONS[0]}|Memory: 5 figures|1.00 to 5.00 MB|≤ 64 MB|yes|" in text
    assert f"|{SECTIONS[0]}|many|65.0 MB|≤ 64 MB|**NO**|" in text
    assert "3 rows" not in text


def test_the_page_shows_the_tables_that_compare_whole() -> None:
    compared = dataclasses.replace(REPORT, tables=(Figures(title=COMPARED[0], figures=(MISSED, EVEN)),))
    assert "|ours|2.00 s (0.12 to 3.00)|\n|even|1.00 s (1.00 to 1.00)|" in page([compared])
    titles = {table.title for report in reports(FOLDER) for table in report.tables}
    assert set(COMPARED) - titles == set()


def test_the_committed_page_says_what_the_committed_reports_say() -> None:
    assert COMMITTED
    assert {path.stem for path in COMMITTED} <= set(SECTIONS)
    assert (FOLDER / "README.md").read_text() == page(reports(FOLDER))


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_a_committed_report_is_whole(path: Path) -> None:
    report = from_json(path)
    assert report.section == path.stem
    assert json.loads(path.read_text()) == to_json(report)


@pytest.mark.parametrize(("value", "text"), [(1234.5, "1,234"), (99.96, "100.0"), (12.34, "12.3"), (0.126, "0.13")])
def test_a_number_has_as_many_digits_as_say_something(value: float, text: str) -> None:
    assert number(value) == text


def test_what_is_promised_in_words_is_what_the_reports_say() -> None:
    medians = {
        (report.section, name): figure.median
        for report in reports(FOLDER)
        for table in report.tables
        if isinstance(table, Figures) and table.title not in {"Unzipped"}
        for figure in table.figures
        for name in (figure.name, f"{table.title}: {figure.name}")
    }
    readme = " ".join((ROOT / "README.md").read_text().split())
    assert "about 1 MB, or 3 MB with bytecode, where `pip install -t` of google-cloud-bigquery makes 15 MB" in readme
    sizes = (
        "ours, without bytecode, python3.14 on arm64",
        "ours, with bytecode, python3.13 on arm64",
        "naive, python3.14 on arm64",
    )
    assert [round(medians["size", name]) for name in sizes] == [1, 3, 15]
    assert "its imports take a quarter of the time" in readme
    assert medians["cold-start", "naive, usual zip / ours, cold"] >= 4
    assert "A cold start sends three requests, a warm one sends one" in readme
    sent = [medians["round-trips", f"ours, impersonated, {when}"] for when in ("cold", "warm")]
    assert sent == [3, 1]
    assert "`naive` sends six requests, or five with direct access" in " ".join(page(reports(FOLDER)).split())
    theirs = [medians["round-trips", f"naive, with bytecode, {way}, warm"] for way in ("impersonated", "direct")]
    assert theirs == [6, 5]
    assert "A million rows of two columns take 40 MB in `ours`, and half a gigabyte in `naive`" in page(reports(FOLDER))
    million = "1,000,000 rows of 2 columns, 50 ms"
    memory = [medians["rows", f"Peak memory: {name}: {million}"] for name in ("ours", "naive, with bytecode")]
    assert [round(value, -1) for value in memory] == [40, 520]
