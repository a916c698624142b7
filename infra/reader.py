"""The AWS side of one reader: the function, the one role that is its identity, its log group and its clock."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

import pulumi
import pulumi_aws as aws
from pulumi_aws.cloudwatch.log_group import LogGroup

from infra import children, package
from infra.execution_role import ExecutionRole, ExecutionRoleArgs
from infra.function_environment import variables
from infra.schedule import Schedule, ScheduleArgs
from infra.trust import CREDENTIAL_CONFIGURATION_FILE, TrustChain

HANDLER = "keyless_bigquery.runtime.entry.lambda_handler"
"""The function's entry point, as a path into its package."""

ALIAS = "live"
"""Under SnapStart only published versions start from a snapshot; this alias is the newest one."""

_ROWS_AND_ERRORS = "INFO"
# The function prints, and Lambda takes a line without a level for INFO: a higher one would drop the rows.
_SNAP_START = aws.lambda_.FunctionSnapStartArgs(apply_on="PublishedVersions")


@dataclasses.dataclass(frozen=True, kw_only=True)
class FunctionArgs:
    """What all functions of a stack have in common.

    Args:
        archive: The function's package, without the credential configuration.
        cache: Folder in which the package with the credential configuration is kept.
        target: Runtime and architecture.
        region: The AWS region. Each resource that is regional names it, or a change of it would leave them behind.
        snap_start: Start from a snapshot of the initialised function.
        subnet_ids: Subnets of the network that the functions are in; empty: none.
        security_group_ids: What may go in and out there.
        kms_key_arn: Key that encrypts their environment; ``None``: AWS's own.
        permissions_boundary_arn: The policy that bounds their roles; ``None``: none does.
        log_level: What Lambda tells of itself at least: DEBUG, INFO or WARN.
        log_retention_days: Days that their logs are kept.
        project: Project that pays for queries.
        location: BigQuery location of the tables.
        maximum_bytes_billed: Most bytes that one query may bill.
    """

    archive: Path
    cache: Path
    target: package.Target
    region: str
    snap_start: bool
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]
    kms_key_arn: str | None
    permissions_boundary_arn: str | None
    log_level: str
    log_retention_days: int
    project: str
    location: str
    maximum_bytes_billed: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReaderArgs:
    """What one reader is made from.

    Args:
        function: What it has in common with the others.
        trust: The AWS identity that it is.
        provider_name: Full resource name of the provider that admits it.
        service_account_email: The account that it impersonates; ``None`` for direct access.
        table: The table that it reads, as ``project.dataset.table``.
        more_tables: What else it may read; a whole dataset is ``project.dataset``.
        columns: Names of the columns that it selects.
        handler: The function that is called, as ``module.function``.
        environment: The user's own environment variables.
        memory_mb: Memory in MiB.
        timeout_seconds: Time limit of one invocation.
        reserved_concurrency: Most invocations at a time, kept free for it; ``None``: what the account has left.
        schedule: When it is started by itself; ``None``: never.
        suffix: What the logical names end in, so that each reader has its own.
        ready_after: What must exist before its first invocation can succeed.
    """

    function: FunctionArgs
    trust: TrustChain
    provider_name: pulumi.Input[str]
    service_account_email: pulumi.Input[str] | None
    table: pulumi.Input[str]
    more_tables: Sequence[str]
    columns: Sequence[str]
    handler: str
    environment: Mapping[str, str]
    memory_mb: int
    timeout_seconds: int
    reserved_concurrency: int | None
    schedule: str | None
    suffix: str
    ready_after: Sequence[pulumi.Resource]


class Reader(pulumi.ComponentResource):
    """One function with all that belongs to it.

    Attributes:
        function_name: What to invoke: the function's name, with its alias under SnapStart.
        role_arn: Its execution role, as IAM knows it.
        log_group_name: Where its log goes.
        credential_configuration: What google-auth reads in it. Holds no secret.
    """

    function_name: pulumi.Output[str]
    role_arn: pulumi.Output[str]
    log_group_name: pulumi.Output[str]
    credential_configuration: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        args: ReaderArgs,
        *,
        provider: aws.Provider,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("keyless:infra:Reader", name, None, opts)
        self._child = children.options(self, provider)
        # Of its own module, since `aws.cloudwatch` would load forty others for it.
        log_group = LogGroup(
            f"function-log{args.suffix}",
            name=f"/aws/lambda/{args.trust.function_name}",
            retention_in_days=args.function.log_retention_days,
            region=args.function.region,
            opts=self._child,
        )
        role = ExecutionRole(
            f"identity{args.suffix}",
            ExecutionRoleArgs(
                role_name=args.trust.role_name,
                log_group_arn=log_group.arn,
                function_arn=args.trust.function_arn(args.function.region),
                in_network=bool(args.function.subnet_ids),
                kms_key_arn=args.function.kms_key_arn,
                permissions_boundary_arn=args.function.permissions_boundary_arn,
                suffix=args.suffix,
            ),
            provider=provider,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.credential_configuration = pulumi.Output.all(
            provider_name=args.provider_name, service_account_email=args.service_account_email
        ).apply(lambda known: args.trust.credential_configuration(**known))
        after = [*role.policies, *args.ready_after]
        function = self._function(args, role, children.options(self, provider, depends_on=after))
        alias = self._alias(args, function) if args.function.snap_start else None
        if args.schedule is not None:
            Schedule(
                f"clock{args.suffix}",
                ScheduleArgs(
                    expression=args.schedule,
                    region=args.function.region,
                    function_name=function.name,
                    target_arn=function.arn if alias is None else alias.arn,
                    qualifier=None if alias is None else ALIAS,
                    suffix=args.suffix,
                ),
                provider=provider,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.function_name = function.name if alias is None else pulumi.Output.concat(function.name, ":", alias.name)
        self.role_arn = role.arn
        self.log_group_name = log_group.name
        self.register_outputs({"function_name": self.function_name})

    def _function(self, args: ReaderArgs, role: ExecutionRole, opts: pulumi.ResourceOptions) -> aws.lambda_.Function:
        shared = args.function
        archive = self.credential_configuration.apply(lambda content: _archive(shared, content))
        network = aws.lambda_.FunctionVpcConfigArgs(
            subnet_ids=list(shared.subnet_ids), security_group_ids=list(shared.security_group_ids)
        )
        return aws.lambda_.Function(
            f"function{args.suffix}",
            name=args.trust.function_name,
            region=shared.region,
            description="Reads BigQuery without a service account key.",
            role=role.arn,
            handler=HANDLER,
            runtime=shared.target.runtime,
            architectures=[shared.target.architecture],
            code=archive.apply(lambda path: pulumi.FileArchive(str(path))),
            # Without it, code that was replaced by hand would stay so, unseen.
            code_sha256=archive.apply(package.sha256),
            memory_size=args.memory_mb,
            timeout=args.timeout_seconds,
            reserved_concurrent_executions=args.reserved_concurrency,
            publish=shared.snap_start or None,
            snap_start=_SNAP_START if shared.snap_start else None,
            vpc_config=network if shared.subnet_ids else None,
            kms_key_arn=shared.kms_key_arn,
            logging_config=aws.lambda_.FunctionLoggingConfigArgs(
                log_format="JSON", application_log_level=_ROWS_AND_ERRORS, system_log_level=shared.log_level
            ),
            environment=aws.lambda_.FunctionEnvironmentArgs(
                variables=variables(
                    project=shared.project,
                    table=args.table,
                    tables=pulumi.Output.concat(args.table, "".join(f",{name}" for name in args.more_tables))
                    if args.more_tables
                    else None,
                    columns=args.columns,
                    location=shared.location,
                    maximum_bytes_billed=shared.maximum_bytes_billed,
                    endpoints=args.trust.endpoints,
                    handler=args.handler,
                    own=args.environment,
                )
            ),
            opts=opts,
        )

    def _alias(self, args: ReaderArgs, function: aws.lambda_.Function) -> aws.lambda_.Alias:
        return aws.lambda_.Alias(
            f"function-alias{args.suffix}",
            name=ALIAS,
            region=args.function.region,
            description="The newest published version, which starts from a snapshot.",
            function_name=function.name,
            function_version=function.version,
            opts=self._child,
        )


def _archive(shared: FunctionArgs, credential_configuration: str) -> Path:
    """The package with the credential configuration in it. Writes a cached file, and makes no resource."""
    return package.with_file(
        shared.archive, name=CREDENTIAL_CONFIGURATION_FILE, content=credential_configuration, cache=shared.cache
    )
