"""What is printed of the keys: their dates, their last use, and the commands that end them; or JSON. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from keyless_bigquery.runtime.printable import one_line
from keyless_tools.doctor import fixes
from keyless_tools.doctor.answer import Absent, Answer, Found, Hidden, Off, Silent
from keyless_tools.doctor.finding import not_seen
from keyless_tools.doctor.keys.key import Key, wait_of
from keyless_tools.doctor.report import FAILED, NOT_SEEN, PASSED


@dataclass(frozen=True, kw_only=True)
class Looked:
    """One account that was looked at.

    Args:
        reader: The stack's reader that uses it; empty outside a stack.
        email: The account; ``None``: the reader has direct access, and no account.
        keys: Its user-managed keys.
    """

    reader: str
    email: str | None
    keys: Answer[tuple[Key, ...]]


def exit_code(looked: Sequence[Looked]) -> int:
    """The exit code: a key was found; or not all could be looked at; or there is none."""
    if any(isinstance(one.keys, Found) and one.keys.value for one in looked):
        return FAILED
    return PASSED if all(isinstance(one.keys, Found) for one in looked) else NOT_SEEN


def as_text(looked: Sequence[Looked], *, days: int) -> str:
    """The report; ``days`` without use are needed before a key may be deleted."""
    return "".join(f"{one_line(line)}\n" for one in looked for line in _lines(one, days))


def as_json(looked: Sequence[Looked], *, days: int) -> str:
    """The same for machines."""
    accounts = [
        {
            "reader": one.reader,
            "serviceAccount": one.email,
            "notSeen": "" if isinstance(one.keys, Found) else _why_not(one.email, one.keys),
            "keys": [
                {"id": key.id} | dict(_facts(key)) | dict(_commands(key, days))
                for key in (one.keys.value if isinstance(one.keys, Found) else ())
            ],
        }
        for one in looked
    ]
    return json.dumps({"accounts": accounts, "exitCode": exit_code(looked)}, indent=2)


def _lines(one: Looked, days: int) -> Iterator[str]:
    who = f"reader {one.reader}: " if one.reader else ""
    if one.email is None:
        yield f"{who}direct access, so there is no service account, and no key"
        return
    if not isinstance(one.keys, Found):
        yield f"{who}{_why_not(one.email, one.keys)}"
        return
    count = len(one.keys.value)
    yield f"{who}{one.email} has {count or 'no'} user-managed key{'' if count == 1 else 's'}"
    for key in one.keys.value:
        yield f"  {key.id}"
        for name, value in (*_facts(key), *_commands(key, days)):
            yield f"    {name:<10}{value}"


def _why_not(email: str | None, answer: Absent | Hidden | Off | Silent) -> str:
    if isinstance(answer, Absent):
        return f"there is no service account {email}: compare the e-mail with `gcloud iam service-accounts list`"
    return not_seen(f"the keys of {email}", answer).actual


def _facts(key: Key) -> Iterator[tuple[str, str]]:
    yield "created", f"{_day(key.created)}, {'uploaded' if key.uploaded else 'by Google'}"
    yield "expires", _day(key.expires) if key.has_end else "never"
    yield "state", f"disabled{key.reason and f': {key.reason}'}" if key.disabled else "enabled"
    use = key.last_use
    if isinstance(use, str):
        yield "last use", f"unknown: {use}"
    else:
        found = f"on {_day(use.at)}" if use.at else f"none since {_day(use.since)}"
        yield "last use", f"{found}, by Google's records until {_day(use.until)}"


def _commands(key: Key, days: int) -> Iterator[tuple[str, str]]:
    if not key.disabled:
        yield "disable", fixes.disable_key(key.id, email=key.account)
    yield "undo", fixes.enable_key(key.id, email=key.account)
    wait = wait_of(key, days=days)
    yield "delete", f"not yet: {wait}" if wait else fixes.delete_key(key.id, email=key.account)


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
