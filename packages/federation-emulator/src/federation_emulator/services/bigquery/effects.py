"""What a change in the BigQuery emulator means for the state kept here: policies, view definitions, access lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from federation_emulator.core.context import Cloud
from federation_emulator.services.bigquery import access_lists, emulator
from federation_emulator.services.bigquery.model import ColumnTags, DatasetName, TableName, View
from federation_emulator.services.bigquery.sql import Statement

if TYPE_CHECKING:
    from federation_emulator.services.bigquery.admission import Admitted


async def apply(cloud: Cloud, statement: Statement, admitted: Admitted) -> None:
    """Bring the state in step with a statement that the BigQuery emulator has carried out."""
    if statement.drops is not None:
        forget_table(cloud, statement.drops)
    if statement.creates is not None and statement.fresh:
        # Left over if the BigQuery emulator was restarted empty: a new table starts without grants.
        forget_table(cloud, statement.creates)
    if statement.creates is not None and statement.kind != "CREATE_VIEW":
        cloud.views.remove(statement.creates.resource)
    if statement.creates is not None and statement.replaces:
        # Its columns are new ones.
        cloud.column_tags.remove(statement.creates.resource)
    if statement.drops_columns:
        for name in {need.on for need in statement.needs if isinstance(need.on, TableName)}:
            _forget_columns(cloud, name, statement.drops_columns)
    if statement.view is not None:
        default = admitted.default
        view = View(
            query=statement.view_query,
            project=admitted.payer.project,
            dataset=default.dataset if default else "",
            dataset_project=default.project if default else "",
        )
        cloud.views.put(statement.view.resource, view)
    if statement.creates is not None and statement.resource:
        # What the statement says besides columns, the emulator doesn't read.
        await emulator.ask(cloud, "PATCH", statement.creates.resource, body=statement.resource)


def _forget_columns(cloud: Cloud, table: TableName, dropped: tuple[str, ...]) -> None:
    tagged = cloud.column_tags.get(table.resource)
    if tagged is not None:
        left = {column: tag for column, tag in tagged.tags.items() if column not in dropped}
        cloud.column_tags.put(table.resource, ColumnTags(tags=left))


def forget_table(cloud: Cloud, table: TableName) -> None:
    """Drop a table's policy, view definition, tags and authorisations, so that a namesake made later inherits none."""
    cloud.policies.remove(table.resource)
    cloud.views.remove(table.resource)
    cloud.column_tags.remove(table.resource)
    _unauthorise(cloud, table)


def forget_dataset(cloud: Cloud, dataset: DatasetName) -> None:
    """Drop a dataset's access list and everything kept for its tables."""
    prefix = f"{dataset.resource}/"
    cloud.datasets.remove(dataset.resource)
    cloud.policies.remove(*(key for key in cloud.policies if key.startswith(prefix)))
    cloud.views.remove(*(key for key in cloud.views if key.startswith(prefix)))
    cloud.column_tags.remove(*(key for key in cloud.column_tags if key.startswith(prefix)))
    _unauthorise(cloud, dataset)


def _unauthorise(cloud: Cloud, gone: TableName | DatasetName) -> None:
    for key, access in cloud.datasets.items():
        kept = access_lists.without_views_of(access, gone)
        if kept != access:
            cloud.datasets.put(key, kept)
            # Never late: until it is seen, a namesake would be let in.
            cloud.datasets.settle(key)
