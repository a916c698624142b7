"""The right caller at the right service account, whose binding names another principal, or depends on a condition."""

from __future__ import annotations

from tests.denials.case import Step, both, done
from tests.denials.impersonation import WORKLOAD_USER, bind, bound, denied, namesake
from tests.denials.world import ROLE_SET, World
from tests.emulator.chain import ACCOUNT, ACCOUNT_PATH, FUNCTION, MAPPING, MEMBER, OTHER_ACCOUNT, POOL_NAME, ROLE
from tests.emulator.google_server import NUMBER, SECOND_NUMBER

_OTHER_POOL = POOL_NAME.replace("keyless-pool", "other-pool")


def _everybody(pool: str) -> str:
    return f"principalSet://iam.googleapis.com/{pool}/*"


def _of_account(account: str, *, pool: str = POOL_NAME) -> str:
    return f"principalSet://iam.googleapis.com/{pool}/attribute.account/{account}"


def _session(name: str, *, pool: str = POOL_NAME) -> str:
    return f"principal://iam.googleapis.com/{pool}/subject/arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/{name}"


def _removed_a_moment_ago(world: World) -> None:
    assert world.walk().arrived
    world.chain.revoke(ACCOUNT_PATH, WORKLOAD_USER, MEMBER)


def _map_the_account(world: World) -> None:
    world.patch_provider(attributeMapping={**MAPPING, "attribute.account": "assertion.account"})


def _bound_by_account(member: str) -> Step:
    """Map the AWS account to an attribute, and have this one member in place of the right one."""
    return both(_map_the_account, bound(member))


def _on_condition(expression: str) -> Step:
    """Have the right member bound on this condition."""
    condition = {"title": "of the case", "expression": expression}
    binding = {"role": WORKLOAD_USER, "members": [MEMBER], "condition": condition}
    return done("POST", f"{ACCOUNT_PATH}:setIamPolicy", {"policy": {"bindings": [binding], "version": 3}})


def _without_condition(world: World) -> None:
    """Have no binding, and try to make one with ``null`` for its condition: it is refused, and changes nothing."""
    world.chain.revoke(ACCOUNT_PATH, WORKLOAD_USER, MEMBER)
    binding = {"role": WORKLOAD_USER, "members": [MEMBER], "condition": None}
    refused = world.google.call("POST", f"{ACCOUNT_PATH}:setIamPolicy", {"policy": {"bindings": [binding]}})
    assert refused.status_code == 400, refused.text


CASES = (
    denied("a binding that was removed a moment ago", _removed_a_moment_ago),
    denied("a binding for a sibling role", bound(f"{ROLE_SET}{ROLE}-2")),
    denied("a binding for the role in another case", bound(f"{ROLE_SET}{ROLE.upper()}")),
    denied("a binding in which slashes are written %2F", bound(MEMBER.replace("assumed-role/", "assumed-role%2F"))),
    denied("a binding for the bare name of the role", bound(ROLE_SET.partition("arn:")[0] + ROLE)),
    denied("a binding for the role of another pool", bound(MEMBER.replace("keyless-pool", "other-pool"))),
    denied("a binding for the role of another project's pool", bound(MEMBER.replace(NUMBER, SECOND_NUMBER))),
    denied(
        "a binding for everybody in another pool",
        bound(_everybody(_OTHER_POOL)),
        bind(_everybody(POOL_NAME)),
        change="a binding for everybody in this pool",
    ),
    denied(
        "a binding for the AWS account in another pool",
        _bound_by_account(_of_account(ACCOUNT, pool=_OTHER_POOL)),
        bind(_of_account(ACCOUNT)),
        change="a binding for the AWS account in this pool",
    ),
    denied(
        "a binding for another AWS account",
        _bound_by_account(_of_account(OTHER_ACCOUNT)),
        bind(_of_account(ACCOUNT)),
        change="a binding for the caller's AWS account",
    ),
    denied(
        "a binding for another session's subject",
        bound(_session("other-function")),
        bind(_session(FUNCTION)),
        change="a binding for this session's subject",
    ),
    denied(
        "a binding for this session's subject in another pool",
        bound(_session(FUNCTION, pool=_OTHER_POOL)),
        bind(_session(FUNCTION)),
        change="a binding for the subject in this pool",
    ),
    denied(
        "a binding for an attribute that the mapping does not give",
        bound(_of_account(ACCOUNT)),
        _map_the_account,
        change="the mapping gives it",
    ),
    denied("a role on the account that does not hold the permission", bound(MEMBER, "roles/iam.serviceAccountUser")),
    denied("a namesake of the account that was bound to and deleted", namesake),
    denied(
        "a binding whose condition has run out",
        _on_condition("request.time < timestamp('2020-01-01T00:00:00Z')"),
        _on_condition("request.time > timestamp('2020-01-01T00:00:00Z')"),
        change="a condition that is true now",
    ),
    denied(
        "a binding whose condition adds a time that overflows",
        _on_condition("request.time < timestamp('2020-01-01T00:00:00Z') + duration('99999999999999999999h')"),
        _on_condition("request.time < timestamp('2020-01-01T00:00:00Z') + duration('999999h')"),
        change="a time that does not",
    ),
    denied(
        "a binding whose condition is a time beyond the year 9999",
        _on_condition("request.time < timestamp('9999-12-31T23:59:59-23:59')"),
        _on_condition("request.time < timestamp('9999-12-31T23:59:59Z')"),
        change="a time before its end",
    ),
    denied(
        "a binding that was to have `null` for its condition",
        _without_condition,
        bind(MEMBER),
        change="the binding has no condition",
    ),
    denied(
        "a binding whose condition asks what a service account does not have",
        _on_condition("resource.name.startsWith('projects/')"),
        _on_condition("request.time > timestamp('2020-01-01T00:00:00Z')"),
        change="a condition that is true now",
    ),
)
