"""Exchanges that are wrong in themselves, and providers that can't vouch for a caller."""

from __future__ import annotations

from federation_emulator.core.trace import Link, Part
from tests.denials.case import By, Case, Step, both, done, having
from tests.emulator.chain import AUDIENCE, CONDITION, MAPPING, POOL_PATH, PROVIDER_PATH
from tests.emulator.google_server import NUMBER, PROJECT

_TARGET_SAYS = (
    'The target service indicated by the "audience" parameters is invalid. This might either be because the pool or '
    "provider is disabled or deleted or because it doesn't exist."
)
_AUDIENCE_SAYS = (
    'Invalid value for "audience". This value should be the full resource name of the Identity Provider. See '
    "https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token for the list of possible formats."
)
_SUBJECT_SAYS = (
    "The size of mapped attribute google.subject exceeds the 127 bytes limit. Either modify your attribute mapping or "
    "the incoming assertion to produce a mapped attribute that is less than 127 bytes."
)
_LONG = {f"attribute.long_{number}": "+".join(["assertion.arn"] * 4) for number in range(40)}
_ACTIVE = "the audience must name an active provider of an active pool"


_PLAIN = having(form={}, signing={}, headers={})
_TARGET = By(Link.TOKEN_EXCHANGE, Part.REQUEST, _ACTIVE, 400, "invalid_target", _TARGET_SAYS)
_FIELD = By(Link.TOKEN_EXCHANGE, Part.REQUEST, "", 400, "invalid_request")
_CONDITION = By(
    *(Link.TOKEN_EXCHANGE, Part.CONDITION, "the provider's attribute condition must be true"),
    *(400, "unauthorized_client", "The given credential is rejected by the attribute condition."),
)
_NO_SUBJECT = By(
    *(Link.TOKEN_EXCHANGE, Part.ATTRIBUTES, "the mapping must give a value for google.subject"),
    *(400, "unauthorized_client", "Could not obtain a value for google.subject from the given credential."),
)
_TOO_LONG = By(Link.TOKEN_EXCHANGE, Part.ATTRIBUTES, "", 400, "invalid_request")
_UNDELETE_POOL = done("POST", f"{POOL_PATH}:undelete", {})
_UNDELETE_PROVIDER = done("POST", f"{PROVIDER_PATH}:undelete", {})


def _field(name: str, field: str, value: str, *, error: str = "invalid_request", says: str = "") -> Case:
    wrong = having(form={field: value}, signing={"target": value} if field == "audience" else {})
    rule = f"the exchange's {field} must have a value that Google accepts"
    return _FIELD(name, "that field as google-auth sends it", wrong, _PLAIN, rule=rule, error=error, says=says)


def _audience(name: str, audience: str) -> Case:
    wrong = having(form={"audience": audience}, signing={"target": audience})
    return _TARGET(name, "the audience names the provider", wrong, _PLAIN)


def _pool(*, disabled: bool) -> Step:
    return done("PATCH", f"{POOL_PATH}?updateMask=disabled", {"disabled": disabled})


def _condition(name: str, expression: str) -> Case:
    return _CONDITION(
        name,
        "the condition is true for the caller",
        lambda world: world.patch_provider(attributeCondition=expression),
        lambda world: world.patch_provider(attributeCondition=CONDITION),
    )


def _subject(expression: str) -> Step:
    return lambda world: world.patch_provider(attributeMapping={**MAPPING, "google.subject": expression})


CASES = (
    _field("another grant type", "grant_type", "client_credentials", error="unsupported_grant_type"),
    _field(
        "a request for an ID token",
        *("requested_token_type", "urn:ietf:params:oauth:token-type:id_token"),
        says="Invalid value of requested_token_type in request.",
    ),
    _field("a subject token of another type", "subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
    _field("options, which are for workforce pools", "options", '{"userProject":"1"}'),
    _field("no subject token", "subject_token", ""),
    _field("no scope", "scope", "", says="Scope(s) must be provided."),
    _field("an audience without the provider", "audience", AUDIENCE.partition("/providers/")[0], says=_AUDIENCE_SAYS),
    _field(
        "an audience with a doubled prefix",
        *("audience", f"//iam.googleapis.com/{AUDIENCE.removeprefix('//')}"),
        says=_AUDIENCE_SAYS,
    ),
    _audience("the project's id in place of its number", AUDIENCE.replace(NUMBER, PROJECT)),
    _audience("a provider that does not exist", AUDIENCE.replace("aws-provider", "no-provider")),
    _audience("a pool that does not exist", AUDIENCE.replace("keyless-pool", "no-pool")),
    _audience("the pool of another project", AUDIENCE.replace(NUMBER, "999999999999")),
    _FIELD(
        "an exchange that carries an Authorization header",
        "without the header",
        having(headers={"Authorization": "Bearer anything"}),
        _PLAIN,
        rule="an exchange must not carry an Authorization header",
    ),
    By(
        *(Link.TOKEN_EXCHANGE, Part.REQUEST, "the API must be enabled in the project", 403, "PERMISSION_DENIED"),
        says="Security Token Service API has not been used in project",
    )(
        "an exchange where the STS API is off",
        "the API is enabled",
        lambda world: world.switch_api("sts", on=False),
        lambda world: world.switch_api("sts", on=True),
    ),
    _TARGET(
        "a disabled provider",
        "it is enabled again",
        lambda world: world.patch_provider(disabled=True),
        lambda world: world.patch_provider(disabled=False),
    ),
    _TARGET("a deleted provider", "it is undeleted", done("DELETE", PROVIDER_PATH), _UNDELETE_PROVIDER),
    _TARGET("a disabled pool", "it is enabled again", _pool(disabled=True), _pool(disabled=False)),
    _TARGET(
        "a deleted pool",
        "it and its provider are undeleted",
        done("DELETE", POOL_PATH),
        both(_UNDELETE_POOL, _UNDELETE_PROVIDER),
    ),
    _TARGET(
        "the provider of a pool that was deleted and undeleted",
        "the provider is undeleted too",
        both(done("DELETE", POOL_PATH), _UNDELETE_POOL),
        _UNDELETE_PROVIDER,
    ),
    _condition("a condition that is false", "false"),
    _condition("a condition that errors", "assertion.arn.split('/')[9] == 'x'"),
    _condition("a condition that is not boolean", "assertion.arn"),
    _condition("a condition on a claim that AWS does not give", "assertion.sub == 'reader'"),
    _condition("a condition on the subject of another role", "google.subject.startsWith('arn:aws:iam')"),
    _NO_SUBJECT(
        "a mapping that yields no subject",
        "the mapping gives the ARN",
        _subject("assertion.arn.extract('no-such-text/{x}/')"),
        _subject("assertion.arn"),
    ),
    _NO_SUBJECT(
        "a mapping that errors",
        "the mapping gives the ARN",
        _subject("assertion.arn.split('/')[9]"),
        _subject("assertion.arn"),
    ),
    _TOO_LONG(
        "a subject of more than 127 bytes",
        "the mapping gives the ARN once",
        _subject("assertion.arn + assertion.arn"),
        _subject("assertion.arn"),
        rule="google.subject may have at most 127 bytes",
        says=_SUBJECT_SAYS,
    ),
    _TOO_LONG(
        "attributes of more than 8 KiB",
        "without the long ones",
        lambda world: world.patch_provider(attributeMapping={**MAPPING, **_LONG}),
        lambda world: world.patch_provider(attributeMapping=MAPPING),
        rule="all mapped attributes may have at most 8192 bytes",
    ),
)
