"""The settings of an environment's identities: read once, checked once, all problems told at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bootstrap.subjects import NAMED, NUMBERED, Repository, deploying
from infra import rules
from infra.problems import SettingsError, Values
from infra.reader_settings import slug
from infra.rules import Rule, Verdict
from infra.trust import SUBJECT_LIMIT_BYTES

KEYS = (
    *("repository", "repositoryId", "ownerId", "subjects", "githubProvider"),
    *("googleProject", "poolProject", "dataProject", "identityProject"),
    *("awsAccountId", "awsRegion", "namePrefix", "backendUrl", "secretsKey"),
    "environmentKmsKeyArn",
)
"""Every config key, as `bootstrap/Pulumi.yaml` declares them."""

LONGEST_ADDITION = len("ci--preview")
"""What a role of CI adds to the prefix in its name."""

_LONGEST_ROLE_NAME = 64
_BUCKET = re.compile(
    r"(?P<cloud>s3|gs)://(?P<bucket>[a-z0-9][a-z0-9._-]{1,61}[a-z0-9])(?:/[\w./-]*)?(?:\?[!-~]*)?", re.ASCII
)
_GOOGLE_KEY = re.compile(
    r"projects/[a-z0-9:.-]+/locations/[a-z0-9-]+/keyRings/[\w-]{1,63}/cryptoKeys/[\w-]{1,63}", re.ASCII
)


@dataclass(frozen=True, kw_only=True)
class State:
    """Where the deployed stack's state is, as far as an identity needs a right to it.

    Args:
        backend_url: what `pulumi login` is given.
        aws_bucket: name of the bucket on S3; None: it is elsewhere.
        google_bucket: name of the bucket on Cloud Storage; None: it is elsewhere.
        aws_key: ARN of the KMS key; None: it is elsewhere, or there is none.
        google_key: full name of the Cloud KMS key; None: likewise.
    """

    backend_url: str
    aws_bucket: str | None
    google_bucket: str | None
    aws_key: str | None
    google_key: str | None

    @classmethod
    def of(cls, backend_url: str, secrets_key: str | None) -> State:
        """The state behind this URL and this key, which have been checked."""
        found = _BUCKET.fullmatch(backend_url)
        cloud, bucket = (found["cloud"], found["bucket"]) if found else ("", None)
        of_aws = secrets_key is not None and secrets_key.startswith("arn:")
        return cls(
            backend_url=backend_url,
            aws_bucket=bucket if cloud == "s3" else None,
            google_bucket=bucket if cloud == "gs" else None,
            aws_key=secrets_key if of_aws else None,
            google_key=None if of_aws else secrets_key,
        )

    @property
    def google_apis(self) -> tuple[str, ...]:
        """Google's APIs through which it is read and written, without their common ending."""
        kept = {"storage": self.google_bucket, "cloudkms": self.google_key}
        return tuple(api for api, name in kept.items() if name is not None)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the identities of one environment are made from. Field names are the config keys in snake case.

    Args:
        environment: the deployed stack, GitHub's environment and this stack have one name.
        own_github_provider: whether GitHub's OIDC provider in the AWS account is made here.
        environment_kms_key_arn: key that encrypts the functions' environment; ``None``: AWS's own.
    """

    environment: str
    repository: Repository
    own_github_provider: bool
    google_project: str
    pool_project: str
    data_project: str
    identity_project: str
    aws_account_id: str
    aws_region: str
    name_prefix: str
    state: State
    environment_kms_key_arn: str | None

    @classmethod
    def read(cls, given: Mapping[str, str], *, stack: str) -> Settings:
        """The settings of a stack.

        Args:
            given: config keys without namespace, and their values as Pulumi hands them out: text.
            stack: the stack's name, which is the environment's.

        Raises:
            SettingsError: with every problem found, not only the first.
        """
        values = Values(given, stack=stack)
        values.refuse_unknown(KEYS)
        owner, _, name = values.text("repository", _repository).partition("/")
        repository = Repository(
            owner=owner,
            name=name,
            repository_id=values.text("repositoryId", _number("repos/OWNER/NAME --jq .id")),
            owner_id=values.text("ownerId", _number("repos/OWNER/NAME --jq .owner.id")),
            subjects=values.choice("subjects", (NUMBERED, NAMED)),
        )
        project = values.text("googleProject", rules.project_id)
        settings = cls(
            environment=stack,
            repository=repository,
            own_github_provider=values.choice("githubProvider", ("own", "existing")) == "own",
            google_project=project,
            pool_project=values.optional("poolProject", rules.project_id) or project,
            data_project=values.optional("dataProject", rules.project_id) or project,
            identity_project=values.optional("identityProject", rules.project_id) or project,
            aws_account_id=values.text("awsAccountId", rules.account_id),
            aws_region=values.text("awsRegion", rules.region),
            name_prefix=values.named("namePrefix", f"keyless-bigquery-{slug(stack)}", _prefix),
            state=State.of(values.text("backendUrl", _backend_url), values.optional("secretsKey", _secrets_key)),
            environment_kms_key_arn=values.optional("environmentKmsKeyArn", rules.kms_key_arn),
        )
        longest = len(deploying(repository, stack).encode())
        if longest > SUBJECT_LIMIT_BYTES:
            rule = (
                f"a token's subject would be {longest} bytes long, and Google STS takes at most {SUBJECT_LIMIT_BYTES}"
            )
            values.add("repository", f"{owner}/{name}", rule, "Give repository or environment a shorter name.")
        verdict = rules.pool_or_provider_id(settings.pool_id)
        if verdict is not None:
            values.add(
                "environment", settings.pool_id, f"the pool's id is no good: {verdict[0]}", "Choose another stack name."
            )
        if values.problems:
            raise SettingsError(values.problems)
        return settings

    @property
    def pool_id(self) -> str:
        """Id of GitHub's pool: its own for each environment, so that two don't share a condition."""
        return f"github-{slug(self.environment)}"


_repository: Rule = lambda value: (  # noqa: E731 (a rule like those in infra.rules)
    None
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}", value, re.ASCII)
    else ("it must be OWNER/NAME, as in the repository's address on GitHub", "For example: acme/reports")
)


def _number(where: str) -> Rule:
    def rule(value: str) -> Verdict:
        if re.fullmatch(r"[0-9]{1,19}", value, re.ASCII):
            return None
        return "it must be the number that GitHub gave, not a name", f"`gh api {where}` tells it."

    return rule


def _prefix(value: str) -> Verdict:
    verdict = rules.role_name(value)
    if verdict is None and len(value) + LONGEST_ADDITION > _LONGEST_ROLE_NAME:
        longest = _LONGEST_ROLE_NAME - LONGEST_ADDITION
        return f"it has {len(value)} characters, and at most {longest} leave room for a role's name", "Shorten it."
    if verdict is None and (value == "ci" or value.startswith("ci-")):
        return "CI's own roles begin with ci-, and what deploys could then change them", "Choose another beginning."
    return verdict


def _backend_url(value: str) -> Verdict:
    if _BUCKET.fullmatch(value) or re.fullmatch(r"https://[\w.-]+(?:/[!-~]*)?", value, re.ASCII):
        return None
    return (
        "it must be s3://BUCKET, gs://BUCKET or an https:// address; a folder is on one machine only",
        "See docs/state.md.",
    )


def _secrets_key(value: str) -> Verdict:
    if _GOOGLE_KEY.fullmatch(value) or rules.kms_key_arn(value) is None:
        return None
    return (
        "it must be the ARN of a KMS key, or projects/P/locations/L/keyRings/R/cryptoKeys/K",
        "`pulumi stack` and the stack's file name the secrets provider; see docs/state.md.",
    )
