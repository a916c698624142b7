"""Time as an argument, so that expiry and skew can be tested without waiting, and moved by who runs the server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

FURTHEST = timedelta(days=3660)
"""How far ahead of the host a clock can be moved: ten years, beyond which no rule here changes anything."""


class Clock(Protocol):
    """Whatever can say what time it is."""

    def now(self) -> datetime:
        """Return the current time, with its time zone, in UTC."""
        ...


class SystemClock:
    """The host's clock."""

    def now(self) -> datetime:
        """Return the current time in UTC."""
        return datetime.now(UTC)


class ClockError(ValueError):
    """The clock can't be moved that way."""


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """How far a clock was moved, in whole seconds. Kept over a restart, so that time never runs backwards."""

    seconds: int


class MovableClock:
    """A clock that can be put ahead of another one, and never back.

    What Google dates goes by :meth:`now`: tokens, soft deletes, operations. What AWS dates goes by :meth:`host`, since
    AWS's clock is not ours to move: a signature made a moment ago is a fresh one, however far this clock is ahead.

    Args:
        moved: Called with each move, to keep it.
    """

    def __init__(self, host: Clock, *, ahead: Ahead | None = None, moved: Callable[[Ahead], None]) -> None:
        self._host = host
        self.ahead = timedelta(seconds=ahead.seconds if ahead else 0)
        self._moved = moved

    def now(self) -> datetime:
        """Return the current time in UTC, moved."""
        return self._host.now() + self.ahead

    def host(self) -> datetime:
        """Return the host's current time in UTC."""
        return self._host.now()

    def advance(self, step: timedelta) -> None:
        """Put it ahead.

        Args:
            step: How far, in whole seconds; at least one.

        Raises:
            ClockError: The step is not forward, or leads more than ten years ahead of the host.
        """
        if step < timedelta(seconds=1):
            raise ClockError(f"the clock was to move by {step.total_seconds():.0f} s; it only moves forward, from 1 s")
        if step > FURTHEST - self.ahead:
            raise ClockError(
                f"the clock was to move by {step.total_seconds():.0f} s and is {self.ahead.total_seconds():.0f} s "
                f"ahead; it can be at most {FURTHEST.days} days ahead of the host"
            )
        target = self.ahead + timedelta(seconds=int(step.total_seconds()))
        self._moved(Ahead(seconds=int(target.total_seconds())))
        self.ahead = target


def rfc3339(moment: datetime) -> str:
    """Write a moment as ``YYYY-MM-DDTHH:MM:SSZ``.

    Whole seconds: google-auth parses ``expireTime`` with exactly this form and raises on a fraction.
    """
    return moment.astimezone(UTC).isoformat(timespec="seconds").removesuffix("+00:00") + "Z"


def from_rfc3339(text: str) -> datetime:
    """Read what :func:`rfc3339` wrote."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
