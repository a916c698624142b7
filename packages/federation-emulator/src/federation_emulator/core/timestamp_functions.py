"""Timestamps and durations as conditions write them, and the parts of a timestamp in a time zone.

Source: Google, "Attribute reference for IAM Conditions", Date/time attributes; CEL language definition, "Timestamps".
Without a zone the CEL library reads them itself, in UTC. Months, days of the week (from Sunday) and of the year are
counted from 0; ``getDate`` counts the days of the month from 1, ``getDayOfMonth`` from 0.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_PARTS_OF_A_DURATION = re.compile(r"([0-9]{1,20}(?:\.[0-9]{1,20})?)(h|ms|us|ns|m|s)")
_DURATION = re.compile(rf"[+-]?(?:{_PARTS_OF_A_DURATION.pattern}){{1,6}}")
_UNITS = {"h": 3600 * 10**9, "m": 60 * 10**9, "s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
LONGEST = timedelta(seconds=315_576_000_000)
"""protobuf, ``google.protobuf.Duration``: 10,000 years; CEL, "Overflow"."""

_OFFSET = re.compile(r"(?P<sign>[+-])?(?P<hours>[0-9]{2}):(?P<minutes>[0-5][0-9])")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+/-]{0,63}")

PARTS: dict[str, Callable[[datetime], int]] = {
    "getFullYear": lambda moment: moment.year,
    "getMonth": lambda moment: moment.month - 1,
    "getDate": lambda moment: moment.day,
    "getDayOfMonth": lambda moment: moment.day - 1,
    "getDayOfWeek": lambda moment: moment.isoweekday() % 7,
    "getDayOfYear": lambda moment: moment.timetuple().tm_yday - 1,
    "getHours": lambda moment: moment.hour,
    "getMinutes": lambda moment: moment.minute,
    "getSeconds": lambda moment: moment.second,
    "getMilliseconds": lambda moment: moment.microsecond // 1000,
}
"""Function → what it reads."""


def read_timestamp(text: object) -> datetime:
    """Read CEL's ``timestamp(text)``: RFC 3339, in the years 1 to 9999 of UTC.

    The CEL library takes the year 0, a leap second, and a moment beyond either end that only its offset puts there.

    Raises:
        TypeError: It is no text.
        ValueError: It is no such time.
    """
    if not isinstance(text, str):
        raise TypeError("timestamp takes a text")
    if not _TIMESTAMP.fullmatch(text):
        raise ValueError(f"{text!r:.80} is no RFC 3339 time, such as 2026-12-31T23:59:59Z")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as problem:
        raise ValueError(f"{text!r:.80} is no time of the years 1 to 9999") from problem


def read_duration(text: object) -> timedelta:
    """Read CEL's ``duration(text)``: numbers with units, of at most some 10,000 years.

    The CEL library takes one that overflows for its longest, so that whatever is compared with it is before it.

    Raises:
        TypeError: It is no text.
        ValueError: It is no such duration.
    """
    if not isinstance(text, str):
        raise TypeError("duration takes a text")
    if text == "0":
        return timedelta()
    if not _DURATION.fullmatch(text):
        raise ValueError(f"{text!r:.80} is no duration, such as 3600s or 1h30m")
    nanoseconds = sum(Decimal(number) * _UNITS[unit] for number, unit in _PARTS_OF_A_DURATION.findall(text))
    if nanoseconds > LONGEST.total_seconds() * _UNITS["s"]:
        raise ValueError(f"{text!r:.80} is longer than {LONGEST.days} days")
    ahead = timedelta(microseconds=int(nanoseconds // _UNITS["us"]))
    return -ahead if text.startswith("-") else ahead


def part(name: str, moment: object, zone: object) -> int:
    """Read one part of a timestamp in a time zone.

    Raises:
        TypeError: It is no timestamp, or the zone is no text.
        ValueError: There is no such zone.
    """
    if not isinstance(moment, datetime) or not isinstance(zone, str):
        raise TypeError(f"{name} takes a timestamp and the name of a time zone")
    try:
        return PARTS[name](moment.astimezone(_zone(zone)))
    except (LookupError, OverflowError, OSError) as problem:
        raise ValueError(f"there is no {name} in the time zone {zone!r:.80}") from problem


def _zone(name: str) -> tzinfo:
    if found := _OFFSET.fullmatch(name):
        ahead = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"]))
        return timezone(-ahead if found["sign"] == "-" else ahead)
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r:.80} is no time zone: write Europe/Berlin, or +01:00")
    return ZoneInfo(name)
