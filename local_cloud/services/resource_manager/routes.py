"""Routes of Cloud Resource Manager v1 for projects, and their billing info.

Answered whether or not the API is listed as enabled: a program has to look its project up before it can enable
anything.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from local_cloud.access import administer
from local_cloud.context import Cloud
from local_cloud.http import answer, read_json
from local_cloud.policies import policy_wire, replace_policy, requested_version
from local_cloud.projects import Project
from local_cloud.services.resource_manager.rules import check_keeps_an_owner


async def get_project(cloud: Cloud, request: Request) -> Response:
    """``GET /v1/projects/P``."""
    project = _permit(cloud, request, "get")
    return answer(
        {
            "projectId": project.id,
            "projectNumber": project.number,
            "name": project.id,
            "lifecycleState": "ACTIVE",
        }
    )


async def get_billing_info(cloud: Cloud, request: Request) -> Response:
    """``GET /v1/projects/P/billingInfo``: no billing account, and nothing is ever billed."""
    project = _permit(cloud, request, "get")
    return answer({"name": f"{project.policy_key}/billingInfo", "projectId": project.id})


async def get_project_policy(cloud: Cloud, request: Request) -> Response:
    """``POST /v1/projects/P:getIamPolicy``."""
    project = _permit(cloud, request, "getIamPolicy")
    version = requested_version(request, await read_json(request))
    return answer(policy_wire(cloud.policy(project.policy_key), version=version))


async def set_project_policy(cloud: Cloud, request: Request) -> Response:
    """``POST /v1/projects/P:setIamPolicy``; an owner must remain, as on Google."""
    project = _permit(cloud, request, "setIamPolicy")
    body = await read_json(request)
    return answer(policy_wire(replace_policy(cloud, project.policy_key, body, check=check_keeps_an_owner)))


def _permit(cloud: Cloud, request: Request, verb: str) -> Project:
    name = request.path_params["project"]
    administer(cloud, request, f"resourcemanager.projects.{verb}", resource=f"projects/{name}", project=name)
    return cloud.project_of(name)
