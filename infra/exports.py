"""The values of the stack's outputs, under the names that :mod:`infra.outputs` gives them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi

from infra import outputs
from infra.pool import TrustedPool
from infra.reader import Reader
from infra.reader_access import ReaderAccess
from infra.reader_settings import ONLY_READER, ReaderSettings


def of_reader(
    settings: ReaderSettings, pool: TrustedPool, access: ReaderAccess, table: pulumi.Output[str], reader: Reader
) -> dict[str, pulumi.Output[Any]]:
    """The outputs of one reader."""
    found = {
        outputs.FUNCTION_NAME: reader.function_name,
        outputs.ROLE_ARN: reader.role_arn,
        outputs.LOG_GROUP: reader.log_group_name,
        outputs.PRINCIPAL: pool.principal(settings.trust),
        outputs.TABLE: table,
        outputs.TABLES: table.apply(lambda first: [first, *settings.tables]),
        outputs.CREDENTIAL_CONFIGURATION: reader.credential_configuration,
    }
    return found if access.email is None else {**found, outputs.SERVICE_ACCOUNT: access.email}


def of_stack(
    pool: TrustedPool, readers: Mapping[str, Mapping[str, pulumi.Output[Any]]]
) -> Iterator[tuple[str, pulumi.Input[object]]]:
    """Every output of the stack, by name."""
    yield outputs.POOL_NAME, pool.pool_name
    yield outputs.PROVIDER_NAME, pool.provider_name
    yield outputs.AUDIENCE, pool.audience
    yield outputs.READERS, {label: dict(found) for label, found in readers.items()}
    yield from readers.get(ONLY_READER, {}).items()
