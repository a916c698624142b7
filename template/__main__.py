"""AWS Lambda reads BigQuery without a service account key: one stack, both clouds."""

import pulumi

from keyless_bigquery.components import outputs
from keyless_bigquery.components.clouds import Clouds
from keyless_bigquery.components.keyless_readers import KeylessReaders, KeylessReadersArgs
from keyless_bigquery.components.program import build_package, running, trusted_pool
from keyless_bigquery.components.services import Services
from keyless_bigquery.settings.reader_settings import ONLY_READER

with running() as settings:
    archive = build_package(settings)

    clouds = Clouds("clouds", settings)

    services = Services("services", settings, google=clouds.google)

    pool = trusted_pool(settings, google=clouds.google, opts=services.callers)

    readers = KeylessReaders(
        "readers",
        KeylessReadersArgs(settings=settings, archive=archive, pool=pool),
        google=clouds.google,
        aws_provider=clouds.aws,
        opts=services.callers,
    )

    pulumi.export(outputs.POOL_NAME, pool.pool_name)
    pulumi.export(outputs.PROVIDER_NAME, pool.provider_name)
    pulumi.export(outputs.AUDIENCE, pool.audience)
    pulumi.export(outputs.READERS, readers.outputs)
    for name, value in readers.outputs.get(ONLY_READER, {}).items():
        pulumi.export(name, value)
