"""A program of a user's own: the credential configuration as a layer, for a function that exists."""

import pulumi

from keyless_bigquery.components.clouds import Clouds
from keyless_bigquery.components.credential_layer import CredentialLayer
from keyless_bigquery.components.program import running

with running() as settings:
    clouds = Clouds(settings)
    layer = CredentialLayer(
        "orders",
        {"credential_configuration": '{"type": "external_account"}'},
        pulumi.ResourceOptions(providers=[clouds.aws]),
    )
    pulumi.export("arn", layer.arn)
    pulumi.export("environment", layer.environment)
