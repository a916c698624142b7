"""The credential configuration as a Lambda layer: any existing function, in any runtime, reads it from there.

No ``from __future__ import annotations``: Pulumi infers the schema for other languages from the annotations themselves.
"""

import inspect
import re
from collections.abc import Callable
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from keyless_bigquery import rules
from keyless_bigquery.components import shipped
from keyless_bigquery.runtime.environment import CREDENTIALS_FILE
from keyless_bigquery.trust.trust import CREDENTIAL_CONFIGURATION_FILE, TrustError

PATH = f"/opt/{CREDENTIAL_CONFIGURATION_FILE}"
"""Where Lambda puts the file of a layer. Source: AWS Lambda, "Layers"."""

_FUNCTION = re.compile(
    r"arn:aws:lambda:(?P<region>[a-z0-9-]+):[0-9]{12}:function:[A-Za-z0-9_-]{1,64}(:(\$LATEST|[A-Za-z0-9_-]+))?",
    re.ASCII,
)
"""Source: Lambda API, ``FunctionArn``, of the partition whose callers Google can verify."""

_layer_name = rules.pattern(
    r"[A-Za-z0-9_-]{1,140}",
    "a layer's name has 1 to 140 letters, digits, hyphens and underscores",
    "For example: orders-credentials. Without layerName it is the component's name.",
)
"""Source: Lambda API, ``PublishLayerVersion``."""


class CredentialLayerArgs(TypedDict):
    """What a credential layer is made from."""

    credential_configuration: pulumi.Input[str]
    """The output of the same name of a `FederatedRole`. It holds no secret; a key file in its place is refused."""
    function_arn: NotRequired[pulumi.Input[str]]
    """ARN of the function that gets the layer. The layer is made in its region, since Lambda takes none of another."""
    region: NotRequired[pulumi.Input[str]]
    """Region of the layer. By default that of `functionArn`, or else the AWS provider's; another than the function's
    is refused."""
    layer_name: NotRequired[pulumi.Input[str]]
    """The layer's name. By default the component's."""


class CredentialLayer(pulumi.ComponentResource):
    """Gives a Lambda function the credential configuration.

    Attach `arn` as a layer, and merge `environment` into the function's variables. Google's client libraries for
    Python, Node, Go and Java find the file by the variable.
    """

    arn: pulumi.Output[str]
    """ARN of the layer's version, for the function's `layers`. Another configuration makes another version."""
    environment: pulumi.Output[dict[str, str]]
    """The one variable that the function needs: GOOGLE_APPLICATION_CREDENTIALS."""

    def __init__(self, name: str, args: CredentialLayerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Registers the layer.

        Args:
            name: Its name, from which that of its resource begins.
            args: What it is made from.
            opts: As for each component.

        Raises:
            TrustError: An argument can't be used; it names the argument, the value, the rule and the fix. What is
                known only later is checked then, before the layer is made.
        """
        content = _checked(name, "credentialConfiguration", args["credential_configuration"], _configuration)
        layer_name = _checked(name, "layerName", args.get("layer_name", name), _text(_layer_name))
        region = _region(name, args)
        super().__init__(
            "keyless-bigquery:index:CredentialLayer", name, {**args, "credential_configuration": content}, opts
        )
        layer = aws.lambda_.LayerVersion(
            f"{name}-layer",
            layer_name=layer_name,
            description="Where Google trusts the function's role. No secret.",
            code=pulumi.Output.from_input(content).apply(
                lambda text: pulumi.AssetArchive({CREDENTIAL_CONFIGURATION_FILE: pulumi.StringAsset(text)})
            ),
            region=region,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = layer.arn
        self.environment = pulumi.Output.from_input({CREDENTIALS_FILE: PATH})
        self.register_outputs({"arn": self.arn, "environment": self.environment})


def _region(name: str, args: CredentialLayerArgs) -> pulumi.Input[str] | None:
    """Where the layer is made; ``None``: where the provider is."""
    region, function = args.get("region"), args.get("function_arn")
    if region is not None:
        region = _checked(name, "region", region, _text(rules.region))
    if function is None:
        return region
    of_function = _checked(name, "functionArn", function, _function_region)
    if region is None:
        return of_function
    if isinstance(region, str) and isinstance(of_function, str):
        return _same_region(name, region, of_function)
    both = pulumi.Output.all(region, of_function)
    return both.apply(lambda known: _same_region(name, known[0], known[1]))


def _same_region(name: str, region: str, of_function: str) -> str:
    if region != of_function:
        raise TrustError(
            f"{name}: region is {region!r}, and the function of functionArn is in {of_function!r}: Lambda attaches a"
            " layer to functions of its own region alone. Leave region out, or make one layer for each region."
        )
    return region


_Check = Callable[[str], tuple[str, rules.Verdict, str]]
"""Looks at a value: how it is shown, what is wrong with it, and what is taken from it."""


def _text(rule: rules.Rule) -> _Check:
    return lambda value: (repr(value[:200]), rule(value), value)


def _configuration(value: str) -> tuple[str, rules.Verdict, str]:
    """A credential configuration, which is never shown: it may be a key by mistake."""
    return f"a text of {len(value)} characters", shipped.credential_configuration(value), value


def _function_region(value: str) -> tuple[str, rules.Verdict, str]:
    found = _FUNCTION.fullmatch(value)
    region = found["region"] if found else ""
    no_function = (
        "it must be the ARN of a Lambda function of the partition aws",
        "For example: arn:aws:lambda:us-east-1:210987654321:function:orders",
    )
    return repr(value[:200]), rules.region(region) if found else no_function, region


def _checked(name: str, key: str, value: pulumi.Input[str], check: _Check) -> pulumi.Input[str]:
    """What is taken from the value: at once where it is known, and otherwise as soon as it is.

    Raises:
        TrustError: It can't be used.
    """
    if isinstance(value, str):
        shown, verdict, taken = check(value)
        if verdict is not None:
            raise TrustError(f"{name}: {key} is {shown}: {verdict[0]}. {verdict[1]}")
        return taken
    if not isinstance(value, pulumi.Output) and not inspect.isawaitable(value):
        raise TrustError(
            f"{name}: {key} is of type {type(value).__name__}: it must be text, or an output that is text."
        )
    later: pulumi.Input[str] = value
    return pulumi.Output.from_input(later).apply(lambda known: _checked(name, key, known, check))
