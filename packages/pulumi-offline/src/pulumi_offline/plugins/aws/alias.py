"""Names for versions of a function.

Requests: https://docs.aws.amazon.com/lambda/latest/api/
"""

from __future__ import annotations

from typing import Any

from pulumi_offline.plugins.aws import function_form
from pulumi_offline.plugins.aws.base import AwsKind
from pulumi_offline.plugins.kind import Edit, Inputs, named
from pulumi_offline.plugins.values import Properties


class Alias(AwsKind):
    """An alias. Its id is its ARN; imports write `FUNCTION/ALIAS`."""

    resource_type = "aws:lambda/alias:Alias"
    service = "lambda"
    inputs = Inputs(replace=named("name functionName"), defaults={"description": ""}, kept=named("functionVersion"))
    autoname = "name"
    import_id = (r"(arn(?::[^:/]+){5}:)?(?P<FunctionName>[^:/]+)(?(1):|/)(?P<Name>[^:/]+)", "FUNCTION/ALIAS")
    deletes = "delete_alias"

    def same(self, name: str, old: Any, new: Any) -> bool:  # noqa: ANN401 (any JSON-like value)
        """A function is the same by its name and by its ARN."""
        if name == "functionName":
            return function_of(str(old)) == function_of(str(new))
        return super().same(name, old, new)

    def id_of(self, resource_id: str, live: Properties) -> str:
        """The ARN."""
        del resource_id
        return str(live["arn"])

    def make(self, inputs: Properties) -> str:
        """CreateAlias."""
        return str(self._ask("create_alias", **_request(inputs))["AliasArn"])

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """GetAlias."""
        known = self._imported(resource_id)
        live = self._find("get_alias", **known)
        if live is None:
            return None
        arn = live["AliasArn"]
        return {
            "name": live["Name"],
            "functionName": state.get("functionName", known["FunctionName"]),
            "functionVersion": live["FunctionVersion"],
            "description": live.get("Description", ""),
            "arn": arn,
            "invokeArn": function_form.invoke_arn(arn, region=self._api.region),
        }

    def change(self, edit: Edit) -> None:
        """UpdateAlias."""
        self._ask("update_alias", **_request(edit.inputs))


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
