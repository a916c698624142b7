"""Versions of Lambda layers made from a zip file.

Requests: https://docs.aws.amazon.com/lambda/latest/api/
"""

from __future__ import annotations

from collections.abc import Mapping

from pulumi_offline.plugins import archives
from pulumi_offline.plugins.aws.base import AwsKind
from pulumi_offline.plugins.kind import Change, Inputs, named
from pulumi_offline.plugins.values import Archive, Properties

_ANSWERED = {
    "LayerVersionArn": "arn",
    "LayerArn": "layerArn",
    "CreatedDate": "createdDate",
    "Description": "description",
    "LicenseInfo": "licenseInfo",
    "CompatibleRuntimes": "compatibleRuntimes",
    "CompatibleArchitectures": "compatibleArchitectures",
}


class LayerVersion(AwsKind):
    """One version of a layer. Nothing of it can be changed: whatever differs publishes another.

    Source: terraform-provider-aws, `internal/service/lambda/layer_version.go`: each argument forces a new resource.
    """

    resource_type = "aws:lambda/layerVersion:LayerVersion"
    service = "lambda"
    inputs = Inputs(
        replace=named("layerName code description licenseInfo compatibleRuntimes compatibleArchitectures"),
        defaults={"description": "", "licenseInfo": "", "compatibleRuntimes": [], "compatibleArchitectures": []},
        client_side={"skipDestroy": False},
        kept=named("code"),
    )
    import_id = (
        r"arn:aws:lambda:[^:]+:[^:]+:layer:(?P<LayerName>[^:]+):(?P<VersionNumber>[0-9]+)",
        "the version's ARN",
    )

    def check(self, inputs: Properties) -> Mapping[str, str]:
        """Only archives are served."""
        return (
            {} if archives.CODE in inputs else {archives.CODE: "the stand-in plugin serves layers of an archive only"}
        )

    def differing(self, name: str, state: Properties, inputs: Properties) -> Change | None:
        """The content differs when the archive does."""
        code = inputs.get(archives.CODE)
        if name != archives.CODE or not isinstance(code, Archive):
            return super().differing(name, state, inputs)
        return archives.change(state, code, replaces=True)

    def same(self, name: str, old: object, new: object) -> bool:
        """Runtimes and architectures are sets."""
        if isinstance(old, list) and isinstance(new, list):
            return sorted(old) == sorted(new)
        return super().same(name, old, new)

    def make(self, inputs: Properties) -> str:
        """PublishLayerVersion."""
        made = self._ask(
            "publish_layer_version",
            LayerName=inputs["layerName"],
            Description=inputs.get("description", ""),
            LicenseInfo=inputs.get("licenseInfo", ""),
            CompatibleRuntimes=inputs.get("compatibleRuntimes", []),
            CompatibleArchitectures=inputs.get("compatibleArchitectures", []),
            Content={"ZipFile": archives.content(inputs[archives.CODE])},
        )
        return str(made["LayerVersionArn"])

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """GetLayerVersion."""
        named = self._version(resource_id)
        live = self._find("get_layer_version", **named)
        if live is None:
            return None
        content = live["Content"]
        return (
            self.client_side(state)
            | archives.kept(state)
            | {name: live[key] for key, name in _ANSWERED.items() if key in live}
            | {
                "layerName": named["LayerName"],
                "version": str(live["Version"]),
                "codeSha256": content["CodeSha256"],
                "sourceCodeHash": content["CodeSha256"],
                "sourceCodeSize": content["CodeSize"],
                "signingJobArn": content.get("SigningJobArn", ""),
                "signingProfileVersionArn": content.get("SigningProfileVersionArn", ""),
            }
        )

    def remove(self, resource_id: str, state: Properties) -> None:
        """DeleteLayerVersion: functions that have it keep it."""
        del state
        self._find("delete_layer_version", **self._version(resource_id))

    def _version(self, resource_id: str) -> Properties:
        imported = self._imported(resource_id)
        return imported | {"VersionNumber": int(imported["VersionNumber"])}
