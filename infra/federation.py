"""What Google trusts: its APIs switched on, the pool, and the AWS provider that admits exactly one role.

It makes no service account key, and no way in but the one role: mapping and condition come from
:class:`infra.trust.TrustChain`. The APIs stay on after a destroy, since other tenants of the project may use them.
"""

from __future__ import annotations

import dataclasses

import pulumi
import pulumi_gcp as gcp
import pulumi_random as random

from infra.settings import POOL_SUFFIX_BYTES
from infra.trust import TrustChain, check_project_number

SERVICES = (
    "iam.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "iamcredentials.googleapis.com",
    "sts.googleapis.com",
    "bigquery.googleapis.com",
)
"""The Google APIs that the chain uses. ``serviceusage.googleapis.com`` must be on already: it can't enable itself."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FederationArgs:
    """What the federation is made from.

    Args:
        trust: The one AWS identity to admit.
        provider_id: Id of the AWS provider in the pool.
        pool_id: Fixed id of the pool; ``None`` adds a random suffix, since a deleted pool's id stays taken for 30 days.
        pool_id_prefix: What an id with a random suffix begins with.
        project_number: The project's number where the settings tell it; compared with the one that Google answers.
        protected: Pool and provider survive a destroy.
    """

    trust: TrustChain
    provider_id: str
    pool_id: str | None
    pool_id_prefix: str
    project_number: str | None
    protected: bool


class Federation(pulumi.ComponentResource):
    """The APIs, the pool and its AWS provider.

    Attributes:
        pool_name: Full resource name of the pool, with the project's number.
        provider_name: Full resource name of the provider.
        audience: The audience of the token exchange.
        principal: The principal set that stands for the function's role, and for nobody else.
        services: The enabled APIs; whatever calls one of them depends on these.
    """

    pool_name: pulumi.Output[str]
    provider_name: pulumi.Output[str]
    audience: pulumi.Output[str]
    principal: pulumi.Output[str]
    services: list[gcp.projects.Service]

    def __init__(
        self,
        name: str,
        args: FederationArgs,
        *,
        google: gcp.Provider,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("keyless:infra:Federation", name, None, opts)
        self.services = [
            gcp.projects.Service(
                f"enable-{service.partition('.')[0]}",
                service=service,
                disable_on_destroy=False,
                opts=pulumi.ResourceOptions(parent=self, provider=google),
            )
            for service in SERVICES
        ]
        child = pulumi.ResourceOptions(parent=self, provider=google, depends_on=self.services, protect=args.protected)
        deletion_policy = "PREVENT" if args.protected else "DELETE"
        pool = gcp.iam.WorkloadIdentityPool(
            "pool",
            workload_identity_pool_id=self._pool_id(args),
            display_name="AWS Lambda readers",
            description="Lets one AWS role read BigQuery without a service account key.",
            deletion_policy=deletion_policy,
            opts=child,
        )
        provider = gcp.iam.WorkloadIdentityPoolProvider(
            "aws-provider",
            workload_identity_pool_id=pool.workload_identity_pool_id,
            workload_identity_pool_provider_id=args.provider_id,
            display_name="AWS account",
            description=f"Admits the role {args.trust.role_name} of this account, and nobody else.",
            aws=gcp.iam.WorkloadIdentityPoolProviderAwsArgs(account_id=args.trust.aws_account_id),
            attribute_mapping=args.trust.attribute_mapping,
            attribute_condition=args.trust.attribute_condition,
            deletion_policy=deletion_policy,
            opts=child,
        )
        self.pool_name = pool.name.apply(lambda pool_name: check_project_number(pool_name, args.project_number))
        self.provider_name = provider.name
        self.audience = provider.name.apply(args.trust.audience)
        self.principal = self.pool_name.apply(args.trust.principal_set)
        self.register_outputs({"audience": self.audience, "principal": self.principal})

    def _pool_id(self, args: FederationArgs) -> pulumi.Input[str]:
        if args.pool_id is not None:
            return args.pool_id
        suffix = random.RandomId("pool-suffix", byte_length=POOL_SUFFIX_BYTES, opts=pulumi.ResourceOptions(parent=self))
        return pulumi.Output.concat(args.pool_id_prefix, suffix.hex)
