"""Asks Google for the user-managed keys of a service account, and when they were used."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote, urlencode

from keyless_bigquery.trust.names import ACCOUNT_EMAIL
from keyless_tools.doctor.answer import Absent, Answer, Found, Silent
from keyless_tools.doctor.finding import not_seen
from keyless_tools.doctor.google_api import GoogleApi
from keyless_tools.doctor.keys.key import Key, LastUse, key_of, last_use_of

EMAIL = re.compile(ACCOUNT_EMAIL, re.ASCII)
"""A service account's e-mail."""

_OF_A_PROJECT = re.compile(r"[^@]+@([a-z0-9-]+)\.iam\.gserviceaccount\.com", re.ASCII)
_LIST = "iam.serviceAccountKeys.list"
_QUERY = "policyanalyzer.serviceAccountKeyLastAuthenticationActivities.query"
_TYPE = "serviceAccountKeyLastAuthentication"
_NOT_GOOGLES = "it answered something that is not Google's: a proxy's?"


def project_of(email: str) -> str:
    """The project in an account's e-mail; ``-``, by which Google finds it itself, where it isn't written there so."""
    found = _OF_A_PROJECT.fullmatch(email)
    return found[1] if found else "-"


def keys_of(google: GoogleApi | str, email: str) -> Answer[tuple[Key, ...]]:
    """The user-managed keys of an account.

    Args:
        google: The APIs; a text says why they can't be asked.
        email: The account, of the form :data:`EMAIL`.
    """
    if isinstance(google, str):
        return Silent(why=google)
    path = f"/v1/projects/{project_of(email)}/serviceAccounts/{quote(email, safe='@')}/keys?keyTypes=USER_MANAGED"
    answer = google.look("iam", path, permission=_LIST)
    if not isinstance(answer, Found):
        return answer
    try:
        keys = [key_of(wire, account=email) for wire in answer.value.get("keys") or ()]
    except (AttributeError, KeyError, TypeError, ValueError):
        return Silent(why=f"iam: {_NOT_GOOGLES}")
    uses = _uses(google, keys)
    return Found(value=tuple(dataclasses.replace(key, last_use=use) for key, use in zip(keys, uses, strict=True)))


def _uses(google: GoogleApi, keys: Sequence[Key]) -> Iterator[LastUse | str]:
    """The last use of each; where one can't be asked for, none is."""
    for place, key in enumerate(keys):
        query = urlencode({"filter": f'activities.fullResourceName="{key.resource}"'})
        path = f"/v1/projects/{key.project}/locations/global/activityTypes/{_TYPE}/activities:query?{query}"
        answer = google.look("policyanalyzer", path, permission=_QUERY)
        if not isinstance(answer, Found):
            known = Silent(why="policyanalyzer answered 404") if isinstance(answer, Absent) else answer
            yield from [not_seen("it", known).actual] * (len(keys) - place)
            return
        try:
            yield last_use_of(answer.value, key)
        except (AttributeError, KeyError, TypeError, ValueError):
            yield f"policyanalyzer: {_NOT_GOOGLES}"
