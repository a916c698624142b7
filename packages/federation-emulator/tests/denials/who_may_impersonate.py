"""Who may act as the service account: not its owner, not a delegate half way; and not an account that is not there."""

from __future__ import annotations

from dataclasses import replace

from federation_emulator.core.trace import Link, Part
from tests.denials.bigquery import JOB_USER, VIEWER, grant
from tests.denials.case import By, Case, Step, having
from tests.denials.impersonation import (
    ACCOUNTS,
    TOKEN_CREATOR,
    WORKLOAD_USER,
    delete_account,
    denied,
    grant_on,
    undelete_account,
)
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


def _as_itself(world: World) -> None:
    """The account, with a token of its own in place of a federated one."""
    world.federated = world.access_token()


def _through(*grants: tuple[str, str, str]) -> Step:
    """Ask through a service account between, with these grants (account, role, member) and no binding of one's own."""

    def step(world: World) -> None:
        world.google.done("POST", ACCOUNTS, {"accountId": "between"})
        world.chain.revoke(ACCOUNT_PATH, WORKLOAD_USER, MEMBER)
        world.impersonation = {"delegates": [f"projects/-/serviceAccounts/{_BETWEEN}"]}
        for account, role, member in grants:
            world.chain.grant(f"{ACCOUNTS}/{account}", role, member)

    return step


_THE_READER = having(account=READER)
_NO_ACCOUNT = By(
    *(Link.IMPERSONATION, Part.PERMISSION, "the service account must exist", 404, "NOT_FOUND"),
    says="Not found; Gaia id not found for email",
)
_INVALID = By(*(Link.IMPERSONATION, Part.REQUEST, "", 400, "INVALID_ARGUMENT", "Request contains an invalid argument."))

CASES: tuple[Case, ...] = (
    # It has the right to bind any principal, and none to act as the account.
    denied(
        "the project's owner",
        having(federated=DEPLOYER_TOKEN),
        having(federated=None),
        change="the caller who is bound",
    ),
    denied(
        "the account itself, for a further token of its own",
        _as_itself,
        grant_on(READER, TOKEN_CREATOR, f"serviceAccount:{READER}"),
        change=f"`{TOKEN_CREATOR}` for itself on itself",
    ),
    denied(
        "another service account than the one bound to", _another_account, _THE_READER, change="the account bound to"
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
    _NO_ACCOUNT(
        "a service account that does not exist",
        "the account that exists",
        having(account=f"missing@{PROJECT}.iam.gserviceaccount.com"),
        _THE_READER,
    ),
    _NO_ACCOUNT("a deleted service account", "it is undeleted", delete_account, undelete_account),
    replace(_NO_ACCOUNT, rule="the service account must be enabled", status=400, error="FAILED_PRECONDITION", says="")(
        "a disabled service account",
        "it is enabled again",
        lambda world: world.switch_account(on=False),
        lambda world: world.switch_account(on=True),
    ),
    By(
        *(Link.IMPERSONATION, Part.REQUEST, "the API must be enabled in the project", 403, "PERMISSION_DENIED"),
        says="IAM Service Account Credentials API has not been used in project",
    )(
        "impersonation where the IAM Credentials API is off",
        "the API is enabled",
        lambda world: world.switch_api("iamcredentials", on=False),
        lambda world: world.switch_api("iamcredentials", on=True),
    ),
    _INVALID(
        "an access token of more than an hour",
        "no lifetime is asked for",
        having(impersonation={"lifetime": "3601s"}),
        having(impersonation={}),
        rule="lifetime must be 1s to 3600s",
        says="can not have lifetimes of more than 1 hour. Use the Org Policy Constraint",
    ),
    _INVALID(
        "an access token without a scope",
        "one scope",
        having(impersonation={"scope": []}),
        having(impersonation={"scope": [SCOPE]}),
        rule="scope must be a list of at least one scope",
    ),
)
