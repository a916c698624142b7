"""Lambda functions made from a zip file.

Requests: https://docs.aws.amazon.com/lambda/latest/api/
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from pulumi_offline.plugins.aws import function_form
from pulumi_offline.plugins.aws.api import AwsApi, aws_errors, unless_gone
from pulumi_offline.plugins.aws.tags import tag_changes
from pulumi_offline.plugins.errors import PluginError, ServiceError
from pulumi_offline.plugins.kind import Change, Created, Edit, Kind, read_back
from pulumi_offline.plugins.values import Archive, Properties

_LIMIT_SECONDS = 60.0
"""How long a function may stay pending, and how long a new role may stay unknown to Lambda."""

_PUBLISHED = frozenset({"version", "qualifiedArn", "qualifiedInvokeArn"})
"""Outputs that a newly published version changes."""

_CODE = frozenset({"code", "codeSha256", "architectures"})
_NOT_CONFIGURATION = _CODE | {"tags", "reservedConcurrentExecutions"}


class Function(Kind):
    """A function. Code that was replaced by hand shows in `codeSha256` alone: no archive can be read back."""

    resource_type = "aws:lambda/function:Function"
    inputs = frozenset(
        {
            "name",
            "role",
            "code",
            "codeSha256",
            "handler",
            "runtime",
            "architectures",
            "description",
            "memorySize",
            "timeout",
            "environment",
            "packageType",
            "publish",
            "skipDestroy",
            "tags",
            "snapStart",
            "reservedConcurrentExecutions",
            "vpcConfig",
            "kmsKeyArn",
            "loggingConfig",
        }
    )
    replace_on = frozenset({"name", "packageType"})
    client_side = frozenset({"publish", "skipDestroy"})
    defaults: ClassVar[Mapping[str, Any]] = {
        "description": "",
        "memorySize": 128,
        "timeout": 3,
        "environment": {},
        "packageType": "Zip",
        "publish": False,
        "skipDestroy": False,
        "tags": {},
        "snapStart": {},
        "reservedConcurrentExecutions": function_form.UNRESERVED,
        "vpcConfig": {},
        "kmsKeyArn": "",
    }
    volatile = frozenset({"codeSha256", "sourceCodeHash", "sourceCodeSize", "lastModified"})
    autoname = "name"

    def __init__(self, api: AwsApi) -> None:
        self._api = api

    @property
    def _lambda(self) -> Any:  # noqa: ANN401 (botocore makes its clients' methods at run time)
        return self._api.client("lambda")

    def check(self, inputs: Properties) -> Mapping[str, str]:
        """Only zip files are served."""
        failures: dict[str, str] = {}
        if "code" not in inputs:
            failures["code"] = "the stand-in plugin serves functions with a FileArchive only"
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
        if name != "code" or not isinstance(code, Archive):
            return super().differing(name, state, inputs)
        old = state.get("code")
        same = isinstance(old, Archive) and old.hash == code.hash
        return None if same else Change(old=old, new=code, replaces=False)

    def create(self, inputs: Properties) -> Created:
        """CreateFunction, again while IAM's new role has not reached Lambda, then wait until it is active."""
        request = function_form.request(inputs) | {
            "Code": {"ZipFile": _content(inputs["code"])},
            "Architectures": inputs.get("architectures", ["x86_64"]),
            "PackageType": "Zip",
            "Tags": inputs.get("tags", {}),
            "Publish": inputs.get("publish", False),
        }
        deadline = time.monotonic() + _LIMIT_SECONDS
        while True:
            try:
                with aws_errors():
                    self._lambda.create_function(**request)
                break
            except ServiceError as error:
                if "cannot be assumed" not in str(error) or time.monotonic() > deadline:
                    raise
            time.sleep(1)
        self._settle(inputs["name"])
        if inputs.get("reservedConcurrentExecutions", function_form.UNRESERVED) != function_form.UNRESERVED:
            self._reserve(inputs["name"], inputs["reservedConcurrentExecutions"])
        return Created(id=inputs["name"], state=self._read_again(inputs["name"], inputs))

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """GetFunction, and ListVersionsByFunction for the version published last."""
        found = unless_gone(
            lambda: (self._lambda.get_function(FunctionName=resource_id), self._latest_version(resource_id))
        )
        if found is None:
            return None
        answer, latest = found
        known = {name: state[name] for name in sorted(self.client_side) if name in state}
        if "code" in state:
            known["code"] = state["code"]
        return known | function_form.state(answer, latest=latest, region=self._api.region)

    def update(self, edit: Edit) -> Properties:
        """Configuration first, then code, each waited for, as Lambda takes one change at a time; then a version."""
        changed = set(edit.changes)
        configuration = changed - self.client_side - _NOT_CONFIGURATION
        code = changed & _CODE
        if configuration:
            with aws_errors():
                self._lambda.update_function_configuration(**function_form.request(edit.inputs, configuration))
            self._settle(edit.id)
        if code:
            with aws_errors():
                self._lambda.update_function_code(
                    FunctionName=edit.id,
                    ZipFile=_content(edit.inputs["code"]),
                    Architectures=edit.inputs.get("architectures", edit.state["architectures"]),
                )
            self._settle(edit.id)
        if "reservedConcurrentExecutions" in changed:
            self._reserve(edit.id, edit.inputs.get("reservedConcurrentExecutions", function_form.UNRESERVED))
        if edit.inputs.get("publish") and (configuration or code or "publish" in changed):
            self._publish(edit.id)
        if "tags" in changed:
            self._change_tags(edit)
        return self._read_again(edit.id, edit.inputs)

    def _change_tags(self, edit: Edit) -> None:
        removed, wanted = tag_changes(edit)
        with aws_errors():
            if removed:
                self._lambda.untag_resource(Resource=edit.state["arn"], TagKeys=removed)
            if wanted:
                self._lambda.tag_resource(Resource=edit.state["arn"], Tags=wanted)

    def delete(self, resource_id: str, state: Properties) -> None:
        """DeleteFunction, unless `skipDestroy` keeps it."""
        if state.get("skipDestroy"):
            return
        unless_gone(lambda: self._lambda.delete_function(FunctionName=resource_id))

    def _publish(self, name: str) -> None:
        with aws_errors():
            version = self._lambda.publish_version(FunctionName=name)["Version"]
        self._settle(name, version)

    def _reserve(self, name: str, executions: int) -> None:
        with aws_errors():
            if executions == function_form.UNRESERVED:
                self._lambda.delete_function_concurrency(FunctionName=name)
            else:
                self._lambda.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=executions)

    def _latest_version(self, name: str) -> str:
        """The version published last, which the list has at its end; `$LATEST` when none was."""
        pages = self._lambda.get_paginator("list_versions_by_function").paginate(FunctionName=name)
        return str([version["Version"] for page in pages for version in page["Versions"]][-1])

    def _settle(self, name: str, version: str = "$LATEST") -> None:
        """Wait until the function, or a version of it, takes invocations and further changes.

        Raises:
            PluginError: when Lambda reports a failure, or time is up.
        """
        deadline, pause = time.monotonic() + _LIMIT_SECONDS, 0.05
        while True:
            with aws_errors():
                live = self._lambda.get_function_configuration(FunctionName=name, Qualifier=version)
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

    def _read_again(self, name: str, inputs: Properties) -> Properties:
        return read_back(self.read(name, inputs), f"function {name}")


def _content(code: Archive) -> bytes:
    try:
        return Path(code.path).read_bytes()
    except OSError as error:
        raise PluginError(f"the function's code {code.path} can't be read: {error.strerror}") from error
