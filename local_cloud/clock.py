"""Time as an argument, so that expiry and skew can be tested without waiting."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


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


def rfc3339(moment: datetime) -> str:
    """Write a moment as ``YYYY-MM-DDTHH:MM:SSZ``.

    Whole seconds: google-auth parses ``expireTime`` with exactly this form and raises on a fraction.
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_rfc3339(text: str) -> datetime:
    """Read what :func:`rfc3339` wrote."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def epoch_milliseconds(moment: datetime) -> str:
    """Write a moment the way BigQuery does: milliseconds since 1970, as a string."""
    return str(int(moment.timestamp() * 1000))
