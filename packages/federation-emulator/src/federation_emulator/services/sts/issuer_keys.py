"""Where an issuer's public keys come from: the provider itself, or the local AWS for its own issuer; nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import NoReturn

from federation_emulator.core.errors import OAuthError
from federation_emulator.core.trace import Part, refuse
from federation_emulator.core.upstream import Upstream, UpstreamError
from federation_emulator.ports.web_identity import ISSUER, ISSUER_HOST, KEY_SET
from federation_emulator.services.iam.key_set import MOST_CHARACTERS, KeySetProblem, PublicKey, read_key_set
from federation_emulator.services.iam.model import Oidc


async def keys_of(oidc: Oidc, aws: Upstream, *, limit_seconds: float) -> Mapping[str, PublicKey]:
    """Get the keys with which a provider's tokens are verified, by id.

    Google fetches them from where the issuer's discovery document says. Here nothing leaves the machine: a key set was
    uploaded, or the issuer is the local AWS's, whose set is asked for at each exchange, so that a key that has left it
    counts no more.

    Raises:
        Refused: The issuer is another one, or the local AWS did not answer with a key set.
    """
    if oidc.jwks_json:
        return read_key_set(oidc.jwks_json)
    if oidc.issuer_uri != ISSUER:
        _refuse(f"{oidc.issuer_uri}, without jwksJson", "upload the issuer's key set as the provider's oidc.jwksJson")
    try:
        answer = await aws.send(
            "GET",
            KEY_SET,
            headers={"host": ISSUER_HOST, "accept-encoding": "identity"},
            limit_seconds=limit_seconds,
            most_bytes=MOST_CHARACTERS,
            repeatable=True,
        )
        if answer.status == HTTPStatus.OK:
            return read_key_set(answer.body.decode())
        _refuse(f"status {answer.status}")
    except (UpstreamError, UnicodeDecodeError, KeySetProblem) as problem:
        _refuse(f"no key set: {problem}")


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
