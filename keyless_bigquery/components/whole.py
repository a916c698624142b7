"""Everything that settings describe, in its order: the APIs, the pool, and the readers with their tables."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pulumi

from keyless_bigquery.components import outputs
from keyless_bigquery.components.children import PLAIN, Names
from keyless_bigquery.components.federation import Federation, FederationArgs, TrustedPool
from keyless_bigquery.components.keyless_readers import KeylessReaders, KeylessReadersArgs
from keyless_bigquery.components.services import Services
from keyless_bigquery.settings.reader_settings import ONLY_READER
from keyless_bigquery.settings.settings import Settings


@dataclasses.dataclass(frozen=True, kw_only=True)
class Whole:
    """What was made."""

    pool: TrustedPool
    readers: KeylessReaders

    @property
    def outputs(self) -> dict[str, Any]:
        """A stack's outputs: those of ``outputs.OF_STACK``, and of an only reader those of ``outputs.OF_READER``."""
        found = self.readers.outputs
        return {
            outputs.POOL_NAME: self.pool.pool_name,
            outputs.PROVIDER_NAME: self.pool.provider_name,
            outputs.AUDIENCE: self.pool.audience,
            outputs.READERS: found,
            **found.get(ONLY_READER, {}),
        }


def make(
    settings: Settings,
    *,
    archive: Path,
    google: pulumi.ProviderResource | None,
    aws_provider: pulumi.ProviderResource | None,
    names: Names = PLAIN,
    opts: pulumi.ResourceOptions | None = None,
) -> Whole:
    """Makes it.

    Args:
        settings: What is to be made.
        archive: The function's package.
        google: With what the Google side is made.
        aws_provider: With what the AWS side is made.
        names: Names of the resources.
        opts: Options of each of the components.

    Raises:
        ForeignPoolError: The provider that the settings name can't be used.
    """
    services = Services(names, settings, google=google, opts=opts)
    callers = pulumi.ResourceOptions.merge(opts, services.callers)
    pool = _trusted_pool(names, settings, google=google, opts=callers)
    args = KeylessReadersArgs(settings=settings, archive=archive, pool=pool)
    return Whole(pool=pool, readers=KeylessReaders(names, args, google=google, aws_provider=aws_provider, opts=callers))


def _trusted_pool(
    names: Names, settings: Settings, *, google: pulumi.ProviderResource | None, opts: pulumi.ResourceOptions
) -> TrustedPool:
    """The pool that admits the readers: one of their own, or the one that the settings name."""
    trusts = [reader.trust for reader in settings.readers]
    if settings.provider_name is not None:
        # Only such a program needs what judges another team's provider.
        from keyless_bigquery.components.foreign_pool import foreign_pool

        return foreign_pool(settings.provider_name, trusts, opts=pulumi.InvokeOptions(provider=google))
    args = FederationArgs(
        project=settings.pool_project,
        pool_id=settings.pool_id,
        pool_id_prefix=settings.pool_id_prefix,
        provider_id=settings.own_provider_id,
        subject_token=trusts[0].subject_token,
        trusts=trusts,
        project_number=settings.google_project_number,
        protect=settings.deletion_protection,
    )
    return Federation(names, args, google=google, opts=opts).pool
