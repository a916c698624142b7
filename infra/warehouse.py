"""The data: one dataset, one table, and the one account that may read that table."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp

USERS_SCHEMA = (
    {"name": "user_id", "type": "INTEGER", "mode": "REQUIRED", "description": "The user's number."},
    {"name": "name", "type": "STRING", "mode": "NULLABLE", "description": "The user's name."},
)
"""The columns that the function selects."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class WarehouseArgs:
    """What the data lies in.

    Args:
        project: Id of the project that holds the dataset.
        dataset_id: Id of the dataset.
        table_id: Id of the table.
        location: BigQuery location, for example ``US``. It can't be changed later.
        reader: The member that may read the table.
        protected: Dataset and table survive a destroy. Otherwise they go, rows included.
    """

    project: str
    dataset_id: str
    table_id: str
    location: str
    reader: pulumi.Input[str]
    protected: bool


class Warehouse(pulumi.ComponentResource):
    """The dataset, the table and the read grant, on the table itself and on nothing above it.

    The grant is not on the dataset: an update of a dataset rewrites its whole access list.

    Args:
        name: Logical name of the component.
        args: What it is made from.
        google: The provider.
        services: The enabled APIs, which must be on before the first call.
        opts: Options of the component.

    Attributes:
        table: The table as ``project.dataset.table``.
        grants: The read grant, for whatever must not start before it exists.
    """

    table: pulumi.Output[str]
    grants: list[pulumi.Resource]

    def __init__(
        self,
        name: str,
        args: WarehouseArgs,
        *,
        google: gcp.Provider,
        services: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("keyless:infra:Warehouse", name, None, opts)
        deletion_policy = "PREVENT" if args.protected else "DELETE"
        kept = pulumi.ResourceOptions(parent=self, provider=google, depends_on=list(services), protect=args.protected)
        dataset = gcp.bigquery.Dataset(
            "dataset",
            dataset_id=args.dataset_id,
            location=args.location,
            description="Read by AWS Lambda through Workload Identity Federation.",
            delete_contents_on_destroy=not args.protected,
            deletion_policy=deletion_policy,
            opts=kept,
        )
        table = gcp.bigquery.Table(
            "users",
            dataset_id=dataset.dataset_id,
            table_id=args.table_id,
            description="The users that the function lists.",
            schema=json.dumps(USERS_SCHEMA),
            deletion_protection=args.protected,
            deletion_policy=deletion_policy,
            opts=kept,
        )
        may_read = gcp.bigquery.IamMember(
            "may-read-users",
            dataset_id=table.dataset_id,
            table_id=table.table_id,
            role="roles/bigquery.dataViewer",
            member=args.reader,
            opts=pulumi.ResourceOptions(parent=self, provider=google),
        )
        self.table = pulumi.Output.concat(args.project, ".", table.dataset_id, ".", table.table_id)
        self.grants = [may_read]
        self.register_outputs({"table": self.table})
