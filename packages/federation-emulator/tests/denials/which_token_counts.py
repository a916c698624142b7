"""Tokens that were good once, or somewhere else: federated ones at the impersonation, access tokens at a query."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from federation_emulator.core.trace import Link, Part
from tests.denials.bigquery import JOB_USER, VIEWER, grant
from tests.denials.case import INVALID_CREDENTIALS, By, Step, both, done, having
from tests.denials.impersonation import bind, delete_account, namesake, undelete_account
from tests.denials.world import World
from tests.emulator.chain import MEMBER, POOL_PATH

_OTHER_SCOPE = "https://www.googleapis.com/auth/devstorage.read_only"
_AT_IMPERSONATION = By(
    *(Link.IMPERSONATION, Part.TOKEN, "one bearer token, issued here and not yet expired", 401, "UNAUTHENTICATED"),
    says=INVALID_CREDENTIALS,
)
_AT_JOB = replace(_AT_IMPERSONATION, link=Link.JOB, error="authError")
_POOL = "the pool that vouches for the token must be active and enabled"
_POOL_AT_IMPERSONATION = replace(_AT_IMPERSONATION, part=Part.PRINCIPAL, rule=_POOL)
_POOL_AT_JOB = replace(_AT_JOB, part=Part.PRINCIPAL, rule=_POOL)
_ACCOUNT = replace(_AT_JOB, part=Part.PRINCIPAL, rule="the service account behind the token must exist and be enabled")
_SCOPE = By(
    *(Link.IMPERSONATION, Part.TOKEN, "the token must have been made for a scope that covers this API"),
    *(403, "PERMISSION_DENIED", "Request had insufficient authentication scopes."),
)
_ANEW = having(federated=None, access=None, form={}, impersonation={})
"""Exchange and impersonate again, as the right caller does."""


def _federated(change: Callable[[str], str] = str) -> Step:
    """Have a federated token, perhaps changed."""
    return lambda world: having(federated=change(world.federated_token()))(world)


def _access(change: Callable[[str], str] = str) -> Step:
    """Have an access token, perhaps changed."""
    return lambda world: having(access=change(world.access_token()))(world)


def _changed(token: str) -> str:
    return token[:-1] + ("A" if token[-1] != "A" else "B")


def _directly(world: World) -> None:
    """Have the federated principal itself hold the roles."""
    world.account = ""
    grant(JOB_USER, member=MEMBER)(world)
    grant(VIEWER, table="users", member=MEMBER)(world)


def _hours_later(world: World) -> None:
    world.turn_clock(minutes=61)


def _on_time(world: World) -> None:
    world.turn_clock()


def _federated_of_another_run(world: World) -> None:
    with world.another_run() as other:
        world.federated = other.federated_token()


def _access_of_another_run(world: World) -> None:
    with world.another_run() as other:
        world.access = other.access_token()


def _pool(*, disabled: bool) -> Step:
    return done("PATCH", f"{POOL_PATH}?updateMask=disabled", {"disabled": disabled})


CASES = (
    _AT_IMPERSONATION(
        "a federated token that has expired", "within its hour", both(_federated(), _hours_later), _on_time
    ),
    _AT_IMPERSONATION("a federated token with a letter changed", "as it was issued", _federated(_changed), _ANEW),
    _AT_IMPERSONATION(
        "a federated token of another server run", "exchanged with this run", _federated_of_another_run, _ANEW
    ),
    _POOL_AT_IMPERSONATION(
        "a federated token whose pool was disabled since",
        "the pool is enabled again",
        both(_federated(), _pool(disabled=True)),
        _pool(disabled=False),
    ),
    _POOL_AT_IMPERSONATION(
        "a federated token whose pool was deleted since",
        "the pool is undeleted",
        both(_federated(), done("DELETE", POOL_PATH)),
        done("POST", f"{POOL_PATH}:undelete", {}),
    ),
    _SCOPE(
        "a federated token made for another API's scope",
        "made for the scope cloud-platform",
        having(form={"scope": _OTHER_SCOPE}),
        _ANEW,
    ),
    _AT_JOB("an access token that has expired", "within its hour", both(_access(), _hours_later), _on_time),
    _AT_JOB("an access token with a letter changed", "as it was issued", _access(_changed), _ANEW),
    _AT_JOB("an access token of another server run", "made by this run", _access_of_another_run, _ANEW),
    _ACCOUNT(
        "an access token whose account was disabled since",
        "the account is enabled again",
        both(_access(), lambda world: world.switch_account(on=False)),
        lambda world: world.switch_account(on=True),
    ),
    _ACCOUNT(
        "an access token whose account was deleted since",
        "the account is undeleted",
        both(_access(), delete_account),
        undelete_account,
    ),
    _ACCOUNT(
        "an access token of a deleted account, where a namesake has all its rights",
        "a token of the namesake",
        both(_access(), namesake, bind()),
        _ANEW,
    ),
    _POOL_AT_JOB(
        "a federated token at the BigQuery emulator, whose pool was disabled since",
        "the pool is enabled again",
        both(_directly, _federated(), _pool(disabled=True)),
        _pool(disabled=False),
    ),
    _SCOPE(
        "an access token made for another API's scope",
        "made for the scope cloud-platform",
        having(impersonation={"scope": [_OTHER_SCOPE]}),
        _ANEW,
        link=Link.JOB,
        error="insufficientPermissions",
    ),
)
