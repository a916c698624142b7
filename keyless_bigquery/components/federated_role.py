"""Keyless BigQuery for a role that exists: what Google has to trust and to grant, for one AWS role and no other.

No ``from __future__ import annotations``: Pulumi infers the schema for other languages from the annotations themselves.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NotRequired, TypedDict

import pulumi
import pulumi_gcp as gcp
import pulumi_random as random

from keyless_bigquery import rules
from keyless_bigquery.components import listed_tables
from keyless_bigquery.components.foreign_pool import foreign_pool
from keyless_bigquery.trust.role_arn import trust_of_role
from keyless_bigquery.trust.trust import (
    GoogleEndpoints,
    ProviderName,
    TrustChain,
    TrustError,
    attribute_condition,
    attribute_mapping,
    audience,
)

IMPERSONATION, DIRECT = "impersonation", "direct"
_SUFFIX_BYTES = 2
_LONGEST_PREFIX = 27
"""What a pool's id of 32 leaves for the name in front of a hyphen and four digits."""

_LONGEST_ACCOUNT, _SHORTEST_ID = 30, 6


class FederatedRoleArgs(TypedDict):
    """What a federated role is made from."""

    role_arn: pulumi.Input[str]
    """ARN of the IAM role that is to read. It is never changed."""
    google_project: str
    """Id of the Google project that pays for the queries, and holds pool and service account."""
    tables: Sequence[str]
    """What the role may read: `project.dataset.table`, views too, or `project.dataset` for all in a dataset."""
    function_name: NotRequired[str]
    """Name of the Lambda function, so that its length together with the role's is checked."""
    access: NotRequired[str]
    """`impersonation` of a service account of its own, the default, or `direct` grants to the role's principal."""
    provider_name: NotRequired[str]
    """Full resource name of a provider that exists and admits the role, in place of a pool of its own. It is never
    changed, and refused where it would admit another caller in the role's name. Needs a `roleArn` that is known."""
    pool_id: NotRequired[str]
    """Id of the pool that is made. By default the component's name and four random digits: a deleted pool's id stays
    taken for 30 days."""
    service_account_id: NotRequired[str]
    """Id of the service account that is made. By default the component's name."""
    google_endpoint: NotRequired[str | None]
    """Base URL that serves every Google API, where it is not Google's public hosts; `{service}` in it stands for the
    API's short name."""
    google_universe_domain: NotRequired[str]
    """Google's own, `googleapis.com`, by default; a sovereign cloud has another."""


class FederatedRole(pulumi.ComponentResource):
    """Lets one AWS role that exists read BigQuery tables without a service account key.

    It makes a pool with a provider that admits exactly this role, a service account that only this role may
    impersonate, the right to start query jobs, and one read grant for each table. The function that runs as the role
    needs the credential configuration: as a layer, or in its package.
    """

    credential_configuration: pulumi.Output[str]
    """The file that Google's client libraries read, as JSON. It holds no secret."""
    audience: pulumi.Output[str]
    """The audience of the token exchange."""
    principal: pulumi.Output[str]
    """The principal set that stands for the role: every session of it, and of no other."""
    provider_name: pulumi.Output[str]
    """Full resource name of the provider."""
    service_account: pulumi.Output[str | None]
    """E-mail address of the service account; none with direct access."""

    def __init__(self, name: str, args: FederatedRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Registers the resources.

        Args:
            name: Its name, from which those of all its resources begin.
            args: What it is made from.
            opts: As for each component.

        Raises:
            TrustError: An argument can't be used; it names the argument, the value, the rule and the fix.
            keyless_bigquery.components.federation.ForeignPoolError: The provider that exists can't be used.
        """
        check(name, args)
        super().__init__("keyless-bigquery:index:FederatedRole", name, dict(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        trust = pulumi.Output.from_input(args["role_arn"]).apply(lambda arn: _trust(arn, args))
        existing = args.get("provider_name")
        if existing is None:
            self.provider_name = _provider(name, args, trust, child)
        else:
            known = _trust(str(args["role_arn"]), args)
            self.provider_name = foreign_pool(existing, [known], opts=pulumi.InvokeOptions(parent=self)).provider_name
        self.audience = self.provider_name.apply(audience)
        self.principal = pulumi.Output.all(trust, self.provider_name).apply(
            lambda known: known[0].principal_set(ProviderName.parse(known[1]).pool_name)
        )
        reader = _reader(name, args, self.principal, child)
        _grant(name, args, reader, child)
        self.service_account = pulumi.Output.from_input(reader.email)
        self.credential_configuration = pulumi.Output.all(trust, self.provider_name, reader.email).apply(
            lambda known: known[0].credential_configuration(provider_name=known[1], service_account_email=known[2])
        )
        self.register_outputs(
            {
                "credentialConfiguration": self.credential_configuration,
                "audience": self.audience,
                "principal": self.principal,
                "providerName": self.provider_name,
                "serviceAccount": self.service_account,
            }
        )


@dataclass(frozen=True, kw_only=True)
class _Reader:
    """Who reads: an account's e-mail address, if there is one, and the member of a policy."""

    email: pulumi.Output[str] | None
    member: pulumi.Output[str]


def _provider(
    name: str, args: FederatedRoleArgs, trust: pulumi.Output[TrustChain], child: pulumi.ResourceOptions
) -> pulumi.Output[str]:
    """The pool and the provider that admits the role; the provider's full resource name."""
    pool_id: pulumi.Input[str] | None = args.get("pool_id")
    if pool_id is None:
        suffix = random.RandomId(f"{name}-pool-suffix", byte_length=_SUFFIX_BYTES, opts=child)
        pool_id = pulumi.Output.concat(_slug(name, _LONGEST_PREFIX), "-", suffix.hex)
    pool = gcp.iam.WorkloadIdentityPool(
        f"{name}-pool",
        project=args["google_project"],
        workload_identity_pool_id=pool_id,
        display_name="AWS role",
        description="Lets one AWS role read BigQuery without a service account key.",
        opts=child,
    )
    provider = gcp.iam.WorkloadIdentityPoolProvider(
        f"{name}-provider",
        project=args["google_project"],
        workload_identity_pool_id=pool.workload_identity_pool_id,
        workload_identity_pool_provider_id="aws-role",
        display_name="AWS account",
        aws=gcp.iam.WorkloadIdentityPoolProviderAwsArgs(account_id=trust.apply(lambda known: known.aws_account_id)),
        attribute_mapping=attribute_mapping(),
        attribute_condition=trust.apply(lambda known: attribute_condition([known])),
        opts=child,
    )
    return provider.name


def _reader(
    name: str, args: FederatedRoleArgs, principal: pulumi.Output[str], child: pulumi.ResourceOptions
) -> _Reader:
    """The service account that the role alone may impersonate; with direct access the role's principal itself."""
    if args.get("access", IMPERSONATION) == DIRECT:
        return _Reader(email=None, member=principal)
    account = gcp.serviceaccount.Account(
        f"{name}-account",
        project=args["google_project"],
        account_id=args.get("service_account_id") or _slug(name, _LONGEST_ACCOUNT),
        display_name="BigQuery reader",
        description="Impersonated by one AWS role. It has no key, and needs none.",
        opts=child,
    )
    gcp.serviceaccount.IAMMember(
        f"{name}-may-impersonate",
        service_account_id=account.name,
        role="roles/iam.workloadIdentityUser",
        member=principal,
        opts=child,
    )
    return _Reader(email=account.email, member=account.member)


def _grant(name: str, args: FederatedRoleArgs, reader: _Reader, child: pulumi.ResourceOptions) -> None:
    """The right to start jobs, and one read grant for each table or dataset."""
    gcp.projects.IAMMember(
        f"{name}-may-start-jobs",
        project=args["google_project"],
        role="roles/bigquery.jobUser",
        member=reader.member,
        opts=child,
    )
    listed_tables.grants(args["tables"], reader, suffix=f"-{name}", opts=child)


def check(name: str, args: FederatedRoleArgs) -> None:
    """Refuses arguments that can't be used, before anything is made; what is not known yet is checked when it is.

    Raises:
        TrustError: It names the argument, the value, the rule and the fix.
    """
    checks: Sequence[tuple[str, object, rules.Rule]] = (
        ("googleProject", args["google_project"], rules.project_id),
        ("providerName", args.get("provider_name"), rules.provider_name),
        ("poolId", args.get("pool_id"), rules.pool_or_provider_id),
        ("serviceAccountId", args.get("service_account_id"), rules.service_account_id),
        ("functionName", args.get("function_name"), rules.function_name),
        ("googleEndpoint", args.get("google_endpoint"), rules.google_endpoint),
        ("googleUniverseDomain", args.get("google_universe_domain"), rules.universe_domain),
        ("access", args.get("access"), rules.one_of((IMPERSONATION, DIRECT))),
        *((f"tables[{place}]", table, rules.table_or_dataset) for place, table in enumerate(args["tables"])),
    )
    for key, value, rule in checks:
        if isinstance(value, str) and (verdict := rule(value)) is not None:
            raise TrustError(f"{name}: {key} is {value[:200]!r}: {verdict[0]}. {verdict[1]}")
    if not args["tables"]:
        raise TrustError(f"{name}: tables is empty: it must name at least one table or dataset")
    if isinstance(arn := args["role_arn"], str):
        _trust(arn, args)
    elif "provider_name" in args:
        raise TrustError(
            f"{name}: roleArn is known only later, and a provider that exists is judged before anything is made: give"
            " the ARN as text, or leave providerName out"
        )


def _trust(arn: str, args: FederatedRoleArgs) -> TrustChain:
    endpoints = GoogleEndpoints(
        base_url=args.get("google_endpoint"),
        universe_domain=args.get("google_universe_domain", GoogleEndpoints.universe_domain),
    )
    return trust_of_role(arn, function_name=args.get("function_name"), endpoints=endpoints)


def _slug(name: str, longest: int) -> str:
    """A component's name as Google takes ids: small letters, digits and hyphens, at least six of them."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    letters = slug if "a" <= slug[:1] <= "z" else f"role-{slug}"
    return (letters if len(letters) >= _SHORTEST_ID else f"{letters}-reader")[:longest].strip("-")
