"""Routes of datasets. The BigQuery emulator keeps them; their access lists are kept here, since they are policies."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from federation_emulator.core.access import BIGQUERY_READ_SCOPES, authenticate, check_enabled
from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import ApiError, already_exists, not_found
from federation_emulator.core.http import answer, flag_parameter, page, read_json
from federation_emulator.core.permissions import Grant, decide
from federation_emulator.core.policies import check_accounts
from federation_emulator.core.trace import Link
from federation_emulator.services.bigquery import access_lists, effects, emulator, resources
from federation_emulator.services.bigquery.gate import (
    SERVICE,
    check_reference,
    dataset_of,
    make_dataset,
    permit,
    policies_on,
    project_of,
)
from federation_emulator.services.bigquery.model import Access, DatasetName
from federation_emulator.services.bigquery.parameters import check_unchanged
from federation_emulator.services.bigquery.sql import Need

_TEXTS = ("friendlyName", "description")


async def list_datasets(cloud: Cloud, request: Request) -> Response:
    """``GET …/datasets``: those whose metadata the caller may read."""
    project = project_of(cloud, request)
    with cloud.trace.deciding(Link.ADMINISTRATION, resource=project.resource, quiet=True) as trail:
        token = authenticate(cloud, request, trail, scopes=BIGQUERY_READ_SCOPES)
        check_enabled(cloud, SERVICE, cloud.project_of(project.project))
    found = await emulator.ask(cloud, "GET", f"{project.resource}/datasets", params={"maxResults": "10000"})
    shown: list[dict[str, Any]] = []
    for entry in found.get("datasets", []):
        dataset = DatasetName(project=project.project, dataset=str(entry["datasetReference"]["datasetId"]))
        policies = policies_on(cloud, dataset)
        verdict = decide(token.principal, "bigquery.datasets.get", policies, now=cloud.clock.now())
        if not dataset.dataset.startswith("_") and isinstance(verdict, Grant):
            shown.append({key: value for key, value in entry.items() if key != "access"})
    return answer({"kind": "bigquery#datasetList", **page(request, shown, key="datasets", size="maxResults")})


async def create_dataset(cloud: Cloud, request: Request) -> Response:
    """``POST …/datasets``; without an access list it gets Google's default one."""
    project = project_of(cloud, request)
    token = permit(cloud, request, Need(permission="bigquery.datasets.create", on=project))
    body = await read_json(request)
    reference = body.get("datasetReference") or {}
    dataset = make_dataset(project, reference.get("datasetId"))
    check_reference(cloud, reference, dataset)
    kept = resources.kept_of_dataset(body, {})
    access = access_lists.read_access(body["access"]) if body.get("access") else None
    await _check_authorised(cloud, access, None)
    if await emulator.find_dataset(cloud, dataset) is not None:
        raise already_exists(f"Already Exists: Dataset {dataset}")
    await emulator.check_letters(cloud, dataset)
    created = await emulator.ask(
        cloud, "POST", f"{project.resource}/datasets", body={**kept, "datasetReference": dataset.reference}
    )
    effects.forget_dataset(cloud, dataset)
    cloud.datasets.put(dataset.resource, access or access_lists.default_access(token.principal.email))
    return answer(_wire(cloud, dataset, created))


async def get_dataset(cloud: Cloud, request: Request) -> Response:
    """``GET …/datasets/DATASET``."""
    dataset = dataset_of(cloud, request)
    permit(cloud, request, Need(permission="bigquery.datasets.get", on=dataset))
    return answer(_wire(cloud, dataset, await _existing(cloud, dataset)))


async def replace_dataset(cloud: Cloud, request: Request) -> Response:
    """``PUT …/datasets/DATASET``: the whole object; without ``access`` the list stays as it is."""
    dataset = dataset_of(cloud, request)
    permit(cloud, request, Need(permission="bigquery.datasets.update", on=dataset))
    body = await read_json(request)
    # The BigQuery emulator keeps what a PUT leaves out; Google clears it. So what is left out is sent as empty.
    cleared = {**dict.fromkeys(_TEXTS, ""), "labels": {}}
    return await _change(cloud, request, dataset, {**cleared, **body})


async def update_dataset(cloud: Cloud, request: Request) -> Response:
    """``PATCH …/datasets/DATASET``: only the fields given; ``access`` is replaced whole."""
    dataset = dataset_of(cloud, request)
    permit(cloud, request, Need(permission="bigquery.datasets.update", on=dataset))
    return await _change(cloud, request, dataset, await read_json(request))


async def delete_dataset(cloud: Cloud, request: Request) -> Response:
    """``DELETE …/datasets/DATASET``; a dataset with tables only with ``deleteContents=true``."""
    dataset = dataset_of(cloud, request)
    permit(cloud, request, Need(permission="bigquery.datasets.delete", on=dataset))
    check_unchanged(request, (await _existing(cloud, dataset)).get("etag"))
    if flag_parameter(request, "deleteContents"):
        await emulator.ask(cloud, "DELETE", dataset.resource, params={"deleteContents": "true"})
    else:
        if (await emulator.ask(cloud, "GET", f"{dataset.resource}/tables")).get("tables"):
            raise ApiError(400, "INVALID_ARGUMENT", f"Dataset {dataset} is still in use", reason="resourceInUse")
        await emulator.ask(cloud, "DELETE", dataset.resource)
    effects.forget_dataset(cloud, dataset)
    return Response(status_code=204)


async def _change(cloud: Cloud, request: Request, dataset: DatasetName, body: dict[str, Any]) -> Response:
    before = await _existing(cloud, dataset)
    check_unchanged(request, before.get("etag"))
    check_reference(cloud, body.get("datasetReference") or {}, dataset)
    kept = resources.kept_of_dataset(body, before)
    access = access_lists.read_access(body["access"]) if body.get("access") is not None else None
    await _check_authorised(cloud, access, cloud.datasets.get(dataset.resource))
    changed = await emulator.ask(
        cloud, request.method, dataset.resource, body={**kept, "datasetReference": dataset.reference}
    )
    if access is not None:
        cloud.datasets.put(dataset.resource, access)
    return answer(_wire(cloud, dataset, changed))


async def _check_authorised(cloud: Cloud, access: Access | None, before: Access | None) -> None:
    """Insist that what is newly named exists: an entry for nothing would count for a namesake that is made later."""
    known = before.entries if before else ()
    new = [entry for entry in (access.entries if access else ()) if entry not in known]
    check_accounts(cloud, access_lists.members(Access(entries=tuple(new))))
    for entry in new:
        if view := entry.get("view"):
            name = DatasetName(project=view["projectId"], dataset=view["datasetId"]).table(view["tableId"])
            if (await emulator.find_table(cloud, name) or {}).get("type") != "VIEW":
                raise not_found(f"Not found: View {name}")
        if listed := entry.get("dataset"):
            reference = listed["dataset"]
            await _existing(cloud, DatasetName(project=reference["projectId"], dataset=reference["datasetId"]))


async def _existing(cloud: Cloud, dataset: DatasetName) -> dict[str, Any]:
    found = await emulator.find_dataset(cloud, dataset)
    if found is None:
        raise not_found(f"Not found: Dataset {dataset}")
    return found


def _wire(cloud: Cloud, dataset: DatasetName, resource: dict[str, Any]) -> dict[str, Any]:
    access = cloud.datasets.get(dataset.resource)
    link = f"/bigquery/v2/{dataset.resource}"
    return {**resource, "access": list(access.entries) if access else [], "selfLink": link}
