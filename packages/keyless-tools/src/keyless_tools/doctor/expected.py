"""What each link of one reader's chain should be, from the stack's settings and outputs. Pure.

The chain that is walked is the deployed one, so names come from the outputs; the settings give what the outputs don't
say. Where the two differ the stack was configured anew and not deployed, which is a finding of its own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from keyless_bigquery.components import outputs
from keyless_bigquery.components.role_policies import NETWORK_POLICY_ARN, inline_policies
from keyless_bigquery.settings import apis
from keyless_bigquery.settings.function_environment import variables
from keyless_bigquery.settings.reader_settings import ReaderSettings
from keyless_bigquery.trust.trust import ProviderName, TrustChain, attribute_condition
from keyless_tools.doctor import fixes
from keyless_tools.doctor.stack import Stack, StackError, not_deployed


@dataclasses.dataclass(frozen=True, kw_only=True)
class TableName:
    """A table's name, taken apart; of a whole dataset ``table`` is empty."""

    project: str
    dataset: str
    table: str = ""

    @classmethod
    def parse(cls, name: str) -> TableName:
        """A name as the settings and the outputs have it."""
        return cls(**dict(zip(("project", "dataset", "table"), name.split("."), strict=False)))

    def __str__(self) -> str:
        return f"{self.project}.{self.dataset}{self.table and f'.{self.table}'}"

    @property
    def of_dataset(self) -> TableName:
        """The dataset."""
        return dataclasses.replace(self, table="")

    @property
    def kind(self) -> str:
        """What it is, in a word."""
        return "table" if self.table else "dataset"

    @property
    def for_bq(self) -> str:
        """As the tool ``bq`` writes it."""
        return f"{self.project}:{self.dataset}{self.table and f'.{self.table}'}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Expected:
    """One reader's chain as it should be.

    Args:
        undeployed: Settings that differ from what is deployed, each in words.
        moved: Settings by which the stack would replace one of its tables, by key or path, with the deployed value.
        dropped: A reader is not configured any more, and the stack made its table.
        place: The reader's place in the list of readers; ``None`` where there is no list.
        trust: Which AWS identity the function is, and every string that follows from it.
        function: What to invoke: the function's name, with its alias under SnapStart.
        inline_policies: What the names of the role's own policies begin with.
        attached_policies: ARNs of those that are attached to it.
        scheduled: EventBridge may start the function.
        paused: The settings keep it from running, by a reserved concurrency of 0.
        credential_configuration: The file in its package, as the provider needs it.
        exported_configuration: The same file as the stack's output has it.
        services: The APIs that must be on, by project.
        pool_project: The project that holds the pool, as a command takes it: its id or its number.
        pool_name: Full resource name of the pool, as :attr:`provider_name` is of the provider.
        pool_is_ours: The stack makes pool and provider.
        principal: The member that the bindings name.
        service_account: The account to impersonate; ``None`` for direct access.
        project: The project that pays, and holds the account.
        table_is_ours: The stack makes the table.
        listed: What else it may read, tables and whole datasets.
        table_readers: Who may read the table by the stack's grants: this reader, and those that list it.
        dataset_readers: Who may read the table's whole dataset by them: the readers that list it.
    """

    stack: str
    reader: str
    undeployed: tuple[str, ...]
    moved: Mapping[str, str]
    dropped: bool
    place: int | None
    region: str
    trust: TrustChain
    function: str
    role_arn: str
    inline_policies: tuple[str, ...]
    attached_policies: tuple[str, ...]
    scheduled: bool
    log_group: str
    paused: bool
    variables: Mapping[str, str]
    credential_configuration: str
    exported_configuration: str
    services: Mapping[str, tuple[str, ...]]
    pool_project: str
    pool_name: str
    provider_name: str
    pool_is_ours: bool
    condition: str
    principal: str
    service_account: str | None
    project: str
    table: TableName
    table_is_ours: bool
    listed: tuple[TableName, ...]
    table_readers: tuple[str, ...]
    dataset_readers: tuple[str, ...]
    location: str
    columns: tuple[str, ...]

    @property
    def reads_as(self) -> str:
        """The member that may start jobs and read the table."""
        return _member(self.service_account, self.principal)

    @property
    def pool_id(self) -> str:
        """The pool's id."""
        return self.pool_name.rpartition("/")[2]

    @property
    def provider_id(self) -> str:
        """The provider's id."""
        return self.provider_name.rpartition("/")[2]


def expected_of(stack: Stack) -> tuple[Expected, ...]:
    """What is expected, for each reader that is both configured and deployed.

    Raises:
        StackError: There is none, or an output is missing: the stack was not deployed to its end.
    """
    deployed = stack.outputs.get(outputs.READERS)
    if not isinstance(deployed, dict):
        raise not_deployed(stack, outputs.READERS)
    readers = [reader for reader in stack.settings.readers if reader.label in deployed]
    if not readers:
        first = f"{outputs.READERS}.{stack.settings.readers[0].label}"
        if not deployed:
            raise not_deployed(stack, first)
        raise StackError(
            f"the stack {stack.name} has no output {first}, but readers {', '.join(deployed)}, with tables perhaps."
            f" `{fixes.preview(stack.name)}` shows what the next deployment would delete"
        )
    undeployed = tuple(_undeployed(stack, deployed))
    trusts = {reader.label: _trust(stack, reader, deployed[reader.label]) for reader in readers}
    # Of readers that are about to go, only the roles count here: the condition still admits them.
    going = [_trust(stack, readers[0], exported) for label, exported in deployed.items() if label not in trusts]
    condition = attribute_condition([*trusts.values(), *going])
    return tuple(_expected(stack, reader, deployed, trusts[reader.label], condition, undeployed) for reader in readers)


def _expected(
    stack: Stack,
    reader: ReaderSettings,
    deployed: Mapping[str, Any],
    trust: TrustChain,
    condition: str,
    undeployed: tuple[str, ...],
) -> Expected:
    settings, exported = stack.settings, deployed[reader.label]
    pool_name, provider_name = _output(stack, outputs.POOL_NAME), _output(stack, outputs.PROVIDER_NAME)
    own_pool, email = settings.pool == "own", exported.get(outputs.SERVICE_ACCOUNT)
    table, columns = _output(stack, outputs.TABLE, exported), tuple(column.name for column in reader.columns)
    return Expected(
        stack=stack.name,
        reader=reader.label,
        undeployed=undeployed,
        moved=_moved(stack, deployed),
        dropped=settings.table == "own" and bool(set(deployed) - {one.label for one in settings.readers}),
        place=settings.readers.index(reader) if reader.name else None,
        region=settings.aws_region,
        trust=trust,
        function=_output(stack, outputs.FUNCTION_NAME, exported),
        role_arn=_output(stack, outputs.ROLE_ARN, exported),
        inline_policies=inline_policies(settings),
        attached_policies=(NETWORK_POLICY_ARN,) if settings.subnet_ids else (),
        scheduled=reader.schedule is not None,
        log_group=_output(stack, outputs.LOG_GROUP, exported),
        paused=reader.reserved_concurrency == 0,
        variables=variables(
            settings, reader, table=table, tables=",".join(_tables(exported)) if _tables(exported)[1:] else None
        ),
        credential_configuration=trust.credential_configuration(
            provider_name=provider_name, service_account_email=email
        ),
        exported_configuration=_output(stack, outputs.CREDENTIAL_CONFIGURATION, exported),
        services={
            project: tuple(f"{api}.googleapis.com" for api in names) for project, names in apis.needed(settings).items()
        },
        pool_project=settings.pool_project if own_pool else ProviderName.parse(provider_name).project_number,
        pool_name=pool_name,
        provider_name=provider_name,
        pool_is_ours=own_pool,
        condition=condition,
        principal=trust.principal_set(pool_name),
        service_account=email,
        project=settings.google_project,
        table=TableName.parse(table),
        table_is_ours=settings.table == "own",
        listed=tuple(map(TableName.parse, _tables(exported)[1:])),
        table_readers=_readers(deployed, table),
        dataset_readers=_readers(deployed, table.rpartition(".")[0]),
        location=settings.bigquery_location,
        columns=columns,
    )


def _trust(stack: Stack, reader: ReaderSettings, exported: Mapping[str, Any]) -> TrustChain:
    """The identity that is deployed, under whatever names that was."""
    return dataclasses.replace(
        reader.trust,
        role_name=_output(stack, outputs.ROLE_ARN, exported).rpartition("/")[2],
        function_name=_output(stack, outputs.FUNCTION_NAME, exported).partition(":")[0],
    )


def _undeployed(stack: Stack, deployed: Mapping[str, Any]) -> Iterator[str]:
    """Where the settings say something else than what is deployed, in words."""
    settings = stack.settings
    configured = {reader.label: reader for reader in settings.readers}
    yield from (f"reader {label} is configured and not deployed" for label in configured if label not in deployed)
    yield from (f"reader {label} is deployed and not configured" for label in deployed if label not in configured)
    if settings.provider_name not in (None, found := _output(stack, outputs.PROVIDER_NAME)):
        yield f"the provider is {found}, configured is {settings.provider_name}"
    for label, reader in configured.items():
        account = f"{reader.service_account_id}@{settings.google_project}.iam.gserviceaccount.com"
        needed = {
            outputs.FUNCTION_NAME: reader.trust.function_name,
            outputs.ROLE_ARN: f"arn:aws:iam::{settings.aws_account_id}:role/{reader.trust.role_name}",
            outputs.SERVICE_ACCOUNT: account if settings.access == "impersonation" else None,
            outputs.TABLE: settings.table_of(reader),
        }
        for name, value in needed.items() if label in deployed else ():
            found = deployed[label].get(name)
            if found != value and not (name == outputs.FUNCTION_NAME and str(found).partition(":")[0] == value):
                yield f"{name} of {label} is {found or 'none'}, configured is {value or 'none'}"
        configuration, token = deployed.get(label, {}).get(outputs.CREDENTIAL_CONFIGURATION), reader.trust.subject_token
        if configuration is not None and token.token_type not in str(configuration):
            yield f"{label} has another kind of subject token, configured is {token.name}"
        more = ", ".join(reader.tables)
        if label in deployed and (found := ", ".join(_tables(deployed[label])[1:])) != more:
            yield f"{outputs.TABLES} of {label} are {found or 'none'} besides the first, configured is {more or 'none'}"


def _moved(stack: Stack, deployed: Mapping[str, Any]) -> dict[str, str]:
    """The deployed values of the settings that name the stack's own tables, where the configured ones are others."""
    settings, moved = stack.settings, dict[str, str]()
    for place, reader in enumerate(settings.readers if settings.table == "own" else ()):
        if reader.label not in deployed:
            continue
        found = TableName.parse(_output(stack, outputs.TABLE, deployed[reader.label]))
        configured = TableName.parse(settings.table_of(reader))
        table_id = f"readers[{place}].tableId" if reader.name else "tableId"
        parts = {"dataProject": "project", "datasetId": "dataset", table_id: "table"}
        moved |= {
            key: getattr(found, part)
            for key, part in parts.items()
            if getattr(found, part) != getattr(configured, part)
        }
    return moved


def _tables(exported: Mapping[str, Any]) -> list[str]:
    """All that a reader may read; before there were lists an output named the one table."""
    found = exported.get(outputs.TABLES) or [exported.get(outputs.TABLE)]
    return [str(name) for name in found]


def _readers(deployed: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """The members that the stack lets read a table or a whole dataset."""
    reading = [reader for reader in deployed.values() if name in _tables(reader)]
    return tuple(_member(reader.get(outputs.SERVICE_ACCOUNT), str(reader.get(outputs.PRINCIPAL))) for reader in reading)


def _member(service_account: str | None, principal: str) -> str:
    return principal if service_account is None else f"serviceAccount:{service_account}"


def _output(stack: Stack, name: str, of: Mapping[str, Any] | None = None) -> str:
    """An output of the stack, or of the exports of a reader."""
    value = (stack.outputs if of is None else of).get(name)
    if not isinstance(value, str):
        raise not_deployed(stack, name if of is None else f"{outputs.READERS}.….{name}")
    return value
