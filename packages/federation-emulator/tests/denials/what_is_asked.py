"""Exchanges that are wrong in themselves, and providers that can't vouch for a caller."""

from __future__ import annotations

from federation_emulator.core.trace import Link, Part
from tests.denials.case import Case, Step
from tests.denials.world import World
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


def _form(**differently: str) -> Step:
    def step(world: World) -> None:
        world.form = differently
        if "audience" in differently:
            world.signing = {"target": differently["audience"]}

    return step


def _plain_form(world: World) -> None:
    world.form, world.signing = {}, {}


def _field(name: str, wrong: Step, *, field: str, error: str = "invalid_request", says: str = "") -> Case:
    return Case(
        name=name,
        change="that field as google-auth sends it",
        wrong=wrong,
        right=_plain_form,
        link=Link.TOKEN_EXCHANGE,
        part=Part.REQUEST,
        rule=f"the exchange's {field} must have a value that Google accepts",
        status=400,
        error=error,
        says=says,
    )


def _target(name: str, wrong: Step, right: Step, *, change: str = "the audience names the provider") -> Case:
    return Case(
        name=name,
        change=change,
        wrong=wrong,
        right=right,
        link=Link.TOKEN_EXCHANGE,
        part=Part.REQUEST,
        rule=_ACTIVE,
        status=400,
        error="invalid_target",
        says=_TARGET_SAYS,
    )


def _ask(method: str, path: str, body: object = None) -> Step:
    return lambda world: world.google.done(method, path, body)


def _undelete_pool(world: World) -> None:
    world.google.done("POST", f"{POOL_PATH}:undelete", {})


def _undelete_provider(world: World) -> None:
    world.google.done("POST", f"{PROVIDER_PATH}:undelete", {})


def _undelete_both(world: World) -> None:
    _undelete_pool(world)
    _undelete_provider(world)


def _undelete_the_pool_alone(world: World) -> None:
    world.google.done("DELETE", POOL_PATH)
    _undelete_pool(world)


def _with_authorization(world: World) -> None:
    world.headers = {"Authorization": "Bearer anything"}


def _without_authorization(world: World) -> None:
    world.headers = {}


def _condition(expression: str) -> Step:
    return lambda world: world.patch_provider(attributeCondition=expression)


def _condition_case(name: str, expression: str) -> Case:
    return Case(
        name=name,
        change="the condition is true for the caller",
        wrong=_condition(expression),
        right=_condition(CONDITION),
        link=Link.TOKEN_EXCHANGE,
        part=Part.CONDITION,
        rule="the provider's attribute condition must be true",
        status=400,
        error="unauthorized_client",
        says="The given credential is rejected by the attribute condition.",
    )


def _subject(expression: str) -> Step:
    return lambda world: world.patch_provider(attributeMapping={**MAPPING, "google.subject": expression})


CASES = (
    _field(
        "another grant type",
        _form(grant_type="client_credentials"),
        field="grant_type",
        error="unsupported_grant_type",
    ),
    _field(
        "a request for an ID token",
        _form(requested_token_type="urn:ietf:params:oauth:token-type:id_token"),
        field="requested_token_type",
        says="Invalid value of requested_token_type in request.",
    ),
    _field(
        "a subject token of another type",
        _form(subject_token_type="urn:ietf:params:oauth:token-type:jwt"),
        field="subject_token_type",
    ),
    _field("options, which are for workforce pools", _form(options='{"userProject":"1"}'), field="options"),
    _field("no subject token", _form(subject_token=""), field="subject_token"),
    _field("no scope", _form(scope=""), field="scope", says="Scope(s) must be provided."),
    _field(
        "an audience without the provider",
        _form(audience=AUDIENCE.partition("/providers/")[0]),
        field="audience",
        says=_AUDIENCE_SAYS,
    ),
    _field(
        "an audience with a doubled prefix",
        _form(audience=f"//iam.googleapis.com/{AUDIENCE.removeprefix('//')}"),
        field="audience",
        says=_AUDIENCE_SAYS,
    ),
    _target(
        "the project's id in place of its number",
        _form(audience=AUDIENCE.replace(NUMBER, PROJECT)),
        _plain_form,
    ),
    _target(
        "a provider that does not exist", _form(audience=AUDIENCE.replace("aws-provider", "no-provider")), _plain_form
    ),
    _target("a pool that does not exist", _form(audience=AUDIENCE.replace("keyless-pool", "no-pool")), _plain_form),
    _target("the pool of another project", _form(audience=AUDIENCE.replace(NUMBER, "999999999999")), _plain_form),
    Case(
        name="an exchange that carries an Authorization header",
        change="without the header",
        wrong=_with_authorization,
        right=_without_authorization,
        link=Link.TOKEN_EXCHANGE,
        part=Part.REQUEST,
        rule="an exchange must not carry an Authorization header",
        status=400,
        error="invalid_request",
    ),
    Case(
        name="an exchange where the STS API is off",
        change="the API is enabled",
        wrong=lambda world: world.switch_api("sts", on=False),
        right=lambda world: world.switch_api("sts", on=True),
        link=Link.TOKEN_EXCHANGE,
        part=Part.REQUEST,
        rule="the API must be enabled in the project",
        status=403,
        error="PERMISSION_DENIED",
        says="Security Token Service API has not been used in project",
    ),
    _target(
        "a disabled provider",
        lambda world: world.patch_provider(disabled=True),
        lambda world: world.patch_provider(disabled=False),
        change="it is enabled again",
    ),
    _target(
        "a deleted provider",
        _ask("DELETE", PROVIDER_PATH),
        _undelete_provider,
        change="it is undeleted",
    ),
    _target(
        "a disabled pool",
        _ask("PATCH", f"{POOL_PATH}?updateMask=disabled", {"disabled": True}),
        _ask("PATCH", f"{POOL_PATH}?updateMask=disabled", {"disabled": False}),
        change="it is enabled again",
    ),
    _target("a deleted pool", _ask("DELETE", POOL_PATH), _undelete_both, change="it and its provider are undeleted"),
    _target(
        "the provider of a pool that was deleted and undeleted",
        _undelete_the_pool_alone,
        _undelete_provider,
        change="the provider is undeleted too",
    ),
    _condition_case("a condition that is false", "false"),
    _condition_case("a condition that errors", "assertion.arn.split('/')[9] == 'x'"),
    _condition_case("a condition that is not boolean", "assertion.arn"),
    _condition_case("a condition on a claim that AWS does not give", "assertion.sub == 'reader'"),
    _condition_case("a condition on the subject of another role", "google.subject.startsWith('arn:aws:iam')"),
    Case(
        name="a mapping that yields no subject",
        change="the mapping gives the ARN",
        wrong=_subject("assertion.arn.extract('no-such-text/{x}/')"),
        right=_subject("assertion.arn"),
        link=Link.TOKEN_EXCHANGE,
        part=Part.ATTRIBUTES,
        rule="the mapping must give a value for google.subject",
        status=400,
        error="unauthorized_client",
        says="Could not obtain a value for google.subject from the given credential.",
    ),
    Case(
        name="a mapping that errors",
        change="the mapping gives the ARN",
        wrong=_subject("assertion.arn.split('/')[9]"),
        right=_subject("assertion.arn"),
        link=Link.TOKEN_EXCHANGE,
        part=Part.ATTRIBUTES,
        rule="the mapping must give a value for google.subject",
        status=400,
        error="unauthorized_client",
        says="Could not obtain a value for google.subject from the given credential.",
    ),
    Case(
        name="a subject of more than 127 bytes",
        change="the mapping gives the ARN once",
        wrong=_subject("assertion.arn + assertion.arn"),
        right=_subject("assertion.arn"),
        link=Link.TOKEN_EXCHANGE,
        part=Part.ATTRIBUTES,
        rule="google.subject may have at most 127 bytes",
        status=400,
        error="invalid_request",
        says=_SUBJECT_SAYS,
    ),
    Case(
        name="attributes of more than 8 KiB",
        change="without the long ones",
        wrong=lambda world: world.patch_provider(attributeMapping={**MAPPING, **_LONG}),
        right=lambda world: world.patch_provider(attributeMapping=MAPPING),
        link=Link.TOKEN_EXCHANGE,
        part=Part.ATTRIBUTES,
        rule="all mapped attributes may have at most 8192 bytes",
        status=400,
        error="invalid_request",
    ),
)
