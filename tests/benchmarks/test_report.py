"""Tables, JSON and page say the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from benchmarks.figures import Figure, Goal, number
from benchmarks.page import FOLDER, page, reports, write
from benchmarks.plots import Bars, draw
from benchmarks.report import Figures, Listing, Report, from_json, to_json
from benchmarks.sections import SECTIONS

MISSED = Figure(name="ours", unit="s", runs=(0.123456789, 2.0, 3.0), goal=Goal(bound=1.0))
EVEN = Figure(name="even", unit="s", runs=(0.99996, 1.000049))
REACHED = Figure(name="theirs", unit="s", runs=(4.0,), goal=Goal(bound=1.0, more=True))
REPORT = Report(
    section=SECTIONS[0],
    measured="2026-11-24T12:00:00+00:00",
    seconds=1.25,
    machine={"processor": "a fast one"},
    versions={"requests": "2.34.2"},
    tables=(
        Figures(title="Start", figures=(MISSED, REACHED, EVEN), caption="In turn."),
        Listing(title="Weight", columns=("package", "MB"), rows=(("grpc", "19"),)),
    ),
    pictures=("start.png",),
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


def test_the_page_tells_each_figure_and_which_goal_is_missed() -> None:
    text = page([REPORT])
    assert "| ours | 2.00 | 0.12 | 3.00 | s | 3 | ≤ 1 | **NO** |" in text
    assert "| theirs | 4.00 | 4.00 | 4.00 | s | 1 | ≥ 1 | yes |" in text
    assert "| grpc | 19 |" in text
    assert "(start.png)" in text
    assert "a fast one" in text


def test_the_committed_page_says_what_the_committed_reports_say() -> None:
    assert COMMITTED
    assert {path.stem for path in COMMITTED} <= set(SECTIONS)
    assert (FOLDER / "README.md").read_text() == page(reports(FOLDER))


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_a_committed_report_is_whole(path: Path) -> None:
    report = from_json(path)
    assert report.section == path.stem
    assert json.loads(path.read_text()) == to_json(report)
    assert [name for name in report.pictures if not (FOLDER / name).is_file()] == []


@pytest.mark.parametrize(("value", "text"), [(1234.5, "1,234"), (99.96, "100.0"), (12.34, "12.3"), (0.126, "0.13")])
def test_a_number_has_as_many_digits_as_say_something(value: float, text: str) -> None:
    assert number(value) == text


def test_bars_become_a_picture(tmp_path: Path) -> None:
    bars = Bars(name="start", title="Start", figures=(MISSED, REACHED), emphasised=("ours",))
    path = draw(bars, tmp_path)
    assert path.name == "start.png"
    assert path.read_bytes().startswith(b"\x89PNG")
