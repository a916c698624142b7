"""AWS Lambda reads BigQuery without a service account key: one stack, both clouds."""

import pulumi

from infra import outputs
from infra.clouds import Clouds, CloudsArgs
from infra.federation import Federation, FederationArgs
from infra.program import build_package, package_cache, plain_errors, read_settings
from infra.reader import Reader, ReaderArgs
from infra.reader_account import ReaderAccount, ReaderAccountArgs
from infra.warehouse import Warehouse, WarehouseArgs

with plain_errors():
    settings = read_settings()
    archive = build_package(settings)

clouds = Clouds(
    "clouds",
    CloudsArgs(
        google_project=settings.google_project,
        google_endpoint=settings.google_endpoint,
        aws_account_id=settings.aws_account_id,
        aws_region=settings.aws_region,
        aws_endpoint=settings.aws_endpoint,
    ),
)

federation = Federation(
    "federation",
    FederationArgs(
        trust=settings.trust,
        provider_id=settings.provider_id,
        pool_id=settings.pool_id,
        pool_id_prefix=settings.pool_id_prefix,
        project_number=settings.google_project_number,
        protected=settings.deletion_protection,
    ),
    google=clouds.google,
)

account = ReaderAccount(
    "reader-account",
    ReaderAccountArgs(
        project=settings.google_project,
        account_id=settings.service_account_id,
        principal=federation.principal,
        protected=settings.deletion_protection,
    ),
    google=clouds.google,
    services=federation.services,
)

warehouse = Warehouse(
    "warehouse",
    WarehouseArgs(
        project=settings.google_project,
        dataset_id=settings.dataset_id,
        table_id=settings.table_id,
        location=settings.bigquery_location,
        reader=account.member,
        protected=settings.deletion_protection,
    ),
    google=clouds.google,
    services=federation.services,
)

reader = Reader(
    "reader",
    ReaderArgs(
        trust=settings.trust,
        provider_name=federation.provider_name,
        service_account_email=account.email,
        project=settings.google_project,
        table=warehouse.table,
        location=settings.bigquery_location,
        maximum_bytes_billed=settings.maximum_bytes_billed,
        api_endpoint=settings.google_endpoint,
        archive=archive,
        cache=package_cache(),
        target=settings.target,
        memory_mb=settings.memory_mb,
        timeout_seconds=settings.timeout_seconds,
        log_retention_days=settings.log_retention_days,
        ready_after=[*account.grants, *warehouse.grants],
    ),
    provider=clouds.aws,
)

pulumi.export(outputs.FUNCTION_NAME, reader.function_name)
pulumi.export(outputs.ROLE_ARN, reader.role_arn)
pulumi.export(outputs.LOG_GROUP, reader.log_group_name)
pulumi.export(outputs.POOL_NAME, federation.pool_name)
pulumi.export(outputs.PROVIDER_NAME, federation.provider_name)
pulumi.export(outputs.AUDIENCE, federation.audience)
pulumi.export(outputs.PRINCIPAL, federation.principal)
pulumi.export(outputs.SERVICE_ACCOUNT, account.email)
pulumi.export(outputs.TABLE, warehouse.table)
pulumi.export(outputs.CREDENTIAL_CONFIGURATION, reader.credential_configuration)
