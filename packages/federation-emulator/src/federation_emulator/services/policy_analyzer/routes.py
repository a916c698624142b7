"""Route of Policy Analyzer v1. No key can be used here, so that there is no use to report."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from federation_emulator.core.access import administer
from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import unimplemented
from federation_emulator.core.http import answer

_OF_KEYS = "serviceAccountKeyLastAuthentication"


async def query_activities(cloud: Cloud, request: Request) -> Response:
    """``GET …/activityTypes/serviceAccountKeyLastAuthentication/activities:query``."""
    administer(
        cloud,
        request,
        f"policyanalyzer.{_OF_KEYS}Activities.query",
        resource=request.url.path.removeprefix("/v1/"),
        project=request.path_params["project"],
        service="policyanalyzer.googleapis.com",
    )
    cloud.project_of(request.path_params["project"])
    if request.path_params["type"] != _OF_KEYS:
        raise unimplemented(f"Activities other than {_OF_KEYS} are not offered by the local cloud.")
    return answer({})
