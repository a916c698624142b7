"""The right caller at a service account that it may not act as, or with a token that no longer counts."""

from __future__ import annotations

from local_cloud.trace import Link, Part
from tests.denials.case import Case, Step
from tests.denials.world import ROLE_SET, World
from tests.local_cloud.chain import ACCOUNT, ACCOUNT_PATH, MAPPING, MEMBER, POOL_NAME, POOL_PATH, READER, ROLE, SCOPE
from tests.local_cloud.google_server import PROJECT

_USER = "roles/iam.workloadIdentityUser"
_ACCOUNTS = f"/v1/projects/{PROJECT}/serviceAccounts"
_OTHER = f"other-reader@{PROJECT}.iam.gserviceaccount.com"
_INVALID_SAYS = "Request had invalid authentication credentials."


def _bound(member: str, role: str = _USER) -> Step:
    """Have this one member in place of the right one."""

    def step(world: World) -> None:
        world.chain.revoke(ACCOUNT_PATH, _USER, MEMBER)
        world.chain.grant(ACCOUNT_PATH, role, member)

    return step


def _bound_right(world: World) -> None:
    world.chain.grant(ACCOUNT_PATH, _USER, MEMBER)


def _denied(
    name: str,
    wrong: Step,
    right: Step = _bound_right,
    *,
    change: str = "a binding for the role's principal set",
    permission: str = "getAccessToken",
) -> Case:
    return Case(
        name=name,
        change=change,
        wrong=wrong,
        right=right,
        link=Link.IMPERSONATION,
        part=Part.PERMISSION,
        rule=f"iam.serviceAccounts.{permission} is needed",
        status=403,
        error="PERMISSION_DENIED",
        says=f"Permission 'iam.serviceAccounts.{permission}' denied on resource (or it may not exist).",
    )


def _removed_a_moment_ago(world: World) -> None:
    assert world.walk().arrived
    world.chain.revoke(ACCOUNT_PATH, _USER, MEMBER)


def _another_account(world: World) -> None:
    world.google.done("POST", _ACCOUNTS, {"accountId": "other-reader"})
    world.account = _OTHER


def _account_attribute(world: World) -> None:
    _bound(f"principalSet://iam.googleapis.com/{POOL_NAME}/attribute.account/{ACCOUNT}")(world)


def _map_the_account(world: World) -> None:
    world.patch_provider(attributeMapping={**MAPPING, "attribute.account": "assertion.account"})


def _namesake(world: World) -> None:
    world.google.done("DELETE", ACCOUNT_PATH)
    world.google.done("POST", _ACCOUNTS, {"accountId": "reader"})
    # The table and the project are granted anew: what is missing is the binding alone.
    world.chain.grant(f"/v1/projects/{PROJECT}", "roles/bigquery.jobUser", f"serviceAccount:{READER}")
    world.chain.grant(f"{world.chain.tables_path}/users", "roles/bigquery.dataViewer", f"serviceAccount:{READER}")


def _delete(world: World) -> None:
    world.account_id = world.google.done("GET", ACCOUNT_PATH)["uniqueId"]
    world.google.done("DELETE", ACCOUNT_PATH)


def _undelete(world: World) -> None:
    world.google.done("POST", f"{_ACCOUNTS}/{world.account_id}:undelete", {})


def _no_account(world: World) -> None:
    world.account = f"nobody@{PROJECT}.iam.gserviceaccount.com"


def _the_reader(world: World) -> None:
    world.account = READER


def _asked(**differently: object) -> Step:
    def step(world: World) -> None:
        world.impersonation = differently

    return step


def _with_token(wrong: Step) -> Step:
    """Put something wrong after the exchange."""

    def step(world: World) -> None:
        world.federated = world.federated_token()
        wrong(world)

    return step


def _stale(name: str, wrong: Step, right: Step, *, part: Part, rule: str, change: str) -> Case:
    return Case(
        name=name,
        change=change,
        wrong=_with_token(wrong),
        right=right,
        link=Link.IMPERSONATION,
        part=part,
        rule=rule,
        status=401,
        error="UNAUTHENTICATED",
        says=_INVALID_SAYS,
    )


def _on_condition(expression: str) -> Step:
    """Have the right member bound on this condition."""

    def step(world: World) -> None:
        condition = {"title": "of the case", "expression": expression}
        binding = {"role": _USER, "members": [MEMBER], "condition": condition}
        world.google.done("POST", f"{ACCOUNT_PATH}:setIamPolicy", {"policy": {"bindings": [binding], "version": 3}})

    return step


_BETWEEN = f"between@{PROJECT}.iam.gserviceaccount.com"
_CREATOR = "roles/iam.serviceAccountTokenCreator"


def _through(*grants: tuple[str, str, str]) -> Step:
    """Ask through a service account between, with these grants (account, role, member) and no binding of one's own."""

    def step(world: World) -> None:
        world.google.done("POST", _ACCOUNTS, {"accountId": "between"})
        world.chain.revoke(ACCOUNT_PATH, _USER, MEMBER)
        world.impersonation = {"delegates": [f"projects/-/serviceAccounts/{_BETWEEN}"]}
        for account, role, member in grants:
            world.chain.grant(f"{_ACCOUNTS}/{account}", role, member)

    return step


def _grant(account: str, role: str, member: str) -> Step:
    return lambda world: world.chain.grant(f"{_ACCOUNTS}/{account}", role, member)


def _token_of_another_run(world: World) -> None:
    with world.another_run() as other:
        world.federated = other.federated_token()


def _exchange_again(world: World) -> None:
    world.federated = None
    world.form = {}


def _narrow(world: World) -> None:
    world.form = {"scope": "https://www.googleapis.com/auth/devstorage.read_only"}


def _pool(disabled: bool) -> Step:
    return lambda world: world.google.done("PATCH", f"{POOL_PATH}?updateMask=disabled", {"disabled": disabled})


CASES = (
    _denied("a binding that was removed a moment ago", _removed_a_moment_ago),
    _denied("a binding for a sibling role", _bound(f"{ROLE_SET}{ROLE}-2")),
    _denied("a binding for the role in another case", _bound(f"{ROLE_SET}{ROLE.upper()}")),
    _denied("a binding in which slashes are written %2F", _bound(MEMBER.replace("assumed-role/", "assumed-role%2F"))),
    _denied("a binding for the bare name of the role", _bound(ROLE_SET.partition("arn:")[0] + ROLE)),
    _denied("a binding for the role of another pool", _bound(MEMBER.replace("keyless-pool", "other-pool"))),
    _denied("a binding for everybody in another pool", _bound(f"principalSet://iam.googleapis.com/{POOL_NAME}-2/*")),
    _denied(
        "a binding for another session's subject",
        _bound(
            f"principal://iam.googleapis.com/{POOL_NAME}/subject/arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/other-function"
        ),
    ),
    _denied(
        "a binding for an attribute that the mapping does not give",
        _account_attribute,
        _map_the_account,
        change="the mapping gives it",
    ),
    _denied("a role on the account that does not hold the permission", _bound(MEMBER, "roles/iam.serviceAccountUser")),
    _denied(
        "another service account than the one bound to", _another_account, _the_reader, change="the account bound to"
    ),
    _denied("a namesake of the account that was bound to and deleted", _namesake),
    _denied(
        "a binding whose condition has run out",
        _on_condition("request.time < timestamp('2020-01-01T00:00:00Z')"),
        _on_condition("request.time > timestamp('2020-01-01T00:00:00Z')"),
        change="a condition that is true now",
    ),
    _denied(
        "a binding whose condition asks what a service account does not have",
        _on_condition("resource.name.startsWith('projects/')"),
        _on_condition("request.time > timestamp('2020-01-01T00:00:00Z')"),
        change="a condition that is true now",
    ),
    _denied(
        "a delegate that the caller may not speak through, though it may act as it",
        _through((_BETWEEN, _USER, MEMBER), (READER, _CREATOR, f"serviceAccount:{_BETWEEN}")),
        _grant(_BETWEEN, _CREATOR, MEMBER),
        change=f"`{_CREATOR}` on the delegate",
        permission="implicitDelegation",
    ),
    _denied(
        "a delegate that may not act as the account",
        _through((_BETWEEN, _CREATOR, MEMBER)),
        _grant(READER, _CREATOR, f"serviceAccount:{_BETWEEN}"),
        change=f"`{_CREATOR}` for the delegate on the account",
    ),
    Case(
        name="a service account that does not exist",
        change="the account that exists",
        wrong=_no_account,
        right=_the_reader,
        link=Link.IMPERSONATION,
        part=Part.PERMISSION,
        rule="the service account must exist",
        status=404,
        error="NOT_FOUND",
        says="Not found; Gaia id not found for email",
    ),
    Case(
        name="a deleted service account",
        change="it is undeleted",
        wrong=_delete,
        right=_undelete,
        link=Link.IMPERSONATION,
        part=Part.PERMISSION,
        rule="the service account must exist",
        status=404,
        error="NOT_FOUND",
        says="Not found; Gaia id not found for email",
    ),
    Case(
        name="a disabled service account",
        change="it is enabled again",
        wrong=lambda world: world.google.done("POST", f"{ACCOUNT_PATH}:disable", {}),
        right=lambda world: world.google.done("POST", f"{ACCOUNT_PATH}:enable", {}),
        link=Link.IMPERSONATION,
        part=Part.PERMISSION,
        rule="the service account must be enabled",
        status=400,
        error="FAILED_PRECONDITION",
    ),
    Case(
        name="impersonation where the IAM Credentials API is off",
        change="the API is enabled",
        wrong=lambda world: world.google.done(
            "POST", f"/v1/projects/{PROJECT}/services/iamcredentials.googleapis.com:disable", {}
        ),
        right=lambda world: world.google.done(
            "POST", f"/v1/projects/{PROJECT}/services/iamcredentials.googleapis.com:enable", {}
        ),
        link=Link.IMPERSONATION,
        part=Part.REQUEST,
        rule="the API must be enabled in the project",
        status=403,
        error="PERMISSION_DENIED",
        says="IAM Service Account Credentials API has not been used in project",
    ),
    Case(
        name="an access token of more than an hour",
        change="no lifetime is asked for",
        wrong=_asked(lifetime="3601s"),
        right=_asked(),
        link=Link.IMPERSONATION,
        part=Part.REQUEST,
        rule="lifetime must be 1s to 3600s",
        status=400,
        error="INVALID_ARGUMENT",
    ),
    Case(
        name="an access token without a scope",
        change="one scope",
        wrong=_asked(scope=[]),
        right=_asked(scope=[SCOPE]),
        link=Link.IMPERSONATION,
        part=Part.REQUEST,
        rule="scope must be a list of at least one scope",
        status=400,
        error="INVALID_ARGUMENT",
        says="Request contains an invalid argument.",
    ),
    Case(
        name="a federated token made for another API's scope",
        change="exchanged for the scope cloud-platform",
        wrong=_narrow,
        right=_exchange_again,
        link=Link.IMPERSONATION,
        part=Part.TOKEN,
        rule="the token must have been made for a scope that covers this API",
        status=403,
        error="PERMISSION_DENIED",
        says="Request had insufficient authentication scopes.",
    ),
    _stale(
        "a federated token that has expired",
        lambda world: world.turn_clock(minutes=61),
        lambda world: world.turn_clock(),
        change="within its hour",
        part=Part.TOKEN,
        rule="one bearer token, issued here and not yet expired",
    ),
    _stale(
        "a federated token of another server run",
        _token_of_another_run,
        _exchange_again,
        change="exchanged with this run",
        part=Part.TOKEN,
        rule="one bearer token, issued here and not yet expired",
    ),
    _stale(
        "a federated token whose pool was disabled since",
        _pool(disabled=True),
        _pool(disabled=False),
        change="the pool is enabled again",
        part=Part.PRINCIPAL,
        rule="the pool that vouches for the token must be active and enabled",
    ),
    _stale(
        "a federated token whose pool was deleted since",
        lambda world: world.google.done("DELETE", POOL_PATH),
        lambda world: world.google.done("POST", f"{POOL_PATH}:undelete", {}),
        change="the pool is undeleted",
        part=Part.PRINCIPAL,
        rule="the pool that vouches for the token must be active and enabled",
    ),
)
