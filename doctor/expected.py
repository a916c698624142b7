"""What each link of one reader's chain should be, from the stack's settings and outputs. Pure.

The chain that is walked is the deployed one, so names come from the outputs; the settings give what the outputs don't
say. Where the two differ the stack was configured anew and not deployed, which is a finding of its own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from doctor.stack import Stack, StackError
from infra import outputs
from infra.trust import CREDENTIAL_CONFIGURATION_FILE, TrustChain
from lambda_src import environment

APIS = ("iam", "cloudresourcemanager", "iamcredentials", "sts", "bigquery")


@dataclasses.dataclass(frozen=True, kw_only=True)
class TableName:
    """A table's name, taken apart."""

    project: str
    dataset: str
    table: str

    def __str__(self) -> str:
        return f"{self.project}.{self.dataset}.{self.table}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Expected:
    """One reader's chain as it should be.

    Args:
        stack: Name of the stack.
        reader: Name of the reader.
        undeployed: Settings that differ from what is deployed, each in words.
        region: AWS region of the function.
        trust: Which AWS identity the function is, and every string that follows from it.
        function: Name of the function.
        role_arn: Its role, as IAM knows it.
        log_group: Where its log goes.
        variables: Its environment.
        credential_configuration: The file in its package, as the provider needs it.
        exported_configuration: The same file as the stack's output has it.
        services: The APIs that must be on, by project.
        pool_project: The project that holds the pool, as a command takes it.
        pool_name: Full resource name of the pool.
        provider_name: Full resource name of the provider.
        pool_is_ours: The stack makes pool and provider.
        mapping: The provider's attribute mapping, as the stack writes it.
        condition: Its condition, likewise.
        principal: The member that the bindings name.
        service_account: The account to impersonate; ``None`` for direct access.
        project: The project that pays, and holds the account.
        table: The table to read.
        location: Its location.
        columns: What is selected.
    """

    stack: str
    reader: str
    undeployed: tuple[str, ...]
    region: str
    trust: TrustChain
    function: str
    role_arn: str
    log_group: str
    variables: Mapping[str, str]
    credential_configuration: str
    exported_configuration: str
    services: Mapping[str, tuple[str, ...]]
    pool_project: str
    pool_name: str
    provider_name: str
    pool_is_ours: bool
    mapping: Mapping[str, str]
    condition: str
    principal: str
    service_account: str | None
    project: str
    table: TableName
    location: str
    columns: tuple[str, ...]

    @property
    def pool_id(self) -> str:
        """The pool's id."""
        return self.pool_name.rpartition("/")[2]

    @property
    def provider_id(self) -> str:
        """The provider's id."""
        return self.provider_name.rpartition("/")[2]


def expected_of(stack: Stack) -> tuple[Expected, ...]:
    """What is expected, reader by reader.

    Raises:
        StackError: An output is missing: the stack was not deployed to its end.
    """
    return (_only_reader(stack),)


def _only_reader(stack: Stack) -> Expected:
    settings = stack.settings
    told = {name: _output(stack, name) for name in outputs.ALL}
    project, dataset, table = told[outputs.TABLE].split(".")
    trust = dataclasses.replace(
        settings.trust,
        role_name=told[outputs.ROLE_ARN].rpartition("/")[2],
        function_name=told[outputs.FUNCTION_NAME],
    )
    variables = {
        environment.CREDENTIALS_FILE: CREDENTIAL_CONFIGURATION_FILE,
        environment.PROJECT: settings.google_project,
        environment.TABLE: told[outputs.TABLE],
        environment.LOCATION: settings.bigquery_location,
        environment.MAXIMUM_BYTES_BILLED: str(settings.maximum_bytes_billed),
    }
    if settings.google_endpoint is not None:
        variables[environment.API_ENDPOINT] = settings.google_endpoint
    return Expected(
        stack=stack.name,
        reader="reader",
        undeployed=_undeployed(stack, told),
        region=settings.aws_region,
        trust=trust,
        function=trust.function_name,
        role_arn=told[outputs.ROLE_ARN],
        log_group=told[outputs.LOG_GROUP],
        variables=variables,
        credential_configuration=trust.credential_configuration(
            provider_name=told[outputs.PROVIDER_NAME], service_account_email=told[outputs.SERVICE_ACCOUNT]
        ),
        exported_configuration=told[outputs.CREDENTIAL_CONFIGURATION],
        services={settings.google_project: tuple(f"{api}.googleapis.com" for api in APIS)},
        pool_project=settings.google_project,
        pool_name=told[outputs.POOL_NAME],
        provider_name=told[outputs.PROVIDER_NAME],
        pool_is_ours=True,
        mapping=trust.attribute_mapping,
        condition=trust.attribute_condition,
        principal=trust.principal_set(told[outputs.POOL_NAME]),
        service_account=told[outputs.SERVICE_ACCOUNT],
        project=settings.google_project,
        table=TableName(project=project, dataset=dataset, table=table),
        location=settings.bigquery_location,
        columns=("user_id", "name"),
    )


def _undeployed(stack: Stack, told: Mapping[str, str]) -> tuple[str, ...]:
    settings = stack.settings
    configured = {
        outputs.FUNCTION_NAME: settings.function_name,
        outputs.ROLE_ARN: f"arn:aws:iam::{settings.aws_account_id}:role/{settings.role_name}",
        outputs.SERVICE_ACCOUNT: (f"{settings.service_account_id}@{settings.google_project}.iam.gserviceaccount.com"),
        outputs.TABLE: f"{settings.google_project}.{settings.dataset_id}.{settings.table_id}",
    }
    return tuple(
        f"{name} is {told[name]}, configured is {value}" for name, value in configured.items() if told[name] != value
    )


def _output(stack: Stack, name: str) -> str:
    value: Any = stack.outputs.get(name)
    if not isinstance(value, str):
        raise StackError(
            f"the stack {stack.name} has no output {name}: its last `pulumi up` did not come to an end. Run"
            f" `pulumi up --stack {stack.name}`"
        )
    return value
