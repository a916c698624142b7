"""How the newest invocation ended, by the function's log: what no look at the chain shows may still fail there."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from keyless_bigquery.command_line import command_line
from keyless_bigquery.runtime.errors import Link as FunctionsLink
from keyless_bigquery.runtime.printable import one_line
from keyless_tools.doctor.answer import Absent, Found
from keyless_tools.doctor.expected import Expected
from keyless_tools.doctor.finding import Judgement, not_looked, not_seen, ok, unknown
from keyless_tools.doctor.observed import Seen

_LONGEST = 1_000
_FAILED = re.compile(
    rf"^(?:ERROR |\[ERROR\] (?:\w+: )?)?(?:{'|'.join(re.escape(link.value) for link in FunctionsLink)}) failed: "
    r"|^\[ERROR\] |Task timed out after |\bStatus: (?:error|timeout)\b"
    r"|^RequestId: \S+ Error: |Process exited before completing request",
    re.ASCII,
)
"""A line that a failed invocation leaves: the library's own, or Lambda's. Source of the latter: Lambda, "Working with
Lambda function logs" and "Troubleshoot execution issues"."""

_PLATFORM = re.compile(
    r"^(?:START|END|REPORT|INIT_START|INIT_REPORT|RESTORE_START|RESTORE_REPORT|XRAY|EXTENSION)\b", re.ASCII
)


def last_invocation(expected: Expected, seen: Seen) -> Judgement:
    """The newest invocation ended well. Where there was none, that is said, and is no failure."""
    verify = command_line("keyless", "verify", expected.stack)
    if isinstance(seen.last_log, Absent):
        return not_looked("there is no log to look at")
    if not isinstance(seen.last_log, Found):
        return not_seen("the function's log", seen.last_log)
    if not seen.last_log.value:
        return not_looked(f"no invocation was seen in the log: `{verify}` makes one")
    events = newest(seen.last_log.value)
    at = f"{datetime.fromtimestamp(events[-1][0] / 1000, tz=UTC):%Y-%m-%d %H:%M:%S} UTC"
    line = failure_of([text for _, text in events])
    if line is None:
        return ok(f"it ended well at {at}")
    return unknown(f"it failed at {at}: {one_line(line, _LONGEST)} Fixed since? Run `{verify}`")


def newest(events: Sequence[tuple[int, str]]) -> Sequence[tuple[int, str]]:
    """The events of the newest invocation: from its start, where one is among them."""
    starts = [place for place, (_, text) in enumerate(events) if _starts(text)]
    return events[starts[-1] :] if starts else events


def failure_of(lines: Sequence[str]) -> str | None:
    """The line that says most about why an invocation failed; ``None``: it did not.

    Where the log has no starts, since the stack's ``logLevel`` leaves them out, several invocations are in it: then the
    last line of the function's own counts, which after a failure is the failure's.
    """
    read = [(text, _record(text)) for text in lines]
    delimited = any(_starts(text) for text in lines)
    own = [_failed(text, record) for text, record in read if not _is_platforms(text, record)]
    of_the_platform = [_failed(text, record) for text, record in read if _is_platforms(text, record)]
    counted = own if delimited else own[-1:]
    found = [line for line in (*counted, *of_the_platform) if line]
    return next((line for line in found if " failed: " in line), found[0] if found else None)


def _starts(text: str) -> bool:
    return text.startswith("START RequestId: ") or _record(text).get("type") == "platform.start"


def _is_platforms(text: str, record: dict[str, object]) -> bool:
    return bool(_PLATFORM.match(text)) or str(record.get("type", "")).startswith("platform.")


def _failed(text: str, record: dict[str, object]) -> str | None:
    """What a line says of a failure, if it does. Source of the JSON: Lambda, "Log formats"."""
    inner = record.get("record")
    if isinstance(inner, dict) and inner.get("status") in {"error", "timeout", "failure"}:
        return f"{record.get('type')}: {inner['status']} {inner.get('errorType') or ''}".rstrip()
    message = record.get("errorMessage") or record.get("message")
    if isinstance(message, str):
        named = f"{record['errorType']}: {message}" if record.get("errorType") else message
        is_ours = _FAILED.match(message) is not None
        # What the function itself logs of an error has the name of its logger.
        if is_ours or (record.get("errorType") and "logger" not in record):
            return message if is_ours else named
        return None
    return text.strip() if _FAILED.search(text) else None


def _record(text: str) -> dict[str, object]:
    try:
        found = json.loads(text) if text.startswith("{") else None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
