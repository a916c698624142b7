"""The reader, and a deployer who comes too late, at the policies themselves."""

from __future__ import annotations

from collections.abc import Callable

import requests

from local_cloud.trace import Link, Part
from tests.denials.case import Case, Step
from tests.denials.world import World
from tests.local_cloud.chain import ACCOUNT_PATH, MEMBER, POOL_PATH, PROVIDER_PATH, READER
from tests.local_cloud.google_server import PROJECT

_PROJECT_PATH = f"/v1/projects/{PROJECT}"
_READER = f"serviceAccount:{READER}"


def _as_reader(call: Callable[[World, str], requests.Response]) -> Step:
    def step(world: World) -> None:
        token = world.access_token()
        world.call = lambda: call(world, token)

    return step


def _case(name: str, method: str, path: str, body: object, *, permission: str, role: str) -> Case:
    return Case(
        name=name,
        change=f"`{role}` on the project",
        wrong=_as_reader(lambda world, token: world.google.call(method, path, body, token=token)),
        right=lambda world: world.chain.grant(_PROJECT_PATH, role, _READER),
        link=Link.ADMINISTRATION,
        part=Part.PERMISSION,
        rule=f"{permission} is needed",
        status=403,
        error="PERMISSION_DENIED",
        says=f"Permission '{permission}' denied on resource",
    )


def _stale(world: World) -> None:
    """Somebody else writes the policy between this one's reading and writing."""
    policy = world.google.done("POST", f"{ACCOUNT_PATH}:getIamPolicy")
    world.chain.grant(ACCOUNT_PATH, "roles/iam.serviceAccountViewer", _READER)
    world.call = lambda: world.google.call("POST", f"{ACCOUNT_PATH}:setIamPolicy", {"policy": policy})


def _read_again(world: World) -> None:
    policy = world.google.done("POST", f"{ACCOUNT_PATH}:getIamPolicy")
    world.call = lambda: world.google.call("POST", f"{ACCOUNT_PATH}:setIamPolicy", {"policy": policy})


CASES = (
    Case(
        name="a policy written with a stale etag",
        change="the policy is read again",
        wrong=_stale,
        right=_read_again,
        link=Link.ADMINISTRATION,
        part=Part.REQUEST,
        rule="the etag must be the policy's present one",
        status=409,
        error="ABORTED",
        says="There were concurrent policy changes.",
    ),
    _case(
        "the reader, who opens the provider to everybody",
        "PATCH",
        f"{PROVIDER_PATH}?updateMask=attributeCondition",
        {},
        permission="iam.workloadIdentityPoolProviders.update",
        role="roles/iam.workloadIdentityPoolAdmin",
    ),
    _case(
        "the reader, who deletes the pool",
        "DELETE",
        POOL_PATH,
        None,
        permission="iam.workloadIdentityPools.delete",
        role="roles/iam.workloadIdentityPoolAdmin",
    ),
    _case(
        "the reader, who binds another role to itself",
        "POST",
        f"{ACCOUNT_PATH}:setIamPolicy",
        {"policy": {"bindings": [{"role": "roles/iam.workloadIdentityUser", "members": [MEMBER, f"{MEMBER}-2"]}]}},
        permission="iam.serviceAccounts.setIamPolicy",
        role="roles/iam.serviceAccountAdmin",
    ),
    _case(
        "the reader, who makes another service account",
        "POST",
        f"{_PROJECT_PATH}/serviceAccounts",
        {"accountId": "second-reader"},
        permission="iam.serviceAccounts.create",
        role="roles/iam.serviceAccountAdmin",
    ),
    _case(
        "the reader, who switches an API on",
        "POST",
        f"{_PROJECT_PATH}/services/storage.googleapis.com:enable",
        {},
        permission="serviceusage.services.enable",
        role="roles/serviceusage.serviceUsageAdmin",
    ),
)
