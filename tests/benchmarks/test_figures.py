"""Medians, ratios and goals."""

from __future__ import annotations

import pytest

from benchmarks.figures import TIMES, Figure, Goal, percentile, ratio


def figure(*runs: float, goal: Goal | None = None) -> Figure:
    return Figure(name="start", unit="s", runs=runs, goal=goal)


def test_a_figure_is_shown_by_its_median_and_its_spread() -> None:
    assert str(figure(3.0, 1.0, 2.0, 10.0)) == "2.50 s (1.00..10.0)"


def test_one_run_more_than_the_goal_does_not_miss_it_but_a_median_does() -> None:
    goal = Goal(bound=2.0)
    assert figure(1.0, 2.0, 9.0, goal=goal).reached is True
    assert figure(1.0, 2.1, 2.2, goal=goal).reached is False


def test_where_more_is_better_less_misses_the_goal() -> None:
    goal = Goal(bound=4.0, more=True)
    assert figure(4.0, goal=goal).reached is True
    assert figure(3.9, goal=goal).reached is False
    assert (str(goal), str(Goal(bound=1.5))) == ("≥ 4", "≤ 1.5")


def test_without_a_goal_nothing_is_reached_or_missed() -> None:
    assert figure(1.0).reached is None


def test_a_figure_that_was_not_measured_is_refused() -> None:
    with pytest.raises(ValueError, match="'start' has no run"):
        figure()


def test_a_ratio_is_taken_within_each_round() -> None:
    # The machine was three times slower in the second round, for both.
    compared = ratio("theirs to ours", [4.0, 12.0, 4.4], [1.0, 3.0, 1.0], goal=Goal(bound=4.0, more=True))
    assert compared.runs == (4.0, 4.0, 4.4)
    assert (compared.unit, compared.median, compared.reached) == (TIMES, 4.0, True)


def test_rounds_that_one_side_did_not_run_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratio("theirs to ours", [4.0, 12.0], [1.0])


def test_a_percentile_is_the_value_that_so_many_of_a_hundred_stay_below() -> None:
    values = [float(value) for value in range(101)]
    assert (percentile(values, 50), percentile(values, 99)) == (50.0, 99.0)
