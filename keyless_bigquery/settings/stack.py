"""What a stack may choose, besides what each of its readers may: one declaration for each setting."""

from __future__ import annotations

import dataclasses

from keyless_bigquery import rules
from keyless_bigquery.packaging import Bytecode, Contents, Target
from keyless_bigquery.packaging.target import ARCHITECTURES, RUNTIMES
from keyless_bigquery.settings import reader_settings
from keyless_bigquery.settings.declaration import (
    choice,
    declared,
    member,
    number,
    objects,
    optional,
    optional_or,
    setting,
    switch,
    text,
    texts,
)
from keyless_bigquery.settings.reader_settings import ReaderSettings, slug
from keyless_bigquery.trust.names import MINIMUM_BYTES_BILLED
from keyless_bigquery.trust.subject_tokens import AWS_OIDC, AWS_SIGNATURE

HOST = "host"
"""Value of the function's runtime or architecture that stands for the machine on which Pulumi runs."""

OIDC_SUFFIX = "-oidc"
"""What the id of an own provider ends in where its subject tokens are AWS's."""

LOG_LEVELS = ("DEBUG", "INFO", "WARN")
"""The levels that Lambda takes for its own lines. Source: Lambda API, ``LoggingConfig.SystemLogLevel``."""

# The values that CloudWatch Logs takes. Source: AWS, PutRetentionPolicy.
_LOG_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)

GOOGLE_PROJECT = text(rules.project_id, "`gcloud config get project` prints the current project.")
"""A Google Cloud project that must be named."""

AWS_ACCOUNT = text(rules.account_id, "`aws sts get-caller-identity --query Account --output text` prints it.")
"""An AWS account that must be named."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class StackSettings:
    """Everything that an environment may choose. Field names are the config keys in snake case.

    ``pool_id``, ``google_project_number`` and ``provider_name`` are ``None`` when not set: the pool then gets a random
    suffix, and the number is taken from the pool that Google made. Settings of one reader stand in ``readers``;
    ``stack`` is the stack's name, not a setting.
    """

    google_project: str = setting(
        GOOGLE_PROJECT,
        "Must be set. Id (not number) of the Google Cloud project that pays for queries and holds the service"
        " accounts.",
    )
    google_project_number: str | None = setting(
        optional(rules.project_number),
        "Number of the project that holds the pool. Only compared with the one that Google answers; empty takes"
        " Google's word.",
    )
    pool_project: str = setting(
        optional_or("googleProject", rules.project_id),
        "Id of the project that holds the pool. Empty: googleProject.",
    )
    data_project: str = setting(
        optional_or("googleProject", rules.project_id),
        "Id of the project that holds the dataset. Empty: googleProject.",
    )
    aws_account_id: str = setting(
        AWS_ACCOUNT,
        "Must be set. The 12 digits of the AWS account that the functions run in, in quotes. No other account is"
        " touched.",
    )
    aws_region: str = setting(
        text(rules.region), "AWS region of the functions, in the standard partition.", default="us-east-1"
    )
    access: str = setting(
        choice("impersonation", "direct"),
        "impersonation: each role impersonates a service account, which reads. direct: the role itself is granted what"
        " the account would be, one round trip less and no account.",
        default="impersonation",
    )
    pool: str = setting(
        choice("own", "existing"),
        "own: the stack makes pool and provider. existing: it uses the provider that providerName names, after judging"
        " its mapping and condition, and changes nothing of it.",
        default="own",
    )
    provider_name: str | None = setting(
        optional(rules.provider_name),
        "With pool=existing: full resource name of the provider,"
        " projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER.",
    )
    pool_id: str | None = setting(
        optional(rules.pool_or_provider_id),
        'Fixed id of the workload identity pool, 4 to 32 of a-z, 0-9 and "-". Empty adds a random suffix: Google keeps'
        " a deleted pool's id taken for 30 days.",
    )
    provider_id: str = setting(
        text(rules.pool_or_provider_id),
        'Id of the provider in an own pool, 4 to 32 of a-z, 0-9 and "-". With subjectToken=aws-oidc, -oidc is added.',
        default="aws-lambda",
    )
    subject_token: str = setting(
        choice(AWS_SIGNATURE, AWS_OIDC),
        "aws-signature: the role signs a request that Google sends to AWS. aws-oidc: AWS signs a token that Google"
        " checks; outbound identity federation must be enabled in the account.",
        default=AWS_SIGNATURE,
    )
    aws_token_issuer: str | None = setting(
        optional(rules.token_issuer),
        "With subjectToken=aws-oidc: the account's issuer, https://UUID.tokens.sts.global.api.aws. `aws iam"
        " get-outbound-web-identity-federation-info` prints it.",
    )
    table: str = setting(
        choice("own", "existing"),
        "own: the stack makes dataset and tables. existing: they are another team's; it adds the read grants only.",
        default="own",
    )
    bigquery_location: str = setting(
        text(rules.location),
        "BigQuery location of the dataset. It can't be changed once the dataset holds data.",
        default="US",
    )
    maximum_bytes_billed: int = setting(
        number(MINIMUM_BYTES_BILLED, 2**63 - 1),
        "BigQuery refuses a query that would bill more bytes than this. At least 10485760 (10 MB).",
        default=100 * 1024 * 1024,
    )
    function_runtime: str = setting(
        choice(*RUNTIMES, HOST),
        'Lambda runtime of the functions, or "host" for the Python that runs Pulumi.',
        default="python3.14",
    )
    function_architecture: str = setting(
        choice(*ARCHITECTURES, HOST),
        'arm64 or x86_64, or "host" for the machine that runs Pulumi.',
        default="arm64",
    )
    function_bytecode: Bytecode = setting(
        member(Bytecode),
        "Bytecode in the functions' package, compiled by a Python of functionRuntime's version. whereAvailable: if the"
        " machine that deploys has one. required: refuse to deploy without. none: sources only.",
        default="whereAvailable",
    )
    function_package: Contents = setting(
        member(Contents),
        "What of lambda_src/requirements.txt is in the functions' package. slim: without what a query never uses, of"
        " packages that requirements.in doesn't name. full: all of it.",
        default="slim",
    )
    snap_start: bool = setting(
        switch(),
        "Start functions from a snapshot of the initialised code. Then only the alias is to be invoked, which"
        " function_name names.",
        default=False,
    )
    subnet_ids: tuple[str, ...] = setting(
        texts(rules.subnet_id, 16),
        "Subnets of the network that the functions are in, with a way to Google's APIs. Empty: none.",
        default=[],
    )
    security_group_ids: tuple[str, ...] = setting(
        texts(rules.security_group_id, 5), "Security groups of the functions in that network.", default=[]
    )
    environment_kms_key_arn: str | None = setting(
        optional(rules.kms_key_arn),
        "ARN of the KMS key that encrypts the functions' environment. Empty: AWS's own key.",
    )
    permissions_boundary_arn: str | None = setting(
        optional(rules.policy_arn),
        "ARN of the IAM policy that bounds the functions' roles. Empty: none. A deployer with bootstrap's identity"
        " needs it.",
    )
    log_level: str = setting(
        choice(*LOG_LEVELS),
        "What Lambda logs of itself at least: DEBUG, INFO or WARN. WARN leaves out the lines about start and end. Rows"
        " and errors are the function's own, and stay.",
        default="INFO",
    )
    log_retention_days: int = setting(
        number(1, 3653, allowed=_LOG_RETENTION_DAYS),
        "Days that the functions' logs are kept, one of the values that CloudWatch Logs takes.",
        default=14,
    )
    deletion_protection: bool = setting(
        switch(), "Pool, provider, service accounts, dataset and tables survive pulumi destroy.", default=True
    )
    google_endpoint: str | None = setting(
        optional(rules.google_endpoint),
        "Base URL that serves Google's APIs to the deployer, for a local cloud or Private Service Connect. {service} in"
        " it stands for the API's short name. Empty uses Google's public hosts.",
    )
    function_google_endpoint: str | None = setting(
        optional(rules.google_endpoint),
        "The same for the functions, where they go another way. Empty: googleEndpoint.",
    )
    google_universe_domain: str = setting(
        text(rules.universe_domain),
        "Google's universe, for the deployer and the functions. Only a local or sovereign cloud has another.",
        default="googleapis.com",
    )
    aws_endpoint: str | None = setting(
        optional(rules.endpoint),
        "Base URL that serves every AWS API, for a local cloud. Empty uses AWS's public hosts.",
    )
    readers: tuple[ReaderSettings, ...] = setting(
        objects(lambda values, _: reader_settings.read(values)),
        "Several functions, each with a role, a binding and a table of its own. Each is an object with name"
        f" and any of {', '.join(one.key for one in declared(ReaderSettings))}. Names not given are derived from the"
        " stack's and the reader's. Empty: one reader, by the settings of the stack.",
        default=[],
    )
    stack: str

    @property
    def pool_id_prefix(self) -> str:
        """What a pool id with a random suffix begins with."""
        return f"bq-{slug(self.stack)}-"

    @property
    def own_provider_id(self) -> str:
        """The id of the provider that the stack makes.

        Each kind has its own: one can't become the other, and Google keeps a deleted provider's id taken for 30 days.
        """
        return f"{self.provider_id}{OIDC_SUFFIX}" if self.subject_token == AWS_OIDC else self.provider_id

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
