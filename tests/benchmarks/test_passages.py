"""What other pages say of the latest reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import goals
from benchmarks.figures import Figure, Goal
from benchmarks.passages import BEGIN, END, passages, with_passage
from benchmarks.report import Figures, Report
from infra.program import ROOT


@pytest.mark.parametrize("page", passages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_says_what_the_committed_reports_say(page: Path) -> None:
    text = page.read_text()
    assert text == with_passage(text, passages()[page]), "python -m benchmarks.passages"


def test_every_goal_is_told_the_missed_ones_too() -> None:
    figures = (
        Figure(name="ours / floor", unit="times", runs=(1.0, 2.0, 3.0), goal=Goal(bound=1.5)),
        Figure(name="zip", unit="MB", runs=(3.5,), goal=Goal(bound=6.6)),
        Figure(name="theirs", unit="s", runs=(9.0,)),
    )
    report = Report(
        section="start",
        measured="2026-11-24T00:00:00+00:00",
        seconds=1.0,
        machine={},
        versions={},
        tables=(Figures(title="Start", figures=figures),),
        pictures=(),
    )
    assert goals.table([report]).splitlines()[2:] == [
        "| start | ours / floor | 2.00 (1.00 to 3.00) | ≤ 1.5 | **NO** |",
        "| start | zip | 3.50 MB | ≤ 6.6 MB | yes |",
    ]


@pytest.mark.parametrize("page", ["# Cost\n", f"{BEGIN}\n", f"{END}\n{BEGIN}\n"])
def test_a_page_without_both_marks_in_their_order_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="must have the lines"):
        with_passage(page, "said")
