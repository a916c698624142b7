"""`python -m federation_emulator use` and `sign`: what a program in any language needs to come as a role."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlencode

from federation_emulator.client.languages import trusting, without_google
from federation_emulator.client.remote import Remote
from federation_emulator.core.credentials import PUBLIC_UNIVERSE, UNIVERSE, audience, email, write_configuration
from federation_emulator.core.endpoints import Endpoints
from federation_emulator.core.roles import SessionKeys, take_on
from federation_emulator.library import command_line, signed_headers
from federation_emulator.servers.process import ProcessError
from federation_emulator.services.sts.model import ACCESS_TOKEN_TYPE, AWS_TOKEN_TYPE, GRANT_TYPE, QUERY, TARGET_HEADER

CREDENTIALS = "credentials"
"""Folder of the state folder in which credential configurations are written."""

_POLL_SECONDS = 0.05
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """As whom, and by which way.

    Args:
        provider: ``POOL/PROVIDER``; ``None`` takes the only one there is.
        service_account: Id or e-mail of the account to impersonate; ``None`` for direct access.
    """

    role: str
    provider: str | None = None
    service_account: str | None = None


def opened(folder: Path, *, limit_seconds: float) -> Endpoints:
    """The local cloud that runs in this folder; waits while it starts.

    Raises:
        FileNotFoundError: None is ready in this time.
    """
    deadline = time.monotonic() + limit_seconds
    while True:
        try:
            return Endpoints.read(folder)
        except FileNotFoundError:
            if time.monotonic() > deadline:
                raise
        time.sleep(_POLL_SECONDS)


def environment(
    folder: Path, endpoints: Endpoints, choice: Choice, *, universe_domain: str = UNIVERSE
) -> dict[str, str]:
    """The variables of a program that comes as a role; in Google's own universe it reaches no public host over https.

    The credential configuration is written below the state folder.

    Raises:
        ProcessError: The provider or service account isn't there, or isn't the only one and wasn't named.
        RoleError: The role can't be taken on.
    """
    without_keys = addresses(folder, endpoints, choice, universe_domain=universe_domain)
    return {**take_on(endpoints, choice.role).environment(), **without_keys}


def addresses(folder: Path, endpoints: Endpoints, choice: Choice, *, universe_domain: str = UNIVERSE) -> dict[str, str]:
    """The same variables without the role's session; raises as :func:`environment`."""
    provider, account = the_only(endpoints, choice.provider, choice.service_account)
    path = write_configuration(
        folder / CREDENTIALS, endpoints, provider, service_account=account, universe_domain=universe_domain
    )
    variables = program_variables(endpoints, provider, path, universe_domain=universe_domain)
    return {"AWS_ENDPOINT_URL": endpoints.aws_url, **variables}


def program_variables(
    endpoints: Endpoints, provider: str, path: Path, *, universe_domain: str = UNIVERSE
) -> dict[str, str]:
    """The variables by which a program finds the local Google, with the credential configuration at ``path``."""
    host = endpoints.google_url
    return {
        "GOOGLE_APPLICATION_CREDENTIALS": str(path),
        "GOOGLE_CLOUD_PROJECT": endpoints.project_id,
        "LOCAL_GOOGLE_URL": host,
        "LOCAL_GOOGLE_AUDIENCE": audience(endpoints, provider),
        # Some of Google's BigQuery clients take their address from here; the others need it in their options.
        "BIGQUERY_EMULATOR_HOST": host,
        **trusting(endpoints, os.environ),
        **(without_google() if universe_domain == PUBLIC_UNIVERSE else {}),
    }


def exports(variables: dict[str, str]) -> str:
    """Lines for a shell's `eval`."""
    return "".join(f"export {name}={command_line(value)}\n" for name, value in variables.items())


def signed_form(endpoints: Endpoints, choice: Choice) -> str:
    """The body of an exchange, signed a moment ago: for curl, or a client of one's own."""
    provider, _account = the_only(endpoints, choice.provider, choice.service_account)
    return urlencode(
        {
            "grant_type": GRANT_TYPE,
            "audience": audience(endpoints, provider),
            "scope": _SCOPE,
            "requested_token_type": ACCESS_TOKEN_TYPE,
            "subject_token_type": AWS_TOKEN_TYPE,
            "subject_token": subject_token(endpoints, provider, take_on(endpoints, choice.role)),
        }
    )


def subject_token(endpoints: Endpoints, provider: str, keys: SessionKeys) -> str:
    """A signed GetCallerIdentity, as google-auth sends it."""
    url = f"https://sts.{keys.region}.amazonaws.com?{QUERY}"
    target = {TARGET_HEADER: audience(endpoints, provider)}
    signed = signed_headers(keys, url=url, region=keys.region, body="", now=datetime.now(UTC), headers=target)
    headers = [{"key": name, "value": value} for name, value in signed.items()]
    return quote(json.dumps({"url": url, "method": "POST", "headers": headers}), safe="")


def the_only(endpoints: Endpoints, provider: str | None, account: str | None) -> tuple[str, str | None]:
    """The provider and the account that are meant, both checked; raises as :func:`environment`."""
    resources = Remote(endpoints).get("/_local/resources")
    names = [_short(provider["name"]) for provider in resources["providers"]]
    emails = [account["email"] for account in resources["serviceAccounts"]]
    meant = [name for name in names if provider in {None, name, name.rpartition("/")[2]}]
    if len(meant) != 1:
        said = f"there is no provider {provider}" if provider and not meant else f"there are {len(meant)} providers"
        raise ProcessError(f"{said}; name one as POOL/PROVIDER: {_listed(names)}")
    if account is not None and email(endpoints, account) not in emails:
        raise ProcessError(f"there is no service account {account}; there are: {_listed(emails)}")
    return meant[0], account


def _short(name: str) -> str:
    """``POOL/PROVIDER`` of a provider's resource name."""
    parts = name.split("/")
    return f"{parts[-3]}/{parts[-1]}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none yet"
