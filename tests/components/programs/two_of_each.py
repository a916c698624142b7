"""A program with two of each component, for two sets of readers."""

import pulumi

from keyless_bigquery.components.clouds import Clouds
from keyless_bigquery.components.federation import Federation
from keyless_bigquery.components.keyless_readers import KeylessReaders, KeylessReadersArgs
from keyless_bigquery.components.program import build_package, configured, running
from keyless_bigquery.components.services import Services
from keyless_bigquery.settings.settings import Settings

with running() as settings:
    archive = build_package(settings)
    for suffix, chosen in (("", settings), ("-eu", Settings.read(configured(), stack="eu"))):
        clouds = Clouds(f"clouds{suffix}", chosen)
        services = Services(f"services{suffix}", chosen, google=clouds.google)
        federation = Federation(f"federation{suffix}", chosen, google=clouds.google, opts=services.callers)
        readers = KeylessReaders(
            f"readers{suffix}",
            KeylessReadersArgs(settings=chosen, archive=archive, pool=federation.pool),
            google=clouds.google,
            aws_provider=clouds.aws,
            opts=services.callers,
        )
        pulumi.export(f"readers{suffix}", readers.outputs)
