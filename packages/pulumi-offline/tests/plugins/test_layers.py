"""A layer of texts under the real engine, and the function that has it, against the real local AWS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pulumi
import pulumi_aws as aws
import pytest

from federation_emulator.servers.aws import LocalAws
from pulumi_offline.plugins.aws.api import AwsApi
from pulumi_offline.plugins.aws.layer_version import LayerVersion
from pulumi_offline.plugins.errors import PluginError
from tests.plugins.stacks import ACCOUNT, Deployment, Program, aws_provider
from tests.plugins.test_aws_lifecycle import LAMBDA_MAY_ASSUME, archive

LAYER = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:layer:texts"


def layered(local_aws: LocalAws, code: Path, text: str, *, attached: bool = True) -> Program:
    """A layer in a region of its own, and a function there that has it."""

    def program() -> None:
        options = pulumi.ResourceOptions(provider=aws_provider(local_aws.url))
        role = aws.iam.Role("role", name="R", assume_role_policy=json.dumps(LAMBDA_MAY_ASSUME), opts=options)
        layer = aws.lambda_.LayerVersion(
            "layer",
            layer_name="texts",
            region="eu-west-1",
            compatible_runtimes=["python3.12", "nodejs22.x"],
            code=pulumi.AssetArchive({"a.json": pulumi.StringAsset(text), "b.txt": pulumi.StringAsset("same")}),
            opts=options,
        )
        aws.lambda_.Function(
            "function",
            name="layered",
            role=role.arn,
            region="eu-west-1",
            handler="code.handler",
            runtime="python3.12",
            code=pulumi.FileArchive(str(code)),
            layers=[layer.arn] if attached else [],
            opts=options,
        )
        pulumi.export("layer", layer.arn)

    return program


@pytest.mark.soak
def test_another_text_publishes_another_version_which_the_function_gets(
    deployment: Deployment, local_aws: LocalAws, tmp_path: Path
) -> None:
    functions = boto3.client(
        "lambda",
        endpoint_url=local_aws.url,
        region_name="eu-west-1",
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="test",
    )

    def attached() -> list[str]:
        live = functions.get_function_configuration(FunctionName="layered")
        return [layer["Arn"] for layer in live.get("Layers", [])]

    code = archive(tmp_path, "one")
    assert deployment.up(layered(local_aws, code, "first")) == {"create": 5}
    assert (deployment.output("layer"), attached()) == (f"{LAYER}:1", [f"{LAYER}:1"])
    assert deployment.up(layered(local_aws, code, "first"), refresh=True) == {"same": 5}
    assert deployment.up(layered(local_aws, code, "second")) == {"same": 3, "replace": 1, "update": 1}
    assert attached() == [f"{LAYER}:2"]
    versions = functions.list_layer_versions(LayerName="texts")["LayerVersions"]
    assert [version["Version"] for version in versions] == [2]
    functions.delete_layer_version(LayerName="texts", VersionNumber=2)
    again = layered(local_aws, code, "second", attached=False)
    assert deployment.up(again, refresh=True) == {"same": 3, "create": 1, "update": 1}
    assert attached() == []
    assert deployment.destroy() == {"delete": 5}
    assert functions.list_layers()["Layers"] == []


@pytest.mark.parametrize(("name", "old", "new"), [("compatibleRuntimes", ["b", "a"], ["a", "b"])])
def test_runtimes_are_a_set(name: str, old: Any, new: Any) -> None:
    kind = LayerVersion(AwsApi(endpoints={}, region="us-east-1", key="k", secret="s", session=None))
    assert kind.same(name, old, new)
    assert not kind.same(name, old, new[:1])


def test_a_layer_is_read_by_the_arn_of_a_version_only() -> None:
    kind = LayerVersion(AwsApi(endpoints={}, region="us-east-1", key="k", secret="s", session=None))
    with pytest.raises(PluginError, match="write the version's ARN"):
        kind.read(LAYER, {})
