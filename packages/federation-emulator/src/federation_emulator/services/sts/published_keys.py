"""The key set of an issuer on this machine: its discovery document, then the set that it names.

Each answer is bounded, no redirect is followed, and no address but this machine's is asked. Source: OpenID Connect
Discovery 1.0, sections 3, 4.1 (the document's address) and 4.3 (its issuer is the one that was asked).
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping

import httpx

from federation_emulator.core.strict_json import JsonProblem, parse_strictly
from federation_emulator.services.iam.key_set import MOST_CHARACTERS, PublicKey, read_published_set
from federation_emulator.services.iam.oidc_rules import on_this_machine

_DISCOVERY = "/.well-known/openid-configuration"


class PublishedProblem(Exception):  # noqa: N818  (a finding about an answer, not a malfunction)
    """An issuer publishes no key set. The message holds the address and what is wrong there."""


async def discover(issuer_uri: str) -> Mapping[str, PublicKey]:
    """Fetch an issuer's keys, by id. The caller limits the time.

    Raises:
        PublishedProblem: An answer isn't 200, is too large, or isn't what the issuer must publish.
        KeySetProblem: The key set has an unusable form.
        httpx.HTTPError: There was no answer.
    """
    # A certificate authority of one's own is named with SSL_CERT_FILE; the empty context saves loading all of them.
    secure = issuer_uri.startswith("https:")
    context = ssl.create_default_context() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    async with httpx.AsyncClient(trust_env=False, verify=context) as client:
        keys_uri = _keys_uri(await read_text(client, issuer_uri.rstrip("/") + _DISCOVERY), issuer_uri)
        if keys_uri.startswith("https:") is not secure:
            raise PublishedProblem(f"jwks_uri {keys_uri:.200} has another scheme than the issuer")
        return read_published_set(await read_text(client, keys_uri))


def _keys_uri(document: str, issuer_uri: str) -> str:
    try:
        found = parse_strictly(document)
    except JsonProblem as problem:
        raise PublishedProblem(f"a discovery document that is no JSON: {problem}") from problem
    named, keys_uri = (found.get("issuer"), found.get("jwks_uri")) if isinstance(found, dict) else (None, None)
    if named != issuer_uri:
        raise PublishedProblem(f"a discovery document of the issuer {named!r:.200}")
    if not isinstance(keys_uri, str) or not on_this_machine(keys_uri):
        raise PublishedProblem(f"jwks_uri {keys_uri!r:.200}, which is not on this machine")
    return keys_uri


async def read_text(client: httpx.AsyncClient, url: str, *, host: str = "") -> str:
    """Fetch a text of at most :data:`MOST_CHARACTERS` bytes; raises as :func:`discover`."""
    headers = {"accept-encoding": "identity", **({"host": host} if host else {})}
    async with client.stream("GET", url, headers=headers) as response:
        if response.status_code != httpx.codes.OK:
            raise PublishedProblem(f"status {response.status_code} at {url:.200}; redirects are not followed")
        received = bytearray()
        async for chunk in response.aiter_raw():
            received += chunk
            if len(received) > MOST_CHARACTERS:
                raise PublishedProblem(f"more than {MOST_CHARACTERS} bytes at {url:.200}")
        try:
            return received.decode()
        except UnicodeDecodeError as problem:
            raise PublishedProblem(f"a text at {url:.200} that is not UTF-8") from problem
