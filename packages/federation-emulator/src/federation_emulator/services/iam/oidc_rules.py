"""What an OIDC provider may hold. Pure.

Source: IAM v1 API, ``Oidc``. Google's limits of the issuer URI and of ``jwksJson`` aren't published; those here are
the local cloud's own.
"""

from __future__ import annotations

import re
from collections.abc import Set
from ipaddress import IPv6Address
from typing import Any

from federation_emulator.core.errors import invalid_argument, unimplemented
from federation_emulator.core.http import text_field
from federation_emulator.services.iam.key_set import MOST_CHARACTERS, KeySetProblem, read_key_set
from federation_emulator.services.iam.model import Oidc
from keyless_bigquery.trust.lexer import Kind, words

_MOST_AUDIENCES, _LONGEST_AUDIENCE = 10, 256
_LONGEST_URI = 2000
_MOST_PORT = 65535
_THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "[::1]"})
_URI = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9._-]+|\[(?P<address>[0-9A-Fa-f:.]+)\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>(?:/[A-Za-z0-9._~%!$&'()*+,;=:@/-]*)?)"
)
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_SHARED_ISSUERS = ("https://token.actions.githubusercontent.com", "https://app.terraform.io")
"""Issuers that sign for many customers with one key. Source: IAM v1 API, ``attributeCondition``; GitLab is left out,
since no source names its issuer."""


def read_oidc(body: dict[str, Any], mask: Set[str], before: Oidc) -> Oidc:
    """Return the configuration with the masked fields taken from the body. A masked field missing there is reset.

    Raises:
        ApiError: 400, a field is malformed; 501, a discovery document is named.
    """
    if body.get("discoveryUri"):
        raise unimplemented("oidc.discovery_uri is not offered by the local cloud.")

    def masked(name: str) -> bool:
        return bool({"oidc", f"oidc.{name}"} & mask)

    return Oidc(
        issuer_uri=_issuer(text_field(body, "issuerUri")) if masked("issuerUri") else before.issuer_uri,
        allowed_audiences=(
            _audiences(body.get("allowedAudiences") or []) if masked("allowedAudiences") else before.allowed_audiences
        ),
        jwks_json=(
            _key_set(text_field(body, "jwksJson", limit=MOST_CHARACTERS)) if masked("jwksJson") else before.jwks_json
        ),
    )


def check_claims_are_tested(issuer_uri: str, condition: str) -> None:
    """Insist that a condition chooses among the customers of an issuer that has many.

    Raises:
        ApiError: 400, in Google's words, as users report them.
    """
    reads = any(word.kind is Kind.NAME and word.text == "assertion" for word in words(condition))
    if issuer_uri in _SHARED_ISSUERS and not reads:
        raise invalid_argument("The attribute condition must reference one of the provider's claims.")


def on_this_machine(uri: str) -> bool:
    """Whether a URI is a plain one, with http or https, whose host is this machine."""
    found = _plain(uri)
    return found is not None and found["host"] in _THIS_MACHINE


def _issuer(uri: str) -> str:
    found = _plain(uri)
    if found is None or not (found["scheme"] == "https" or found["host"] in _THIS_MACHINE):
        raise invalid_argument(
            f"Invalid value {uri!r:.120} for oidc.issuer_uri: it must be an https:// URL without query or fragment, "
            f"of at most {_LONGEST_URI} characters. The local cloud also takes http:// with 127.0.0.1 or localhost."
        )
    return uri


def _plain(uri: str) -> re.Match[str] | None:
    """The parts of a URL that every reader understands alike; ``None`` for any other text."""
    found = _URI.fullmatch(uri) if len(uri) <= _LONGEST_URI else None
    if found is None or not 0 < int(found["port"] or 1) <= _MOST_PORT or {".", ".."} & set(found["path"].split("/")):
        return None
    return found if _is_host(found["host"], found["address"]) else None


def _is_host(host: str, address: str | None) -> bool:
    """Whether it is a name of the labels that RFC 1123 allows, or with ``_``, or an IPv6 address."""
    if address is None:
        return all(map(_LABEL.fullmatch, host.removesuffix(".").split(".")))
    try:
        IPv6Address(address)
    except ValueError:
        return False
    return True


def _audiences(listed: list[str]) -> tuple[str, ...]:
    if len(listed) > _MOST_AUDIENCES or not all(1 <= len(audience) <= _LONGEST_AUDIENCE for audience in listed):
        raise invalid_argument(
            f"Invalid value for oidc.allowed_audiences: at most {_MOST_AUDIENCES}, of 1 to {_LONGEST_AUDIENCE} "
            "characters each."
        )
    return tuple(listed)


def _key_set(text: str) -> str:
    try:
        if text:
            read_key_set(text)
    except KeySetProblem as problem:
        raise invalid_argument(f"Input JWK is not in a valid json format: {problem}.") from problem
    return text
