"""The credential configuration: the file by which a Google client in any language finds the local Google."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from federation_emulator.core.endpoints import Endpoints, write_private
from federation_emulator.services.sts.model import JWT_TYPES, QUERY

UNIVERSE = "local.invalid"
"""A universe of our own: in Google's, google-auth asks a fixed Google host where an account may be used."""

PUBLIC_UNIVERSE = "googleapis.com"
"""Google's own, for a program that reaches no public host."""


def audience(endpoints: Endpoints, provider: str) -> str:
    """The audience of an exchange. The provider is written ``POOL/PROVIDER``."""
    pool, _, name = provider.partition("/")
    pools = f"projects/{endpoints.project_number}/locations/global/workloadIdentityPools"
    return f"//iam.googleapis.com/{pools}/{pool}/providers/{name}"


def email(endpoints: Endpoints, account: str) -> str:
    """A service account's e-mail, from its id or from the e-mail itself."""
    return account if "@" in account else f"{account}@{endpoints.project_id}.iam.gserviceaccount.com"


def configuration(
    endpoints: Endpoints,
    provider: str,
    *,
    service_account: str | None = None,
    universe_domain: str = UNIVERSE,
    token_file: Path | None = None,
) -> dict[str, Any]:
    """Build it, key for key as ``gcloud iam workload-identity-pools create-cred-config --aws`` does.

    With a file that holds an OIDC token it is as with ``--credential-source-file``. The provider is written
    ``POOL/PROVIDER``; the account to impersonate is an id or e-mail, ``None`` for direct access. A program that reaches
    no public host may have another universe than the local one.
    """
    made: dict[str, Any] = {
        "universe_domain": universe_domain,
        "type": "external_account",
        "audience": audience(endpoints, provider),
        "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
        "token_url": f"{endpoints.google_url}/v1/token",
        "credential_source": {
            "environment_id": "aws1",
            "region_url": "http://169.254.169.254/latest/meta-data/placement/availability-zone",
            "url": "http://169.254.169.254/latest/meta-data/iam/security-credentials",
            "regional_cred_verification_url": f"https://sts.{{region}}.amazonaws.com?{QUERY}",
        },
    }
    if token_file is not None:
        made |= {"subject_token_type": JWT_TYPES[0], "credential_source": {"file": str(token_file)}}
    if service_account is not None:
        name = email(endpoints, service_account)
        url = f"{endpoints.google_url}/v1/projects/-/serviceAccounts/{name}:generateAccessToken"
        made["service_account_impersonation_url"] = url
    return made


def write_configuration(
    folder: Path,
    endpoints: Endpoints,
    provider: str,
    *,
    service_account: str | None = None,
    universe_domain: str = UNIVERSE,
    token_file: Path | None = None,
) -> Path:
    """Write it into a folder, and say where: ``POOL.PROVIDER.json`` or ``POOL.PROVIDER.ACCOUNT.json``."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    parts = [*provider.split("/"), *([service_account.partition("@")[0]] if service_account else [])]
    path = folder / f"{'.'.join(parts)}.json"
    made = configuration(
        endpoints, provider, service_account=service_account, universe_domain=universe_domain, token_file=token_file
    )
    write_private(path, json.dumps(made, indent=2) + "\n")
    return path
