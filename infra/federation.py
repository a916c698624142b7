"""What Google trusts: the pool, and the AWS provider that admits exactly the readers' roles.

It makes no service account key, and no way in but those roles: mapping and condition come from :mod:`infra.trust`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp
import pulumi_random as random

from infra import children
from infra.pool import TrustedPool
from infra.settings import POOL_SUFFIX_BYTES
from infra.trust import TrustChain, attribute_condition, attribute_mapping, audience, check_project_number


@dataclasses.dataclass(frozen=True, kw_only=True)
class FederationArgs:
    """What the federation is made from.

    Args:
        project: Id of the project that holds the pool.
        project_number: Its number where the settings tell it; compared with the one that Google answers.
        trusts: The AWS identities to admit, of one account.
        provider_id: Id of the AWS provider in the pool.
        pool_id: Fixed id of the pool; ``None`` adds a random suffix, since a deleted pool's id stays taken for 30 days.
        pool_id_prefix: What an id with a random suffix begins with.
        protected: Pool and provider survive a destroy.
    """

    project: str
    project_number: str | None
    trusts: Sequence[TrustChain]
    provider_id: str
    pool_id: str | None
    pool_id_prefix: str
    protected: bool


class Federation(pulumi.ComponentResource):
    """The pool and its AWS provider.

    Attributes:
        pool: What the readers need to know of the two.
    """

    pool: TrustedPool

    def __init__(
        self,
        name: str,
        args: FederationArgs,
        *,
        google: gcp.Provider,
        services: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("keyless:infra:Federation", name, None, opts)
        child = children.options(self, google, depends_on=services, protect=args.protected)
        deletion_policy = "PREVENT" if args.protected else "DELETE"
        pool = gcp.iam.WorkloadIdentityPool(
            "pool",
            project=args.project,
            workload_identity_pool_id=self._pool_id(args),
            display_name="AWS Lambda readers",
            description="Lets AWS roles, each named, read BigQuery without a service account key.",
            deletion_policy=deletion_policy,
            opts=child,
        )
        provider = gcp.iam.WorkloadIdentityPoolProvider(
            "aws-provider",
            project=args.project,
            workload_identity_pool_id=pool.workload_identity_pool_id,
            workload_identity_pool_provider_id=args.provider_id,
            display_name="AWS account",
            description=_admitted(args.trusts),
            aws=gcp.iam.WorkloadIdentityPoolProviderAwsArgs(account_id=args.trusts[0].aws_account_id),
            attribute_mapping=attribute_mapping(),
            attribute_condition=attribute_condition(args.trusts),
            deletion_policy=deletion_policy,
            opts=child,
        )
        self.pool = TrustedPool(
            pool_name=pool.name.apply(lambda pool_name: check_project_number(pool_name, args.project_number)),
            provider_name=provider.name,
            audience=provider.name.apply(audience),
        )
        self.register_outputs({"audience": self.pool.audience})

    def _pool_id(self, args: FederationArgs) -> pulumi.Input[str]:
        if args.pool_id is not None:
            return args.pool_id
        # In a project where a pool of this stack was before, its id is taken. A trigger and no keeper, since a suffix
        # that was made without one stays as it is.
        opts = pulumi.ResourceOptions(parent=self, replacement_trigger=args.project)
        suffix = random.RandomId("pool-suffix", byte_length=POOL_SUFFIX_BYTES, opts=opts)
        return pulumi.Output.concat(args.pool_id_prefix, suffix.hex)


def _admitted(trusts: Sequence[TrustChain]) -> str:
    if len(trusts) == 1:
        return f"Admits the role {trusts[0].role_name} of this account, and nobody else."
    return f"Admits the roles of {len(trusts)} readers in this account, each by name, and nobody else."
