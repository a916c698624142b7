"""Who may act as the service account: not its owner, not a delegate half way; and not an account that is not there."""

from __future__ import annotations

from federation_emulator.core.trace import Link, Part
from tests.denials.bigquery import JOB_USER, VIEWER, grant
from tests.denials.case import Case, Step
from tests.denials.impersonation import ACCOUNTS, TOKEN_CREATOR, WORKLOAD_USER, denied, grant_on
from tests.denials.world import World
from tests.emulator.chain import ACCOUNT_PATH, MEMBER, READER, SCOPE
from tests.emulator.google_server import DEPLOYER_TOKEN, PROJECT, SECOND_PROJECT

_SECOND = f"/v1/projects/{SECOND_PROJECT}"
_OTHER = f"other-reader@{PROJECT}.iam.gserviceaccount.com"
_BETWEEN = f"between@{PROJECT}.iam.gserviceaccount.com"


def _another_account(world: World) -> None:
    world.google.done("POST", ACCOUNTS, {"accountId": "other-reader"})
    world.account = _OTHER


def _account_of_another_project(world: World) -> None:
    """A service account of the second project, which may read the table of the first."""
    world.google.done("POST", f"{_SECOND}/services/iam.googleapis.com:enable", {})
    world.google.done("POST", f"{_SECOND}/serviceAccounts", {"accountId": "second-reader"})
    world.account = f"second-reader@{SECOND_PROJECT}.iam.gserviceaccount.com"
    grant(JOB_USER, member=f"serviceAccount:{world.account}")(world)
    grant(VIEWER, table="users", member=f"serviceAccount:{world.account}")(world)


def _bind_there(world: World) -> None:
    world.chain.grant(f"{_SECOND}/serviceAccounts/{world.account}", WORKLOAD_USER, MEMBER)


def _as_owner(world: World) -> None:
    """The project's owner, with the right to bind anybody, and none to act as the account."""
    world.federated = DEPLOYER_TOKEN


def _as_itself(world: World) -> None:
    """The account, with a token of its own in place of a federated one."""
    world.federated = world.access_token()


def _as_caller(world: World) -> None:
    world.federated = None


def _delete(world: World) -> None:
    world.account_id = world.google.done("GET", ACCOUNT_PATH)["uniqueId"]
    world.google.done("DELETE", ACCOUNT_PATH)


def _undelete(world: World) -> None:
    world.google.done("POST", f"{ACCOUNTS}/{world.account_id}:undelete", {})


def _no_account(world: World) -> None:
    world.account = f"nobody@{PROJECT}.iam.gserviceaccount.com"


def _the_reader(world: World) -> None:
    world.account = READER


def _asked(**differently: object) -> Step:
    def step(world: World) -> None:
        world.impersonation = differently

    return step


def _through(*grants: tuple[str, str, str]) -> Step:
    """Ask through a service account between, with these grants (account, role, member) and no binding of one's own."""

    def step(world: World) -> None:
        world.google.done("POST", ACCOUNTS, {"accountId": "between"})
        world.chain.revoke(ACCOUNT_PATH, WORKLOAD_USER, MEMBER)
        world.impersonation = {"delegates": [f"projects/-/serviceAccounts/{_BETWEEN}"]}
        for account, role, member in grants:
            world.chain.grant(f"{ACCOUNTS}/{account}", role, member)

    return step


CASES: tuple[Case, ...] = (
    denied("the project's owner", _as_owner, _as_caller, change="the caller who is bound"),
    denied(
        "the account itself, for a further token of its own",
        _as_itself,
        grant_on(READER, TOKEN_CREATOR, f"serviceAccount:{READER}"),
        change=f"`{TOKEN_CREATOR}` for itself on itself",
    ),
    denied(
        "another service account than the one bound to", _another_account, _the_reader, change="the account bound to"
    ),
    denied(
        "a service account of another project",
        _account_of_another_project,
        _bind_there,
        change="a binding on that account",
    ),
    denied(
        "a delegate that the caller may not speak through, though it may act as it",
        _through((_BETWEEN, WORKLOAD_USER, MEMBER), (READER, TOKEN_CREATOR, f"serviceAccount:{_BETWEEN}")),
        grant_on(_BETWEEN, TOKEN_CREATOR, MEMBER),
        change=f"`{TOKEN_CREATOR}` on the delegate",
        permission="implicitDelegation",
    ),
    denied(
        "a delegate that may not act as the account",
        _through((_BETWEEN, TOKEN_CREATOR, MEMBER)),
        grant_on(READER, TOKEN_CREATOR, f"serviceAccount:{_BETWEEN}"),
        change=f"`{TOKEN_CREATOR}` for the delegate on the account",
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
        wrong=lambda world: world.switch_account(on=False),
        right=lambda world: world.switch_account(on=True),
        link=Link.IMPERSONATION,
        part=Part.PERMISSION,
        rule="the service account must be enabled",
        status=400,
        error="FAILED_PRECONDITION",
    ),
    Case(
        name="impersonation where the IAM Credentials API is off",
        change="the API is enabled",
        wrong=lambda world: world.switch_api("iamcredentials", on=False),
        right=lambda world: world.switch_api("iamcredentials", on=True),
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
)
