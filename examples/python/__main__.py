"""Lets the role of a Lambda function that exists read two BigQuery tables, and brings the function what it needs."""

import pulumi

from keyless_bigquery.components.credential_layer import CredentialLayer
from keyless_bigquery.components.federated_role import FederatedRole

config = pulumi.Config()
project = config.require("googleProject")

role = FederatedRole(
    "orders-reader",
    {
        "role_arn": config.require("roleArn"),
        "google_project": project,
        "tables": [f"{project}.shop.orders", f"{project}.shop.items"],
    },
)
layer = CredentialLayer(
    "orders-credentials",
    {
        "credential_configuration": role.credential_configuration,
        "function_arn": config.require("functionArn"),
    },
)
pulumi.export("layer", layer.arn)
pulumi.export("environment", layer.environment)
