"""What Google trusts: the pool, and the provider that admits exactly the readers' roles.

It makes no service account key, and no way in but those roles: mapping and condition come from
``keyless_bigquery.trust.trust``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_gcp as gcp
import pulumi_random as random

from keyless_bigquery.components import children
from keyless_bigquery.settings.settings import POOL_SUFFIX_BYTES
from keyless_bigquery.trust.subject_tokens import AwsOidc, AwsSignature, SubjectToken
from keyless_bigquery.trust.trust import (
    TrustChain,
    attribute_condition,
    attribute_mapping,
    audience,
    check_project_number,
)


class ForeignPoolError(ValueError):
    """Another team's provider can't be used, and nothing was created. The message has every reason and its fix."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrustedPool:
    """A pool and a provider in it that admit the readers' roles, and no caller that imitates one."""

    pool_name: pulumi.Output[str]
    provider_name: pulumi.Output[str]
    audience: pulumi.Output[str]

    def principal(self, trust: pulumi.Input[TrustChain]) -> pulumi.Output[str]:
        """The principal set that stands for one reader's role: every session of that role, and of no other."""
        return pulumi.Output.all(trust, self.pool_name).apply(lambda known: known[0].principal_set(known[1]))

    def credential_configuration(
        self, trust: pulumi.Input[TrustChain], email: pulumi.Output[str] | None
    ) -> pulumi.Output[str]:
        """What Google's client libraries read in the function.

        Args:
            trust: The reader's.
            email: Its service account's address; ``None``: it reads under its own principal.
        """
        return pulumi.Output.all(trust, self.provider_name, email).apply(
            lambda known: known[0].credential_configuration(provider_name=known[1], service_account_email=known[2])
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class FederationArgs:
    """What a federation is made from.

    Args:
        project: Id of the project that holds the pool.
        pool_id: The pool's id; ``None``: the prefix and random digits.
        pool_id_prefix: What the id then begins with.
        provider_id: The provider's id.
        trusts: The roles that are admitted, all of one account.
        subject_token: By what these roles show who they are.
        project_number: The project's number, to compare with Google's word; ``None``: that is taken.
        protect: Whether pool and provider survive a destroy.
    """

    project: str
    pool_id: str | None
    pool_id_prefix: str
    provider_id: str
    trusts: pulumi.Input[Sequence[TrustChain]]
    subject_token: SubjectToken = dataclasses.field(default_factory=AwsSignature)
    project_number: str | None = None
    protect: bool = False


class Federation(pulumi.ComponentResource):
    """The pool and its provider."""

    pool: TrustedPool

    def __init__(
        self,
        names: children.Names,
        args: FederationArgs,
        *,
        google: pulumi.ProviderResource | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("keyless:infra:Federation", names.group("federation"), None, opts)
        child = children.options(self, google, protect=args.protect)
        deletion_policy = "PREVENT" if args.protect else "DELETE"
        trusts = pulumi.Output.from_input(args.trusts)
        pool = gcp.iam.WorkloadIdentityPool(
            names("pool"),
            project=args.project,
            workload_identity_pool_id=self._pool_id(names, args),
            display_name="AWS Lambda readers",
            description="Lets AWS roles, each named, read BigQuery without a service account key.",
            deletion_policy=deletion_policy,
            opts=child,
        )
        account_id = trusts.apply(lambda known: known[0].aws_account_id)
        provider = gcp.iam.WorkloadIdentityPoolProvider(
            names("aws-provider"),
            project=args.project,
            workload_identity_pool_id=pool.workload_identity_pool_id,
            workload_identity_pool_provider_id=args.provider_id,
            display_name="AWS account",
            description=trusts.apply(_admitted),
            attribute_mapping=attribute_mapping(args.subject_token),
            attribute_condition=trusts.apply(attribute_condition),
            deletion_policy=deletion_policy,
            opts=child,
            **kind_of_provider(args.subject_token, account_id),
        )
        self.pool = TrustedPool(
            pool_name=pool.name.apply(lambda pool_name: check_project_number(pool_name, args.project_number)),
            provider_name=provider.name,
            audience=provider.name.apply(audience),
        )
        self.register_outputs({"audience": self.pool.audience})

    def _pool_id(self, names: children.Names, args: FederationArgs) -> pulumi.Input[str]:
        if args.pool_id is not None:
            return args.pool_id
        # In a project where a pool of this stack was before, its id is taken: each project has a suffix of its own. No
        # keeper, which would replace a suffix that an earlier version made; and no replacement trigger, with which
        # SDK 3.272 fails wherever a transform answers for the suffix.
        opts = pulumi.ResourceOptions(parent=self, aliases=[pulumi.Alias(name=names("pool-suffix"))])
        ending = random.RandomId(names(f"pool-suffix-{args.project}"), byte_length=POOL_SUFFIX_BYTES, opts=opts)
        return pulumi.Output.concat(args.pool_id_prefix, ending.hex)


def kind_of_provider(token: SubjectToken, account_id: pulumi.Input[str]) -> dict[str, Any]:
    """The argument of a provider that says whose word it takes."""
    if isinstance(token, AwsOidc):
        # No audience: then the provider's own name is the only one.
        return {"oidc": gcp.iam.WorkloadIdentityPoolProviderOidcArgs(issuer_uri=token.issuer)}
    return {"aws": gcp.iam.WorkloadIdentityPoolProviderAwsArgs(account_id=account_id)}


def _admitted(trusts: Sequence[TrustChain]) -> str:
    if len(trusts) == 1:
        return f"Admits the role {trusts[0].role_name} of this account, and nobody else."
    return f"Admits the roles of {len(trusts)} readers in this account, each by name, and nobody else."
