"""A user-managed key of a service account, and whether it may be deleted. Pure.

Sources: IAM API v1, ``ServiceAccountKey``; Policy Analyzer API v1, ``Activity``; "Disable and enable service account
keys".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

DAYS = 30
"""Without use for so long a key may go: what runs once a month has run."""

_NAME = re.compile(r"projects/([a-z0-9][a-z0-9.:-]*)/serviceAccounts/([^/]+)/keys/([0-9A-Za-z]{1,100})", re.ASCII)
_NO_END = 9999
"""Year of the end of a key that has none."""


@dataclass(frozen=True, kw_only=True)
class LastUse:
    """What Google recorded of a key's use. Its records are of whole days, and end some days ago.

    Args:
        at: When it was used last; ``None``: not in the whole period.
        since: Beginning of the period.
        until: Its end.
    """

    at: datetime | None
    since: datetime
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key.

    Args:
        account: E-mail of its service account.
        project: The account's project.
        uploaded: Its public half was uploaded; else Google made the pair.
        disabled: It is disabled.
        reason: Why, as Google has it; may be empty.
        last_use: Its last use; a text says why that is unknown.
    """

    account: str
    project: str
    id: str
    created: datetime
    expires: datetime
    uploaded: bool
    disabled: bool
    reason: str
    last_use: LastUse | str = ""

    @property
    def resource(self) -> str:
        """Its full resource name, by which its use is recorded."""
        return f"//iam.googleapis.com/projects/{self.project}/serviceAccounts/{self.account}/keys/{self.id}"

    @property
    def has_end(self) -> bool:
        """Whether it expires."""
        return self.expires.year < _NO_END


def key_of(wire: Mapping[str, Any], *, account: str) -> Key:
    """A key as the API answers it.

    Raises:
        KeyError, TypeError, ValueError: It is not of that account, or no such key at all.
    """
    found = _NAME.fullmatch(wire["name"])
    if found is None or found[2] != account or wire.get("keyType", "USER_MANAGED") != "USER_MANAGED":
        raise ValueError(wire["name"])
    return Key(
        account=account,
        project=found[1],
        id=found[3],
        created=_moment(wire["validAfterTime"]),
        expires=_moment(wire["validBeforeTime"]),
        uploaded=wire.get("keyOrigin") == "USER_PROVIDED",
        disabled=wire.get("disabled") is True,
        reason=str(wire.get("disableReason") or "").removeprefix("SERVICE_ACCOUNT_KEY_DISABLE_REASON_"),
    )


def last_use_of(wire: Mapping[str, Any], key: Key) -> LastUse | str:
    """The last use of a key in the activities that the API answers, or why it is unknown.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: They are no activities.
    """
    for activity in wire.get("activities") or ():
        if activity["fullResourceName"] == key.resource:
            period, at = activity["observationPeriod"], (activity.get("activity") or {}).get("lastAuthenticatedTime")
            since, until = _moment(period["startTime"]), _moment(period["endTime"])
            return LastUse(at=None if at is None else _moment(at), since=since, until=until)
    return "Google has no record of this key; after a use it takes days"


def wait_of(key: Key, *, days: int) -> str:
    """Why a key is not to be deleted yet; empty if it may be. A deleted key can't be had back."""
    if not key.disabled:
        return "disable it first, which can be undone"
    if isinstance(key.last_use, str):
        return "its last use is unknown"
    use = key.last_use
    unused = use.until - (use.at or max(use.since, key.created))
    if unused >= timedelta(days=days):
        return ""
    return f"Google's records show {max(unused.days, 0)} days without use, {days} are needed (--days)"


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
