"""OIDC tokens: of another form, key, issuer, audience, time or subject than the provider's."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from functools import cache
from typing import Any

from federation_emulator.client.issuer import Issuer, aws_claims
from federation_emulator.core.trace import Link, Part
from tests.denials.case import By, Case, Step
from tests.denials.impersonation import denied
from tests.denials.world import World
from tests.emulator.chain import ACCOUNT, AUDIENCE, OTHER_ACCOUNT, ROLE
from tests.emulator.identity import AUDIENCE as OWN
from tests.emulator.identity import OTHER_ISSUER, PATH, ROLE_ARN, deploy_oidc

Make = Callable[[World, Issuer], str]
_HOUR, _DAY = 3600, 86_400


@cache
def _issuer() -> Issuer:
    """The provider's issuer, whose keys were uploaded."""
    return Issuer(OTHER_ISSUER)


def _claims(world: World, **changes: Any) -> dict[str, Any]:
    return aws_claims(ROLE_ARN, audience=f"https:{OWN}", now=world.google.clock.now(), **changes)


def _now(world: World) -> int:
    return int(world.google.clock.now().timestamp())


def _right(world: World) -> None:
    """Send the right token of the issuer."""
    world.token = lambda: _issuer().token(_claims(world))


def _send(make: Make) -> Step:
    """Deploy the provider, and send a token."""

    def step(world: World) -> None:
        deploy_oidc(world.chain, _issuer())
        world.token = lambda: make(world, _issuer())

    return step


def _moved(world: World, changes: dict[str, Any]) -> dict[str, Any]:
    return {name: _now(world) + value if name in {"iat", "exp", "nbf"} else value for name, value in changes.items()}


def _saying(**changes: Any) -> Step:
    """Send a token with other claims, times in seconds from now."""

    def make(world: World, issuer: Issuer) -> str:
        return issuer.token(_claims(world, **_moved(world, changes)))

    return _send(make)


def _now_saying(**changes: Any) -> Step:
    """Send a token with other claims, as above, to the provider that is there."""

    def step(world: World) -> None:
        world.token = lambda: _issuer().token(_claims(world, **_moved(world, changes)))

    return step


def _having(fields: dict[str, Any], **changes: Any) -> Step:
    """Send a token with other claims to a provider with other fields."""

    def step(world: World) -> None:
        _saying(**changes)(world)
        world.google.done("PATCH", f"{PATH}?updateMask={','.join(fields)}", fields)

    return step


def _needing(condition: str, **changes: Any) -> Step:
    return _having({"attributeCondition": condition}, **changes)


def _mapping(subject: str, **changes: Any) -> Step:
    mapping = {"google.subject": subject, "attribute.aws_role": "assertion.sub"}
    return _having({"attributeMapping": mapping}, **changes)


def _headed(algorithm: str = "RS256", **header: str | None) -> Step:
    """Send a token with another header."""
    return _send(lambda world, issuer: issuer.token(_claims(world), algorithm=algorithm, **header))


def _edited(edit: Callable[[str, str, str], str]) -> Step:
    """Send a token that was changed after signing."""
    return _send(lambda world, issuer: edit(*issuer.token(_claims(world)).split(".")))


def _twice(world: World, issuer: Issuer) -> str:
    payload = json.dumps({"iss": issuer.uri, **_claims(world)})
    header = json.dumps({"alg": "RS256", "kid": issuer.key_id("RS256")})
    return issuer.sign(
        header, payload.replace('{"iss"', '{"sub": "arn:aws:iam::1:role/other", "iss"'), algorithm="RS256"
    )


def _renamed(header: str, _payload: str, signature: str) -> str:
    """The payload of another role under the signature of the right one."""
    other = urlsafe_b64encode(b'{"sub": "arn:aws:iam::210987654321:role/other"}').rstrip(b"=").decode()
    return f"{header}.{other}.{signature}"


def _keyed_with_the_public_key(world: World, issuer: Issuer) -> str:
    """A token whose HMAC is keyed with what everyone may read, for a verifier that lets the token choose."""
    header, payload, _ = issuer.token(_claims(world), alg="HS256").split(".")
    made = hmac.digest(issuer.key_set().encode(), f"{header}.{payload}".encode(), "sha256")
    return f"{header}.{payload}.{urlsafe_b64encode(made).rstrip(b'=').decode()}"


def _before_rotation(world: World) -> None:
    """Send a token of a key that has left the key set, which has a new one."""
    deploy_oidc(world.chain, _issuer())
    old = _issuer().token(_claims(world))
    _issuer().rotate("RS256")
    _patch(world, "oidc.jwksJson", {"jwksJson": _issuer().key_set()})
    world.token = lambda: old


def _patch(world: World, mask: str, oidc: dict[str, Any]) -> None:
    world.google.done("PATCH", f"{PATH}?updateMask={mask}", {"oidc": oidc})


def _allowing(*audiences: str) -> Step:
    def step(world: World) -> None:
        if world.token is None:
            _send(lambda world, issuer: issuer.token(_claims(world)))(world)
        _patch(world, "oidc.allowedAudiences", {"allowedAudiences": list(audiences)})

    return step


def _without_keys(world: World) -> None:
    """Have a provider for an issuer whose keys the local Google would have to fetch."""
    _send(lambda world, issuer: issuer.token(_claims(world)))(world)
    _patch(world, "oidc.jwksJson", {})


def _with_keys(world: World) -> None:
    _patch(world, "oidc.jwksJson", {"jwksJson": _issuer().key_set()})


def _disabled(*, disabled: bool) -> Step:
    def step(world: World) -> None:
        if world.token is None:
            _send(lambda world, issuer: issuer.token(_claims(world)))(world)
        world.google.done("PATCH", f"{PATH}?updateMask=disabled", {"disabled": disabled})

    return step


def _to_aws(world: World) -> None:
    """Send the token to the provider for AWS."""
    _send(lambda world, issuer: issuer.token(_claims(world)))(world)
    world.form = {"audience": AUDIENCE}


def _right_provider(world: World) -> None:
    world.form = {}


_GET = "the issuer's own token"
_ID = (Link.TOKEN_EXCHANGE, Part.ID_TOKEN)
_REFUSED = (400, "invalid_grant")
_NO_KEYS, _STALE = "Error connecting to the given credential's issuer.", "is stale to sign-in."
_FORM = By(
    *(Link.TOKEN_EXCHANGE, Part.REQUEST, "the subject token must be a signed JWT"),
    *(*_REFUSED, "Unable to parse the ID Token."),
)
_KEY = By(*_ID, "the key set must have the token's key", *_REFUSED, _NO_KEYS)
_SIGNATURE = By(*_ID, "the token's signature must be its key's", *_REFUSED, "Unable to verify the ID Token signature.")
_ISSUER = By(
    *_ID, "iss must be the provider's issuer URI", *_REFUSED, "does not match the expected one in config: https"
)
_AUDIENCE = By(*_ID, "aud must be one that is allowed", *_REFUSED, "does not match the expected audience.")
_OLD = By(*_ID, "the token must not be too old", *_REFUSED, _STALE)
_EARLY = By(*_ID, "the token must not be of the future", *_REFUSED, _STALE)
_REACH = By(*_ID, "the issuer's keys must be within reach", *_REFUSED, _NO_KEYS)
_CONDITION = By(
    *(Link.TOKEN_EXCHANGE, Part.CONDITION, "the provider's attribute condition must be true"),
    *(400, "unauthorized_client", "The given credential is rejected by the attribute condition."),
)
_SUBJECT = By(
    *(Link.TOKEN_EXCHANGE, Part.ATTRIBUTES, "the mapping must give a value for google.subject"),
    *(400, "unauthorized_client", "Could not obtain a value for google.subject from the given credential."),
)
_LONG = By(
    *(Link.TOKEN_EXCHANGE, Part.ATTRIBUTES, "google.subject may have at most 127 bytes", 400, "invalid_request"),
    says="The size of mapped attribute google.subject exceeds the 127 bytes limit.",
)
_TYPE = By(
    *(Link.TOKEN_EXCHANGE, Part.REQUEST, "the exchange's subject_token_type must have a value that Google accepts"),
    *(400, "invalid_request", "Invalid value of subject_token_type in request."),
)
_TARGET = By(
    *(Link.TOKEN_EXCHANGE, Part.REQUEST, "the audience must name an active provider of an active pool"),
    *(400, "invalid_target", "The target service indicated by the"),
)
_BY_IT = "of the provider's issuer"
_SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/session"

CASES: tuple[Case, ...] = (
    _FORM("alg none", "signed with RS256", _headed(alg="none"), _right),
    _FORM(
        "no signature",
        "with its signature",
        _edited(lambda header, payload, _signature: f"{header}.{payload}."),
        _right,
    ),
    _FORM("HS256 with the public key", "signed with RS256", _send(_keyed_with_the_public_key), _right),
    _FORM("PS256", "signed with RS256", _headed(alg="PS256"), _right),
    _FORM("ES384", "signed with RS256", _headed("ES384"), _right),
    _FORM("no kid", "with its kid", _headed(kid=None), _right),
    _FORM("crit", "without an extension", _headed(crit="exp"), _right),
    _FORM("sub twice", "each claim once", _send(_twice), _right),
    _FORM("no sub", "with sub", _saying(sub=None), _right),
    _FORM("exp in letters", "in seconds", _send(lambda w, i: i.token(_claims(w, exp="never"))), _right),
    _FORM("20 KB", "a shorter one", _saying(more="x" * 16_000), _right),
    _KEY("unknown kid", _BY_IT, _headed(kid="another"), _right),
    _KEY("another kind's kid", _BY_IT, _send(lambda w, i: i.token(_claims(w), kid=i.key_id("ES256"))), _right),
    _KEY("rotated key", "signed with the new one", _before_rotation, _right),
    _SIGNATURE(
        "another issuer's",
        _BY_IT,
        _send(lambda w, i: Issuer(i.uri, algorithms=("RS256",)).token(_claims(w), kid=i.key_id("RS256"))),
        _right,
    ),
    _SIGNATURE("changed payload", "as it was signed", _edited(_renamed), _right),
    _ISSUER("another issuer", _BY_IT, _saying(iss="https://issuer.example.com"), _right),
    _ISSUER("a slash behind it", "without", _saying(iss=f"{OTHER_ISSUER}/"), _right),
    _ISSUER("no iss", "with iss", _send(lambda w, i: i.token(_claims(w) | {"iss": None})), _right),
    _AUDIENCE("another provider's", "for this provider", _saying(aud=f"https:{AUDIENCE}"), _right),
    _AUDIENCE("http:", "with https: or neither", _saying(aud=f"http:{OWN}"), _right),
    _AUDIENCE("no aud", "with aud", _saying(aud=None), _right),
    _AUDIENCE("a list of others", "with this provider in it", _saying(aud=["a", "b"]), _now_saying(aud=["a", OWN])),
    _AUDIENCE(
        "the provider's, which allows another", "it allows this one", _allowing("other"), _allowing(f"https:{OWN}")
    ),
    _OLD("no exp", "with exp", _send(lambda w, i: i.token(_claims(w, exp=None))), _right),
    _OLD("expired", "a minute's tolerance", _saying(iat=-361, exp=-61), _now_saying(iat=-361, exp=-50)),
    _OLD("iat yesterday", "a new one", _saying(iat=-_DAY - 10, exp=_HOUR), _right),
    _EARLY("iat in two minutes", "a minute's tolerance", _saying(iat=120, exp=_HOUR), _now_saying(iat=50, exp=_HOUR)),
    _EARLY("nbf in two minutes", "a minute's tolerance", _saying(nbf=120), _now_saying(nbf=50)),
    _REACH("no jwksJson", "with jwksJson", _without_keys, _with_keys),
    _CONDITION(
        "another role, where sub names it",
        "of the right one",
        _saying(sub=f"arn:aws:iam::{ACCOUNT}:role/Other"),
        _right,
    ),
    _CONDITION("a longer name, where sub names it", "of the right one", _saying(sub=f"{ROLE_ARN}-2"), _right),
    _CONDITION("the session, where sub names it", "of the role", _saying(sub=_SESSION), _right),
    _CONDITION(
        "another account, where sub names it",
        "of the right one",
        _saying(sub=f"arn:aws:iam::{OTHER_ACCOUNT}:role/{ROLE}"),
        _right,
    ),
    _CONDITION("a claim it lacks", "with the claim", _needing("assertion.admin"), _now_saying(admin=True)),
    _CONDITION("a text for true", "true", _needing("assertion.admin", admin="true"), _now_saying(admin=True)),
    _SUBJECT("no claim for the subject", "with the claim", _mapping("assertion.name"), _now_saying(name="job")),
    _SUBJECT("a number for the subject", "a text", _mapping("assertion.name", name=7), _now_saying(name="7")),
    _LONG("a subject of 128 bytes", "of 127", _mapping("assertion.name", name="x" * 128), _now_saying(name="x" * 127)),
    _TYPE("a JWT for AWS", "for the OIDC provider", _to_aws, _right_provider),
    _TARGET("a disabled OIDC provider", "it is enabled", _disabled(disabled=True), _disabled(disabled=False)),
    denied(
        "a token of an unbound role",
        _needing("true", sub=f"arn:aws:iam::{ACCOUNT}:role/Other"),
        _right,
        change="of the bound one",
    ),
)
