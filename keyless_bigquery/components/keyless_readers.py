"""Functions that read BigQuery without a key: for each reader what it may do in Google, its table and its function."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pulumi

from keyless_bigquery.components import children, former_names, outputs
from keyless_bigquery.components.federation import TrustedPool
from keyless_bigquery.components.reader import Reader, ReaderArgs
from keyless_bigquery.components.reader_access import ReaderAccess, ReaderAccessArgs
from keyless_bigquery.components.warehouse import Warehouse
from keyless_bigquery.settings.settings import Settings


@dataclasses.dataclass(frozen=True, kw_only=True)
class KeylessReadersArgs:
    """What the readers are made from."""

    settings: Settings
    archive: Path
    pool: TrustedPool


class KeylessReaders(pulumi.ComponentResource):
    """All readers of the settings. In one program each such component has its own name, and settings of its own."""

    readers: dict[str, Reader]

    def __init__(
        self,
        names: children.Names,
        args: KeylessReadersArgs,
        *,
        google: pulumi.ProviderResource | None,
        aws_provider: pulumi.ProviderResource | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        settings = args.settings
        formerly = former_names.known([reader.suffix for reader in settings.readers], names)
        super().__init__(
            "keyless:infra:KeylessReaders", names.group("readers"), None, pulumi.ResourceOptions.merge(opts, formerly)
        )
        inside = pulumi.ResourceOptions(parent=self)
        access = {
            reader.label: ReaderAccess(
                names.of(reader.suffix),
                ReaderAccessArgs(
                    project=settings.google_project,
                    account_id=reader.service_account_id if settings.access == "impersonation" else None,
                    principal=args.pool.principal(reader.trust),
                    protect=settings.deletion_protection,
                ),
                google=google,
                opts=inside,
            )
            for reader in settings.readers
        }
        warehouse = Warehouse(names, settings, access=access, google=google, opts=inside)
        self.readers = {
            reader.label: Reader(
                names.of(reader.suffix),
                ReaderArgs(
                    settings=settings,
                    reader=reader,
                    archive=args.archive,
                    pool=args.pool,
                    access=access[reader.label],
                    table=warehouse.tables[reader.label],
                    ready_after=[*access[reader.label].grants, *warehouse.grants[reader.label]],
                ),
                provider=aws_provider,
                opts=inside,
            )
            for reader in settings.readers
        }
        self.register_outputs({"readers": self.outputs})

    @property
    def outputs(self) -> dict[str, dict[str, pulumi.Output[Any]]]:
        """The outputs of each reader by its label, under the names of ``outputs.OF_READER``."""
        return {
            label: {name: found for name in outputs.OF_READER if (found := getattr(reader, name)) is not None}
            for label, reader in self.readers.items()
        }
