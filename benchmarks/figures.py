"""A measured figure: every run's value, what they come to, and whether that is good enough."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Sequence

TIMES = "times"
"""The unit of a ratio."""

_SIGNIFICANT_DIGITS = 5


@dataclasses.dataclass(frozen=True, kw_only=True)
class Goal:
    """The most that a figure should be, in its unit; with ``more`` the least."""

    bound: float
    more: bool = False

    def __str__(self) -> str:
        return f"{'≥' if self.more else '≤'} {self.bound:g}"

    def reached_by(self, value: float) -> bool:
        """Whether ``value`` is good enough."""
        return value >= self.bound if self.more else value <= self.bound


@dataclasses.dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured figure: every run's value, at least one, kept with five digits."""

    name: str
    unit: str
    runs: tuple[float, ...]
    goal: Goal | None = None

    def __post_init__(self) -> None:
        if not self.runs:
            raise ValueError(f"the figure {self.name!r} has no run: measure it at least once")
        object.__setattr__(self, "runs", tuple(float(f"{value:.{_SIGNIFICANT_DIGITS}g}") for value in self.runs))

    @property
    def median(self) -> float:
        """The value that half of the runs stay below: what is held to the goal."""
        return statistics.median(self.runs)

    @property
    def reached(self) -> bool | None:
        """Whether the median reaches the goal; ``None`` without one."""
        return None if self.goal is None else self.goal.reached_by(self.median)

    def __str__(self) -> str:
        """The median with its unit, and the lowest and highest value where there are several."""
        spread = f" ({number(min(self.runs))}..{number(max(self.runs))})" if len(self.runs) > 1 else ""
        return f"{number(self.median)}{self.suffix}{spread}"

    @property
    def suffix(self) -> str:
        """The unit as it follows a number."""
        return "" if self.unit == TIMES else f" {self.unit}"


def ratio(name: str, above: Sequence[float], below: Sequence[float], *, goal: Goal | None = None) -> Figure:
    """How many times one thing is another, measured in turn: the ratio is taken within each round.

    What disturbs a machine for a while disturbs both of a round, and so hardly their ratio. Both have one run for each
    round, in their order.
    """
    return Figure(name=name, unit=TIMES, runs=tuple(a / b for a, b in zip(above, below, strict=True)), goal=goal)


def percentile(values: Sequence[float], share: int) -> float:
    """The value that ``share`` of a hundred stay below, of at least two values."""
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]


def number(value: float) -> str:
    """A value with as many digits as are of use."""
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"
