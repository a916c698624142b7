"""What a function may be invoked with and when, as settings: rules like those of :mod:`keyless_bigquery.rules`."""

from __future__ import annotations

import json
import re

from keyless_bigquery.rules import Verdict

_rate = re.compile(r"rate\((?:1 (?:minute|hour|day)|(?:[2-9]|[1-9][0-9]{1,3}) (?:minutes|hours|days))\)", re.ASCII)
_cron = re.compile(r"cron\((?:[\w*?/,#-]+ ){5}[\w*?/,#-]+\)", re.ASCII)


def event(value: str) -> Verdict:
    """What a function is invoked with: any JSON. Source: Lambda API, ``Invoke``, ``Payload``."""
    try:
        json.loads(value)
    except (ValueError, RecursionError) as error:
        return f"it must be JSON: {error}", """For example: {"user_id": 1}"""
    return None


def schedule(value: str) -> Verdict:
    """When EventBridge starts the function. Source: EventBridge, "Creating a rule that runs on a schedule"."""
    if _rate.fullmatch(value) or _cron.fullmatch(value):
        return None
    return (
        "EventBridge takes rate(VALUE UNIT), the unit in the singular for 1 only, or cron() of six fields in UTC",
        "For example: rate(1 hour), rate(15 minutes) or cron(0 6 * * ? *)",
    )
