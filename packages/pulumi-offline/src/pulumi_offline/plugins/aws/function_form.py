"""A function as the program writes it, as Lambda's requests hold it, and as its answers have it: pure functions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pulumi_offline.plugins.aws.base import in_the_program, on_the_wire
from pulumi_offline.plugins.values import Properties

UNRESERVED = -1
"""What stands for "no concurrency is reserved", as in the official plugin."""

_GATEWAY = "arn:aws:apigateway"
_ALWAYS: Mapping[str, tuple[str, Any]] = {
    "FunctionName": ("name", ""),
    "Role": ("role", ""),
    "Handler": ("handler", ""),
    "Runtime": ("runtime", ""),
    "Description": ("description", ""),
    "MemorySize": ("memorySize", 128),
    "Timeout": ("timeout", 3),
}
"""Of every function, in requests and answers: AWS's name to the input and what stands in for an absent one."""

_ANSWERED: Mapping[str, tuple[str, Any]] = {
    "Architectures": ("architectures", ["x86_64"]),
    "PackageType": ("packageType", "Zip"),
    "KMSKeyArn": ("kmsKeyArn", ""),
    "FunctionArn": ("arn", ""),
    "LastModified": ("lastModified", ""),
    "CodeSha256": ("codeSha256", ""),
    "CodeSize": ("sourceCodeSize", 0),
    "SigningJobArn": ("signingJobArn", ""),
    "SigningProfileVersionArn": ("signingProfileVersionArn", ""),
}
"""The same, of answers alone."""


def request(inputs: Properties, changed: Collection[str] = ()) -> dict[str, Any]:
    """The configuration that CreateFunction and UpdateFunctionConfiguration share.

    It has all that every function has, so that an update leaves no part at an older value, and of the rest what the
    program has, or had: `changed` names the inputs that an update has to set back.
    """
    body = {key: inputs.get(name, default) for key, (name, default) in _ALWAYS.items()}
    body["Environment"] = {"Variables": inputs.get("environment", {}).get("variables", {})}
    if inputs.get("layers") or "layers" in changed:
        body["Layers"] = inputs.get("layers", [])
    if inputs.get("kmsKeyArn") or "kmsKeyArn" in changed:
        body["KMSKeyArn"] = inputs.get("kmsKeyArn", "")
    if inputs.get("snapStart") or "snapStart" in changed:
        body["SnapStart"] = {"ApplyOn": _apply_on(inputs.get("snapStart"))}
    if inputs.get("vpcConfig") or "vpcConfig" in changed:
        network = inputs.get("vpcConfig") or {}
        body["VpcConfig"] = {
            "SubnetIds": network.get("subnetIds", []),
            "SecurityGroupIds": network.get("securityGroupIds", []),
        }
    if inputs.get("loggingConfig"):
        body["LoggingConfig"] = on_the_wire(inputs["loggingConfig"])
    return body


def state(answer: Mapping[str, Any], *, latest: str, region: str) -> Properties:
    """GetFunction's answer under the names of inputs and outputs; `latest` is the newest version, or `$LATEST`."""
    live, tags = answer["Configuration"], answer.get("Tags", {})
    arn = live["FunctionArn"]
    qualified = f"{arn}:{latest}"
    variables = live.get("Environment", {}).get("Variables", {})
    streaming = f"{_GATEWAY}:{region}:lambda:path/2021-11-15/functions/{arn}/response-streaming-invocations"
    return {name: live.get(key, default) for key, (name, default) in {**_ALWAYS, **_ANSWERED}.items()} | {
        "environment": {"variables": variables} if variables else {},
        "reservedConcurrentExecutions": answer.get("Concurrency", {}).get("ReservedConcurrentExecutions", UNRESERVED),
        "snapStart": _snap_start(live.get("SnapStart", {})),
        "vpcConfig": _network(live.get("VpcConfig", {})),
        "layers": [layer["Arn"] for layer in live.get("Layers", [])],
        "loggingConfig": in_the_program(live.get("LoggingConfig", {})),
        "tags": tags,
        "tagsAll": tags,
        "invokeArn": invoke_arn(arn, region=region),
        "qualifiedArn": qualified,
        "qualifiedInvokeArn": invoke_arn(qualified, region=region),
        "responseStreamingInvokeArn": streaming,
        "version": latest,
        "sourceCodeHash": live["CodeSha256"],
    }


def invoke_arn(arn: str, *, region: str) -> str:
    """Under which API Gateway invokes a function, a version or an alias."""
    return f"{_GATEWAY}:{region}:lambda:path/2015-03-31/functions/{arn}/invocations"


def same(name: str, old: Any, new: Any) -> bool:  # noqa: ANN401 (any JSON-like value)
    """Whether two values of one input mean the same to Lambda."""
    old, new = old or {}, new or {}
    if name == "snapStart":
        return _apply_on(old) == _apply_on(new)
    if name == "vpcConfig":
        return all(sorted(old.get(part, [])) == sorted(new.get(part, [])) for part in ("subnetIds", "securityGroupIds"))
    if name == "loggingConfig":
        # Lambda fills in what the program leaves open.
        return all(old.get(part) == text for part, text in new.items())
    return bool(old == new)


def _apply_on(snap_start: Mapping[str, str] | None) -> str:
    return (snap_start or {}).get("applyOn", "None")


def _snap_start(live: Mapping[str, str]) -> dict[str, str]:
    if live.get("ApplyOn", "None") == "None":
        return {}
    return {"applyOn": live["ApplyOn"], "optimizationStatus": live.get("OptimizationStatus", "Off")}


def _network(live: Mapping[str, Any]) -> dict[str, Any]:
    if not live.get("SubnetIds") and not live.get("SecurityGroupIds"):
        return {}
    return {
        "subnetIds": live.get("SubnetIds", []),
        "securityGroupIds": live.get("SecurityGroupIds", []),
        "vpcId": live.get("VpcId", ""),
    }
