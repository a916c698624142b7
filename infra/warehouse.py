"""The data: one dataset and its tables, or tables that exist, and for each the one member that may read it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp

from infra import columns
from infra.columns import Column


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReadTable:
    """A table and who reads it.

    Args:
        dataset_id: Id of its dataset.
        table_id: Id of the table.
        columns: Its columns, if the stack makes it.
        reader: The member that may read it.
        label: What it is called in :attr:`Warehouse.tables`.
        suffix: What the logical names end in, so that each reader has its own.
    """

    dataset_id: str
    table_id: str
    columns: tuple[Column, ...]
    reader: pulumi.Input[str]
    label: str
    suffix: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class WarehouseArgs:
    """What the data lies in.

    Args:
        project: Id of the project that holds the data.
        location: BigQuery location of an own dataset, for example ``US``. It can't be changed later.
        own: The stack makes dataset and tables. Otherwise it never changes or deletes them, and adds grants only.
        tables: The tables, of one dataset if they are the stack's own.
        protected: Dataset and tables survive a destroy. Otherwise they go, rows included.
    """

    project: str
    location: str
    own: bool
    tables: Sequence[ReadTable]
    protected: bool


class Warehouse(pulumi.ComponentResource):
    """The tables and the read grants, each on the table itself and on nothing above it.

    The grants are not on the dataset: an update of a dataset rewrites its whole access list.

    Args:
        name: Logical name of the component.
        args: What it is made from.
        google: The provider.
        services: The enabled APIs, which must be on before the first call.
        opts: Options of the component.

    Attributes:
        tables: Each as ``project.dataset.table``, by label.
        grants: The read grants, by label, for whatever must not start before they exist.
    """

    tables: dict[str, pulumi.Output[str]]
    grants: dict[str, pulumi.Resource]

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
        alone = pulumi.ResourceOptions(parent=self)
        child = pulumi.ResourceOptions(parent=self, provider=google, depends_on=list(services))
        kept = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(protect=args.protected))
        dataset = _dataset(args, kept) if args.own else None
        self.tables, self.grants = {}, {}
        for table in args.tables:
            made = (
                None if dataset is None else _table(args, table, dataset.dataset_id, kept, _kept_columns(table, alone))
            )
            dataset_id = table.dataset_id if made is None else made.dataset_id
            table_id = table.table_id if made is None else made.table_id
            self.tables[table.label] = pulumi.Output.concat(args.project, ".", dataset_id, ".", table_id)
            self.grants[table.label] = gcp.bigquery.IamMember(
                f"may-read-table{table.suffix}",
                project=args.project,
                dataset_id=dataset_id,
                table_id=table_id,
                role="roles/bigquery.dataViewer",
                member=table.reader,
                opts=child,
            )
        self.register_outputs({"tables": self.tables})


def _dataset(args: WarehouseArgs, kept: pulumi.ResourceOptions) -> gcp.bigquery.Dataset:
    return gcp.bigquery.Dataset(
        "dataset",
        project=args.project,
        dataset_id=args.tables[0].dataset_id,
        location=args.location,
        description="Read by AWS Lambda through Workload Identity Federation.",
        delete_contents_on_destroy=not args.protected,
        deletion_policy="PREVENT" if args.protected else "DELETE",
        opts=kept,
    )


def _kept_columns(table: ReadTable, child: pulumi.ResourceOptions) -> pulumi.Stash:
    """The columns as they were, in the engine's state: where a change that would cost rows is found and refused.

    The providers replace a table whose columns narrow: they delete it, rows included, and say no more than "replace".
    Only an update of a resource shows a program its old inputs and its new ones together.
    """
    hook = pulumi.ResourceHook(
        f"no-row-is-lost{table.suffix}", _refuse_losses, pulumi.ResourceHookOptions(on_dry_run=True)
    )
    return pulumi.Stash(
        f"table-columns{table.suffix}",
        input={"table": f"{table.dataset_id}.{table.table_id}", "schema": columns.schema(table.columns)},
        opts=pulumi.ResourceOptions.merge(
            child, pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(before_update=[hook]))
        ),
    )


def _refuse_losses(change: pulumi.ResourceHookArgs) -> None:
    """Ends preview and deployment before a table is replaced.

    Raises:
        pulumi.RunError: The rows would lose something.
    """
    if change.old_inputs is None or change.new_inputs is None:
        return
    before, after = change.old_inputs["input"], change.new_inputs["input"]
    if before["table"] != after["table"]:
        return
    lost = columns.losses(before["schema"], after["schema"])
    if lost:
        raise pulumi.RunError(
            f"the columns of table {before['table']} can't become what the settings say: {'; '.join(lost)}. BigQuery"
            " takes that only in a new table, and this one would be deleted with its rows. Undo the change, or give the"
            " new form a new tableId and copy the rows over."
        )


def _table(
    args: WarehouseArgs,
    table: ReadTable,
    dataset_id: pulumi.Output[str],
    kept: pulumi.ResourceOptions,
    kept_columns: pulumi.Stash,
) -> gcp.bigquery.Table:
    return gcp.bigquery.Table(
        f"table{table.suffix}",
        project=args.project,
        dataset_id=dataset_id,
        table_id=table.table_id,
        description="Read by one AWS Lambda function.",
        schema=columns.schema(table.columns),
        deletion_protection=args.protected,
        deletion_policy="PREVENT" if args.protected else "DELETE",
        opts=pulumi.ResourceOptions.merge(kept, pulumi.ResourceOptions(depends_on=[kept_columns])),
    )
