"""The parts of a timestamp in a time zone, as conditions read them: ``request.time.getHours('Europe/Berlin')``.

Source: Google, "Attribute reference for IAM Conditions", Date/time attributes; CEL language definition, "Timestamps".
Without a zone the CEL library reads them itself, in UTC. Months, days of the week (from Sunday) and of the year are
counted from 0; ``getDate`` counts the days of the month from 1, ``getDayOfMonth`` from 0.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

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
