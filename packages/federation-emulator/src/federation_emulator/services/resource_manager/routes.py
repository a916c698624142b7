"""Routes of Cloud Resource Manager v1 for projects, and their billing info.

Answered whether or not the API is listed as enabled: a program has to look its project up before it can enable
anything.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from federation_emulator.core.access import administer_project
from federation_emulator.core.context import Cloud
from federation_emulator.core.http import answer, read_json
from federation_emulator.core.policies import replace_policy
from federation_emulator.core.policy_form import policy_wire, requested_version
from federation_emulator.services.resource_manager.rules import check_keeps_an_owner


async def get_project(cloud: Cloud, request: Request) -> Response:
    """``GET /v1/projects/P``."""
    project = administer_project(cloud, request, "resourcemanager.projects.get")
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
    project = administer_project(cloud, request, "resourcemanager.projects.get")
    return answer({"name": f"{project.policy_key}/billingInfo", "projectId": project.id})


async def get_project_policy(cloud: Cloud, request: Request) -> Response:
    """``POST /v1/projects/P:getIamPolicy``."""
    project = administer_project(cloud, request, "resourcemanager.projects.getIamPolicy")
    version = requested_version(await read_json(request), request.query_params)
    return answer(policy_wire(cloud.policy(project.policy_key), version=version))


async def set_project_policy(cloud: Cloud, request: Request) -> Response:
    """``POST /v1/projects/P:setIamPolicy``; an owner must remain, as on Google."""
    project = administer_project(cloud, request, "resourcemanager.projects.setIamPolicy")
    body = await read_json(request)
    return answer(policy_wire(replace_policy(cloud, project.policy_key, body, check=check_keeps_an_owner)))
