"""Datasets. The BigQuery emulator keeps them; their access lists are kept here, since they are policies."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import already_exists, invalid_argument, not_found
from federation_emulator.core.google_methods import document
from federation_emulator.core.http import answer, flag_parameter, page, read_json
from federation_emulator.core.policies import check_accounts
from federation_emulator.core.tokens import Token
from federation_emulator.services.bigquery import access_lists, effects, emulator, resources
from federation_emulator.services.bigquery.gate import (
    caller_in,
    check_reference,
    check_unchanged,
    holds,
    make_dataset,
    permit,
    permit_dataset,
    project_of,
)
from federation_emulator.services.bigquery.model import Access, DatasetName
from federation_emulator.services.bigquery.sql import Need, Statement

_TEXTS = ("friendlyName", "description")


async def get_document(_cloud: Cloud, request: Request) -> Response:
    """``GET /$discovery/rest?version=v2``, with which ``bq`` begins. Public, as at Google: it needs no token.

    The document is Google's own, as google-api-python-client ships it, with this server's address in place of Google's.

    Raises:
        ApiError: Another version is asked for.
    """
    version = request.query_params.get("version", "v2")
    if version != "v2":
        raise not_found(f"Discovery document not found for API service: bigquery version: {version[:20]}")
    root = str(request.base_url)
    return answer(document("bigquery.v2") | {"rootUrl": root, "baseUrl": f"{root}bigquery/v2/", "mtlsRootUrl": root})


async def list_datasets(cloud: Cloud, request: Request) -> Response:
    """``GET …/datasets``: those whose metadata the caller may read."""
    project = project_of(cloud, request)
    token = caller_in(cloud, request, project)
    shown = [
        {key: value for key, value in entry.items() if key != "access"}
        for name, entry in (await emulator.list_datasets(cloud, project.project)).items()
        if not name.dataset.startswith("_") and holds(cloud, token, "bigquery.datasets.get", name)
    ]
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
    access = access or access_lists.default_access(token.principal.email)
    return answer(_wire(cloud, dataset, await _make(cloud, dataset, kept, access)))


async def get_dataset(cloud: Cloud, request: Request) -> Response:
    """``GET …/datasets/DATASET``."""
    dataset, _ = permit_dataset(cloud, request, "bigquery.datasets.get")
    return answer(_wire(cloud, dataset, await emulator.existing(cloud, dataset)))


async def replace_dataset(cloud: Cloud, request: Request) -> Response:
    """``PUT …/datasets/DATASET``: the whole object; without ``access`` the list stays as it is."""
    dataset, _ = permit_dataset(cloud, request, "bigquery.datasets.update")
    body = await read_json(request)
    # The BigQuery emulator keeps what a PUT leaves out; Google clears it. So what is left out is sent as empty.
    cleared = {**dict.fromkeys(_TEXTS, ""), "labels": {}}
    return await _change(cloud, request, dataset, {**cleared, **body})


async def update_dataset(cloud: Cloud, request: Request) -> Response:
    """``PATCH …/datasets/DATASET``: only the fields given; ``access`` is replaced whole."""
    dataset, _ = permit_dataset(cloud, request, "bigquery.datasets.update")
    return await _change(cloud, request, dataset, await read_json(request))


async def delete_dataset(cloud: Cloud, request: Request) -> Response:
    """``DELETE …/datasets/DATASET``; a dataset with tables only with ``deleteContents=true``."""
    dataset, _ = permit_dataset(cloud, request, "bigquery.datasets.delete")
    check_unchanged(request, (await emulator.existing(cloud, dataset)).get("etag"))
    await _drop(cloud, dataset, contents=flag_parameter(request, "deleteContents"))
    return Response(status_code=204)


async def carry_out(cloud: Cloud, statement: Statement, creator: Token, *, location: str) -> None:
    """Make or drop the dataset of CREATE SCHEMA and DROP SCHEMA, as the REST API does it, where the job runs.

    Raises:
        ApiError: 409 or 404, it is there already, or missing; 400, it has tables, and the statement has no CASCADE.
    """
    dataset, creates = statement.schema, statement.kind == "CREATE_SCHEMA"
    if dataset is None:
        raise ValueError(f"{statement.kind} has no dataset")
    if statement.optional and (await emulator.find(cloud, dataset) is not None) is creates:
        return
    if creates:
        access = access_lists.default_access(creator.principal.email)
        kept = resources.kept_of_dataset({**statement.resource, "location": location}, {})
        await _make(cloud, dataset, kept, access)
    else:
        await _drop(cloud, dataset, contents=statement.cascade)


async def _make(cloud: Cloud, dataset: DatasetName, resource: dict[str, Any], access: Access) -> dict[str, Any]:
    if await emulator.find(cloud, dataset) is not None:
        raise already_exists(f"Already Exists: Dataset {dataset}")
    await emulator.check_letters(cloud, dataset)
    body = {**resource, "datasetReference": dataset.reference}
    made = await emulator.ask(cloud, "POST", f"projects/{dataset.project}/datasets", body=body)
    effects.forget_dataset(cloud, dataset)
    effects.keep_details(cloud, dataset, resource)
    cloud.datasets.put(dataset.resource, access)
    return made


async def _drop(cloud: Cloud, dataset: DatasetName, *, contents: bool) -> None:
    await emulator.existing(cloud, dataset)
    if not contents and await emulator.list_tables(cloud, dataset):
        raise invalid_argument(f"Dataset {dataset} is still in use", reason="resourceInUse")
    await emulator.ask(cloud, "DELETE", dataset.resource, params={"deleteContents": "true"})
    effects.forget_dataset(cloud, dataset)


async def _change(cloud: Cloud, request: Request, dataset: DatasetName, body: dict[str, Any]) -> Response:
    before = effects.with_details(cloud, dataset, await emulator.existing(cloud, dataset))
    check_unchanged(request, before.get("etag"))
    check_reference(cloud, body.get("datasetReference") or {}, dataset)
    kept = resources.kept_of_dataset(body, before)
    access = access_lists.read_access(body["access"]) if body.get("access") is not None else None
    await _check_authorised(cloud, access, cloud.datasets.get(dataset.resource))
    changed = await emulator.ask(
        cloud, request.method, dataset.resource, body={**kept, "datasetReference": dataset.reference}
    )
    effects.keep_details(cloud, dataset, kept, replace=request.method == "PUT")
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
            if (await emulator.find(cloud, name) or {}).get("type") != "VIEW":
                raise not_found(f"Not found: View {name}")
        if listed := entry.get("dataset"):
            reference = listed["dataset"]
            await emulator.existing(cloud, DatasetName(project=reference["projectId"], dataset=reference["datasetId"]))


def _wire(cloud: Cloud, dataset: DatasetName, resource: dict[str, Any]) -> dict[str, Any]:
    access = cloud.datasets.get(dataset.resource)
    link = f"/bigquery/v2/{dataset.resource}"
    resource = effects.with_details(cloud, dataset, resource)
    return {**resource, "access": list(access.entries) if access else [], "selfLink": link}
