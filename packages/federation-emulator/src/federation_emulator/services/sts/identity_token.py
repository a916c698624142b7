"""From the text of an OIDC token to its parts, and what its claims must be. Pure.

The token is chosen by the client: nothing in it says with which key it is verified, beyond a name to be looked up in
the provider's key set. Sources: STS v1 API, ``token`` (``subjectToken``); RFC 7515 and RFC 7519. Google's texts are
those that users report; the others are ours, since Google's are not publicly known.
"""

from __future__ import annotations

import math
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NoReturn

from federation_emulator.core.errors import OAuthError
from federation_emulator.core.strict_json import JsonProblem, parse_strictly
from federation_emulator.core.trace import Check, Part, Trail, refuse
from federation_emulator.services.iam.key_set import ALGORITHMS, KEY_ID, PublicKey
from federation_emulator.services.iam.model import Oidc
from federation_emulator.services.sts.model import IdentityToken

MOST_TOKEN_CHARACTERS = 16 * 1024
"""The local cloud's own limit; Google's isn't published."""

DAY_SECONDS = 24 * 60 * 60
"""How long a token counts after ``iat``, whatever its ``exp``. Source: STS v1 API, ``token``."""

TOLERANCE_SECONDS = 60
"""By how much a token's times and Google's clock may differ. Measured, not documented: see FIDELITY.md."""

_FORM = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_LARGEST_NUMBER = 2**63
_MOST_MEMBERS = 50
_SHOWN = 200


def read_identity_token(text: str) -> IdentityToken:
    """Decode a token, with the strictness of the formats it is made of.

    Raises:
        Refused: It is no signed JWT with ``alg`` RS256 or ES256 and a ``kid``, or it is longer than the limit.
    """
    form = _FORM.fullmatch(text)
    if len(text) > MOST_TOKEN_CHARACTERS or form is None:
        _malformed(f"{len(text)} characters of another form")
    header, claims = (_object(form[number], name) for number, name in ((1, "header"), (2, "payload")))
    algorithm, key_id = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        _malformed(f"alg {algorithm!r:.40}", expected=f"alg {' or '.join(ALGORITHMS)}")
    if not isinstance(key_id, str) or not KEY_ID.fullmatch(key_id):
        _malformed("no kid, or none of 1 to 256 printable characters", expected="kid, the id of the signing key")
    if "crit" in header:
        _malformed("crit: an extension that must be understood", expected="a header without extensions")
    return IdentityToken(
        algorithm=algorithm,
        key_id=key_id,
        claims=claims,
        signed=f"{form[1]}.{form[2]}".encode(),
        signature=_decoded(form[3], "signature"),
    )


def _object(encoded: str, name: str) -> dict[str, Any]:
    try:
        found = parse_strictly(_decoded(encoded, name))
    except JsonProblem:
        # Without the problem's words: they may quote a name of the token's.
        _malformed(f"a {name} that is no JSON, or has a name twice")
    if not isinstance(found, dict):
        _malformed(f"a {name} that is {type(found).__name__}")
    _check_values(found, name)
    return found


def _check_values(value: object, name: str) -> None:
    """Refuse what no expression could take in bounded time: lists as long as the token allows, and huge integers."""
    if isinstance(value, int) and not -_LARGEST_NUMBER <= value < _LARGEST_NUMBER:
        _malformed(f"a number in the {name} that has more than 64 bits")
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if len(inner) > _MOST_MEMBERS:
        _malformed(
            f"a list or object of {len(inner)} members in the {name}", expected=f"at most {_MOST_MEMBERS} (ours)"
        )
    for each in inner:
        _check_values(each, name)


def _decoded(encoded: str, name: str) -> bytes:
    try:
        decoded = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except ValueError:
        _malformed(f"a {name} that is no base64url")
    if urlsafe_b64encode(decoded).rstrip(b"=").decode() != encoded:
        _malformed(f"a {name} that base64url writes in another way")
    return decoded


def verify(token: IdentityToken, keys: Mapping[str, PublicKey], trail: Trail) -> None:
    """Insist that a key of the issuer's signed the token.

    Raises:
        Refused: No such key serves its algorithm, or the signature is not that key's.
    """
    shown = f"kid {token.key_id}, alg {token.algorithm}"
    key = keys.get(token.key_id)
    if key is None or not key.serves(token.algorithm):
        _refuse(
            "the key set must have the token's key",
            actual=shown,
            expected=f"kid {', '.join(list(keys)[:10])}, of a kind that alg needs",
            fix="get a new token; after a rotation upload the issuer's new key set as jwksJson, if it was uploaded",
            description="Error connecting to the given credential's issuer.",
        )
    trail.passed(Part.ID_TOKEN, "the key set has the token's key", shown)
    if not key.verifies(token.signature, token.signed):
        _refuse(
            "the token's signature must be its key's",
            check=Check.SIGNATURE,
            actual=f"another, for {shown}",
            expected="the signature of the issuer over header and payload, as they were sent",
            fix="send the token as the issuer gave it",
            description="Unable to verify the ID Token signature.",
        )
    trail.passed(Part.ID_TOKEN, "the token's signature is its key's", shown)


def check_claims(claims: Mapping[str, Any], oidc: Oidc, *, provider: str, now: datetime, trail: Trail) -> None:
    """Insist that the token is the issuer's, for this provider, and of this day.

    Args:
        claims: The verified token's.
        oidc: What the provider accepts.
        provider: The provider's resource name.
        now: The moment to judge by.
        trail: Gets a step for each rule.

    Raises:
        Refused: A claim is missing, is of another type, or has another value.
    """
    issuer, subject = claims.get("iss"), claims.get("sub")
    if issuer != oidc.issuer_uri:
        _refuse(
            "iss must be the provider's issuer URI",
            actual=_shown(issuer),
            expected=oidc.issuer_uri,
            fix="set the provider's oidc.issuerUri to the token's issuer, letter for letter",
            description=(
                f"The issuer in ID Token {'null' if issuer is None else _shown(issuer)} does not match the expected "
                f"one in config: {oidc.issuer_uri}."
            ),
        )
    if not isinstance(subject, str) or not subject:
        _malformed("no sub", expected="sub, a text")
    trail.passed(Part.ID_TOKEN, "iss is the provider's issuer URI", oidc.issuer_uri)
    _check_audience(claims.get("aud"), oidc, provider, trail)
    _check_time(claims, now, trail)


def _check_audience(audience: object, oidc: Oidc, provider: str, trail: Trail) -> None:
    named = audience if isinstance(audience, list) else [audience]
    own = f"//iam.googleapis.com/{provider}"
    allowed = oidc.allowed_audiences or (f"https:{own}", own)
    found = next((each for each in named if isinstance(each, str) and each in allowed), None)
    if found is None:
        _refuse(
            "aud must be one that is allowed",
            check=Check.AUDIENCE,
            actual=_shown(audience),
            expected=" or ".join(allowed),
            fix="ask the issuer for a token with this audience, or add the token's to oidc.allowedAudiences",
            description=f"The audience in ID Token [{_listed(audience)}] does not match the expected audience.",
        )
    trail.passed(Part.ID_TOKEN, "aud is one that is allowed", found)


def _check_time(claims: Mapping[str, Any], now: datetime, trail: Trail) -> None:
    issued, expires, begins = (_moment(claims, name) for name in ("iat", "exp", "nbf"))
    at = now.timestamp()
    if issued is None or expires is None:
        _refuse(
            "the token must not be too old",
            actual="no iat, or no exp",
            expected="iat and exp, in seconds since 1970",
            fix="get a token that says when it was issued and when it expires",
            description=f"ID Token issued at {'null' if issued is None else f'{issued:.0f}'} is stale to sign-in.",
        )
    shown = f"iat {issued:.0f}, exp {expires:.0f}" + ("" if begins is None else f", nbf {begins:.0f}")
    early, late = at - TOLERANCE_SECONDS, at + TOLERANCE_SECONDS
    expected = f"iat and nbf up to {late:.0f}, iat from {at - DAY_SECONDS:.0f}, exp after {early:.0f}"
    if early >= expires or issued < at - DAY_SECONDS:
        _refuse(
            "the token must not be too old",
            actual=shown,
            expected=expected,
            fix="get a new token for each exchange",
            description=f"ID Token issued at {issued:.0f} is stale to sign-in.",
        )
    if issued > late or (begins is not None and begins > late):
        _refuse(
            "the token must not be of the future",
            actual=shown,
            expected=expected,
            fix="set the issuer's clock right",
            description=f"ID Token issued at {issued:.0f} is stale to sign-in.",
        )
    trail.passed(Part.ID_TOKEN, "the token is of this moment", shown)


def _moment(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        _malformed(f"{name} that is {type(value).__name__}", expected=f"{name} in seconds since 1970")
    return float(value)


def _listed(audience: object) -> str:
    """An audience as Google's text has it: without quotes, and nothing for none."""
    named = audience if isinstance(audience, list) else [audience]
    return ", ".join(_shown(each) for each in named if each is not None)[:_SHOWN]


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    return str(value)[:_SHOWN] if isinstance(value, str | list) else type(value).__name__


def _malformed(
    actual: str, *, expected: str = "HEADER.PAYLOAD.SIGNATURE, each base64url, the first two JSON"
) -> NoReturn:
    refuse(
        Part.REQUEST,
        rule="the subject token must be a signed JWT",
        actual=actual,
        expected=expected,
        fix="send the token as the issuer gave it; for AWS, ask GetWebIdentityToken with SigningAlgorithm RS256",
        answer=OAuthError("invalid_grant", "Unable to parse the ID Token."),
    )


def _refuse(
    rule: str, *, actual: str, expected: str, fix: str, description: str, check: Check | None = None
) -> NoReturn:
    refuse(
        Part.ID_TOKEN,
        check=check,
        rule=rule,
        actual=actual,
        expected=expected,
        fix=fix,
        answer=OAuthError("invalid_grant", description),
    )
