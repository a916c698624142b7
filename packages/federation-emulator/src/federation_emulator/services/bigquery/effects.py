"""What a change in the BigQuery emulator means for the state kept here: policies, view definitions, access lists."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import ApiError
from federation_emulator.services.bigquery import access_lists, emulator, resources, schema
from federation_emulator.services.bigquery.fields import NOTHING
from federation_emulator.services.bigquery.model import ColumnTags, DatasetName, Details, TableName, View

if TYPE_CHECKING:
    from federation_emulator.services.bigquery.admission import Admitted


async def apply(cloud: Cloud, target: TableName, admitted: Admitted) -> None:
    """Bring the state in step with a statement by which the BigQuery emulator has changed a table or view."""
    statement = admitted.statement
    if statement.kind in {"DROP_TABLE", "DROP_VIEW"} or statement.fresh:
        # A new table starts without grants: what is there is left over, if the BigQuery emulator was restarted empty.
        forget_table(cloud, target)
    if statement.kind == "CREATE_TABLE":
        cloud.views.remove(target.resource)
    if statement.replaces:
        # Its columns are new ones.
        cloud.column_tags.remove(target.resource)
        cloud.details.remove(target.resource)
    if statement.drops_columns and (tagged := cloud.column_tags.get(target.resource)) is not None:
        left = {column: tag for column, tag in tagged.tags.items() if column not in statement.drops_columns}
        cloud.column_tags.put(target.resource, ColumnTags(tags=left))
    if statement.kind == "CREATE_VIEW":
        default = admitted.default
        view = View(
            query=statement.view_query,
            project=admitted.payer.project,
            dataset=default.dataset if default else "",
            dataset_project=default.project if default else "",
        )
        cloud.views.put(target.resource, view)
    if statement.descriptions:
        fields = schema.fields(await emulator.existing(cloud, target))
        texts = {name.casefold(): text for name, text in statement.descriptions.items()}
        described = [{**f, "description": texts.get(f["name"].casefold(), f.get("description"))} for f in fields]
        await emulator.ask(cloud, "PATCH", target.resource, body={"schema": {"fields": described}})
    resource = statement.resource
    if statement.copies is not None:
        resource = {**await _copied(cloud, statement.copies, target), **resource}
    if statement.kind == "CREATE_TABLE":
        resource = resources.with_defaults(
            resource, await emulator.existing(cloud, target.within), now=milliseconds(cloud)
        )
    if resource:
        # What the statement says besides columns, the emulator doesn't read.
        kept = resources.kept_of_table(resource, await emulator.existing(cloud, target), new=True)
        keep_details(cloud, target, kept)
        await emulator.ask(cloud, "PATCH", target.resource, body=kept)


async def expire(cloud: Cloud) -> None:
    """Delete the tables whose time is over, by the server's clock, as BigQuery does in the background."""
    now = milliseconds(cloud)
    for key, details in cloud.details.items():
        over = details.fields.get(resources.EXPIRATION)
        if over is None or int(over) > now:
            continue
        try:
            await emulator.ask(cloud, "DELETE", key)
        except ApiError as problem:
            if problem.code != HTTPStatus.NOT_FOUND:
                return  # it is there still, and the next request asks again
        dataset, _, table = key.rpartition("/tables/")
        forget_table(cloud, DatasetName.parse(dataset).table(table))


def milliseconds(cloud: Cloud) -> int:
    """Return the server's time in milliseconds since 1970."""
    return int(cloud.clock.now().timestamp() * 1000)


async def _copied(cloud: Cloud, source: TableName, target: TableName) -> dict[str, Any]:
    """Return what a copy of a table has of it besides rows; the columns' tags protect the copy as well.

    Source: Google, "Data definition language (DDL) statements in GoogleSQL" (CREATE TABLE LIKE, COPY, CLONE).
    """
    found = with_details(cloud, source, await emulator.existing(cloud, source))
    if (tagged := cloud.column_tags.get(source.resource)) is not None:
        cloud.column_tags.put(target.resource, tagged)
    return {field: found[field] for field in resources.COPIED if field in found}


def keep_details(cloud: Cloud, name: TableName | DatasetName, kept: dict[str, Any], *, replace: bool = False) -> None:
    """Keep of a table or dataset what the emulator would drop; what isn't given stays, unless all is replaced."""
    known = cloud.details.get(name.resource)
    before = {} if known is None or replace else known.fields
    # The API writes its 64-bit numbers as text.
    given = {field: kept[field] for field in resources.DETAILS if field in kept}
    fields = {**before, **{field: str(value) if type(value) is int else value for field, value in given.items()}}
    fields = {field: value for field, value in fields.items() if value not in NOTHING}
    if fields:
        cloud.details.put(name.resource, Details(fields=fields))
    else:
        cloud.details.remove(name.resource)


def with_details(cloud: Cloud, name: TableName | DatasetName, resource: dict[str, Any]) -> dict[str, Any]:
    """Return a resource with what is kept of it here."""
    known = cloud.details.get(name.resource)
    if known is None:
        return resource
    shown = {**resource, **known.fields}
    if known.fields.get(resources.REQUIRED) and "timePartitioning" in shown:
        # Google answers it in both places, wherever it was set.
        shown["timePartitioning"] = {**shown["timePartitioning"], resources.REQUIRED: True}
    return shown


def forget_table(cloud: Cloud, table: TableName) -> None:
    """Drop a table's policy, view definition, tags and authorisations, so that a namesake made later inherits none."""
    cloud.policies.remove(table.resource)
    cloud.views.remove(table.resource)
    cloud.column_tags.remove(table.resource)
    cloud.details.remove(table.resource)
    _unauthorise(cloud, table)


def forget_dataset(cloud: Cloud, dataset: DatasetName) -> None:
    """Drop a dataset's access list and everything kept for its tables."""
    cloud.datasets.remove(dataset.resource)
    cloud.details.remove(dataset.resource)
    for kept in (cloud.policies, cloud.views, cloud.column_tags, cloud.details):
        kept.remove(*(key for key in kept if key.startswith(f"{dataset.resource}/")))
    _unauthorise(cloud, dataset)


def _unauthorise(cloud: Cloud, gone: TableName | DatasetName) -> None:
    for key, access in cloud.datasets.items():
        kept = access_lists.without_views_of(access, gone)
        if kept != access:
            cloud.datasets.put(key, kept)
            # Never late: until it is seen, a namesake would be let in.
            cloud.datasets.settle(key)
