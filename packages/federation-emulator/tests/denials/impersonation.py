"""How a case binds a principal to the service account, and what such cases share."""

from __future__ import annotations

from federation_emulator.core.trace import Link, Part
from tests.denials.bigquery import JOB_USER, VIEWER, grant
from tests.denials.case import By, Case, Step
from tests.denials.world import PROJECT_PATH, World
from tests.emulator.chain import ACCOUNT_PATH, MEMBER

ACCOUNTS = f"{PROJECT_PATH}/serviceAccounts"
WORKLOAD_USER = "roles/iam.workloadIdentityUser"
TOKEN_CREATOR = "roles/iam.serviceAccountTokenCreator"


def bound(member: str, role: str = WORKLOAD_USER) -> Step:
    """Have this one member in place of the right one."""

    def step(world: World) -> None:
        world.chain.revoke(ACCOUNT_PATH, WORKLOAD_USER, MEMBER)
        world.chain.grant(ACCOUNT_PATH, role, member)

    return step


def grant_on(account: str, role: str, member: str) -> Step:
    """Grant a role on a service account."""
    return lambda world: world.chain.grant(f"{ACCOUNTS}/{account}", role, member)


def bind(member: str = MEMBER) -> Step:
    """Have this member too; the right one, if none is given."""
    return lambda world: world.chain.grant(ACCOUNT_PATH, WORKLOAD_USER, member)


BIND_RIGHT = bind()


def delete_account(world: World) -> None:
    """Delete the reader's service account."""
    world.account_id = world.google.done("GET", ACCOUNT_PATH)["uniqueId"]
    world.google.done("DELETE", ACCOUNT_PATH)


def undelete_account(world: World) -> None:
    """Bring it back."""
    world.google.done("POST", f"{ACCOUNTS}/{world.account_id}:undelete", {})


def namesake(world: World) -> None:
    """Delete the account, and make another under its e-mail with all that the first one had, but the binding."""
    world.google.done("DELETE", ACCOUNT_PATH)
    world.google.done("POST", ACCOUNTS, {"accountId": "reader"})
    grant(JOB_USER)(world)
    grant(VIEWER, table="users")(world)


_DENIED = By(Link.IMPERSONATION, Part.PERMISSION, "", 403, "PERMISSION_DENIED")


def denied(
    name: str,
    wrong: Step,
    right: Step = BIND_RIGHT,
    *,
    change: str = "a binding for the role's principal set",
    permission: str = "getAccessToken",
) -> Case:
    """A caller without a permission on the service account."""
    needed = f"iam.serviceAccounts.{permission}"
    says = f"Permission '{needed}' denied on resource (or it may not exist)."
    return _DENIED(name, change, wrong, right, rule=f"{needed} is needed", says=says)
