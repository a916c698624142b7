"""Where an issuer's public keys come from: the provider itself, the local AWS for its own issuer, or a local file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import httpx

from federation_emulator.core.errors import OAuthError
from federation_emulator.core.trace import Part, refuse
from federation_emulator.ports.issuers import FILE, IssuersProblem, published_keys
from federation_emulator.ports.web_identity import ISSUER, ISSUER_HOST, KEY_SET
from federation_emulator.services.iam.key_set import MOST_CHARACTERS, KeySetProblem, PublicKey, read_key_set
from federation_emulator.services.iam.model import Oidc


async def keys_of(
    oidc: Oidc, aws: httpx.AsyncClient, *, limit_seconds: float, issuers: Path | None = None
) -> Mapping[str, PublicKey]:
    """Get the keys with which a provider's tokens are verified, by id.

    Google fetches them from where the issuer's discovery document says. Here nothing leaves the machine: a key set was
    uploaded, or the issuer is the local AWS's, whose set is asked for at each exchange, so that a key that has left it
    counts no more; or the issuer is in the file ``issuers``.

    Raises:
        Refused: The issuer is another one, or the local AWS did not answer with a key set.
    """
    if oidc.jwks_json:
        return read_key_set(oidc.jwks_json)
    if oidc.issuer_uri != ISSUER:
        return _published(oidc.issuer_uri, issuers)
    try:
        async with asyncio.timeout(limit_seconds):
            return read_key_set(await _ask(aws))
    except TimeoutError:
        _refuse(f"no whole key set within {limit_seconds:g} s")
    except (httpx.HTTPError, UnicodeDecodeError) as problem:
        _refuse(type(problem).__name__)
    except KeySetProblem as problem:
        _refuse(f"no key set: {problem}")


def _published(issuer: str, file: Path | None) -> Mapping[str, PublicKey]:
    try:
        if file is not None and (found := published_keys(file, issuer)) is not None:
            return read_key_set(found)
    except (IssuersProblem, KeySetProblem) as problem:
        _refuse(f"no key set of {issuer}: {problem}", f"write {FILE} in the local cloud's folder anew")
    _refuse(
        f"{issuer}, without jwksJson",
        f"upload the issuer's key set as the provider's oidc.jwksJson, or write it into {FILE} in the local cloud's"
        " folder",
    )


async def _ask(aws: httpx.AsyncClient) -> str:
    headers = {"host": ISSUER_HOST, "accept-encoding": "identity"}
    async with aws.stream("GET", KEY_SET, headers=headers) as response:
        response.raise_for_status()
        received = bytearray()
        async for chunk in response.aiter_raw():
            received += chunk
            if len(received) > MOST_CHARACTERS:
                break
        return received.decode()


def _refuse(
    actual: str, fix: str = "use the AWS that the local cloud starts; another one has no such issuer"
) -> NoReturn:
    refuse(
        Part.ID_TOKEN,
        rule="the issuer's keys must be within reach",
        actual=actual,
        expected=f"jwksJson of the provider, or the local AWS's issuer, {ISSUER}",
        fix=fix,
        answer=OAuthError("invalid_grant", "Error connecting to the given credential's issuer."),
    )
