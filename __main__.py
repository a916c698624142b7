"""AWS Lambda reads BigQuery without a service account key: one stack, both clouds."""

# ruff: noqa: E402 - the collector is held before the SDKs are loaded, which is most of what a preview spends here

from infra import collector

collector.hold()

import pulumi

from infra import apis, exports, former_names
from infra.clouds import Clouds, CloudsArgs
from infra.enabling import waiting_for_apis
from infra.program import build_package, function_args, plain_errors, read_settings, trusted_pool
from infra.reader import Reader, ReaderArgs
from infra.reader_access import ReaderAccess, ReaderAccessArgs
from infra.services import Services, ServicesArgs
from infra.trust import GoogleEndpoints
from infra.warehouse import ReadTable, Warehouse, WarehouseArgs

with plain_errors():
    settings = read_settings()
    archive = build_package(settings)

formerly = former_names.known([reader.suffix for reader in settings.readers])

clouds = Clouds(
    "clouds",
    CloudsArgs(
        google_project=settings.google_project,
        google_endpoints=GoogleEndpoints(
            base_url=settings.google_endpoint, universe_domain=settings.google_universe_domain
        ),
        aws_account_id=settings.aws_account_id,
        aws_region=settings.aws_region,
        aws_endpoint=settings.aws_endpoint,
    ),
)

waiting = waiting_for_apis(clouds.google)
calling_google = pulumi.ResourceOptions.merge(formerly, waiting)

services = Services(
    "services",
    ServicesArgs(project=settings.google_project, apis=apis.needed(settings)),
    google=clouds.google,
    opts=calling_google,
)

with plain_errors():
    pool = trusted_pool(settings, google=clouds.google, services=services.enabled, opts=waiting)

access = {
    reader.label: ReaderAccess(
        reader.logical_name("reader-access"),
        ReaderAccessArgs(
            project=settings.google_project,
            principal=pool.principal(reader.trust),
            account_id=reader.service_account_id if settings.access == "impersonation" else None,
            suffix=reader.suffix,
            protected=settings.deletion_protection,
        ),
        google=clouds.google,
        services=services.enabled,
        opts=calling_google,
    )
    for reader in settings.readers
}

warehouse = Warehouse(
    "warehouse",
    WarehouseArgs(
        project=settings.data_project,
        location=settings.bigquery_location,
        own=settings.table == "own",
        tables=[
            ReadTable(
                dataset_id=reader.dataset_id,
                table_id=reader.table_id,
                columns=reader.columns,
                columns_key=reader.columns_key,
                columns_listed=reader.columns_listed,
                more=reader.tables,
                reader=access[reader.label].member,
                email=access[reader.label].email,
                label=reader.label,
                suffix=reader.suffix,
            )
            for reader in settings.readers
        ],
        protected=settings.deletion_protection,
    ),
    google=clouds.google,
    services=services.enabled,
    opts=calling_google,
)

readers = {
    reader.label: Reader(
        reader.logical_name("reader"),
        ReaderArgs(
            function=function_args(settings, archive),
            trust=reader.trust,
            provider_name=pool.provider_name,
            service_account_email=access[reader.label].email,
            table=warehouse.tables[reader.label],
            more_tables=reader.tables,
            columns=[column.name for column in reader.columns],
            handler=reader.handler,
            environment=reader.environment,
            memory_mb=reader.memory_mb,
            timeout_seconds=reader.timeout_seconds,
            reserved_concurrency=reader.reserved_concurrency,
            schedule=reader.schedule,
            suffix=reader.suffix,
            ready_after=[*access[reader.label].grants, *warehouse.grants[reader.label]],
        ),
        provider=clouds.aws,
        opts=formerly,
    )
    for reader in settings.readers
}

for name, value in exports.of_stack(
    pool,
    {
        reader.label: exports.of_reader(
            reader, pool, access[reader.label], warehouse.tables[reader.label], readers[reader.label]
        )
        for reader in settings.readers
    },
):
    pulumi.export(name, value)

collector.release()
