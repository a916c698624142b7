"""The data: one dataset and its tables, or tables that exist, and for each the one member that may read it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp

from infra import children, columns, listed_tables, table_guard
from infra.columns import Column
from infra.schema_refusal import OwnTable


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReadTable:
    """A table and who reads it.

    Args:
        dataset_id: Id of its dataset.
        table_id: Id of the table.
        columns: Its columns, if the stack makes it.
        columns_key: The setting that lists them and those of no other table.
        columns_listed: That setting lists them; otherwise they are inherited, or the default.
        more: What else the reader may read: tables as ``project.dataset.table``, datasets as ``project.dataset``.
        reader: The member that may read it.
        email: The service account that the member is; ``None`` for direct access.
        label: What it is called in :attr:`Warehouse.tables`.
        suffix: What the logical names end in, so that each reader has its own.
    """

    dataset_id: str
    table_id: str
    columns: tuple[Column, ...]
    columns_key: str
    columns_listed: bool
    more: tuple[str, ...]
    reader: pulumi.Input[str]
    email: pulumi.Input[str] | None
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
    """The tables and the read grants, each on the table itself, and on a dataset only where a dataset is listed.

    Not on the dataset of the stack's own tables: who reads one would read them all.

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
    grants: dict[str, list[pulumi.Resource]]

    def __init__(
        self,
        name: str,
        args: WarehouseArgs,
        *,
        google: gcp.Provider,
        services: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        guards = {
            table.label: table_guard.keeps_rows(_own(args, table), google=google, suffix=table.suffix)
            for table in args.tables
            if args.own
        }
        # The engine refuses to replace what is protected before it asks the table's own hook, and names no column. A
        # component whose inputs change is asked before everything in it.
        schemas = {one.label: columns.schema(one.columns) for one in args.tables if args.own}
        guarded = pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(before_update=list(guards.values())))
        opts = pulumi.ResourceOptions.merge(opts, guarded)
        super().__init__("keyless:infra:Warehouse", name, {"schemas": schemas}, opts)
        child = children.options(self, google, depends_on=services)
        kept = children.options(self, google, depends_on=services, protect=args.protected)
        dataset = _dataset(args, kept) if args.own else None
        self.tables, self.grants = {}, {}
        ids: dict[str, pulumi.Output[str]] = {}
        for table in args.tables:
            made = None if dataset is None else _table(args, table, dataset.dataset_id, kept, guards[table.label])
            dataset_id = table.dataset_id if made is None else made.dataset_id
            table_id = table.table_id if made is None else made.table_id
            self.tables[table.label] = pulumi.Output.concat(args.project, ".", dataset_id, ".", table_id)
            if dataset is not None and made is not None:
                ids[f"{args.project}.{table.dataset_id}"] = dataset.dataset_id
                ids[f"{args.project}.{table.dataset_id}.{table.table_id}"] = made.table_id
            first = gcp.bigquery.IamMember(
                f"may-read-table{table.suffix}",
                project=args.project,
                dataset_id=dataset_id,
                table_id=table_id,
                role=listed_tables.READS,
                member=table.reader,
                opts=child,
            )
            self.grants[table.label] = [first]
        for table in args.tables:
            more = listed_tables.grants(
                table.more, member=table.reader, email=table.email, suffix=table.suffix, made=ids, opts=child
            )
            self.grants[table.label].extend(more)
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


def _own(args: WarehouseArgs, table: ReadTable) -> OwnTable:
    return OwnTable(
        project=args.project,
        dataset_id=table.dataset_id,
        table_id=table.table_id,
        columns=table.columns,
        key=table.columns_key,
        listed=table.columns_listed,
        stack=pulumi.get_stack(),
    )


def _table(
    args: WarehouseArgs,
    table: ReadTable,
    dataset_id: pulumi.Output[str],
    kept: pulumi.ResourceOptions,
    guard: pulumi.ResourceHook,
) -> gcp.bigquery.Table:
    hooks = pulumi.ResourceHookBinding(before_create=[guard], before_update=[guard])
    return gcp.bigquery.Table(
        f"table{table.suffix}",
        project=args.project,
        dataset_id=dataset_id,
        table_id=table.table_id,
        description="Read by one AWS Lambda function.",
        schema=columns.schema(table.columns),
        deletion_protection=args.protected,
        deletion_policy="PREVENT" if args.protected else "DELETE",
        opts=pulumi.ResourceOptions.merge(kept, pulumi.ResourceOptions(hooks=hooks)),
    )
