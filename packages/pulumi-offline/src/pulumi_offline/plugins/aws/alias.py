"""Names for versions of a function.

Requests: https://docs.aws.amazon.com/lambda/latest/api/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pulumi_offline.plugins.aws import function_form
from pulumi_offline.plugins.aws.api import AwsApi, aws_errors, unless_gone
from pulumi_offline.plugins.errors import PluginError
from pulumi_offline.plugins.kind import Created, Edit, Kind, read_back
from pulumi_offline.plugins.values import Properties


class Alias(Kind):
    """An alias. Its id is its ARN; imports write `FUNCTION/ALIAS`."""

    resource_type = "aws:lambda/alias:Alias"
    inputs = frozenset({"name", "functionName", "functionVersion", "description"})
    replace_on = frozenset({"name", "functionName"})
    defaults: ClassVar[Mapping[str, Any]] = {"description": ""}
    autoname = "name"

    def __init__(self, api: AwsApi) -> None:
        self._api = api

    @property
    def _lambda(self) -> Any:  # noqa: ANN401 (botocore makes its clients' methods at run time)
        return self._api.client("lambda")

    def same(self, name: str, old: Any, new: Any) -> bool:  # noqa: ANN401 (any JSON-like value)
        """A function is the same by its name and by its ARN."""
        if name == "functionName":
            return function_of(str(old)) == function_of(str(new))
        return super().same(name, old, new)

    def id_of(self, resource_id: str, live: Properties) -> str:
        """The ARN."""
        del resource_id
        return str(live["arn"])

    def create(self, inputs: Properties) -> Created:
        """CreateAlias."""
        with aws_errors():
            made = self._lambda.create_alias(**_request(inputs))
        return Created(id=made["AliasArn"], state=self._read_again(made["AliasArn"], inputs))

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """GetAlias."""
        function, name = _parts(resource_id)
        live = unless_gone(lambda: self._lambda.get_alias(FunctionName=function, Name=name))
        if live is None:
            return None
        arn = live["AliasArn"]
        return {
            "name": live["Name"],
            "functionName": state.get("functionName", function),
            "functionVersion": live["FunctionVersion"],
            "description": live.get("Description", ""),
            "arn": arn,
            "invokeArn": function_form.invoke_arn(arn, region=self._api.region),
        }

    def update(self, edit: Edit) -> Properties:
        """UpdateAlias."""
        with aws_errors():
            self._lambda.update_alias(**_request(edit.inputs))
        return self._read_again(edit.id, edit.inputs)

    def delete(self, resource_id: str, state: Properties) -> None:
        """DeleteAlias."""
        del state
        function, name = _parts(resource_id)
        unless_gone(lambda: self._lambda.delete_alias(FunctionName=function, Name=name))

    def _read_again(self, resource_id: str, inputs: Properties) -> Properties:
        return read_back(self.read(resource_id, inputs), f"alias {resource_id}")


def function_of(name_or_arn: str) -> str:
    """The name of a function, which may be written as its ARN."""
    return name_or_arn.split(":")[6] if name_or_arn.startswith("arn:") else name_or_arn


def _request(inputs: Properties) -> dict[str, str]:
    return {
        "FunctionName": function_of(inputs["functionName"]),
        "Name": inputs["name"],
        "FunctionVersion": inputs["functionVersion"],
        "Description": inputs.get("description", ""),
    }


def _parts(resource_id: str) -> tuple[str, str]:
    parts = resource_id.split(":")[6:] if resource_id.startswith("arn:") else resource_id.split("/")
    if len(parts) != 2 or not all(parts):
        raise PluginError(f"{resource_id!r} is not an id of an alias; write FUNCTION/ALIAS")
    return parts[0], parts[1]
