"""The AWS side: the function, the one role that is its identity, and its log group.

The role is what Google trusts, so nothing else may wear it: its trust policy names the Lambda service alone, and its
only permission is to write the function's own log.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import pulumi
import pulumi_aws as aws

from infra import package
from infra.trust import CREDENTIAL_CONFIGURATION_FILE, TrustChain
from lambda_src import environment

HANDLER = "lambda_src.handler.lambda_handler"
"""The function's entry point, as a path into its package."""

_LAMBDA_ONLY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReaderArgs:
    """What the function is made from.

    Args:
        trust: The AWS identity that Google trusts; names the role and the function.
        provider_name: Full resource name of the provider that admits the role.
        service_account_email: The account to impersonate.
        project: Id of the project that pays for the queries.
        table: The table to read, as ``project.dataset.table``.
        location: BigQuery location of the table.
        maximum_bytes_billed: A query that would bill more is refused by BigQuery.
        api_endpoint: Base URL of the BigQuery API; ``None``: Google's public one.
        archive: The function's package, without the credential configuration.
        cache: Folder for packages that have been built.
        target: Runtime and architecture that ``archive`` is built for.
        memory_mb: Memory of the function, in MiB.
        timeout_seconds: Time limit of one invocation.
        log_retention_days: How long the log is kept.
        ready_after: What must exist before the function can be invoked with success.
    """

    trust: TrustChain
    provider_name: pulumi.Input[str]
    service_account_email: pulumi.Input[str]
    project: str
    table: pulumi.Input[str]
    location: str
    maximum_bytes_billed: int
    api_endpoint: str | None
    archive: Path
    cache: Path
    target: package.Target
    memory_mb: int
    timeout_seconds: int
    log_retention_days: int
    ready_after: Sequence[pulumi.Resource]


class Reader(pulumi.ComponentResource):
    """The function, its role and its log group.

    Attributes:
        function_name: Name of the function.
        role_arn: ARN of the role as IAM knows it.
        log_group_name: Where the function's log goes.
        credential_configuration: The file in the function's package by which google-auth finds its way. Not a secret.
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
        child = pulumi.ResourceOptions(parent=self, provider=provider)
        log_group = aws.cloudwatch.LogGroup(
            "function-log",
            name=f"/aws/lambda/{args.trust.function_name}",
            retention_in_days=args.log_retention_days,
            opts=child,
        )
        role = aws.iam.Role(
            "execution-role",
            name=args.trust.role_name,
            description="Identity of one Lambda function; Google lets it read one BigQuery table.",
            assume_role_policy=_LAMBDA_ONLY,
            opts=child,
        )
        may_write_log = aws.iam.RolePolicy(
            "may-write-own-log",
            name="write-own-log",
            role=role.name,
            policy=log_group.arn.apply(_own_log_only),
            opts=child,
        )
        self.credential_configuration = pulumi.Output.all(
            provider_name=args.provider_name, service_account_email=args.service_account_email
        ).apply(lambda known: args.trust.credential_configuration(**known))
        function = aws.lambda_.Function(
            "function",
            name=args.trust.function_name,
            description="Reads one BigQuery table without a service account key.",
            role=role.arn,
            handler=HANDLER,
            runtime=args.target.runtime,
            architectures=[args.target.architecture],
            code=self.credential_configuration.apply(lambda content: _code(args, content)),
            memory_size=args.memory_mb,
            timeout=args.timeout_seconds,
            environment=aws.lambda_.FunctionEnvironmentArgs(variables=_variables(args)),
            opts=pulumi.ResourceOptions(parent=self, provider=provider, depends_on=[may_write_log, *args.ready_after]),
        )
        self.function_name = function.name
        self.role_arn = role.arn
        self.log_group_name = log_group.name
        self.register_outputs({"function_name": self.function_name})


def _own_log_only(log_group_arn: str) -> str:
    statement = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"{log_group_arn.removesuffix(':*')}:*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _code(args: ReaderArgs, credential_configuration: str) -> pulumi.FileArchive:
    """The package with the credential configuration in it. Writes a cached file, and makes no resource."""
    archive = package.with_file(
        args.archive, name=CREDENTIAL_CONFIGURATION_FILE, content=credential_configuration, cache=args.cache
    )
    return pulumi.FileArchive(str(archive))


def _variables(args: ReaderArgs) -> dict[str, pulumi.Input[str]]:
    variables: dict[str, pulumi.Input[str]] = {
        # A relative path: Lambda starts the function in the folder that holds its package.
        environment.CREDENTIALS_FILE: CREDENTIAL_CONFIGURATION_FILE,
        environment.PROJECT: args.project,
        environment.TABLE: args.table,
        environment.LOCATION: args.location,
        environment.MAXIMUM_BYTES_BILLED: str(args.maximum_bytes_billed),
    }
    if args.api_endpoint is not None:
        variables[environment.API_ENDPOINT] = args.api_endpoint
    return variables
