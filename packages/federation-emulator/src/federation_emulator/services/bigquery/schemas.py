"""CREATE SCHEMA and DROP SCHEMA, carried out as the REST API does it."""

from __future__ import annotations

from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import already_exists, invalid_argument, not_found
from federation_emulator.core.tokens import Token
from federation_emulator.services.bigquery import access_lists, effects, emulator
from federation_emulator.services.bigquery.model import DatasetName
from federation_emulator.services.bigquery.sql import Statement


async def carry_out(cloud: Cloud, statement: Statement, creator: Token) -> None:
    """Make or drop a dataset.

    Raises:
        ApiError: 409 or 404, it is there already, or missing; 400, it has tables, and the statement has no CASCADE.
    """
    if statement.schema is None:
        raise ValueError(f"{statement.kind} has no dataset")
    if statement.kind == "CREATE_SCHEMA":
        await _create(cloud, statement.schema, statement, creator)
    else:
        await _drop(cloud, statement.schema, statement)


async def _create(cloud: Cloud, dataset: DatasetName, statement: Statement, creator: Token) -> None:
    if await emulator.find_dataset(cloud, dataset) is not None:
        if statement.optional:
            return
        raise already_exists(f"Already Exists: Dataset {dataset}")
    body = {**statement.resource, "datasetReference": dataset.reference}
    await emulator.ask(cloud, "POST", f"projects/{dataset.project}/datasets", body=body)
    effects.forget_dataset(cloud, dataset)
    cloud.datasets.put(dataset.resource, access_lists.default_access(creator.principal.email))


async def _drop(cloud: Cloud, dataset: DatasetName, statement: Statement) -> None:
    if await emulator.find_dataset(cloud, dataset) is None:
        if statement.optional:
            return
        raise not_found(f"Not found: Dataset {dataset}")
    if not statement.cascade and await emulator.list_tables(cloud, dataset):
        raise invalid_argument(f"Dataset {dataset} is still in use", reason="resourceInUse")
    await emulator.ask(cloud, "DELETE", dataset.resource, params={"deleteContents": "true"})
    effects.forget_dataset(cloud, dataset)
