"""Lambda functions made from a zip file.

Requests: https://docs.aws.amazon.com/lambda/latest/api/
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from pulumi_offline.plugins import archives
from pulumi_offline.plugins.aws import function_form
from pulumi_offline.plugins.aws.api import again
from pulumi_offline.plugins.aws.base import AwsKind, retag
from pulumi_offline.plugins.errors import PluginError
from pulumi_offline.plugins.kind import Change, Edit, Inputs, named
from pulumi_offline.plugins.values import Archive, Properties

_LIMIT_SECONDS = 60.0
"""How long a function may stay pending, and how long a new role may stay unknown to Lambda."""

_PUBLISHED = frozenset({"version", "qualifiedArn", "qualifiedInvokeArn"})
"""Outputs that a newly published version changes."""

_CODE = frozenset({"code", "codeSha256", "architectures"})
_NOT_CONFIGURATION = _CODE | {"tags", "reservedConcurrentExecutions"}


class Function(AwsKind):
    """A function. Code that was replaced by hand shows in `codeSha256` alone: no archive can be read back."""

    resource_type = "aws:lambda/function:Function"
    service = "lambda"
    inputs = Inputs(
        replace=named("name packageType"),
        defaults={
            "description": "",
            "memorySize": 128,
            "timeout": 3,
            "environment": {},
            "packageType": "Zip",
            "tags": {},
            "snapStart": {},
            "reservedConcurrentExecutions": function_form.UNRESERVED,
            "vpcConfig": {},
            "kmsKeyArn": "",
            "layers": [],
        },
        client_side={"publish": False, "skipDestroy": False},
        kept=named("role code codeSha256 handler runtime architectures loggingConfig"),
    )
    volatile = frozenset({"codeSha256", "sourceCodeHash", "sourceCodeSize", "lastModified"})
    autoname = "name"
    import_id = (r"(?P<FunctionName>.+)", "NAME")
    deletes = "delete_function"

    def check(self, inputs: Properties) -> Mapping[str, str]:
        """Only zip files are served."""
        failures: dict[str, str] = {}
        if "code" not in inputs:
            failures["code"] = "the stand-in plugin serves functions made from an archive only"
        if inputs.get("packageType", "Zip") != "Zip":
            failures["packageType"] = "the stand-in plugin serves Zip only"
        return failures

    def changing(self, inputs: Properties) -> frozenset[str]:
        """Every change publishes a version, where versions are published."""
        return self.volatile | _PUBLISHED if inputs.get("publish") else self.volatile

    def same(self, name: str, old: Any, new: Any) -> bool:  # noqa: ANN401 (any JSON-like value)
        """Some inputs have several ways to say the same."""
        return function_form.same(name, old, new)

    def differing(self, name: str, state: Properties, inputs: Properties) -> Change | None:
        """The code differs when its archive does, whatever Lambda runs."""
        code = inputs.get("code")
        if name != archives.CODE or not isinstance(code, Archive):
            return super().differing(name, state, inputs)
        return archives.change(state, code, replaces=False)

    def make(self, inputs: Properties) -> str:
        """CreateFunction, again while IAM's new role has not reached Lambda, then wait until it is active."""
        request = function_form.request(inputs) | {
            "Code": {"ZipFile": archives.content(inputs["code"])},
            "Architectures": inputs.get("architectures", ["x86_64"]),
            "PackageType": "Zip",
            "Tags": inputs.get("tags", {}),
            "Publish": inputs.get("publish", False),
        }
        again(
            lambda: self._ask("create_function", **request),
            lambda error: "cannot be assumed" in str(error),
            limit_seconds=_LIMIT_SECONDS,
            pause_seconds=1,
        )
        self._wait_until_ready(inputs["name"])
        if inputs.get("reservedConcurrentExecutions", function_form.UNRESERVED) != function_form.UNRESERVED:
            self._reserve(inputs["name"], inputs["reservedConcurrentExecutions"])
        return str(inputs["name"])

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """GetFunction, and ListVersionsByFunction for the version published last."""
        answer = self._find("get_function", FunctionName=resource_id)
        # The list has the version published last at its end; `$LATEST` when none was.
        versions = self._pages("list_versions_by_function", "Versions", FunctionName=resource_id)
        if answer is None or not versions:
            return None
        live = function_form.state(answer, latest=str(versions[-1]["Version"]), region=self._api.region)
        return self.client_side(state) | archives.kept(state) | live

    def change(self, edit: Edit) -> None:
        """Configuration first, then code, each waited for, as Lambda takes one change at a time; then a version."""
        changed = set(edit.changes)
        configuration = changed - set(self.inputs.client_side) - _NOT_CONFIGURATION
        code = changed & _CODE
        if configuration:
            self._ask("update_function_configuration", **function_form.request(edit.inputs, configuration))
            self._wait_until_ready(edit.id)
        if code:
            self._ask(
                "update_function_code",
                FunctionName=edit.id,
                ZipFile=archives.content(edit.inputs["code"]),
                Architectures=edit.inputs.get("architectures", edit.state["architectures"]),
            )
            self._wait_until_ready(edit.id)
        if "reservedConcurrentExecutions" in changed:
            self._reserve(edit.id, edit.inputs.get("reservedConcurrentExecutions", function_form.UNRESERVED))
        if edit.inputs.get("publish") and (configuration or code or "publish" in changed):
            self._publish(edit.id)
        arn = edit.state["arn"]
        retag(
            edit,
            untag=lambda keys: self._ask("untag_resource", Resource=arn, TagKeys=keys),
            tag=lambda tags: self._ask("tag_resource", Resource=arn, Tags=tags),
        )

    def _publish(self, name: str) -> None:
        self._wait_until_ready(name, self._ask("publish_version", FunctionName=name)["Version"])

    def _reserve(self, name: str, executions: int) -> None:
        if executions == function_form.UNRESERVED:
            self._ask("delete_function_concurrency", FunctionName=name)
        else:
            self._ask("put_function_concurrency", FunctionName=name, ReservedConcurrentExecutions=executions)

    def _wait_until_ready(self, name: str, version: str = "$LATEST") -> None:
        """Wait until the function, or a version of it, takes invocations and further changes.

        Raises:
            PluginError: when Lambda reports a failure, or time is up.
        """
        deadline, pause = time.monotonic() + _LIMIT_SECONDS, 0.05
        while True:
            live = self._ask("get_function_configuration", FunctionName=name, Qualifier=version)
            states = {live.get("State", "Active"), live.get("LastUpdateStatus", "Successful")}
            if states == {"Active", "Successful"}:
                return
            if "Failed" in states:
                reason = live.get("StateReason") or live.get("LastUpdateStatusReason") or "no reason given"
                raise PluginError(f"function {name} failed: {reason}")
            if time.monotonic() + pause > deadline:
                raise PluginError(f"function {name} is still {'/'.join(sorted(states))} after {_LIMIT_SECONDS:.0f} s")
            time.sleep(pause)
            pause = min(pause * 2, 1.0)
