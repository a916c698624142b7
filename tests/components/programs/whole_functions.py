"""A program of a user's own with two whole functions: one as Python has it, one as other languages do."""

import pulumi

from keyless_bigquery.components import outputs
from keyless_bigquery.components.clouds import Clouds
from keyless_bigquery.components.keyless_reader import KeylessReader
from keyless_bigquery.components.program import FUNCTION, configured, running
from keyless_bigquery.settings.declaration import camel_case

_OF_LOCAL_CLOUDS = ("googleEndpoint", "googleUniverseDomain", "functionGoogleEndpoint", "awsEndpoint")

with running() as settings:
    clouds = Clouds(settings)
    opts = pulumi.ResourceOptions(providers=[clouds.google, clouds.aws])
    here = {key: value for key, value in configured().items() if key in _OF_LOCAL_CLOUDS}
    local = {**here, "functionRuntime": "host", "functionArchitecture": "host"}
    own = KeylessReader(
        "orders",
        {
            "google_project": settings.google_project,
            "function": str(FUNCTION),
            "deletion_protection": False,
            "table": "existing",
            "dataset_id": "shop_of_a_program",
            "table_id": "users",
            "columns": [{"name": "name"}],
            "settings": local,
        },
        opts,
    )
    inputs = {
        "googleProject": settings.google_project,
        "function": str(FUNCTION),
        "deletionProtection": False,
        "memoryMb": 256,
        "settings": local,
    }
    nothing_yet = dict.fromkeys(map(camel_case, outputs.OF_READER))
    remote = pulumi.ComponentResource(
        "keyless-bigquery:index:KeylessReader", "audit", {**nothing_yet, **inputs}, opts, remote=True
    )
    readers = {
        "orders": {name: getattr(own, name) for name in outputs.OF_READER},
        "audit": {name: getattr(remote, camel_case(name)) for name in outputs.OF_READER},
    }
    pulumi.export(outputs.READERS, readers)
