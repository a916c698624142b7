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
from keyless_bigquery.settings.settings import POOL_SUFFIX_BYTES, Settings
from keyless_bigquery.trust.subject_tokens import AwsOidc
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

    def principal(self, trust: TrustChain) -> pulumi.Output[str]:
        """The principal set that stands for one reader's role: every session of that role, and of no other."""
        return self.pool_name.apply(trust.principal_set)


class Federation(pulumi.ComponentResource):
    """The pool and its provider."""

    pool: TrustedPool

    def __init__(
        self,
        name: str,
        settings: Settings,
        *,
        google: gcp.Provider,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("keyless:infra:Federation", name, None, opts)
        suffix = children.suffix(name, "federation")
        child = children.options(self, google, protect=settings.deletion_protection)
        deletion_policy = "PREVENT" if settings.deletion_protection else "DELETE"
        trusts = [reader.trust for reader in settings.readers]
        pool = gcp.iam.WorkloadIdentityPool(
            f"pool{suffix}",
            project=settings.pool_project,
            workload_identity_pool_id=self._pool_id(settings, suffix),
            display_name="AWS Lambda readers",
            description="Lets AWS roles, each named, read BigQuery without a service account key.",
            deletion_policy=deletion_policy,
            opts=child,
        )
        provider = gcp.iam.WorkloadIdentityPoolProvider(
            f"aws-provider{suffix}",
            project=settings.pool_project,
            workload_identity_pool_id=pool.workload_identity_pool_id,
            workload_identity_pool_provider_id=settings.own_provider_id,
            display_name="AWS account",
            description=_admitted(trusts),
            attribute_mapping=attribute_mapping(trusts[0].subject_token),
            attribute_condition=attribute_condition(trusts),
            deletion_policy=deletion_policy,
            opts=child,
            **kind_of_provider(trusts[0]),
        )
        self.pool = TrustedPool(
            pool_name=pool.name.apply(
                lambda pool_name: check_project_number(pool_name, settings.google_project_number)
            ),
            provider_name=provider.name,
            audience=provider.name.apply(audience),
        )
        self.register_outputs({"audience": self.pool.audience})

    def _pool_id(self, settings: Settings, suffix: str) -> pulumi.Input[str]:
        if settings.pool_id is not None:
            return settings.pool_id
        # In a project where a pool of this stack was before, its id is taken. A trigger and no keeper, since a suffix
        # that was made without one stays as it is.
        opts = pulumi.ResourceOptions(parent=self, replacement_trigger=settings.pool_project)
        ending = random.RandomId(f"pool-suffix{suffix}", byte_length=POOL_SUFFIX_BYTES, opts=opts)
        return pulumi.Output.concat(settings.pool_id_prefix, ending.hex)


def kind_of_provider(trust: TrustChain) -> dict[str, Any]:
    """The argument of a provider that says whose word it takes."""
    token = trust.subject_token
    if isinstance(token, AwsOidc):
        # No audience: then the provider's own name is the only one.
        return {"oidc": gcp.iam.WorkloadIdentityPoolProviderOidcArgs(issuer_uri=token.issuer)}
    return {"aws": gcp.iam.WorkloadIdentityPoolProviderAwsArgs(account_id=trust.aws_account_id)}


def _admitted(trusts: Sequence[TrustChain]) -> str:
    if len(trusts) == 1:
        return f"Admits the role {trusts[0].role_name} of this account, and nobody else."
    return f"Admits the roles of {len(trusts)} readers in this account, each by name, and nobody else."
