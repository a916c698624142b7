"""Routes of Service Usage, under ``/v1/`` and ``/v1beta1/`` alike. Always enabled: it can't enable itself."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from local_cloud.access import administer
from local_cloud.context import Cloud
from local_cloud.errors import failed_precondition, not_found
from local_cloud.http import answer, page, read_json
from local_cloud.services.service_usage.model import ALWAYS_ENABLED, TITLES, EnabledService, title_of
from local_cloud.services.service_usage.rules import check_known, read_filter, read_service_ids


async def list_services(cloud: Cloud, request: Request) -> Response:
    """``GET …/services?filter=state:ENABLED``."""
    _permit(cloud, request, "list")
    wanted = read_filter(request.query_params.get("filter", ""))
    wires = [_wire(cloud, name) for name in sorted(TITLES)]
    return answer(page(request, [wire for wire in wires if wanted in ("", wire["state"])], key="services"))


async def get_service(cloud: Cloud, request: Request) -> Response:
    """``GET …/services/NAME``."""
    _permit(cloud, request, "get")
    check_known(request.path_params["service"])
    return answer(_wire(cloud, request.path_params["service"]))


async def enable_service(cloud: Cloud, request: Request) -> Response:
    """``POST …/services/NAME:enable``."""
    _permit(cloud, request, "enable")
    name = request.path_params["service"]
    check_known(name)
    _enable(cloud, name)
    return _finished(cloud, {"service": _wire(cloud, name)}, "EnableServiceResponse")


async def batch_enable_services(cloud: Cloud, request: Request) -> Response:
    """``POST …/services:batchEnable``: all or none."""
    _permit(cloud, request, "enable")
    names = read_service_ids(await read_json(request))
    for name in names:
        _enable(cloud, name)
    return _finished(cloud, {"services": [_wire(cloud, name) for name in names]}, "BatchEnableServicesResponse")


async def disable_service(cloud: Cloud, request: Request) -> Response:
    """``POST …/services/NAME:disable``."""
    _permit(cloud, request, "disable")
    name = request.path_params["service"]
    check_known(name)
    if name == ALWAYS_ENABLED:
        raise failed_precondition(f"{name} can't be disabled here: nothing could enable it again.")
    cloud.services.remove(name)
    return _finished(cloud, {"service": _wire(cloud, name)}, "DisableServiceResponse")


async def get_operation(cloud: Cloud, request: Request) -> Response:
    """``GET …/operations/ID``."""
    administer(cloud, request, "serviceusage.services.get", resource=cloud.project_name)
    operation = cloud.operations.get(f"operations/{request.path_params['operation']}")
    if operation is None:
        raise not_found("Requested entity was not found.")
    return answer(operation)


def _permit(cloud: Cloud, request: Request, verb: str) -> None:
    administer(cloud, request, f"serviceusage.services.{verb}", resource=cloud.project_name)
    cloud.check_project(request.path_params["project"])


def _enable(cloud: Cloud, name: str) -> None:
    if cloud.services.get(name) is None:
        cloud.services.put(name, EnabledService(name=name))


def _wire(cloud: Cloud, name: str) -> dict[str, Any]:
    number = cloud.config.project_number
    enabled = name == ALWAYS_ENABLED or cloud.services.get(name) is not None
    return {
        "name": f"projects/{number}/services/{name}",
        "config": {"name": name, "title": title_of(name)},
        "state": "ENABLED" if enabled else "DISABLED",
        "parent": f"projects/{number}",
    }


def _finished(cloud: Cloud, response: dict[str, Any], kind: str) -> Response:
    kind = f"google.api.serviceusage.v1.{kind}"
    return answer(cloud.operations.finish("operations/", kind=kind, response=response))
