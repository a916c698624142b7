"""The settings of an environment's identities: each declared once, all problems reported at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bootstrap.subjects import NAMED, NUMBERED, Repository, deploying
from keyless_bigquery import rules
from keyless_bigquery.rules import Rule, Verdict
from keyless_bigquery.settings import declaration
from keyless_bigquery.settings.declaration import choice, named, optional, optional_or, setting, text
from keyless_bigquery.settings.problems import Values
from keyless_bigquery.settings.reader_settings import slug
from keyless_bigquery.settings.stack import AWS_ACCOUNT, GOOGLE_PROJECT
from keyless_bigquery.trust.names import MOST_SUBJECT_BYTES

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
    """Where the deployed stack's state is, as far as an identity needs a right to it."""

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


_repository: Rule = lambda value: (  # noqa: E731 (a rule like those in keyless_bigquery.rules)
    None
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}", value, re.ASCII)
    else ("it must be OWNER/NAME, as in the repository's address on GitHub", "For example: acme/reports")
)


def _number(where: str) -> Rule:
    def rule(value: str) -> Verdict:
        if re.fullmatch(r"[0-9]{1,19}", value, re.ASCII):
            return None
        return "it must be the number that GitHub gave, not a name", f"`gh api {where}` prints it."

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


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the identities of one environment are made from. Field names are the config keys in snake case.

    Args:
        environment: The deployed stack, GitHub's environment and this stack have one name. Not a setting.
    """

    repository: str = setting(text(_repository), "Must be set. OWNER/NAME of the repository on GitHub.")
    repository_id: str = setting(
        text(_number("repos/OWNER/NAME --jq .id")),
        "Must be set. Its number: `gh api repos/OWNER/NAME --jq .id`. A name can be given up and taken by another"
        " owner, a number can't.",
    )
    owner_id: str = setting(
        text(_number("repos/OWNER/NAME --jq .owner.id")),
        "Must be set. The owner's number: `gh api repos/OWNER/NAME --jq .owner.id`.",
    )
    subjects: str = setting(
        choice(NUMBERED, NAMED),
        "How GitHub writes the repository into a token's subject. numbered: names and numbers, as for every repository"
        " made or renamed since July 2026. named: names only, as for older ones that have not changed over.",
        default=NUMBERED,
    )
    github_provider: str = setting(
        choice("own", "existing"),
        "own makes GitHub's OIDC provider in the AWS account, of which there can be one only; existing uses the one"
        " that is there already, for example from another environment in the same account.",
        default="own",
    )
    google_project: str = setting(GOOGLE_PROJECT, "Must be set. As in the stack that is deployed.")
    pool_project: str = setting(
        optional_or("googleProject", rules.project_id), "As in the stack that is deployed. Empty: googleProject."
    )
    data_project: str = setting(
        optional_or("googleProject", rules.project_id), "As in the stack that is deployed. Empty: googleProject."
    )
    identity_project: str = setting(
        optional_or("googleProject", rules.project_id),
        "Id of the Google project that holds GitHub's own pool. Empty: googleProject. Better another one than"
        " poolProject: who deploys may change every pool there, this one too.",
    )
    aws_account_id: str = setting(AWS_ACCOUNT, "Must be set. As in the stack that is deployed, in quotes.")
    aws_region: str = setting(text(rules.region), "As in the stack that is deployed.", default="us-east-1")
    name_prefix: str = setting(
        named(lambda values: f"keyless-bigquery-{slug(values.stack)}", _prefix),
        "What the names of the deployed roles and functions are, or begin with before a hyphen. Empty gives"
        " keyless-bigquery-STACK, as the deployed stack does.",
    )
    backend_url: str = setting(
        text(_backend_url),
        "Must be set. Where the deployed stack's state is: s3://BUCKET, gs://BUCKET or https://api.pulumi.com.",
    )
    secrets_key: str | None = setting(
        optional(_secrets_key),
        "Key of the stack's secrets provider: ARN of a KMS key, or projects/P/locations/L/keyRings/R/cryptoKeys/K."
        " Empty: the backend's own secrets provider.",
    )
    environment_kms_key_arn: str | None = setting(
        optional(rules.kms_key_arn),
        "As in the stack that is deployed: who configures a function that has a key must be allowed to use it. Empty:"
        " none.",
    )
    environment: str

    @classmethod
    def read(cls, given: Mapping[str, str], *, stack: str) -> Settings:
        """The settings of a stack.

        Raises:
            SettingsError: With every problem found, not only the first.
        """
        values = Values(given, stack=stack)
        values.refuse_unknown(KEYS)
        settings = cls(environment=stack, **declaration.read(cls, values))
        longest = len(deploying(settings.github, stack).encode())
        if longest > MOST_SUBJECT_BYTES:
            rule = f"a token's subject would be {longest} bytes long, and Google STS takes at most {MOST_SUBJECT_BYTES}"
            values.add("repository", settings.repository, rule, "Give repository or environment a shorter name.")
        verdict = rules.pool_or_provider_id(settings.pool_id)
        if verdict is not None:
            values.add(
                "environment", settings.pool_id, f"the pool's id is invalid: {verdict[0]}", "Choose another stack name."
            )
        values.raise_problems(KEYS)
        return settings

    @property
    def github(self) -> Repository:
        """The repository whose workflows these identities are for."""
        owner, _, name = self.repository.partition("/")
        return Repository(
            owner=owner,
            name=name,
            repository_id=self.repository_id,
            owner_id=self.owner_id,
            subjects=self.subjects,
        )

    @property
    def own_github_provider(self) -> bool:
        """Whether GitHub's OIDC provider in the AWS account is made here."""
        return self.github_provider == "own"

    @property
    def state(self) -> State:
        """Where the deployed stack's state is."""
        return State.of(self.backend_url, self.secrets_key)

    @property
    def pool_id(self) -> str:
        """Id of GitHub's pool: its own for each environment, so that two don't share a condition."""
        return f"github-{slug(self.environment)}"


DECLARED = declaration.declared(Settings)
"""Every setting, in the order of ``bootstrap/Pulumi.yaml``."""

KEYS = tuple(one.key for one in DECLARED)
"""Every config key, in the same order."""
