"""How a case binds a principal to the service account, and what such cases share."""

from __future__ import annotations

from federation_emulator.core.trace import Link, Part
from tests.denials.case import Case, Step
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


def denied(
    name: str,
    wrong: Step,
    right: Step = BIND_RIGHT,
    *,
    change: str = "a binding for the role's principal set",
    permission: str = "getAccessToken",
) -> Case:
    """A caller without a permission on the service account."""
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
