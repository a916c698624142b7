"""A function as the program writes it, as Lambda's requests hold it, and as its answers tell it: pure functions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pulumi_offline.plugins.aws.base import in_the_program, on_the_wire
from pulumi_offline.plugins.values import Properties

UNRESERVED = -1
"""What stands for "no concurrency is reserved", as in the official plugin."""

_GATEWAY = "arn:aws:apigateway"


def request(inputs: Properties, changed: Collection[str] = ()) -> dict[str, Any]:
    """The configuration that CreateFunction and UpdateFunctionConfiguration share.

    Args:
        inputs: what the program wants.
        changed: inputs that an update has to set back, where the program no longer has them.

    Returns:
        All that every function has, so that an update leaves no part at an older value, and of the rest what the
        program has or had.
    """
    body: dict[str, Any] = {
        "FunctionName": inputs["name"],
        "Role": inputs["role"],
        "Handler": inputs.get("handler", ""),
        "Runtime": inputs.get("runtime", ""),
        "Description": inputs.get("description", ""),
        "MemorySize": inputs.get("memorySize", 128),
        "Timeout": inputs.get("timeout", 3),
        "Environment": {"Variables": inputs.get("environment", {}).get("variables", {})},
    }
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
    """What GetFunction tells, under the names of inputs and outputs.

    Args:
        answer: GetFunction's answer.
        latest: the version published last, from ListVersionsByFunction; `$LATEST` when none was.
        region: AWS region.
    """
    live, tags = answer["Configuration"], answer.get("Tags", {})
    arn = live["FunctionArn"]
    qualified = f"{arn}:{latest}"
    variables = live.get("Environment", {}).get("Variables", {})
    reserved = answer.get("Concurrency", {}).get("ReservedConcurrentExecutions", UNRESERVED)
    return {
        "name": live["FunctionName"],
        "role": live["Role"],
        "handler": live.get("Handler", ""),
        "runtime": live.get("Runtime", ""),
        "architectures": live.get("Architectures", ["x86_64"]),
        "description": live.get("Description", ""),
        "memorySize": live["MemorySize"],
        "timeout": live["Timeout"],
        "environment": {"variables": variables} if variables else {},
        "packageType": live.get("PackageType", "Zip"),
        "kmsKeyArn": live.get("KMSKeyArn", ""),
        "reservedConcurrentExecutions": reserved,
        "snapStart": _snap_start(live.get("SnapStart", {})),
        "vpcConfig": _network(live.get("VpcConfig", {})),
        "loggingConfig": in_the_program(live.get("LoggingConfig", {})),
        "tags": tags,
        "tagsAll": tags,
        "arn": arn,
        "invokeArn": invoke_arn(arn, region=region),
        "qualifiedArn": qualified,
        "qualifiedInvokeArn": invoke_arn(qualified, region=region),
        "responseStreamingInvokeArn": (
            f"{_GATEWAY}:{region}:lambda:path/2021-11-15/functions/{arn}/response-streaming-invocations"
        ),
        "version": latest,
        "lastModified": live["LastModified"],
        "codeSha256": live["CodeSha256"],
        "sourceCodeHash": live["CodeSha256"],
        "sourceCodeSize": live["CodeSize"],
        "signingJobArn": live.get("SigningJobArn", ""),
        "signingProfileVersionArn": live.get("SigningProfileVersionArn", ""),
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
