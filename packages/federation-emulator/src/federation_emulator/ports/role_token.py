"""The token of an ``AssumeRoleWithWebIdentity``: read, verified with a key of its issuer, and what it says. Pure.

ministack (1.5.33) takes any token for one of its issuer. It runs in a Python without a library that verifies, so RSA is
done here: RFC 8017, RSASSA-PKCS1-v1_5. Sources: AWS STS API, "AssumeRoleWithWebIdentity" (errors); IAM User Guide,
"Create an OpenID Connect (OIDC) identity provider in IAM" (claims); RFC 7515.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from federation_emulator.ports.web_identity import StsError

MOST_TOKEN_CHARACTERS = 20_000
"""AWS STS API: the longest ``WebIdentityToken``."""

_FORM = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_LEAST_BITS, _MOST_BITS = 2048, 4096
_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
"""What stands before a SHA-256 digest in a signature (RFC 8017, 9.2)."""


@dataclass(frozen=True, kw_only=True)
class RoleToken:
    """A token in its parts, not verified yet."""

    key_id: str
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes

    @property
    def issuer(self) -> str:
        """The claim ``iss``, a text."""
        return str(self.claims["iss"])


def read(text: str) -> RoleToken:
    """Read a token.

    Raises:
        StsError: It is no JWT with RS256, a key's id, and the claims that AWS needs.
    """
    form = _FORM.fullmatch(text)
    if form is None or len(text) > MOST_TOKEN_CHARACTERS:
        raise _invalid("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
    header, claims = _object(form[1]), _object(form[2])
    if header.get("alg") != "RS256" or not isinstance(header.get("kid"), str) or "crit" in header:
        raise _invalid("Here the header must have alg RS256 and a kid, and no crit.")
    texts = [name for name in ("iss", "sub", "aud") if not isinstance(claims.get(name), str) or not claims[name]]
    times = [name for name in ("iat", "exp", "nbf") if not _is_time(claims.get(name, 0 if name == "nbf" else None))]
    if missing := texts + times:
        raise _invalid(f"Missing a required claim, or it has another type: {', '.join(missing)}")
    return RoleToken(
        key_id=header["kid"],
        claims=claims,
        signed=f"{form[1]}.{form[2]}".encode(),
        signature=_bytes(form[3]),
    )


def verify(token: RoleToken, key_set: str) -> None:
    """Insist that the issuer's key of the token's id signed it.

    Raises:
        StsError: The key set has no such RSA key, or the signature is not that key's.
    """
    try:
        keys = json.loads(key_set)["keys"]
        (found,) = [key for key in keys if key.get("kid") == token.key_id and key.get("kty") == "RSA"]
        modulus, exponent = (int.from_bytes(_bytes(found[name])) for name in ("n", "e"))
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise _invalid("Couldn't retrieve verification key from your identity provider") from problem
    size = (modulus.bit_length() + 7) // 8
    if not _LEAST_BITS <= modulus.bit_length() <= _MOST_BITS or exponent not in {3, 65537}:
        raise _invalid("The key of the issuer has another size than is taken here.")
    digest = _SHA256 + hashlib.sha256(token.signed).digest()
    expected = b"\0\1" + b"\xff" * (size - len(digest) - 3) + b"\0" + digest
    number = int.from_bytes(token.signature)
    if len(token.signature) != size or number >= modulus:
        raise _invalid("The token's signature is invalid.")
    if not hmac.compare_digest(pow(number, exponent, modulus).to_bytes(size), expected):
        raise _invalid("The token's signature is invalid.")


def check(token: RoleToken, clients: Collection[str], *, now: float) -> None:
    """Insist that the token is of this moment, and for a client of the account's OIDC provider.

    Raises:
        StsError: It isn't.
    """
    claims = token.claims
    if now >= claims["exp"]:
        raise StsError("ExpiredTokenException", f"Token expired: current date/time {now:.0f} must be before its exp.")
    if max(claims["iat"], claims.get("nbf", 0)) > now:
        raise _invalid("The token is not valid yet.")
    # Where both are there AWS may compare either; a token is let in where both say the same.
    if claims["aud"] not in clients or claims.get("azp", claims["aud"]) != claims["aud"]:
        raise _invalid("Incorrect token audience")


def condition_keys(token: RoleToken) -> dict[str, str]:
    """What a trust policy's condition can ask of the token.

    Source: IAM User Guide, "IAM and AWS STS condition context keys".
    """
    host = token.issuer.removeprefix("https://")
    return {f"{host}:{name}".lower(): token.claims[name] for name in ("aud", "sub")}


def _object(encoded: str) -> dict[str, Any]:
    try:
        found = json.loads(_bytes(encoded))
    except (ValueError, RecursionError) as problem:
        raise _invalid("A part of the token is no JSON.") from problem
    if not isinstance(found, dict):
        raise _invalid("A part of the token is no JSON object.")
    return found


def _bytes(encoded: str) -> bytes:
    try:
        return urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except ValueError as problem:
        raise _invalid("A part of the token is no base64url.") from problem


def _is_time(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _invalid(message: str) -> StsError:
    return StsError("InvalidIdentityToken", message)
