"""Routes of Service Usage, under ``/v1/`` and ``/v1beta1/`` alike. Always enabled: it can't enable itself."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from federation_emulator.core.access import administer, administer_project
from federation_emulator.core.config import Project
from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import not_found
from federation_emulator.core.http import answer, page, read_json
from federation_emulator.services.service_usage.model import ALWAYS_ENABLED, NEEDS, TITLES, EnabledService, service_key
from federation_emulator.services.service_usage.rules import (
    check_can_be_disabled,
    check_known,
    read_disable,
    read_filter,
    read_service_ids,
)

_PREFIX = "operations/acat."
"""What an operation's name starts with; the project's number follows, then ``-``."""


async def list_services(cloud: Cloud, request: Request) -> Response:
    """``GET …/services?filter=state:ENABLED``."""
    project = administer_project(cloud, request, "serviceusage.services.list")
    state = read_filter(request.query_params.get("filter", ""))
    wires = [_wire(cloud, project, name) for name in sorted(TITLES)]
    return answer(page(request, [wire for wire in wires if state in ("", wire["state"])], key="services"))


async def get_service(cloud: Cloud, request: Request) -> Response:
    """``GET …/services/NAME``."""
    project = administer_project(cloud, request, "serviceusage.services.get")
    check_known(request.path_params["service"])
    return answer(_wire(cloud, project, request.path_params["service"]))


async def enable_service(cloud: Cloud, request: Request) -> Response:
    """``POST …/services/NAME:enable``."""
    project = administer_project(cloud, request, "serviceusage.services.enable")
    name = request.path_params["service"]
    check_known(name)
    await read_json(request)
    _enable(cloud, project, name)
    return _finished(cloud, project, {"service": _wire(cloud, project, name)}, "EnableServiceResponse")


async def batch_enable_services(cloud: Cloud, request: Request) -> Response:
    """``POST …/services:batchEnable``: all or none."""
    project = administer_project(cloud, request, "serviceusage.services.enable")
    names = read_service_ids(await read_json(request))
    for name in names:
        _enable(cloud, project, name)
    return _finished(
        cloud, project, {"services": [_wire(cloud, project, name) for name in names]}, "BatchEnableServicesResponse"
    )


async def disable_service(cloud: Cloud, request: Request) -> Response:
    """``POST …/services/NAME:disable``, alone or with what depends on it."""
    project = administer_project(cloud, request, "serviceusage.services.disable")
    name = request.path_params["service"]
    check_known(name)
    with_dependents = read_disable(await read_json(request))
    enabled = {service for service in TITLES if _is_enabled(cloud, project, service)}
    gone = check_can_be_disabled(name, enabled, with_dependents=with_dependents)
    cloud.services.remove(*(service_key(project, service) for service in gone))
    return _finished(cloud, project, {"service": _wire(cloud, project, name)}, "DisableServiceResponse")


async def get_operation(cloud: Cloud, request: Request) -> Response:
    """``GET …/operations/ID``."""
    name = f"operations/{request.path_params['operation']}"
    # The project's number is in the name; one that has none is of no project, and not found below.
    project = name.removeprefix(_PREFIX).partition("-")[0] if name.startswith(_PREFIX) else "-"
    administer(cloud, request, "serviceusage.services.get", resource=name, project=project)
    operation = cloud.operations.get(name)
    if operation is None:
        raise not_found("Requested entity was not found.")
    return answer(operation)


def _enable(cloud: Cloud, project: Project, name: str) -> None:
    for service in (*sorted(NEEDS.get(name, ())), name):
        key = service_key(project, service)
        if cloud.services.get(key) is None:
            cloud.services.put(key, EnabledService(project_id=project.id, name=service))


def _is_enabled(cloud: Cloud, project: Project, name: str) -> bool:
    """Whether a service is switched on, for who manages it; who calls it asks ``check_enabled``."""
    return name == ALWAYS_ENABLED or cloud.services.get(service_key(project, name)) is not None


def _wire(cloud: Cloud, project: Project, name: str) -> dict[str, Any]:
    return {
        "name": f"projects/{project.number}/services/{name}",
        "config": {"name": name, "title": TITLES[name]},
        "state": "ENABLED" if _is_enabled(cloud, project, name) else "DISABLED",
        "parent": f"projects/{project.number}",
    }


def _finished(cloud: Cloud, project: Project, response: dict[str, Any], kind: str) -> Response:
    kind = f"google.api.serviceusage.v1.{kind}"
    return answer(cloud.operations.finish(f"{_PREFIX}{project.number}-", kind=kind, response=response))
