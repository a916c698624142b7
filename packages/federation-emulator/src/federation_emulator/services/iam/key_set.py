"""The public keys of an issuer: a JSON Web Key Set as Google takes it, and signatures verified with it. Pure.

Sources: IAM v1 API, ``Oidc.jwksJson`` (which fields a key has, and no other); RFC 7517 and RFC 7518; Google,
"Troubleshoot Workload Identity Federation" (the text for a set that isn't one). Google's own limits aren't published.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

from federation_emulator.core.strict_json import JsonProblem, parse_strictly

if TYPE_CHECKING:
    from google.auth.crypt import Verifier

MOST_CHARACTERS = 64 * 1024
ALGORITHMS = ("RS256", "ES256")
"""Source: STS v1 API, ``token``: "Must be `RS256` or `ES256`"."""

KEY_ID = re.compile(r"[\x21-\x7e]{1,256}")
"""Of a key, and of the key that a token names."""

_MOST_KEYS = 100
_FIELDS = frozenset({"kty", "alg", "use", "kid", "n", "e", "x", "y", "crv"})
_SECRET = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""Fields of private and shared keys. Source: RFC 7518, section 6."""

_NUMBER = re.compile(r"[A-Za-z0-9_-]{1,2000}")
_LEAST_BITS, _MOST_BITS = 2048, 8192
_MOST_EXPONENT = 2**32


class KeySetProblem(ValueError):  # noqa: N818  (a finding about a text, not a malfunction)
    """The text is no key set. The message quotes nothing of a key but its id."""


@dataclass(frozen=True, kw_only=True)
class PublicKey:
    """One key of a set.

    Attributes:
        algorithm: The one of :data:`ALGORITHMS` that it serves; empty for a key that serves none of them.
        verifier: Verifies its signatures.
    """

    algorithm: str
    verifier: Verifier

    def serves(self, algorithm: str) -> bool:
        """Whether signatures with this algorithm can be verified with it."""
        return algorithm in ALGORITHMS and algorithm == self.algorithm

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether a signature is this key's, over this message."""
        return bool(self.verifier.verify(message, signature))  # type: ignore[no-untyped-call]  # google-auth's own


@lru_cache(maxsize=64)
def read_key_set(text: str) -> Mapping[str, PublicKey]:
    """Read an uploaded key set, by key id. The result is shared: it depends on the text alone.

    Raises:
        KeySetProblem: It isn't a set of RSA and EC signing keys of the fields that Google names.
    """
    keys: dict[str, PublicKey] = {}
    for index, entry in enumerate(_entries(text, alone=True)):
        where = f"key {index + 1}"
        if not isinstance(entry, dict) or not all(isinstance(value, str) for value in entry.values()):
            _refuse(f"{where} must be an object of strings")
        if unknown := sorted(set(entry) - _FIELDS):
            _refuse(f"{where} has {unknown[0]:.40}; a key may have {', '.join(sorted(_FIELDS))} and no more")
        if entry.get("use", "sig") != "sig":
            _refuse(f"{where} must have use sig")
        key = _public_key(entry)
        if key is None:
            _refuse(f"{where} must be RSA of {_LEAST_BITS} to {_MOST_BITS} bits with n and e, or EC with crv, x and y")
        _add(keys, entry.get("kid", ""), key, where)
    return keys


def read_published_set(text: str) -> Mapping[str, PublicKey]:
    """Read a key set that an issuer publishes, by key id.

    Unlike an uploaded one it may have other fields, and keys that no token here is signed with, which are left out
    (RFC 7517, section 5).

    Raises:
        KeySetProblem: It is no set, publishes a private key, or has a usable key without an id of its own.
    """
    keys: dict[str, PublicKey] = {}
    for index, entry in enumerate(_entries(text, alone=False)):
        where = f"key {index + 1}"
        if not isinstance(entry, dict):
            _refuse(f"{where} must be an object")
        if secret := _SECRET & set(entry):
            _refuse(f"{where} has {min(secret)}, which is a private key's: each of its readers can sign")
        fields = {name: value for name, value in entry.items() if name in _FIELDS and isinstance(value, str)}
        key = _public_key(fields) if fields.get("use", "sig") == "sig" else None
        if key is not None:
            _add(keys, fields.get("kid", ""), key, where)
    return keys


def _entries(text: str, *, alone: bool) -> list[Any]:
    """The keys of a set, a bounded number of them; ``alone``: the set has no other member."""
    if len(text) > MOST_CHARACTERS:
        _refuse(f"it has {len(text)} characters; the limit of the local cloud is {MOST_CHARACTERS}")
    try:
        found = parse_strictly(text)
    except JsonProblem as problem:
        _refuse(str(problem))
    if not isinstance(found, dict) or not isinstance(found.get("keys"), list) or (alone and len(found) > 1):
        _refuse('it must be {"keys": […]}' + (" and no more" if alone else ""))
    if not 1 <= len(found["keys"]) <= _MOST_KEYS:
        _refuse(f"it has {len(found['keys'])} keys; it must have 1 to {_MOST_KEYS}")
    return list(found["keys"])


def _add(keys: dict[str, PublicKey], key_id: str, key: PublicKey, where: str) -> None:
    if not KEY_ID.fullmatch(key_id) or key_id in keys:
        _refuse(f"{where} must have a kid of its own, of 1 to 256 printable characters")
    keys[key_id] = key


def _public_key(entry: Mapping[str, str]) -> PublicKey | None:
    """The key that an entry is; ``None`` for a kind, a curve or a size that no token here is signed with."""
    # Imported here, so that a server that never sees an OIDC provider doesn't load it.
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from google.auth.crypt import EsVerifier, RSAVerifier

    curves: Mapping[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1()}
    kind, serves = entry.get("kty"), ""
    verifier: Verifier | None = None
    try:
        if kind == "EC":
            point = ec.EllipticCurvePublicNumbers(_number(entry["x"]), _number(entry["y"]), curves[entry["crv"]])
            verifier = EsVerifier(point.public_key())
            serves = "ES256" if entry["crv"] == "P-256" else ""
        elif kind == "RSA":
            numbers = rsa.RSAPublicNumbers(n=_number(entry["n"]), e=_number(entry["e"]))
            if _LEAST_BITS <= numbers.n.bit_length() <= _MOST_BITS and numbers.e <= _MOST_EXPONENT:
                verifier, serves = RSAVerifier(numbers.public_key()), "RS256"  # type: ignore[no-untyped-call]  # google-auth's own
    except (KeyError, ValueError):
        return None
    if verifier is None:
        return None
    return PublicKey(algorithm=serves if entry.get("alg", serves) == serves else "", verifier=verifier)


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError("no base64url")
    return int.from_bytes(urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")


def _refuse(problem: str) -> NoReturn:
    raise KeySetProblem(problem)
