"""Routes of organisation policies, as a project has them (Resource Manager v1, ``projects.*OrgPolicy``).

There is no organisation above a project here: what is set on the project is all that counts.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from federation_emulator.core.access import administer_project
from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import aborted
from federation_emulator.core.http import answer, read_json
from federation_emulator.core.projects import Project
from federation_emulator.core.store import new_etag
from federation_emulator.services.resource_manager.model import OrganisationPolicy, organisation_policy_key
from federation_emulator.services.resource_manager.rules import (
    CONSTRAINTS,
    check_allowed,
    read_constraint,
    read_organisation_policy,
)


async def get_policy(cloud: Cloud, request: Request) -> Response:
    """``POST /v1/projects/P:getOrgPolicy``: what is set here; one without a list if nothing is."""
    project = administer_project(cloud, request, "orgpolicy.policy.get")
    return answer(_policy(cloud, project, read_constraint(await read_json(request))).wire())


async def get_effective_policy(cloud: Cloud, request: Request) -> Response:
    """``POST /v1/projects/P:getEffectiveOrgPolicy``: what counts; everything is allowed if nothing is set."""
    project = administer_project(cloud, request, "orgpolicy.policy.get")
    policy = _policy(cloud, project, read_constraint(await read_json(request)))
    return answer({"constraint": policy.constraint, "listPolicy": policy.list_policy() or {"allValues": "ALLOW"}})


async def set_policy(cloud: Cloud, request: Request) -> Response:
    """``POST /v1/projects/P:setOrgPolicy``."""
    project = administer_project(cloud, request, "orgpolicy.policy.set")
    body = await read_json(request)
    policy = read_organisation_policy(body, etag=new_etag())
    _check_etag(body["policy"].get("etag"), _policy(cloud, project, policy.constraint))
    cloud.organisation_policies.put(organisation_policy_key(project, policy.constraint), policy)
    return answer(policy.wire())


async def clear_policy(cloud: Cloud, request: Request) -> Response:
    """``POST /v1/projects/P:clearOrgPolicy``."""
    project = administer_project(cloud, request, "orgpolicy.policy.set")
    body = await read_json(request)
    constraint = read_constraint(body)
    _check_etag(body.get("etag"), _policy(cloud, project, constraint))
    cloud.organisation_policies.remove(organisation_policy_key(project, constraint))
    return answer({})


def check_provider(cloud: Cloud, project: Project, aws_account_id: str) -> None:
    """Insist that the project's policies allow a provider for this AWS account.

    Raises:
        ApiError: 400 ``FAILED_PRECONDITION``.
    """
    check_allowed([_policy(cloud, project, constraint) for constraint in CONSTRAINTS], aws_account_id)


def _check_etag(sent: str | None, present: OrganisationPolicy) -> None:
    if sent and sent != present.etag:
        raise aborted("The policy was changed since it was read. Read it again.")


def _policy(cloud: Cloud, project: Project, constraint: str) -> OrganisationPolicy:
    found = cloud.organisation_policies.get(organisation_policy_key(project, constraint))
    return found or OrganisationPolicy(constraint=constraint)
