"""The strings on which the federation stands, each made in exactly one place.

Google admits the function only if four things agree: the provider's attribute mapping, its attribute condition,
the principal in the binding, and the audience in the function's credential configuration. They are written in four
different resources, and IAM accepts any disagreement without complaint. Here all four are made of the same values, so
they can't disagree. Nothing in this module imports Pulumi.

What it refuses: a whole pool (``/*``), an account-wide attribute, a role prefix, a partition other than ``aws``.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Sequence

from keyless_bigquery.trust.names import POOL_NAME, PROVIDER_NAME, ROLE_ATTRIBUTE, SERVICE_PLACEHOLDER
from keyless_bigquery.trust.subject_tokens import AwsSignature, SubjectToken

CREDENTIAL_CONFIGURATION_FILE = "credential-configuration.json"
"""Name of the credential configuration at the root of the function's package."""


class TrustError(ValueError):
    """A value from which no safe trust can be built. The message names the value, the rule and the fix."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class GoogleEndpoints:
    """Where the function finds Google's APIs.

    Args:
        universe_domain: Google's own is ``googleapis.com``; a sovereign cloud has another.
        base_url: Base URL that serves every Google API, without a trailing slash; ``{service}`` in it stands for the
            API's short name, as in the hosts of Private Service Connect. ``None``: Google's public hosts.
    """

    universe_domain: str = "googleapis.com"
    base_url: str | None = None

    def url(self, service: str, path: str) -> str:
        """The address of a service's method, such as ``sts`` and ``/v1/token``."""
        base = self.base_url or f"https://{SERVICE_PLACEHOLDER}.{self.universe_domain}"
        return base.replace(SERVICE_PLACEHOLDER, service) + path


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrustChain:
    """Which AWS identity Google trusts, and every string that follows from it.

    Args:
        aws_account_id: The 12 digits of the account that holds the role.
        role_name: Name of the function's execution role, case as in IAM, without its path: the path is not part of
            an assumed role's ARN.
        function_name: Name of the function. Lambda uses it as the session name.
        endpoints: Where the function finds Google's APIs.
        subject_token: By what the role shows Google who it is.
    """

    aws_account_id: str
    role_name: str
    function_name: str
    endpoints: GoogleEndpoints = dataclasses.field(default_factory=GoogleEndpoints)
    subject_token: SubjectToken = dataclasses.field(default_factory=AwsSignature)

    @property
    def role_arn(self) -> str:
        """The role's ARN without a session name: the value of the role attribute and of the binding."""
        return f"{self.subject_token.family(self.aws_account_id)}{self.role_name}"

    @property
    def caller_arn(self) -> str:
        """What AWS says of the function: the value of ``google.subject``."""
        return self.subject_token.caller_arn(self.role_arn, self.function_name)

    def function_arn(self, region: str) -> str:
        """The function's own ARN."""
        return f"arn:aws:lambda:{region}:{self.aws_account_id}:function:{self.function_name}"

    def principal_set(self, pool_name: str) -> str:
        """The member of the service account's binding.

        Raises:
            TrustError: ``pool_name`` is not such a name; a binding built from it would never match.
        """
        _match(POOL_NAME, pool_name, "pool")
        return f"principalSet://iam.googleapis.com/{pool_name}/attribute.{ROLE_ATTRIBUTE}/{self.role_arn}"

    def credential_configuration(self, *, provider_name: str, service_account_email: str | None) -> str:
        """The file that google-auth reads, holding no secret.

        For a signed request byte for byte what ``gcloud iam workload-identity-pools create-cred-config --aws`` writes,
        with ``--service-account=…`` or without; it ends without a line break. For a signed token it has no
        ``credential_source``, so that only a program with a supplier of its own can use it.

        Args:
            provider_name: The provider's full resource name, with the project's *number*.
            service_account_email: The account to impersonate; ``None`` for direct access.

        Raises:
            TrustError: As :func:`audience`.
        """
        configuration: dict[str, object] = {
            "universe_domain": self.endpoints.universe_domain,
            "type": "external_account",
            "audience": audience(provider_name),
            "subject_token_type": self.subject_token.token_type,
            "token_url": self.endpoints.url("sts", "/v1/token"),
        }
        if source := self.subject_token.credential_source:
            configuration["credential_source"] = source
        if service_account_email is None:
            configuration["token_info_url"] = self.endpoints.url("sts", "/v1/introspect")
        else:
            configuration["service_account_impersonation_url"] = self.endpoints.url(
                "iamcredentials", f"/v1/projects/-/serviceAccounts/{service_account_email}:generateAccessToken"
            )
        return json.dumps(configuration, indent=2)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ProviderName:
    """A provider's full resource name, taken apart."""

    project_number: str
    pool_id: str
    provider_id: str

    @classmethod
    def parse(cls, name: str) -> ProviderName:
        """The parts of a full resource name.

        Raises:
            TrustError: As :func:`audience`.
        """
        return cls(**_match(PROVIDER_NAME, name, "provider"))

    @property
    def pool_name(self) -> str:
        """The pool's full resource name."""
        return f"projects/{self.project_number}/locations/global/workloadIdentityPools/{self.pool_id}"


def audience(provider_name: str) -> str:
    """The audience of the token exchange.

    Raises:
        TrustError: ``provider_name`` is not such a name; Google STS would answer ``invalid_target``.
    """
    _match(PROVIDER_NAME, provider_name, "provider")
    return f"//iam.googleapis.com/{provider_name}"


def attribute_mapping(subject_token: SubjectToken | None = None) -> dict[str, str]:
    """The provider's attribute mapping; by default for a signed request."""
    return dict((subject_token or AwsSignature()).mapping)


def attribute_condition(chains: Sequence[TrustChain]) -> str:
    """The provider's condition: one account, and exactly the roles of the readers.

    Args:
        chains: At least one, all of the same account and with the same kind of subject token.

    Raises:
        TrustError: There is none, or two accounts are among them: a provider is of one account.
    """
    accounts = {chain.aws_account_id for chain in chains}
    if len(accounts) != 1:
        raise TrustError(
            f"The roles are of the accounts {sorted(accounts)}: a provider admits the roles of exactly one. Use a pool"
            " and a provider for each account."
        )
    token = chains[0].subject_token
    return token.condition(accounts.pop(), [token.clause(chain.role_arn) for chain in chains])


def check_project_number(pool_name: str, expected: str | None) -> str:
    """``pool_name``, after making sure that it lies in the project whose number the settings name.

    Raises:
        TrustError: The numbers differ.
    """
    found = _match(POOL_NAME, pool_name, "pool")["project_number"]
    if expected is not None and found != expected:
        raise TrustError(
            f"The pool lies in project number {found}, the setting googleProjectNumber says {expected}: the number"
            " and googleProject must be of one project. `gcloud projects describe PROJECT"
            " --format='value(projectNumber)'` prints the number."
        )
    return pool_name


def _match(pattern: str, name: str, kind: str) -> dict[str, str]:
    found = re.fullmatch(pattern, name)
    if found is None:
        raise TrustError(
            f"{name!r} is not a {kind}'s full resource name: it must read projects/NUMBER/locations/global/"
            f"workloadIdentityPools/POOL{'/providers/PROVIDER' if kind == 'provider' else ''}, with the project's"
            " number, not its id. Take it from the resource's `name` output."
        )
    return found.groupdict()
