"""The demo's last word: a check that did not hold makes the whole demo fail, and so does a demo without checks."""

from __future__ import annotations

import io

from rich.console import Console

from pulumi_offline.demo.report import Report


def report(*, width: int = 120, verbose: bool = False) -> tuple[Report, io.StringIO]:
    printed = io.StringIO()
    return Report(Console(file=printed, width=width), verbose=verbose), printed


def test_checks_that_all_held_end_well() -> None:
    shown, printed = report()
    shown.check("rows are read", expected="3 rows", actual="3 rows", held=True)
    assert shown.finish()
    assert "rows are read" in printed.getvalue()
    assert "NO" not in printed.getvalue()


def test_one_check_that_did_not_hold_ends_badly_and_is_named_at_once_and_in_the_table() -> None:
    shown, printed = report()
    shown.check("rows are read", expected="3 rows", actual="3 rows", held=True)
    shown.check("a stranger is refused", expected="refused", actual="allowed", held=False)
    assert "NOT AS EXPECTED: a stranger is refused" in printed.getvalue()
    assert not shown.finish()
    assert "NO" in printed.getvalue()


def test_a_demo_that_checked_nothing_ends_badly() -> None:
    shown, _ = report()
    assert not shown.finish()


def test_each_step_says_how_long_it_took() -> None:
    shown, printed = report(verbose=True)
    with shown.step("a step"):
        shown.show("a line")
    assert "a step" in printed.getvalue()
    assert "done in 0.0 s" in printed.getvalue()


def test_what_is_too_long_for_a_line_goes_on_further_in() -> None:
    shown, printed = report(width=50)
    shown.show("  label  " + "word " * 12)
    first, *more = printed.getvalue().splitlines()
    assert len(more) == 1
    assert all(len(line) <= 50 for line in (first, *more))
    assert first.startswith("      label  word")
    assert more[0].startswith(" " * 10 + "word")
