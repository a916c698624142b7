"""The AWS side of one reader: the function, the one role that is its identity, its log group and its clock."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pulumi
import pulumi_aws as aws
from pulumi_aws.cloudwatch.log_group import LogGroup

from keyless_bigquery import packaging as package
from keyless_bigquery.components import children
from keyless_bigquery.components.execution_role import ExecutionRole
from keyless_bigquery.components.federation import TrustedPool
from keyless_bigquery.components.reader_access import ReaderAccess
from keyless_bigquery.components.schedule import Schedule
from keyless_bigquery.settings.function_environment import variables
from keyless_bigquery.settings.reader_settings import ReaderSettings
from keyless_bigquery.settings.settings import Settings
from keyless_bigquery.trust.trust import CREDENTIAL_CONFIGURATION_FILE

HANDLER = "keyless_bigquery.runtime.entry.lambda_handler"
"""The function's entry point, as a path into its package."""

ALIAS = "live"
"""Under SnapStart only published versions start from a snapshot; this alias is the newest one."""

_ROWS_AND_ERRORS = "INFO"
# The function prints, and Lambda takes a line without a level for INFO: a higher one would drop the rows.
_SNAP_START = aws.lambda_.FunctionSnapStartArgs(apply_on="PublishedVersions")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReaderArgs:
    """What one reader is made from. The table is ``project.dataset.table``; after ``ready_after`` it may be invoked."""

    settings: Settings
    reader: ReaderSettings
    archive: Path
    pool: TrustedPool
    access: ReaderAccess
    table: pulumi.Output[str]
    ready_after: Sequence[pulumi.Resource]


class Reader(pulumi.ComponentResource):
    """One function with all that belongs to it. Its attributes are the outputs of ``outputs.OF_READER``."""

    function_name: pulumi.Output[str]
    role_arn: pulumi.Output[str]
    log_group: pulumi.Output[str]
    principal: pulumi.Output[str]
    service_account: pulumi.Output[str] | None
    table: pulumi.Output[str]
    tables: pulumi.Output[list[str]]
    credential_configuration: pulumi.Output[str]

    def __init__(
        self,
        names: children.Names,
        args: ReaderArgs,
        *,
        provider: pulumi.ProviderResource | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("keyless:infra:Reader", names.group("reader"), None, opts)
        self._names, self._child = names, children.options(self, provider)
        settings, reader, trust = args.settings, args.reader, args.reader.trust
        self.principal, self.service_account = args.pool.principal(trust), args.access.email
        self.table, self.tables = args.table, args.table.apply(lambda first: [first, *reader.tables])
        # Of its own module, since `aws.cloudwatch` would load forty others for it.
        log_group = LogGroup(
            names("function-log"),
            name=f"/aws/lambda/{trust.function_name}",
            retention_in_days=settings.log_retention_days,
            region=settings.aws_region,
            opts=self._child,
        )
        role = ExecutionRole(
            names,
            settings,
            trust,
            log_group_arn=log_group.arn,
            audience=args.pool.audience,
            provider=provider,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.credential_configuration = args.pool.credential_configuration(trust, args.access.email)
        after = [*role.policies, *args.ready_after]
        function = self._function(args, role, children.options(self, provider, depends_on=after))
        alias = self._alias(settings, function) if settings.snap_start else None
        if reader.schedule is not None:
            Schedule(
                names,
                reader.schedule,
                function=function,
                alias=alias,
                region=settings.aws_region,
                provider=provider,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.function_name = function.name if alias is None else pulumi.Output.concat(function.name, ":", alias.name)
        self.role_arn = role.arn
        self.log_group = log_group.name
        self.register_outputs({"function_name": self.function_name})

    def _function(self, args: ReaderArgs, role: ExecutionRole, opts: pulumi.ResourceOptions) -> aws.lambda_.Function:
        settings, reader = args.settings, args.reader
        archive = self.credential_configuration.apply(lambda content: _archive(args.archive, content))
        network = aws.lambda_.FunctionVpcConfigArgs(
            subnet_ids=list(settings.subnet_ids), security_group_ids=list(settings.security_group_ids)
        )
        return aws.lambda_.Function(
            self._names("function"),
            name=reader.trust.function_name,
            region=settings.aws_region,
            description="Reads BigQuery without a service account key.",
            role=role.arn,
            handler=HANDLER,
            runtime=settings.target.runtime,
            architectures=[settings.target.architecture],
            code=archive.apply(lambda path: pulumi.FileArchive(str(path))),
            # Without it, code that was replaced by hand would stay so, unseen.
            code_sha256=archive.apply(package.sha256),
            memory_size=reader.memory_mb,
            timeout=reader.timeout_seconds,
            reserved_concurrent_executions=reader.reserved_concurrency,
            publish=settings.snap_start or None,
            snap_start=_SNAP_START if settings.snap_start else None,
            vpc_config=network if settings.subnet_ids else None,
            kms_key_arn=settings.environment_kms_key_arn,
            logging_config=aws.lambda_.FunctionLoggingConfigArgs(
                log_format="JSON", application_log_level=_ROWS_AND_ERRORS, system_log_level=settings.log_level
            ),
            environment=aws.lambda_.FunctionEnvironmentArgs(
                variables=variables(
                    settings,
                    reader,
                    table=self.table,
                    tables=self.tables.apply(",".join) if reader.tables else None,
                )
            ),
            opts=opts,
        )

    def _alias(self, settings: Settings, function: aws.lambda_.Function) -> aws.lambda_.Alias:
        return aws.lambda_.Alias(
            self._names("function-alias"),
            name=ALIAS,
            region=settings.aws_region,
            description="The newest published version, which starts from a snapshot.",
            function_name=function.name,
            function_version=function.version,
            opts=self._child,
        )


def _archive(archive: Path, credential_configuration: str) -> Path:
    """The package with the credential configuration in it. Writes a cached file, and makes no resource."""
    return package.with_file(archive, name=CREDENTIAL_CONFIGURATION_FILE, content=credential_configuration)
