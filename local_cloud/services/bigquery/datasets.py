"""Routes of datasets. The warehouse keeps them; their access lists are kept here, since they are policies."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from local_cloud.access import BIGQUERY_READ_SCOPES, authenticate, check_enabled
from local_cloud.context import Cloud
from local_cloud.errors import ApiError, already_exists, not_found
from local_cloud.http import answer, flag_parameter, object_field, page, read_json, text_field
from local_cloud.permissions import Grant, decide
from local_cloud.services.bigquery import effects, rules, warehouse
from local_cloud.services.bigquery.gate import SERVICE, check_dataset_id, dataset_of, dataset_policies, permit
from local_cloud.services.bigquery.sql import Need
from local_cloud.trace import Link

_TEXTS = ("friendlyName", "description")


async def list_datasets(cloud: Cloud, request: Request) -> Response:
    """``GET …/datasets``: those whose metadata the caller may read."""
    with cloud.trace.deciding(Link.ADMINISTRATION, resource=cloud.project_name, quiet=True) as trail:
        token = authenticate(cloud, request, trail, scopes=BIGQUERY_READ_SCOPES)
        check_enabled(cloud, SERVICE)
    cloud.check_project(request.path_params["project"])
    found = await warehouse.ask(cloud, "GET", f"{cloud.project_name}/datasets", params={"maxResults": "10000"})
    shown: list[dict[str, Any]] = []
    for entry in found.get("datasets", []):
        dataset = str(entry["datasetReference"]["datasetId"])
        verdict = decide(
            token.principal, "bigquery.datasets.get", dataset_policies(cloud, dataset), now=cloud.clock.now()
        )
        if not dataset.startswith("_") and isinstance(verdict, Grant):
            shown.append({key: value for key, value in entry.items() if key != "access"})
    return answer({"kind": "bigquery#datasetList", **page(request, shown, key="datasets", size="maxResults")})


async def create_dataset(cloud: Cloud, request: Request) -> Response:
    """``POST …/datasets``; without an access list it gets Google's default one."""
    token = permit(cloud, request, Need(permission="bigquery.datasets.create"))
    cloud.check_project(request.path_params["project"])
    body = await read_json(request)
    dataset = check_dataset_id(object_field(body, "datasetReference").get("datasetId"))
    access = rules.read_access(body["access"]) if body.get("access") else None
    if await warehouse.find_dataset(cloud, dataset) is not None:
        raise already_exists(f"Already Exists: Dataset {cloud.config.project_id}:{dataset}")
    reference = {"projectId": cloud.config.project_id, "datasetId": dataset}
    kept = {key: value for key, value in body.items() if key not in {"access", "defaultCollation"}}
    created = await warehouse.ask(
        cloud, "POST", f"{cloud.project_name}/datasets", body={**kept, "datasetReference": reference}
    )
    effects.forget_dataset(cloud, dataset)
    cloud.datasets.put(dataset, access or rules.default_access(token.principal.email))
    return answer(_wire(cloud, dataset, created))


async def get_dataset(cloud: Cloud, request: Request) -> Response:
    """``GET …/datasets/DATASET``."""
    dataset = dataset_of(cloud, request)
    permit(cloud, request, Need(permission="bigquery.datasets.get", dataset=dataset))
    return answer(_wire(cloud, dataset, await _existing(cloud, dataset)))


async def replace_dataset(cloud: Cloud, request: Request) -> Response:
    """``PUT …/datasets/DATASET``: the whole object; without ``access`` the list stays as it is."""
    dataset = dataset_of(cloud, request)
    permit(cloud, request, Need(permission="bigquery.datasets.update", dataset=dataset))
    body = await read_json(request)
    # The warehouse keeps what a PUT leaves out; Google clears it. So what is left out is sent as empty.
    cleared = {**dict.fromkeys(_TEXTS, ""), "labels": {}}
    return await _change(cloud, dataset, {**cleared, **body}, method="PUT")


async def update_dataset(cloud: Cloud, request: Request) -> Response:
    """``PATCH …/datasets/DATASET``: only the fields given; ``access`` is replaced whole."""
    dataset = dataset_of(cloud, request)
    permit(cloud, request, Need(permission="bigquery.datasets.update", dataset=dataset))
    return await _change(cloud, dataset, await read_json(request), method="PATCH")


async def delete_dataset(cloud: Cloud, request: Request) -> Response:
    """``DELETE …/datasets/DATASET``; a dataset with tables only with ``deleteContents=true``."""
    dataset = dataset_of(cloud, request)
    permit(cloud, request, Need(permission="bigquery.datasets.delete", dataset=dataset))
    await _existing(cloud, dataset)
    path = f"{cloud.project_name}/datasets/{dataset}"
    if flag_parameter(request, "deleteContents"):
        await warehouse.ask(cloud, "DELETE", path, params={"deleteContents": "true"})
    else:
        if (await warehouse.ask(cloud, "GET", f"{path}/tables")).get("tables"):
            name = f"{cloud.config.project_id}:{dataset}"
            raise ApiError(400, "INVALID_ARGUMENT", f"Dataset {name} is still in use", reason="resourceInUse")
        await warehouse.ask(cloud, "DELETE", path)
    effects.forget_dataset(cloud, dataset)
    return Response(status_code=204)


async def _change(cloud: Cloud, dataset: str, body: dict[str, Any], *, method: str) -> Response:
    await _existing(cloud, dataset)
    access = rules.read_access(body["access"]) if body.get("access") is not None else None
    for name in _TEXTS:
        text_field(body, name, limit=16384)
    kept = {key: value for key, value in body.items() if key not in {"access", "defaultCollation"}}
    reference = {"projectId": cloud.config.project_id, "datasetId": dataset}
    changed = await warehouse.ask(
        cloud,
        method,
        f"{cloud.project_name}/datasets/{dataset}",
        body={**kept, "datasetReference": reference},
    )
    if access is not None:
        cloud.datasets.put(dataset, access)
    return answer(_wire(cloud, dataset, changed))


async def _existing(cloud: Cloud, dataset: str) -> dict[str, Any]:
    found = await warehouse.find_dataset(cloud, dataset)
    if found is None:
        raise not_found(f"Not found: Dataset {cloud.config.project_id}:{dataset}")
    return found


def _wire(cloud: Cloud, dataset: str, resource: dict[str, Any]) -> dict[str, Any]:
    access = cloud.datasets.get(dataset)
    link = f"/bigquery/v2/{cloud.project_name}/datasets/{dataset}"
    return {**resource, "access": list(access.entries) if access else [], "selfLink": link}
