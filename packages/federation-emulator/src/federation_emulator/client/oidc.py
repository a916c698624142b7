"""Tokens of the local cloud's test issuer, and what a program in any language needs to come with one.

A provider takes them whose seed says ``jwks: test-issuer``. The server signs: the client needs no library for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from federation_emulator.client.issuer import github_claims
from federation_emulator.client.remote import Remote
from federation_emulator.client.use import CREDENTIALS, program_variables, the_only
from federation_emulator.core.clock import from_rfc3339
from federation_emulator.core.credentials import audience, write_configuration
from federation_emulator.core.endpoints import Endpoints, write_private
from federation_emulator.servers.process import ProcessError

_REPOSITORY = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+")


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job of GitHub Actions.

    Args:
        repository: ``OWNER/NAME``.
        provider: ``POOL/PROVIDER``; ``None`` takes the only one there is.
        service_account: Id or e-mail of the account to impersonate; ``None`` for direct access.
        claims: How its claims differ; see :func:`~federation_emulator.client.issuer.github_claims`.
    """

    repository: str
    provider: str | None = None
    service_account: str | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)


def job_token(endpoints: Endpoints, job: Job) -> str:
    """A token of this moment, by the local Google's clock, with the provider's issuer and its first audience.

    Raises:
        ProcessError: The provider isn't there, or isn't one for OIDC; or the repository has another form.
    """
    if not _REPOSITORY.fullmatch(job.repository):
        raise ProcessError(f"{job.repository!r:.100} is no repository of GitHub's; write OWNER/NAME")
    remote = Remote(endpoints)
    provider, _ = the_only(endpoints, job.provider, job.service_account)
    wire = _oidc(remote, provider)
    allowed = wire.get("allowedAudiences") or [f"https:{audience(endpoints, provider)}"]
    now = from_rfc3339(remote.get("/_local/clock")["now"])
    claims = {"iss": wire["issuerUri"], **github_claims(job.repository, audience=allowed[0], now=now, **job.claims)}
    return str(remote.post("/_local/issuer", {"claims": claims})["token"])


def job_environment(folder: Path, endpoints: Endpoints, job: Job) -> dict[str, str]:
    """The variables of a program that comes as a job.

    Token and credential configuration are written below the state folder, the token as it is: it lasts five minutes,
    and a client reads it with each exchange.

    Raises:
        ProcessError: As :func:`job_token`, or there is no such service account.
    """
    provider, account = the_only(endpoints, job.provider, job.service_account)
    token = job_token(endpoints, job)
    (folder / CREDENTIALS).mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / CREDENTIALS / f"{provider.replace('/', '.')}.token"
    write_private(file, token)
    path = write_configuration(folder / CREDENTIALS, endpoints, provider, service_account=account, token_file=file)
    return program_variables(endpoints, provider, path)


def _oidc(remote: Remote, provider: str) -> dict[str, Any]:
    pool, _, name = provider.partition("/")
    providers = remote.get("/_local/resources")["providers"]
    wire = next(one for one in providers if one["name"].endswith(f"/{pool}/providers/{name}"))
    if "oidc" not in wire:
        raise ProcessError(f"{provider} is a provider for AWS; name one for OIDC with --provider")
    return dict(wire["oidc"])


def claims(texts: Iterable[str]) -> dict[str, Any]:
    """Read claims written ``NAME=VALUE``; a value that is JSON is taken as that, any other as a text.

    Raises:
        ProcessError: One is written otherwise, or sets what the token is made of.
    """
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals or name in {"audience", "now"}:
            raise ProcessError(
                f"{text!r:.80} is no claim; write NAME=VALUE, such as ref=refs/heads/main, aud=x or iat=1"
            )
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found
