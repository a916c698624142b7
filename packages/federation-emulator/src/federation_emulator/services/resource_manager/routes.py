"""Routes of Cloud Resource Manager v1: projects with their billing info, and their organisation policies.

Answered whether or not the API is listed as enabled: a program has to look its project up before it can enable
anything. There is no organisation above a project here: what is set on the project is all that counts.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from federation_emulator.core.access import administer_project
from federation_emulator.core.config import Project
from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import aborted
from federation_emulator.core.http import answer, read_json
from federation_emulator.core.permissions import Policy, modified_roles
from federation_emulator.core.policies import replace_policy
from federation_emulator.core.policy_form import policy_wire, requested_version
from federation_emulator.core.store import new_etag, same_etag
from federation_emulator.services.iam.model import Provider
from federation_emulator.services.resource_manager.model import OrganisationPolicy
from federation_emulator.services.resource_manager.rules import (
    CONSTRAINTS,
    check_allowed,
    check_keeps_an_owner,
    read_constraint,
    read_organisation_policy,
)


async def get_project(cloud: Cloud, request: Request) -> Response:
    """``GET /v1/projects/P``."""
    project = administer_project(cloud, request, "resourcemanager.projects.get")
    return answer(
        {"projectId": project.id, "projectNumber": project.number, "name": project.id, "lifecycleState": "ACTIVE"}
    )


async def get_billing_info(cloud: Cloud, request: Request) -> Response:
    """``GET /v1/projects/P/billingInfo``: no billing account, and nothing is ever billed."""
    project = administer_project(cloud, request, "resourcemanager.projects.get")
    return answer({"name": f"{project.policy_key}/billingInfo", "projectId": project.id})


async def get_project_policy(cloud: Cloud, request: Request) -> Response:
    """``POST /v1/projects/P:getIamPolicy``."""
    project = administer_project(cloud, request, "resourcemanager.projects.getIamPolicy")
    version = requested_version(await read_json(request), request.query_params)
    return answer(policy_wire(cloud.policy(project.policy_key), version=version))


async def set_project_policy(cloud: Cloud, request: Request) -> Response:
    """``POST /v1/projects/P:setIamPolicy``; an owner must remain, as on Google.

    The permission is asked for twice: what a condition says of the changed roles is known once the body is read.
    """
    permission = "resourcemanager.projects.setIamPolicy"
    project = administer_project(cloud, request, permission)
    body = await read_json(request)

    def check(policy: Policy) -> None:
        modified = modified_roles(cloud.policy(project.policy_key), policy)
        administer_project(cloud, request, permission, modified=modified)
        check_keeps_an_owner(policy)

    return answer(policy_wire(replace_policy(cloud, project.policy_key, body, check=check)))


async def get_organisation_policy(cloud: Cloud, request: Request) -> Response:
    """``POST /v1/projects/P:getOrgPolicy``: what is set here; one without a list if nothing is."""
    project = administer_project(cloud, request, "orgpolicy.policy.get")
    return answer(_policy(cloud, project, read_constraint(await read_json(request))).wire())


async def get_effective_organisation_policy(cloud: Cloud, request: Request) -> Response:
    """``POST /v1/projects/P:getEffectiveOrgPolicy``: what counts; everything is allowed if nothing is set."""
    project = administer_project(cloud, request, "orgpolicy.policy.get")
    policy = _policy(cloud, project, read_constraint(await read_json(request)))
    return answer({"constraint": policy.constraint, "listPolicy": policy.list_policy() or {"allValues": "ALLOW"}})


async def set_organisation_policy(cloud: Cloud, request: Request) -> Response:
    """``POST /v1/projects/P:setOrgPolicy``."""
    project = administer_project(cloud, request, "orgpolicy.policy.set")
    body = await read_json(request)
    policy = read_organisation_policy(body, etag=new_etag())
    _check_etag(body["policy"].get("etag"), _policy(cloud, project, policy.constraint))
    cloud.organisation_policies.put(_key(project, policy.constraint), policy)
    return answer(policy.wire())


async def clear_organisation_policy(cloud: Cloud, request: Request) -> Response:
    """``POST /v1/projects/P:clearOrgPolicy``."""
    project = administer_project(cloud, request, "orgpolicy.policy.set")
    body = await read_json(request)
    constraint = read_constraint(body)
    _check_etag(body.get("etag"), _policy(cloud, project, constraint))
    cloud.organisation_policies.remove(_key(project, constraint))
    return answer({})


def check_provider(cloud: Cloud, project: Project, provider: Provider) -> None:
    """Insist that the project's policies allow a provider; 400 ``FAILED_PRECONDITION``."""
    policies = [_policy(cloud, project, constraint) for constraint in CONSTRAINTS]
    check_allowed(policies, provider.issuer, provider.account_id)


def _check_etag(sent: str | None, present: OrganisationPolicy) -> None:
    if sent and not same_etag(sent, present.etag):
        raise aborted("The policy was changed since it was read. Read it again.")


def _key(project: Project, constraint: str) -> str:
    return f"{project.policy_key}/{constraint}"


def _policy(cloud: Cloud, project: Project, constraint: str) -> OrganisationPolicy:
    found = cloud.organisation_policies.get(_key(project, constraint))
    return found or OrganisationPolicy(constraint=constraint)
