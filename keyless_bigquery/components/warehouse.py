"""The data: one dataset and its tables, or tables that exist, and for each the one member that may read it."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_gcp as gcp

from keyless_bigquery.components import children, listed_tables, table_guard
from keyless_bigquery.components.reader_access import ReaderAccess
from keyless_bigquery.settings import columns
from keyless_bigquery.settings.reader_settings import ReaderSettings
from keyless_bigquery.settings.schema_refusal import OwnTable
from keyless_bigquery.settings.settings import Settings


class Warehouse(pulumi.ComponentResource):
    """The tables and the read grants, each on the table itself, and on a dataset only where a dataset is listed.

    Not on the dataset of the stack's own tables: who reads one would read them all. Tables that exist are never changed
    or deleted.

    Attributes:
        tables: Each reader's, as ``project.dataset.table``, by label.
        grants: The read grants, by label, for whatever must not start before they exist.
    """

    tables: dict[str, pulumi.Output[str]]
    grants: dict[str, list[pulumi.Resource]]

    def __init__(
        self,
        names: children.Names,
        settings: Settings,
        *,
        access: Mapping[str, ReaderAccess],
        google: pulumi.ProviderResource | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        own = settings.table == "own"
        guards = {
            reader.label: table_guard.keeps_rows(
                _own(settings, reader), google=google, name=names.of(reader.suffix)("no-row-is-lost")
            )
            for reader in settings.readers
            if own
        }
        # The engine refuses to replace what is protected before it asks the table's own hook, and names no column. A
        # component whose inputs change is asked before everything in it.
        schemas = {reader.label: columns.schema(reader.columns) for reader in settings.readers if own}
        guarded = pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(before_update=list(guards.values())))
        opts = pulumi.ResourceOptions.merge(opts, guarded)
        super().__init__("keyless:infra:Warehouse", names.group("warehouse"), {"schemas": schemas}, opts)
        child = children.options(self, google)
        kept = children.options(self, google, protect=settings.deletion_protection)
        dataset = _dataset(names("dataset"), settings, kept) if own else None
        self.tables, self.grants = {}, {}
        project, made = settings.data_project, dict[str, pulumi.Output[str]]()
        for reader in settings.readers:
            called = names.of(reader.suffix)
            dataset_id: pulumi.Input[str] = reader.dataset_id
            table_id: pulumi.Input[str] = reader.table_id
            if dataset is not None:
                guard = guards[reader.label]
                table = _table(called("table"), settings, reader, dataset.dataset_id, kept, guard)
                dataset_id, table_id = dataset.dataset_id, table.table_id
                made[f"{project}.{reader.dataset_id}"] = dataset_id
                made[settings.table_of(reader)] = table_id
            self.tables[reader.label] = pulumi.Output.concat(project, ".", dataset_id, ".", table_id)
            first = gcp.bigquery.IamMember(
                called("may-read-table"),
                project=project,
                dataset_id=dataset_id,
                table_id=table_id,
                role=listed_tables.READS,
                member=access[reader.label].member,
                opts=child,
            )
            self.grants[reader.label] = [first]
        for reader in settings.readers:
            more = listed_tables.grants(
                reader.tables, access[reader.label], called=names.of(reader.suffix), made=made, opts=child
            )
            self.grants[reader.label].extend(more)
        self.register_outputs({"tables": self.tables})


def _dataset(name: str, settings: Settings, kept: pulumi.ResourceOptions) -> gcp.bigquery.Dataset:
    protected = settings.deletion_protection
    return gcp.bigquery.Dataset(
        name,
        project=settings.data_project,
        dataset_id=settings.readers[0].dataset_id,
        location=settings.bigquery_location,
        description="Read by AWS Lambda through Workload Identity Federation.",
        delete_contents_on_destroy=not protected,
        deletion_policy="PREVENT" if protected else "DELETE",
        opts=kept,
    )


def _own(settings: Settings, reader: ReaderSettings) -> OwnTable:
    return OwnTable(
        project=settings.data_project,
        dataset_id=reader.dataset_id,
        table_id=reader.table_id,
        columns=reader.columns,
        key=reader.columns_key,
        listed=reader.columns_listed,
        stack=settings.stack,
    )


def _table(
    name: str,
    settings: Settings,
    reader: ReaderSettings,
    dataset_id: pulumi.Output[str],
    kept: pulumi.ResourceOptions,
    guard: pulumi.ResourceHook,
) -> gcp.bigquery.Table:
    protected = settings.deletion_protection
    hooks = pulumi.ResourceHookBinding(before_create=[guard], before_update=[guard])
    return gcp.bigquery.Table(
        name,
        project=settings.data_project,
        dataset_id=dataset_id,
        table_id=reader.table_id,
        description="Read by one AWS Lambda function.",
        schema=columns.schema(reader.columns),
        deletion_protection=protected,
        deletion_policy="PREVENT" if protected else "DELETE",
        opts=pulumi.ResourceOptions.merge(kept, pulumi.ResourceOptions(hooks=hooks)),
    )
