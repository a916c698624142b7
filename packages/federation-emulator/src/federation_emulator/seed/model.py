"""The seed's form: projects, pools, providers, accounts, grants and tables, checked as a whole before anything is made.

What can be checked without a server is checked here, and all problems are reported at once. Everything else, such as
the role of a grant, is left to the server's own rules when the seed is applied.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from federation_emulator.core.validation import problems
from federation_emulator.expected import SeedError
from federation_emulator.faults.model import NO_FAULTS, FaultSettings
from federation_emulator.seed.providers import by_rule, key_set_text, oidc_rule
from federation_emulator.services.bigquery.ids import dataset_id_problem, table_id_problem
from federation_emulator.services.iam.rules import check_account_id, check_id
from keyless_bigquery.trust.attributes import condition_problem, mapping_problem
from keyless_bigquery.trust.names import PROJECT_ID

CHAIN_SERVICES = (
    "iam.googleapis.com",
    "sts.googleapis.com",
    "iamcredentials.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "bigquery.googleapis.com",
)
"""The APIs that an exchange, an impersonation and a query need; enabled when a seed names none."""

MOST_BYTES = 1024 * 1024
"""Largest seed file."""

_RESOURCE = re.compile(
    r"project|serviceAccounts/(?P<account>[^/]+)|datasets/(?P<dataset>[^/]+)(/tables/(?P<table>[^/]+))?"
)


def _digits(count: int, what: str) -> BeforeValidator:
    def check(value: object) -> object:
        if not isinstance(value, str) or not re.fullmatch(rf"[0-9]{{{count}}}", value):
            raise ValueError(f"{what} is {count} digits in quotes, got {value!r:.40}")
        return value

    return BeforeValidator(check)


def _resource(value: str) -> str:
    if not _RESOURCE.fullmatch(value):
        raise ValueError(
            "a grant is on `project`, `serviceAccounts/ID`, `datasets/DATASET` or `datasets/DATASET/tables/TABLE`, "
            f"got {value!r:.80}"
        )
    return value


AwsAccountId = Annotated[str, _digits(12, "an AWS account")]
ProjectNumber = Annotated[str, _digits(12, "a project's number")]
ProjectId = Annotated[str, Field(pattern=f"^{PROJECT_ID}$")]
RoleName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_+=,.@-]{1,64}$")]
Text = Annotated[str, Field(min_length=1, max_length=4096)]
PoolId = Annotated[str, by_rule(partial(check_id, parameter="workload_identity_pool_id"))]
ProviderId = Annotated[str, by_rule(partial(check_id, parameter="workload_identity_pool_provider_id"))]
ServiceAccountId = Annotated[str, by_rule(check_account_id)]
DatasetId = Annotated[str, by_rule(dataset_id_problem)]
TableId = Annotated[str, by_rule(table_id_problem)]


def _mapping_problem(mapping: dict[str, str]) -> str | None:
    return mapping_problem(mapping) if mapping else None


class _Part(BaseModel):
    """What all parts share: frozen, no unknown keys, no guessing of types, camel case outside."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel, validate_by_name=True)


class Project(_Part):
    """The Google project. Audiences and principals use the number, e-mails and tables the id."""

    id: ProjectId = "local-keyless"
    number: ProjectNumber = "123456789012"


class Aws(_Part):
    """The AWS account, and the roles that exist in it from the start."""

    account: AwsAccountId = "210987654321"
    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+){1,2}-[0-9]$")] = "us-east-1"
    roles: Annotated[list[RoleName], Field(max_length=100)] = []


class Provider(_Part):
    """A provider: for OIDC with an issuer, else for AWS.

    An AWS one without an account accepts the seed's own; without a mapping Google's default counts.
    """

    account: AwsAccountId | None = None
    issuer: Annotated[str, oidc_rule("issuerUri")] = ""
    allowed_audiences: Annotated[list[str], oidc_rule("allowedAudiences")] = []
    jwks: Annotated[str, oidc_rule("jwksJson"), BeforeValidator(key_set_text)] = ""
    mapping: Annotated[dict[str, Text], by_rule(_mapping_problem)] = {}
    condition: Annotated[str, by_rule(condition_problem)] = ""
    display_name: str = ""
    disabled: bool = False

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Provider:
        if self.oidc and not self.issuer:
            raise ValueError("allowedAudiences and jwks belong to an issuer; add it")
        if self.issuer and self.account is not None:
            raise ValueError("a provider has an account, for AWS, or an issuer, for OIDC; leave one out")
        if self.issuer and "google.subject" not in self.mapping:
            raise ValueError("a provider with an issuer needs a mapping with google.subject in it")
        return self

    @property
    def oidc(self) -> dict[str, Any]:
        """The provider's OIDC configuration, as the API takes it; empty for AWS."""
        given = {"issuerUri": self.issuer, "allowedAudiences": self.allowed_audiences, "jwksJson": self.jwks}
        return {name: value for name, value in given.items() if value}


class Pool(_Part):
    """A workload identity pool and its providers, by id."""

    providers: dict[ProviderId, Provider] = {}
    display_name: str = ""
    disabled: bool = False


class Condition(_Part):
    """The condition of a grant, as IAM has it."""

    title: Text
    expression: Text
    description: str = ""


class Grant(_Part):
    """One role for some members on one resource."""

    resource: Annotated[str, AfterValidator(_resource)]
    role: Text
    members: Annotated[list[Text], Field(min_length=1)]
    condition: Condition | None = None


class Table(_Part):
    """A table: its columns in order, by name, and its first rows."""

    columns: Annotated[dict[str, Text], Field(min_length=1)]
    rows: list[dict[str, Any]] = []

    @model_validator(mode="after")
    def _rows_fit(self) -> Table:
        unknown = sorted({str(name) for row in self.rows for name in row} - set(self.columns))
        if unknown:
            raise ValueError(f"rows name columns that the table has not: {', '.join(unknown)}")
        return self


class Dataset(_Part):
    """A dataset and its tables, by id."""

    location: str = "US"
    tables: dict[TableId, Table] = {}


class Seed(_Part):
    """All of it."""

    project: Project = Project()
    aws: Aws = Aws()
    services: Annotated[list[Text], Field(max_length=100)] = list(CHAIN_SERVICES)
    pools: dict[PoolId, Pool] = {}
    service_accounts: list[ServiceAccountId] = []
    datasets: dict[DatasetId, Dataset] = {}
    grants: list[Grant] = []
    faults: FaultSettings = NO_FAULTS

    @model_validator(mode="after")
    def _grants_are_on_what_is_here(self) -> Seed:
        missing = [
            f"grants[{place}].resource: the seed has no {grant.resource}"
            for place, grant in enumerate(self.grants)
            if not self._has(*target(grant.resource))
        ]
        if missing:
            raise ValueError("\n".join(missing))
        return self

    def _has(self, kind: str, names: Mapping[str, str]) -> bool:
        if kind == "account":
            return names["account"] in self.service_accounts
        dataset = self.datasets.get(names.get("dataset", ""))
        return kind == "project" or (dataset is not None and names.get("table", "") in {"", *dataset.tables})


def target(resource: str) -> tuple[Literal["project", "account", "dataset", "table"], dict[str, str]]:
    """Split the resource of a grant into its kind and the ids in it."""
    found = _RESOURCE.fullmatch(resource)
    if found is None:
        raise ValueError(f"{resource!r} was not checked")
    names = {name: value for name, value in found.groupdict().items() if value is not None}
    if "table" in names:
        return "table", names
    if "dataset" in names:
        return "dataset", names
    return ("account", names) if "account" in names else ("project", names)


class _Loader(yaml.SafeLoader):
    """YAML's safe loader, which takes no key twice: the second one would silently replace the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Read a mapping.

        Raises:
            ConstructorError: A key comes twice.
        """
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r:.60} comes twice", node.start_mark)
        return super().construct_mapping(node, deep=deep)


def read_seed(path: Path) -> Seed:
    """Read a seed file.

    Raises:
        SeedError: It can't be read, is larger than :data:`MOST_BYTES`, is no YAML, or has problems; all are named.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SeedError(f"{path} can't be read: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise SeedError(f"{path} is larger than {MOST_BYTES} bytes; load large tables through the BigQuery API")
    try:
        written = yaml.load(content.decode(), Loader=_Loader)  # noqa: S506  (a safe loader)
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise SeedError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    return seed_from({} if written is None else written, name=str(path), folder=path.parent)


def seed_from(written: object, *, name: str = "the seed", folder: Path = Path()) -> Seed:
    """Check a seed that was written as plain values.

    Args:
        written: The mapping of a YAML file, or a dictionary of the same form.
        name: What to call it in the message.
        folder: Where the files are that it names.

    Raises:
        SeedError: It has problems; all are named.
    """
    if not isinstance(written, Mapping):
        raise SeedError(f"{name} must be a mapping with keys such as pools and grants, got {written!r:.40}")
    try:
        return Seed.model_validate(dict(written), context=folder)
    except ValidationError as error:
        found = [line for problem in problems(error) for line in problem.splitlines()]
        count = "a problem" if len(found) == 1 else f"{len(found)} problems"
        raise SeedError("\n".join([f"{name} has {count}:", *(f"  {line}" for line in found)])) from error
