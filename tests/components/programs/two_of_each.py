"""A program with two of each component, for two sets of readers."""

import pulumi

from keyless_bigquery.components import whole
from keyless_bigquery.components.children import Names
from keyless_bigquery.components.clouds import Clouds
from keyless_bigquery.components.program import build_package, configured, running
from keyless_bigquery.settings.settings import Settings

with running() as settings:
    archive = build_package(settings)
    for names, chosen in ((Names(), settings), (Names(suffix="-eu"), Settings.read(configured(), stack="eu"))):
        clouds = Clouds(chosen, names)
        made = whole.make(chosen, archive=archive, google=clouds.google, aws_provider=clouds.aws, names=names)
        pulumi.export(names("readers"), made.readers.outputs)
