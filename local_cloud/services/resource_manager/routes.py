"""Routes of Cloud Resource Manager v1 for the one project, and its billing info.

Answered whether or not the API is listed as enabled: a program has to look its project up before it can enable
anything.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from local_cloud.access import administer
from local_cloud.context import Cloud
from local_cloud.http import answer, object_field, read_json
from local_cloud.policies import policy_wire, replace_policy, requested_version
from local_cloud.services.resource_manager.rules import check_keeps_an_owner


async def get_project(cloud: Cloud, request: Request) -> Response:
    """``GET /v1/projects/P``."""
    _permit(cloud, request, "get")
    return answer(
        {
            "projectId": cloud.config.project_id,
            "projectNumber": cloud.config.project_number,
            "name": cloud.config.project_id,
            "lifecycleState": "ACTIVE",
        }
    )


async def get_billing_info(cloud: Cloud, request: Request) -> Response:
    """``GET /v1/projects/P/billingInfo``: no billing account, and nothing is ever billed."""
    _permit(cloud, request, "get")
    return answer({"name": f"{cloud.project_name}/billingInfo", "projectId": cloud.config.project_id})


async def get_project_policy(cloud: Cloud, request: Request) -> Response:
    """``POST /v1/projects/P:getIamPolicy``."""
    _permit(cloud, request, "getIamPolicy")
    version = requested_version(request, await read_json(request))
    return answer(policy_wire(cloud.policy(cloud.project_name), version=version))


async def set_project_policy(cloud: Cloud, request: Request) -> Response:
    """``POST /v1/projects/P:setIamPolicy``; an owner must remain, as on Google."""
    _permit(cloud, request, "setIamPolicy")
    body = await read_json(request)
    check_keeps_an_owner(object_field(body, "policy"))
    return answer(policy_wire(replace_policy(cloud, cloud.project_name, body)))


def _permit(cloud: Cloud, request: Request, verb: str) -> None:
    administer(cloud, request, f"resourcemanager.projects.{verb}", resource=cloud.project_name)
    cloud.check_project(request.path_params["project"])
