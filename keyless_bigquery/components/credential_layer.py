"""The credential configuration as a Lambda layer: any existing function, in any runtime, reads it from there.

No ``from __future__ import annotations``: Pulumi infers the schema for other languages from the annotations themselves.
"""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from keyless_bigquery import rules
from keyless_bigquery.components import arguments, claims, look_ups, shipped
from keyless_bigquery.runtime.environment import CREDENTIALS_FILE
from keyless_bigquery.settings.declaration import camel_case
from keyless_bigquery.settings.problems import HIDDEN, Problem
from keyless_bigquery.trust.trust import CREDENTIAL_CONFIGURATION_FILE

PATH = f"/opt/{CREDENTIAL_CONFIGURATION_FILE}"
"""Where Lambda puts the file of a layer. Source: AWS Lambda, "Layers"."""

_FUNCTION = re.compile(
    r"arn:aws:lambda:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):function:[A-Za-z0-9_-]{1,64}(:(\$LATEST|[A-Za-z0-9_-]+))?",
    re.ASCII,
)
"""Source: Lambda API, ``FunctionArn``, of the partition whose callers Google can verify."""

_layer_name = rules.pattern(
    r"[A-Za-z0-9_-]{1,140}",
    "a layer's name has 1 to 140 letters, digits, hyphens and underscores",
    "For example: orders-credentials. Without layerName it is the component's name.",
)
"""Source: Lambda API, ``PublishLayerVersion``."""


_CONFIGURATION, _LAYER_NAME = "credentialConfiguration", "layerName"
_REGION, _FUNCTION_ARN = "region", "functionArn"
_PLAIN = "google_endpoint"


class CredentialLayerArgs(TypedDict):
    """What a credential layer is made from."""

    credential_configuration: pulumi.Input[str]
    """The output of the same name of a `FederatedRole` whose `subjectToken` is `aws-signature`. It holds no secret; a
    key file in its place, or an address that is not Google's, is refused."""
    function_arn: NotRequired[pulumi.Input[str]]
    """ARN of the function that gets the layer, of the AWS provider's account. The layer is made in its region, since
    Lambda takes none of another."""
    region: NotRequired[pulumi.Input[str]]
    """Region of the layer. By default that of `functionArn`, or else the AWS provider's; another than the function's
    is refused."""
    layer_name: NotRequired[pulumi.Input[str]]
    """The layer's name. By default the component's."""
    google_endpoint: NotRequired[str | None]
    """The `googleEndpoint` of the `FederatedRole`, if that has one which is neither Google's own nor this machine. With
    a `googleUniverseDomain` it is `https://{service}.DOMAIN`."""


class CredentialLayer(pulumi.ComponentResource):
    """Gives a Lambda function the credential configuration.

    Attach `arn` as a layer, and merge `environment` into the function's variables. Google's client libraries for
    Python, Node, Go and Java find the file by the variable.
    """

    arn: pulumi.Output[str]
    """ARN of the layer's version, for the function's `layers`. Another configuration makes another version."""
    environment: pulumi.Output[dict[str, str]]
    """The variable by which Google's libraries find the file, GOOGLE_APPLICATION_CREDENTIALS. Those for Go and Java
    need GOOGLE_CLOUD_PROJECT, too: the project that pays."""

    def __init__(self, name: str, args: CredentialLayerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Registers the layer.

        Args:
            name: Its name, with which that of its resource begins.
            args: What it is made from.
            opts: As for each component.

        Raises:
            pulumi.RunError: Arguments can't be used, and nothing is made; it names each with value, rule and fix. What
                is known only later is judged then, before the layer is made.
        """
        judge = _Judge(claims.named(type(self), name, opts))
        given = judge.given(args)
        # Without its arguments: what is refused, perhaps for being a key, is not in the state then.
        super().__init__("keyless-bigquery:index:CredentialLayer", name, None, opts)
        judge.look_up(self, given)

        def judged(*keys: str, claim: bool = False) -> pulumi.Output[dict[str, str]]:
            known = pulumi.Output.all(**{key: given[key] for key in keys if key in given})
            return known.apply(lambda values: judge.texts(values, claim=claim))

        layer = aws.lambda_.LayerVersion(
            f"{name}-layer",
            layer_name=judged(_LAYER_NAME)[_LAYER_NAME],
            description="Where Google trusts the function's role. No secret.",
            code=judged(*given, claim=True)[_CONFIGURATION].apply(
                lambda text: pulumi.AssetArchive({CREDENTIAL_CONFIGURATION_FILE: pulumi.StringAsset(text)})
            ),
            region=judged(_REGION, _FUNCTION_ARN).apply(_region) if {_REGION, _FUNCTION_ARN} & set(given) else None,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = layer.arn
        self.environment = pulumi.Output.from_input({CREDENTIALS_FILE: PATH})
        self.register_outputs({"arn": self.arn, "environment": self.environment})


@dataclasses.dataclass
class _Judge:
    """Judges the arguments: those that are known at once, and all of them before the layer is made."""

    holder: claims.Holder
    endpoint: str | None = None
    account: str | None = None
    """The AWS provider's; ``None``: not known."""
    region: str | None = None
    """The AWS provider's, where none is given; ``None``: not known."""

    def given(self, args: CredentialLayerArgs) -> dict[str, object]:
        """The arguments by their names in the schema: text, after all checks that need no cloud, or outputs.

        Raises:
            pulumi.RunError: Some can't be used.
        """
        later = [name for name in CredentialLayerArgs.__annotations__ if name != _PLAIN]
        values = arguments.values(CredentialLayerArgs, args, later=later)
        self.endpoint = values.optional(camel_case(_PLAIN), rules.google_endpoint)
        if values.problems:
            raise self._refused(values.problems)
        given: dict[str, object] = {_CONFIGURATION: "", _LAYER_NAME: self.holder[0]}
        given |= {camel_case(key): value for key, value in args.items() if value is not None and key != _PLAIN}
        return given | self.texts({key: value for key, value in given.items() if not _is_later(value)})

    def look_up(self, layer: pulumi.ComponentResource, given: Mapping[str, object]) -> None:
        """Compares with the AWS provider, if the component has one of its own, before anything is made.

        Raises:
            pulumi.RunError: Arguments can't be used.
        """
        if (provider := layer.get_provider("aws:index:Provider")) is not None:
            opts = pulumi.InvokeOptions(provider=provider)
            self.account = look_ups.aws_account(opts)
            if not {_FUNCTION_ARN, _REGION} & set(given):
                self.region = look_ups.aws_region(opts)
        later = {key for key, value in given.items() if _is_later(value)}
        self.texts({key: given[key] for key in given if key not in later}, claim=later <= {_CONFIGURATION})

    def texts(self, values: Mapping[str, object], *, claim: bool = False) -> dict[str, str]:
        """The same as text.

        Args:
            values: What is known.
            claim: Whether the layer's name is taken for it; name and place must be known.

        Raises:
            pulumi.RunError: Some can't be used.
        """
        texts = {key: arguments.as_text(value)[0] for key, value in values.items()}
        problems = _problems(texts, self.endpoint, self.account)
        if claim and not problems:
            where = (self.account or "", _region(texts) or self.region or "")
            if (taken := claims.taken(self.holder, _LAYER_NAME, *where, texts[_LAYER_NAME])) is not None:
                rule = "another component of this program has the same, and to Lambda both are versions of one layer"
                problems = [dataclasses.replace(taken, rule=rule)]
        if problems:
            raise self._refused(problems)
        return texts

    def _refused(self, problems: Sequence[Problem]) -> Exception:
        return arguments.refused(CredentialLayerArgs, f"CredentialLayer {self.holder[0]}", problems)


def _is_later(value: object) -> bool:
    return isinstance(value, pulumi.Output)


def _problems(texts: Mapping[str, str], endpoint: str | None, account: str | None) -> list[Problem]:
    """What is wrong with those that are known. A configuration is not shown: it may be a key by mistake."""
    checks: Mapping[str, rules.Rule] = {
        _CONFIGURATION: lambda text: shipped.credential_configuration(text, endpoint=endpoint),
        _LAYER_NAME: _layer_name,
        _REGION: rules.region,
        _FUNCTION_ARN: lambda arn: _function_arn(arn, account),
    }
    found = []
    for key, text in texts.items():
        if (verdict := checks[key](text)) is not None:
            shown = HIDDEN if key == _CONFIGURATION else text
            found.append(Problem(key=key, value=shown, rule=verdict[0], fix=verdict[1]))
    if not found and _REGION in texts and _FUNCTION_ARN in texts:
        region, of_function = texts[_REGION], _region({_FUNCTION_ARN: texts[_FUNCTION_ARN]})
        if region != of_function:
            rule = f"functionArn's is {of_function}, and Lambda attaches a layer to functions of its own region alone"
            found.append(Problem(key=_REGION, value=region, rule=rule, fix="Leave it out: the function's is taken."))
    return found


def _region(texts: Mapping[str, str]) -> str:
    """Where the layer is made: where the function is. Empty: in the provider's region."""
    found = _FUNCTION.fullmatch(texts.get(_FUNCTION_ARN, ""))
    return found["region"] if found else texts.get(_REGION, "")


def _function_arn(value: str, account: str | None) -> rules.Verdict:
    if (found := _FUNCTION.fullmatch(value)) is None:
        return (
            "it must be the ARN of a Lambda function of the partition aws",
            "For example: arn:aws:lambda:us-east-1:210987654321:function:orders",
        )
    if account not in {None, found["account"]}:
        return (
            f"it is of account {found['account']}, and the AWS provider, which makes the layer, of {account}: Lambda"
            " attaches no layer of another account that gives it no right to it",
            "Give an AWS provider of the function's account.",
        )
    return rules.region(found["region"])
