"""What a change in the BigQuery emulator means for the state kept here: policies, view definitions, access lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from federation_emulator.core.context import Cloud
from federation_emulator.services.bigquery import access_lists, emulator
from federation_emulator.services.bigquery.model import ColumnTags, DatasetName, TableName, View

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
    if statement.resource:
        # What the statement says besides columns, the emulator doesn't read.
        await emulator.ask(cloud, "PATCH", target.resource, body=statement.resource)


def forget_table(cloud: Cloud, table: TableName) -> None:
    """Drop a table's policy, view definition, tags and authorisations, so that a namesake made later inherits none."""
    cloud.policies.remove(table.resource)
    cloud.views.remove(table.resource)
    cloud.column_tags.remove(table.resource)
    _unauthorise(cloud, table)


def forget_dataset(cloud: Cloud, dataset: DatasetName) -> None:
    """Drop a dataset's access list and everything kept for its tables."""
    cloud.datasets.remove(dataset.resource)
    for kept in (cloud.policies, cloud.views, cloud.column_tags):
        kept.remove(*(key for key in kept if key.startswith(f"{dataset.resource}/")))
    _unauthorise(cloud, dataset)


def _unauthorise(cloud: Cloud, gone: TableName | DatasetName) -> None:
    for key, access in cloud.datasets.items():
        kept = access_lists.without_views_of(access, gone)
        if kept != access:
            cloud.datasets.put(key, kept)
            # Never late: until it is seen, a namesake would be let in.
            cloud.datasets.settle(key)
