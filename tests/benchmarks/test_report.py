"""Reports and page have the same figures, and the words about them agree."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from benchmarks.figures import Figure, Goal, number
from benchmarks.page import COMPARED, FOLDER, page, reports, write
from benchmarks.report import REPORT, Report, Table
from benchmarks.sections import SECTIONS
from keyless_bigquery.components.program import ROOT

MISSED = Figure(name="ours", unit="s", runs=(0.123456789, 2.0, 3.0), goal=Goal(bound=1.0))
EVEN = Figure(name="even", unit="s", runs=(0.99996, 1.000049))
REACHED = Figure(name="theirs", unit="s", runs=(4.0,), goal=Goal(bound=1.0, more=True))
STARTED = Report(
    section=SECTIONS[0],
    measured="2026-11-24T12:00:00+00:00",
    seconds=1.25,
    machine={"processor": "a fast one", "python": "CPython 3.11.7"},
    versions={"requests": "2.34.2"},
    tables=(Table(title="Start", figures=(MISSED, REACHED, EVEN), caption="In turn."),),
)


def test_what_is_written_is_read_back_with_five_digits_of_each_run(tmp_path: Path) -> None:
    write(STARTED, tmp_path)
    assert reports(tmp_path) == [STARTED]
    assert STARTED.tables[0].figures[0].runs == (0.12346, 2.0, 3.0)


def test_the_page_has_each_figure_with_a_goal_and_which_goal_is_missed() -> None:
    text = page([STARTED])
    assert f"|{SECTIONS[0]}|ours|2.00 s (0.12..3.00)|≤ 1 s|**NO**|" in text
    assert f"|{SECTIONS[0]}|theirs|4.00 s|≥ 1 s|yes|" in text
    assert "even" not in text
    assert "Measured 2026-11-24 on a fast one, CPython 3.11.7.\n" in text


def test_figures_that_reach_one_goal_share_a_row_and_a_missed_one_has_its_own() -> None:
    reached = tuple(Figure(name=f"{runs} rows", unit="MB", runs=(runs,), goal=Goal(bound=64)) for runs in range(1, 6))
    missed = Figure(name="many", unit="MB", runs=(65,), goal=Goal(bound=64))
    text = page([dataclasses.replace(STARTED, tables=(Table(title="Memory", figures=(*reached, missed)),))])
    assert f"|{SECTIONS[0]}|Memory: 5 figures|1.00 to 5.00 MB|≤ 64 MB|yes|" in text
    assert f"|{SECTIONS[0]}|many|65.0 MB|≤ 64 MB|**NO**|" in text
    assert "3 rows" not in text


def test_the_page_shows_the_tables_that_compare_whole() -> None:
    compared = dataclasses.replace(STARTED, tables=(Table(title=COMPARED[0], figures=(MISSED, EVEN)),))
    assert "|ours|2.00 s (0.12..3.00)|\n|even|1.00 s (1.00..1.00)|" in page([compared])
    titles = {table.title for report in reports(FOLDER) for table in report.tables}
    assert set(COMPARED) - titles == set()


def test_the_committed_page_and_reports_are_what_would_be_written() -> None:
    committed = reports(FOLDER)
    assert [report.section for report in committed] == [one for one in SECTIONS if (FOLDER / f"{one}.json").exists()]
    assert len(committed) == len(list(FOLDER.glob("*.json"))) > 0
    for report in committed:
        written = (FOLDER / f"{report.section}.json").read_bytes()
        assert written == REPORT.dump_json(report, indent=1) + b"\n", report.section
    assert (FOLDER / "README.md").read_text() == page(committed)


@pytest.mark.parametrize(("value", "text"), [(1234.5, "1,234"), (99.96, "100.0"), (12.34, "12.3"), (0.126, "0.13")])
def test_a_number_has_as_many_digits_as_are_of_use(value: float, text: str) -> None:
    assert number(value) == text


def test_what_is_promised_in_words_is_what_was_measured() -> None:
    medians = {
        (report.section, name): figure.median
        for report in reports(FOLDER)
        for table in report.tables
        if table.title != "Unzipped"
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
