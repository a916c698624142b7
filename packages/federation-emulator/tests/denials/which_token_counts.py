"""Tokens that were good once, or somewhere else: federated ones at the impersonation, access tokens at a query."""

from __future__ import annotations

from federation_emulator.core.trace import Link, Part
from tests.denials.case import INVALID_CREDENTIALS, Case, Step
from tests.denials.world import PROJECT_PATH, World
from tests.emulator.chain import ACCOUNT_PATH, MEMBER, POOL_PATH, READER

_OTHER_SCOPE = "https://www.googleapis.com/auth/devstorage.read_only"
_KNOWN = "one bearer token, issued here and not yet expired"
_POOL = "the pool that vouches for the token must be active and enabled"
_ACCOUNT = "the service account behind the token must exist and be enabled"
_SCOPE = "the token must have been made for a scope that covers this API"


def _federated(wrong: Step) -> Step:
    """Have a federated token, and put something wrong afterwards."""

    def step(world: World) -> None:
        world.federated = world.federated_token()
        wrong(world)

    return step


def _federated_directly(wrong: Step) -> Step:
    """The same, where the federated principal itself holds the roles."""

    def step(world: World) -> None:
        world.account = ""
        world.chain.grant(PROJECT_PATH, "roles/bigquery.jobUser", MEMBER)
        world.chain.grant(f"{world.chain.tables_path}/users", "roles/bigquery.dataViewer", MEMBER)
        _federated(wrong)(world)

    return step


def _access(wrong: Step) -> Step:
    """Have an access token, and put something wrong afterwards."""

    def step(world: World) -> None:
        world.access = world.access_token()
        wrong(world)

    return step


def _anew(world: World) -> None:
    """Exchange and impersonate again, as the right caller does."""
    world.federated = world.access = None
    world.form, world.impersonation = {}, {}


def _hours_later(world: World) -> None:
    world.turn_clock(minutes=61)


def _on_time(world: World) -> None:
    world.turn_clock()


def _changed(token: str) -> str:
    return token[:-1] + ("A" if token[-1] != "A" else "B")


def _change_federated(world: World) -> None:
    world.federated = _changed(world.federated_token())


def _change_access(world: World) -> None:
    world.access = _changed(world.access_token())


def _federated_of_another_run(world: World) -> None:
    with world.another_run() as other:
        world.federated = other.federated_token()


def _access_of_another_run(world: World) -> None:
    with world.another_run() as other:
        world.access = other.access_token()


def _federated_for_another_api(world: World) -> None:
    world.form = {"scope": _OTHER_SCOPE}


def _access_for_another_api(world: World) -> None:
    world.impersonation = {"scope": [_OTHER_SCOPE]}


def _pool(*, disabled: bool) -> Step:
    return lambda world: world.google.done("PATCH", f"{POOL_PATH}?updateMask=disabled", {"disabled": disabled})


def _delete_account(world: World) -> None:
    world.account_id = world.google.done("GET", ACCOUNT_PATH)["uniqueId"]
    world.google.done("DELETE", ACCOUNT_PATH)


def _undelete_account(world: World) -> None:
    world.google.done("POST", f"{PROJECT_PATH}/serviceAccounts/{world.account_id}:undelete", {})


def _replace_account(world: World) -> None:
    """Delete the account, and make another under its e-mail with all that the first one had."""
    world.google.done("DELETE", ACCOUNT_PATH)
    world.google.done("POST", f"{PROJECT_PATH}/serviceAccounts", {"accountId": "reader"})
    world.chain.grant(ACCOUNT_PATH, "roles/iam.workloadIdentityUser", MEMBER)
    world.chain.grant(PROJECT_PATH, "roles/bigquery.jobUser", f"serviceAccount:{READER}")
    world.chain.grant(f"{world.chain.tables_path}/users", "roles/bigquery.dataViewer", f"serviceAccount:{READER}")


def _at_impersonation(
    name: str, change: str, wrong: Step, right: Step, *, part: Part = Part.TOKEN, rule: str = _KNOWN
) -> Case:
    return Case(
        name=name,
        change=change,
        wrong=wrong,
        right=right,
        link=Link.IMPERSONATION,
        part=part,
        rule=rule,
        status=401,
        error="UNAUTHENTICATED",
        says=INVALID_CREDENTIALS,
    )


def _at_job(name: str, change: str, wrong: Step, right: Step, *, part: Part = Part.TOKEN, rule: str = _KNOWN) -> Case:
    return Case(
        name=name,
        change=change,
        wrong=wrong,
        right=right,
        link=Link.JOB,
        part=part,
        rule=rule,
        status=401,
        error="authError",
        says=INVALID_CREDENTIALS,
    )


def _for_another_api(name: str, wrong: Step, *, link: Link, error: str) -> Case:
    return Case(
        name=name,
        change="made for the scope cloud-platform",
        wrong=wrong,
        right=_anew,
        link=link,
        part=Part.TOKEN,
        rule=_SCOPE,
        status=403,
        error=error,
        says="Request had insufficient authentication scopes.",
    )


CASES = (
    _at_impersonation("a federated token that has expired", "within its hour", _federated(_hours_later), _on_time),
    _at_impersonation("a federated token with a letter changed", "as it was issued", _change_federated, _anew),
    _at_impersonation(
        "a federated token of another server run", "exchanged with this run", _federated_of_another_run, _anew
    ),
    _at_impersonation(
        "a federated token whose pool was disabled since",
        "the pool is enabled again",
        _federated(_pool(disabled=True)),
        _pool(disabled=False),
        part=Part.PRINCIPAL,
        rule=_POOL,
    ),
    _at_impersonation(
        "a federated token whose pool was deleted since",
        "the pool is undeleted",
        _federated(lambda world: world.google.done("DELETE", POOL_PATH)),
        lambda world: world.google.done("POST", f"{POOL_PATH}:undelete", {}),
        part=Part.PRINCIPAL,
        rule=_POOL,
    ),
    _for_another_api(
        "a federated token made for another API's scope",
        _federated_for_another_api,
        link=Link.IMPERSONATION,
        error="PERMISSION_DENIED",
    ),
    _at_job("an access token that has expired", "within its hour", _access(_hours_later), _on_time),
    _at_job("an access token with a letter changed", "as it was issued", _change_access, _anew),
    _at_job("an access token of another server run", "made by this run", _access_of_another_run, _anew),
    _at_job(
        "an access token whose account was disabled since",
        "the account is enabled again",
        _access(lambda world: world.switch_account(on=False)),
        lambda world: world.switch_account(on=True),
        part=Part.PRINCIPAL,
        rule=_ACCOUNT,
    ),
    _at_job(
        "an access token whose account was deleted since",
        "the account is undeleted",
        _access(_delete_account),
        _undelete_account,
        part=Part.PRINCIPAL,
        rule=_ACCOUNT,
    ),
    _at_job(
        "an access token of a deleted account, where a namesake has all its rights",
        "a token of the namesake",
        _access(_replace_account),
        _anew,
        part=Part.PRINCIPAL,
        rule=_ACCOUNT,
    ),
    _at_job(
        "a federated token at the BigQuery emulator, whose pool was disabled since",
        "the pool is enabled again",
        _federated_directly(_pool(disabled=True)),
        _pool(disabled=False),
        part=Part.PRINCIPAL,
        rule=_POOL,
    ),
    _for_another_api(
        "an access token made for another API's scope",
        _access_for_another_api,
        link=Link.JOB,
        error="insufficientPermissions",
    ),
)
