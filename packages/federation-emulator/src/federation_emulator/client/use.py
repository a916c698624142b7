"""`python -m federation_emulator use` and `sign`: what a program in any language needs to come as a role."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from federation_emulator.client.remote import Remote
from federation_emulator.core.credentials import UNIVERSE, audience, configuration, email, write_configuration
from federation_emulator.core.endpoints import Endpoints
from federation_emulator.core.roles import SessionKeys, take_on
from federation_emulator.servers.process import ProcessError
from keyless_bigquery.command_line import command_line

CREDENTIALS = "credentials"
"""Folder of the state folder in which credential configurations are written."""

START_SECONDS = 30.0
"""How long a command waits for a local cloud that is being started."""

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


def environment(folder: Path, endpoints: Endpoints, choice: Choice) -> dict[str, str]:
    """The variables of a program that comes as a role.

    The credential configuration is written below the state folder.

    Raises:
        ProcessError: The provider or service account isn't there, or isn't the only one and wasn't named.
        RoleError: The role can't be taken on.
    """
    without_keys = addresses(folder, endpoints, choice)
    return {**take_on(endpoints, choice.role).environment(), **without_keys}


def addresses(folder: Path, endpoints: Endpoints, choice: Choice, *, universe_domain: str = UNIVERSE) -> dict[str, str]:
    """The same variables without the role's session; raises as :func:`environment`."""
    provider, account = _found(endpoints, choice)
    path = write_configuration(
        folder / CREDENTIALS, endpoints, provider, service_account=account, universe_domain=universe_domain
    )
    host = endpoints.google_url
    return {
        "AWS_ENDPOINT_URL": endpoints.aws_url,
        "GOOGLE_APPLICATION_CREDENTIALS": str(path),
        "GOOGLE_CLOUD_PROJECT": endpoints.project_id,
        "LOCAL_GOOGLE_URL": host,
        "LOCAL_GOOGLE_AUDIENCE": audience(endpoints, provider),
        # Some of Google's BigQuery clients take their address from here; the others need it in their options.
        "BIGQUERY_EMULATOR_HOST": host,
    }


def exports(variables: dict[str, str]) -> str:
    """Lines for a shell's `eval`."""
    return "".join(f"export {name}={command_line(value)}\n" for name, value in variables.items())


def signed_form(endpoints: Endpoints, choice: Choice) -> str:
    """The body of an exchange, signed a moment ago: for curl, or a client of one's own."""
    provider, _account = _found(endpoints, choice)
    return urlencode(
        {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "audience": audience(endpoints, provider),
            "scope": _SCOPE,
            "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
            "subject_token": subject_token(endpoints, provider, take_on(endpoints, choice.role)),
        }
    )


def subject_token(endpoints: Endpoints, provider: str, keys: SessionKeys) -> str:
    """A GetCallerIdentity signed by google-auth, as it sends it."""
    from google.auth import aws
    from google.auth.transport.requests import Request

    class Held(aws.AwsSecurityCredentialsSupplier):
        def get_aws_security_credentials(self, context: object, request: object) -> aws.AwsSecurityCredentials:
            del context, request
            return aws.AwsSecurityCredentials(keys.access_key_id, keys.secret_access_key, keys.session_token)

        def get_aws_region(self, context: object, request: object) -> str:
            del context, request
            return keys.region

    settings = configuration(endpoints, provider)
    signer = aws.Credentials(  # type: ignore[no-untyped-call]  # google-auth's own
        audience=settings["audience"],
        subject_token_type=settings["subject_token_type"],
        token_url=settings["token_url"],
        aws_security_credentials_supplier=Held(),
        universe_domain=settings["universe_domain"],
    )
    return str(signer.retrieve_subject_token(Request()))  # type: ignore[no-untyped-call]  # google-auth's own


def _found(endpoints: Endpoints, choice: Choice) -> tuple[str, str | None]:
    resources = Remote(endpoints).get("/_local/resources")
    names = [_short(provider["name"]) for provider in resources["providers"]]
    emails = [account["email"] for account in resources["serviceAccounts"]]
    provider = choice.provider or (names[0] if len(names) == 1 else "")
    if provider not in names:
        said = f"there is no provider {provider}" if provider else f"there are {len(names)} providers"
        raise ProcessError(f"{said}; name one with --provider: {_listed(names)}")
    account = choice.service_account
    if account is not None and email(endpoints, account) not in emails:
        raise ProcessError(f"there is no service account {account}; there are: {_listed(emails)}")
    return provider, account


def _short(name: str) -> str:
    """``POOL/PROVIDER`` of a provider's resource name."""
    parts = name.split("/")
    return f"{parts[-3]}/{parts[-1]}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none yet"
