"""The command `keyless doctor --keys`."""

from __future__ import annotations

import os
import sys

from keyless_bigquery import rules
from keyless_bigquery.components import outputs
from keyless_bigquery.trust.trust import GoogleEndpoints
from keyless_tools.boundary import UsageError
from keyless_tools.doctor.answer import Found
from keyless_tools.doctor.examine import endpoints_of, google_of
from keyless_tools.doctor.google_api import GoogleApi
from keyless_tools.doctor.keys.key import DAYS
from keyless_tools.doctor.keys.look import EMAIL, keys_of, project_of
from keyless_tools.doctor.keys.report import Looked, as_json, as_text, exit_code
from keyless_tools.doctor.stack import Stack, not_deployed, read_stack

_UNIVERSE = "GOOGLE_CLOUD_UNIVERSE_DOMAIN"
"""Google's own libraries read it too. Source: google-auth, ``environment_vars.py``."""

_LOCAL = "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM"
"""Where gcloud looks for IAM. In a shell of the local cloud every API is there, and the shell's token is good nowhere
else. Plain http is on this machine only."""

_MOST_DAYS = 3650


def run(stack: str | None, email: str, *, days: int | None, in_json: bool) -> int:
    """Prints the keys that are left; 0: none, 1: some, 2: not all could be looked at.

    Args:
        stack: The stack of whose readers; ``None`` if an e-mail is given.
        email: The account; empty for the stack's.
        days: So many without use are needed before a key may be deleted; ``None``: :data:`.key.DAYS`.
        in_json: As JSON.

    Raises:
        UsageError: Both or none are given, it is no e-mail of a service account, or ``days`` is out of range.
        StackError: The stack can't be read.
    """
    days = DAYS if days is None else days
    if not 1 <= days <= _MOST_DAYS:
        raise UsageError(
            f"--days is {days}: it is 1 to {_MOST_DAYS}, so that no key in use is deleted; without it, {DAYS}"
        )
    looked = of_email(email, stack) if email else of_stack(read_stack(str(stack)))
    sys.stdout.write(f"{as_json(looked, days=days)}\n" if in_json else as_text(looked, days=days))
    return exit_code(looked)


def of_email(email: str, stack: str | None = None) -> tuple[Looked, ...]:
    """Looks at any account.

    Raises:
        UsageError: A stack is named too, or it is no e-mail of a service account.
    """
    if stack is not None:
        raise UsageError(f"--keys is {email!r}, and the stack {stack} is named too: leave one of them out")
    if not EMAIL.fullmatch(email):
        raise UsageError(
            f"--keys is {email!r}: a service account's e-mail is NAME@PROJECT.iam.gserviceaccount.com, in lower case;"
            " for a stack's accounts: `keyless doctor STACK --keys`"
        )
    local = os.environ.get(_LOCAL, "").rstrip("/")
    endpoints = GoogleEndpoints(
        universe_domain=os.environ.get(_UNIVERSE) or "googleapis.com",
        base_url=local if rules.google_endpoint(local) is None and local.startswith("http://") else None,
    )
    return (Looked(reader="", email=email, keys=keys_of(google_of(endpoints, project=project_of(email)), email)),)


def of_stack(stack: Stack, google: GoogleApi | str | None = None) -> tuple[Looked, ...]:
    """Looks at the account of each deployed reader.

    Raises:
        StackError: The stack was not deployed to its end.
    """
    readers = stack.outputs.get(outputs.READERS)
    if not isinstance(readers, dict) or not readers:
        raise not_deployed(stack, outputs.READERS)
    if google is None:
        google = google_of(endpoints_of(stack), project=stack.settings.google_project)
    emails = {label: exported.get(outputs.SERVICE_ACCOUNT) for label, exported in readers.items()}
    return tuple(
        Looked(reader=label, email=email, keys=Found(value=()) if email is None else keys_of(google, email))
        for label, email in emails.items()
    )
