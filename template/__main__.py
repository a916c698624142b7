"""AWS Lambda reads BigQuery without a service account key: one stack, both clouds."""

import pulumi

from keyless_bigquery.components import whole
from keyless_bigquery.components.clouds import Clouds
from keyless_bigquery.components.program import build_package, running

with running() as settings:
    archive = build_package(settings)

    clouds = Clouds(settings)

    made = whole.make(settings, archive=archive, google=clouds.google, aws_provider=clouds.aws)

    for name, value in made.outputs.items():
        pulumi.export(name, value)
