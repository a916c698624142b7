"""The stack's settings: read once, checked once, all problems told at once.

Every rule about a configured value lives here, without Pulumi, so that it can be tested on its own. Defaults stand
in ``Pulumi.yaml``, where ``pulumi config`` shows them; names that are derived from the stack's name stand here.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence

from infra import rules
from infra.package import Target
from infra.package.target import ARCHITECTURES, RUNTIMES
from infra.rules import Rule
from infra.trust import SUBJECT_LIMIT_BYTES, GoogleEndpoints, TrustChain

LOG_RETENTION_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)
"""The values that CloudWatch Logs takes. Source: AWS, PutRetentionPolicy."""

HOST = "host"
"""Value of the function's runtime or architecture that stands for the machine on which Pulumi runs."""

MINIMUM_BYTES_BILLED = 10 * 1024 * 1024
"""BigQuery bills at least 10 MB for each table a query reads: a lower cap refuses every query."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Problem:
    """One setting that can't be used: its config key, the value, the rule it breaks, and how to mend it."""

    key: str
    value: str | None
    rule: str
    mend: str

    def __str__(self) -> str:
        shown = "is not set" if self.value is None else f"is {self.value!r}"
        return f"{self.key} {shown}: {self.rule}. {self.mend}"


class SettingsError(ValueError):
    """The stack's settings can't be used. Nothing has been created.

    Args:
        problems: All that is wrong, in the order in which ``Pulumi.yaml`` declares the settings.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = "1 setting" if len(self.problems) == 1 else f"{len(self.problems)} settings"
        lines = "\n".join(f"  - {problem}" for problem in self.problems)
        super().__init__(f"{count} of this stack can't be used; nothing was created.\n{lines}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that an environment may choose. Field names are the config keys in snake case.

    ``pool_id`` and ``google_project_number`` are ``None`` when not set: the pool then gets a random suffix, and the
    number is taken from the pool that Google made.
    """

    google_project: str
    google_project_number: str | None
    aws_account_id: str
    aws_region: str
    pool_id: str | None
    provider_id: str
    service_account_id: str
    dataset_id: str
    table_id: str
    bigquery_location: str
    maximum_bytes_billed: int
    role_name: str
    function_name: str
    function_runtime: str
    function_architecture: str
    memory_mb: int
    timeout_seconds: int
    log_retention_days: int
    deletion_protection: bool
    google_endpoint: str | None
    google_universe_domain: str
    aws_endpoint: str | None
    stack: str

    @classmethod
    def read(cls, values: Mapping[str, str], *, stack: str) -> Settings:
        """The settings of a stack.

        Args:
            values: Config keys without namespace, and their values as Pulumi hands them out: text.
            stack: The stack's name, from which names that are not set are derived.

        Raises:
            SettingsError: With every problem found, not only the first.
        """
        reader = _Reader(values, stack)
        settings = cls(
            google_project=reader.text("googleProject", rules.project_id),
            google_project_number=reader.optional("googleProjectNumber", rules.project_number),
            aws_account_id=reader.text("awsAccountId", rules.account_id),
            aws_region=reader.text("awsRegion", rules.region),
            pool_id=reader.optional("poolId", rules.pool_or_provider_id),
            provider_id=reader.text("providerId", rules.pool_or_provider_id),
            service_account_id=reader.named("serviceAccountId", f"bq-reader-{_slug(stack)}", rules.service_account_id),
            dataset_id=reader.named("datasetId", f"keyless_{_slug(stack).replace('-', '_')}", rules.dataset_id),
            table_id=reader.text("tableId", rules.table_id),
            bigquery_location=reader.text("bigqueryLocation", rules.location),
            maximum_bytes_billed=reader.number("maximumBytesBilled", MINIMUM_BYTES_BILLED, 2**63 - 1),
            role_name=reader.named("roleName", f"keyless-bigquery-{_slug(stack)}", rules.role_name),
            function_name=reader.named("functionName", f"keyless-bigquery-{_slug(stack)}", rules.function_name),
            function_runtime=reader.text("functionRuntime", rules.one_of((*RUNTIMES, HOST))),
            function_architecture=reader.text("functionArchitecture", rules.one_of((*ARCHITECTURES, HOST))),
            memory_mb=reader.number("memoryMb", 128, 10240),
            timeout_seconds=reader.number("timeoutSeconds", 10, 900),
            log_retention_days=reader.number("logRetentionDays", 1, 3653, allowed=LOG_RETENTION_DAYS),
            deletion_protection=reader.switch("deletionProtection"),
            google_endpoint=reader.optional("googleEndpoint", rules.endpoint),
            google_universe_domain=reader.text("googleUniverseDomain", rules.universe_domain),
            aws_endpoint=reader.optional("awsEndpoint", rules.endpoint),
            stack=stack,
        )
        reader.refuse(_subject_length(settings))
        reader.refuse(_derived_pool_id(settings))
        reader.finish()
        return settings

    @property
    def trust(self) -> TrustChain:
        """The one AWS identity that Google is to trust."""
        return TrustChain(
            aws_account_id=self.aws_account_id,
            role_name=self.role_name,
            function_name=self.function_name,
            endpoints=GoogleEndpoints(universe_domain=self.google_universe_domain, base_url=self.google_endpoint),
        )

    @property
    def pool_id_prefix(self) -> str:
        """What a pool id with a random suffix begins with."""
        return f"bq-{_slug(self.stack)}-"

    @property
    def target(self) -> Target:
        """The runtime and architecture that the function's package is built for."""
        host = Target.host()
        return Target(
            runtime=host.runtime if self.function_runtime == HOST else self.function_runtime,
            architecture=host.architecture if self.function_architecture == HOST else self.function_architecture,
        )


KEYS = tuple(
    re.sub(r"_([a-z])", lambda found: found[1].upper(), field.name)
    for field in dataclasses.fields(Settings)
    if field.name != "stack"
)
"""Every config key, as ``Pulumi.yaml`` declares them."""

POOL_SUFFIX_BYTES = 2
"""Random bytes of a pool id's suffix, two hexadecimal digits each."""


class _Reader:
    """Takes values out of the config by key, and collects what is wrong instead of stopping at the first."""

    def __init__(self, values: Mapping[str, str], stack: str) -> None:
        self._values = values
        self._stack = stack
        self._problems: list[Problem] = []

    def text(self, key: str, rule: Rule) -> str:
        value = self._values.get(key)
        if value is None:
            self._problems.append(
                Problem(
                    key=key,
                    value=None,
                    rule="this setting has no default",
                    mend=_HOW_TO_FIND.get(key, "") + f"Set it with: pulumi config set {key} VALUE",
                )
            )
            return ""
        return self._checked(key, value, rule)

    def optional(self, key: str, rule: Rule) -> str | None:
        value = self._values.get(key)
        return None if value is None else self._checked(key, value, rule)

    def named(self, key: str, derived: str, rule: Rule) -> str:
        value = self._values.get(key)
        if value is not None:
            return self._checked(key, value, rule)
        verdict = rule(derived)
        if verdict is not None:
            self._problems.append(
                Problem(
                    key=key,
                    value=derived,
                    rule=f"the name derived from stack {self._stack!r} is no good: {verdict[0]}",
                    mend=f"Choose one with: pulumi config set {key} VALUE",
                )
            )
        return derived

    def number(self, key: str, least: int, most: int, *, allowed: Sequence[int] = ()) -> int:
        rule = rules.whole_number(least, most, allowed)
        value = self.text(key, rule)
        return int(value) if rule(value) is None else least

    def switch(self, key: str) -> bool:
        return self.text(key, rules.one_of(("true", "false"))) == "true"

    def refuse(self, problem: Problem | None) -> None:
        """Adds a problem that concerns several settings, unless one of them is already known to be wrong."""
        if problem is not None and not self._problems:
            self._problems.append(problem)

    def finish(self) -> None:
        if self._problems:
            order = {key: place for place, key in enumerate(KEYS)}
            raise SettingsError(sorted(self._problems, key=lambda problem: order[problem.key]))

    def _checked(self, key: str, value: str, rule: Rule) -> str:
        verdict = rule(value)
        if verdict is not None:
            self._problems.append(Problem(key=key, value=value, rule=verdict[0], mend=verdict[1]))
        return value


_HOW_TO_FIND = {
    "googleProject": "`gcloud config get project` tells the current project. ",
    "awsAccountId": "`aws sts get-caller-identity --query Account --output text` tells it. ",
}


def _slug(stack: str) -> str:
    """The stack's name in the characters that every name here may have."""
    return re.sub(r"[^a-z0-9]+", "-", stack.lower()).strip("-")


def _subject_length(settings: Settings) -> Problem | None:
    length = len(settings.trust.caller_arn.encode())
    if length <= SUBJECT_LIMIT_BYTES:
        return None
    return Problem(
        key="roleName",
        value=settings.role_name,
        rule=(
            f"google.subject would be {settings.trust.caller_arn!r}, {length} bytes long, and Google STS takes at most"
            f" {SUBJECT_LIMIT_BYTES}"
        ),
        mend=f"Make roleName and functionName {length - SUBJECT_LIMIT_BYTES} bytes shorter together.",
    )


def _derived_pool_id(settings: Settings) -> Problem | None:
    if settings.pool_id is not None:
        return None
    longest = settings.pool_id_prefix + "00" * POOL_SUFFIX_BYTES
    verdict = rules.pool_or_provider_id(longest)
    if verdict is None:
        return None
    return Problem(
        key="poolId",
        value=longest,
        rule=f"the id derived from stack {settings.stack!r} is no good: {verdict[0]}",
        mend="Choose a shorter stack name, or a fixed id with: pulumi config set poolId VALUE",
    )
