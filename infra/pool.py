"""The pool and provider that the readers are admitted by, whoever owns them."""

from __future__ import annotations

import dataclasses

import pulumi

from infra.trust import TrustChain


class ForeignPoolError(ValueError):
    """Another team's provider can't be used, and nothing was created. The message tells every reason and its mend."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrustedPool:
    """A pool and a provider in it that admit the readers' roles, and nobody who could pass for one of them.

    Args:
        pool_name: Full resource name of the pool, with the project's number.
        provider_name: Full resource name of the provider.
        audience: The audience of the token exchange.
    """

    pool_name: pulumi.Output[str]
    provider_name: pulumi.Output[str]
    audience: pulumi.Output[str]

    def principal(self, trust: TrustChain) -> pulumi.Output[str]:
        """The principal set that stands for one reader's role: every session of that role, and of no other."""
        return self.pool_name.apply(trust.principal_set)
