"""The key set of an issuer on this machine: its discovery document, then the set that it names.

Each answer is bounded, no redirect is followed, and no address but this machine's is asked. Source: OpenID Connect
Discovery 1.0, sections 3, 4.1 (the document's address) and 4.3 (its issuer is the one that was asked).
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit, urlunsplit

from federation_emulator.core.strict_json import JsonProblem, parse_strictly
from federation_emulator.core.upstream import Upstream
from federation_emulator.services.iam.key_set import MOST_CHARACTERS, PublicKey, read_published_set
from federation_emulator.services.iam.oidc_rules import on_this_machine

_DISCOVERY = "/.well-known/openid-configuration"
_LIMIT_SECONDS = 30.0
"""For one answer, where the caller has no shorter limit."""


class PublishedProblem(Exception):  # noqa: N818  (a finding about an answer, not a malfunction)
    """An issuer publishes no key set. The message holds the address and what is wrong there."""


async def discover(issuer_uri: str) -> Mapping[str, PublicKey]:
    """Fetch an issuer's keys, by id. The caller limits the time.

    Raises:
        PublishedProblem: An answer isn't 200, is too large, or isn't what the issuer must publish.
        KeySetProblem: The key set has an unusable form.
        UpstreamError: There was no answer.
    """
    keys_uri = _keys_uri(await _fetch(issuer_uri.rstrip("/") + _DISCOVERY), issuer_uri)
    if keys_uri.startswith("https:") is not issuer_uri.startswith("https:"):
        raise PublishedProblem(f"jwks_uri {keys_uri:.200} has another scheme than the issuer")
    return read_published_set(await _fetch(keys_uri))


async def _fetch(url: str) -> str:
    parts = urlsplit(url)
    # A certificate authority of one's own is named with SSL_CERT_FILE.
    server = Upstream(
        f"{parts.scheme}://{parts.netloc}", tls=ssl.create_default_context() if parts.scheme == "https" else None
    )
    try:
        return await read_text(server, urlunsplit(("", "", parts.path or "/", parts.query, "")))
    except PublishedProblem as problem:
        raise PublishedProblem(f"{problem} at {url:.200}") from problem
    finally:
        server.close()


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


async def read_text(server: Upstream, target: str, *, host: str = "") -> str:
    """Fetch a text of at most :data:`MOST_CHARACTERS` bytes; raises as :func:`discover`."""
    answer = await server.send(
        "GET",
        target,
        headers={"accept-encoding": "identity", **({"host": host} if host else {})},
        limit_seconds=_LIMIT_SECONDS,
        most_bytes=MOST_CHARACTERS,
        repeatable=True,
    )
    if answer.status != HTTPStatus.OK:
        raise PublishedProblem(f"status {answer.status} (redirects are not followed)")
    if len(answer.body) > MOST_CHARACTERS:
        raise PublishedProblem(f"more than {MOST_CHARACTERS} bytes")
    try:
        return answer.body.decode()
    except UnicodeDecodeError as problem:
        raise PublishedProblem("a text that is not UTF-8") from problem
