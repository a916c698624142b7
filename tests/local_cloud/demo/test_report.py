"""The demo's last word: a check that did not hold makes the whole demo fail, and so does a demo without checks."""

from __future__ import annotations

import io

from rich.console import Console

from local_cloud.demo.report import Report


def report() -> tuple[Report, io.StringIO]:
    printed = io.StringIO()
    return Report(Console(file=printed, width=120)), printed


def test_checks_that_all_held_end_well() -> None:
    told, printed = report()
    told.check("rows are read", expected="3 rows", saw="3 rows", held=True)
    assert told.finish()
    assert "rows are read" in printed.getvalue()
    assert "NO" not in printed.getvalue()


def test_one_check_that_did_not_hold_ends_badly_and_is_named_at_once_and_in_the_table() -> None:
    told, printed = report()
    told.check("rows are read", expected="3 rows", saw="3 rows", held=True)
    told.check("a stranger is refused", expected="refused", saw="allowed", held=False)
    assert "NOT AS EXPECTED: a stranger is refused" in printed.getvalue()
    assert not told.finish()
    assert "NO" in printed.getvalue()


def test_a_demo_that_checked_nothing_ends_badly() -> None:
    told, _ = report()
    assert not told.finish()


def test_each_step_says_how_long_it_took() -> None:
    told, printed = report()
    with told.step("a step"):
        told.show("a line")
    assert "a step" in printed.getvalue()
    assert "done in 0.0 s" in printed.getvalue()
