"""What a change in the warehouse means for the state beside it: policies, view definitions, access lists."""

from __future__ import annotations

from local_cloud.context import Cloud
from local_cloud.services.bigquery import rules
from local_cloud.services.bigquery.model import TableName, View
from local_cloud.services.bigquery.sql import Statement
from local_cloud.tokens import Token


async def apply(cloud: Cloud, statement: Statement, creator: Token) -> None:
    """Bring the state in step with a statement that the warehouse has carried out."""
    if statement.drops is not None:
        forget_table(cloud, statement.drops)
    if statement.creates is not None and statement.fresh:
        # Left over if the warehouse was restarted empty: a new table starts without grants.
        cloud.policies.remove(statement.creates.resource)
    if statement.creates is not None and statement.kind != "CREATE_VIEW":
        cloud.views.remove(statement.creates.resource)
    if statement.view is not None:
        cloud.views.put(statement.view.resource, View(query=statement.view_query))
    if statement.kind == "CREATE_SCHEMA" and cloud.datasets.get(statement.schema) is None:
        cloud.datasets.put(statement.schema, rules.default_access(creator.principal.email))
    if statement.kind == "DROP_SCHEMA":
        forget_dataset(cloud, statement.schema)


def forget_table(cloud: Cloud, table: TableName) -> None:
    """Drop a table's policy and view definition, so that a namesake made later inherits neither."""
    cloud.policies.remove(table.resource)
    cloud.views.remove(table.resource)


def forget_dataset(cloud: Cloud, dataset: str) -> None:
    """Drop a dataset's access list and everything kept for its tables."""
    prefix = f"{cloud.project_name}/datasets/{dataset}/"
    cloud.datasets.remove(dataset)
    cloud.policies.remove(*(key for key in cloud.policies if key.startswith(prefix)))
    cloud.views.remove(*(key for key in cloud.views if key.startswith(prefix)))
