"""The credential configuration as a Lambda layer: any existing function, in any runtime, reads it from there.

No ``from __future__ import annotations``: Pulumi infers the schema for other languages from the annotations themselves.
"""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from keyless_bigquery.runtime.environment import CREDENTIALS_FILE
from keyless_bigquery.trust.trust import CREDENTIAL_CONFIGURATION_FILE

PATH = f"/opt/{CREDENTIAL_CONFIGURATION_FILE}"
"""Where Lambda puts the file of a layer. Source: AWS Lambda, "Layers"."""


class CredentialLayerArgs(TypedDict):
    """What a credential layer is made from."""

    credential_configuration: pulumi.Input[str]
    """The output of the same name of a `FederatedRole`. It holds no secret."""
    layer_name: NotRequired[pulumi.Input[str]]
    """The layer's name. By default the component's."""


class CredentialLayer(pulumi.ComponentResource):
    """Gives a Lambda function the credential configuration.

    Attach `arn` as a layer, and merge `environment` into the function's variables. Google's client libraries for
    Python, Node, Go and Java find the file by the variable.
    """

    arn: pulumi.Output[str]
    """ARN of the layer's version, for the function's `layers`."""
    environment: pulumi.Output[dict[str, str]]
    """The one variable that the function needs: GOOGLE_APPLICATION_CREDENTIALS."""

    def __init__(self, name: str, args: CredentialLayerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Registers the layer.

        Args:
            name: Its name, from which that of its resource begins.
            args: What it is made from.
            opts: As for each component.
        """
        super().__init__("keyless-bigquery:index:CredentialLayer", name, dict(args), opts)
        content = pulumi.Output.from_input(args["credential_configuration"])
        layer = aws.lambda_.LayerVersion(
            f"{name}-layer",
            layer_name=args.get("layer_name") or name,
            description="Where Google trusts the function's role. No secret.",
            code=content.apply(
                lambda text: pulumi.AssetArchive({CREDENTIAL_CONFIGURATION_FILE: pulumi.StringAsset(text)})
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = layer.arn
        self.environment = pulumi.Output.from_input({CREDENTIALS_FILE: PATH})
        self.register_outputs({"arn": self.arn, "environment": self.environment})
