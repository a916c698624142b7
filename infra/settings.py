"""The stack's settings: read once, checked once, all problems told at once.

Every rule about a configured value is found from here, without Pulumi, so that it can be tested on its own: one value
in :mod:`infra.rules`, several together in :mod:`infra.consistency`. Defaults stand in ``Pulumi.yaml``, where
``pulumi config`` shows them; names that are derived from the stack's name stand in :mod:`infra.reader_settings`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from infra import consistency, own_variables, reader_settings, rules
from infra.consistency import POOL_SUFFIX_BYTES
from infra.package import Bytecode, Contents, Target
from infra.package.target import ARCHITECTURES, RUNTIMES
from infra.problems import Problem, SettingsError, Values, setting_of
from infra.reader_settings import ReaderSettings, Shared, slug
from infra.trust import GoogleEndpoints

__all__ = ["KEYS", "POOL_SUFFIX_BYTES", "Problem", "Settings", "SettingsError"]

# The values that CloudWatch Logs takes. Source: AWS, PutRetentionPolicy.
LOG_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)

LOG_LEVELS = ("DEBUG", "INFO", "WARN")
"""The levels that Lambda takes for its own lines. Source: Lambda API, ``LoggingConfig.SystemLogLevel``."""

HOST = "host"
"""Value of the function's runtime or architecture that stands for the machine on which Pulumi runs."""

MINIMUM_BYTES_BILLED = 10 * 1024 * 1024
"""BigQuery bills at least 10 MB for each table a query reads: a lower cap refuses every query."""

_MOST_SUBNETS = 16
_MOST_SECURITY_GROUPS = 5

KEYS = (
    *("googleProject", "googleProjectNumber", "poolProject", "dataProject", "awsAccountId", "awsRegion"),
    *("access", "pool", "providerName", "poolId", "providerId", "serviceAccountId"),
    *("table", "datasetId", "tableId", "tables", "columns", "bigqueryLocation", "maximumBytesBilled"),
    *("roleName", "functionName", "readers", "handler", "environment"),
    *("functionRuntime", "functionArchitecture", "functionBytecode", "functionPackage"),
    *("memoryMb", "timeoutSeconds", "reservedConcurrency", "snapStart", "subnetIds", "securityGroupIds"),
    *("environmentKmsKeyArn", "permissionsBoundaryArn"),
    *("schedule", "verifyEvent"),
    *("logLevel", "logRetentionDays", "deletionProtection"),
    *("googleEndpoint", "functionGoogleEndpoint", "googleUniverseDomain", "awsEndpoint"),
)
"""Every config key, as ``Pulumi.yaml`` declares them."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that an environment may choose. Field names are the config keys in snake case.

    ``pool_id``, ``google_project_number`` and ``provider_name`` are ``None`` when not set: the pool then gets a random
    suffix, and the number is taken from the pool that Google made. Settings of one reader stand in ``readers``.
    """

    google_project: str
    google_project_number: str | None
    pool_project: str
    data_project: str
    aws_account_id: str
    aws_region: str
    access: str
    pool: str
    provider_name: str | None
    pool_id: str | None
    provider_id: str
    table: str
    bigquery_location: str
    maximum_bytes_billed: int
    readers: tuple[ReaderSettings, ...]
    function_runtime: str
    function_architecture: str
    function_bytecode: Bytecode
    function_package: Contents
    snap_start: bool
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]
    environment_kms_key_arn: str | None
    permissions_boundary_arn: str | None
    log_level: str
    log_retention_days: int
    deletion_protection: bool
    google_endpoint: str | None
    google_universe_domain: str
    aws_endpoint: str | None
    stack: str

    @classmethod
    def read(cls, given: Mapping[str, str], *, stack: str, secret: frozenset[str] = frozenset()) -> Settings:
        """The settings of a stack.

        Args:
            given: Config keys without namespace, and their values as Pulumi hands them out: text, and JSON for lists.
            stack: The stack's name, from which names that are not set are derived.
            secret: The keys whose values the engine keeps as secrets.

        Raises:
            SettingsError: With every problem found, not only the first.
        """
        values = Values(given, stack=stack, secret=secret)
        values.refuse_unknown(KEYS)
        own_variables.refuse_secret(values)
        project = values.text("googleProject", rules.project_id)
        endpoint = values.optional("googleEndpoint", rules.google_endpoint)
        universe = values.text("googleUniverseDomain", rules.universe_domain)
        account = values.text("awsAccountId", rules.account_id)
        table = values.choice("table", ("own", "existing"))
        shared = Shared(
            aws_account_id=account,
            endpoints=GoogleEndpoints(
                universe_domain=universe,
                base_url=values.optional("functionGoogleEndpoint", rules.google_endpoint) or endpoint,
            ),
            own_table=table == "own",
        )
        settings = cls(
            google_project=project,
            google_project_number=values.optional("googleProjectNumber", rules.project_number),
            pool_project=values.optional("poolProject", rules.project_id) or project,
            data_project=values.optional("dataProject", rules.project_id) or project,
            aws_account_id=account,
            aws_region=values.text("awsRegion", rules.region),
            access=values.choice("access", ("impersonation", "direct")),
            pool=values.choice("pool", ("own", "existing")),
            provider_name=values.optional("providerName", rules.provider_name),
            pool_id=values.optional("poolId", rules.pool_or_provider_id),
            provider_id=values.text("providerId", rules.pool_or_provider_id),
            table=table,
            bigquery_location=values.text("bigqueryLocation", rules.location),
            maximum_bytes_billed=values.number("maximumBytesBilled", MINIMUM_BYTES_BILLED, 2**63 - 1),
            readers=reader_settings.read(values, shared),
            function_runtime=values.text("functionRuntime", rules.one_of((*RUNTIMES, HOST))),
            function_architecture=values.text("functionArchitecture", rules.one_of((*ARCHITECTURES, HOST))),
            function_bytecode=Bytecode(values.choice("functionBytecode", tuple(Bytecode))),
            function_package=Contents(values.choice("functionPackage", tuple(Contents))),
            snap_start=values.switch("snapStart"),
            subnet_ids=values.texts("subnetIds", rules.subnet_id, _MOST_SUBNETS),
            security_group_ids=values.texts("securityGroupIds", rules.security_group_id, _MOST_SECURITY_GROUPS),
            environment_kms_key_arn=values.optional("environmentKmsKeyArn", rules.kms_key_arn),
            permissions_boundary_arn=values.optional("permissionsBoundaryArn", rules.policy_arn),
            log_level=values.choice("logLevel", LOG_LEVELS),
            log_retention_days=values.number("logRetentionDays", 1, 3653, allowed=LOG_RETENTION_DAYS),
            deletion_protection=values.switch("deletionProtection"),
            google_endpoint=endpoint,
            google_universe_domain=universe,
            aws_endpoint=values.optional("awsEndpoint", rules.endpoint),
            stack=stack,
        )
        if not values.problems:
            consistency.check(settings, values)
        if values.problems:
            raise SettingsError(sorted(values.problems, key=_place))
        return settings

    @property
    def pool_id_prefix(self) -> str:
        """What a pool id with a random suffix begins with."""
        return f"bq-{slug(self.stack)}-"

    def table_of(self, reader: ReaderSettings) -> str:
        """A reader's first table, as ``project.dataset.table``."""
        return f"{self.data_project}.{reader.dataset_id}.{reader.table_id}"

    @property
    def handlers(self) -> dict[str, dict[str, str]]:
        """The functions that the package must hold, each as ``module.function``, with their own variables."""
        found: dict[str, dict[str, str]] = {}
        for reader in self.readers:
            found.setdefault(reader.handler, {}).update(reader.environment)
        return found

    @property
    def target(self) -> Target:
        """The runtime and architecture that the functions' package is built for."""
        host = Target.host()
        return Target(
            runtime=host.runtime if self.function_runtime == HOST else self.function_runtime,
            architecture=host.architecture if self.function_architecture == HOST else self.function_architecture,
        )


def _place(problem: Problem) -> int:
    """Where the problem's key stands in ``Pulumi.yaml``; what doesn't stand there comes last."""
    key = setting_of(problem.key)
    return KEYS.index(key) if key in KEYS else len(KEYS)
