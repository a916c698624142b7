"""Who else may invoke a function: statements of its resource policy.

Requests: https://docs.aws.amazon.com/lambda/latest/api/
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pulumi_offline.plugins.aws.alias import function_of
from pulumi_offline.plugins.aws.base import AwsKind
from pulumi_offline.plugins.kind import Inputs, named
from pulumi_offline.plugins.values import Properties

_QUALIFIER_PART = 7
"""Place of the alias or version in a function's ARN, counted from 0."""


class Permission(AwsKind):
    """One statement. Its id is the statement's; imports write `FUNCTION[:QUALIFIER]/STATEMENT`."""

    resource_type = "aws:lambda/permission:Permission"
    service = "lambda"
    inputs = Inputs(replace=named("statementId action function principal qualifier sourceArn sourceAccount"))
    autoname = "statementId"
    import_id = (
        r"(?P<function>[^:]+)(?::(?P<qualifier>[^/]+))?/(?P<statementId>[^/]+)",
        "FUNCTION[:QUALIFIER]/STATEMENT",
    )

    def id_of(self, resource_id: str, live: Properties) -> str:
        """The statement's id."""
        del resource_id
        return str(live["statementId"])

    def make(self, inputs: Properties) -> str:
        """AddPermission."""
        optional = {"Qualifier": "qualifier", "SourceArn": "sourceArn", "SourceAccount": "sourceAccount"}
        self._ask(
            "add_permission",
            FunctionName=inputs["function"],
            StatementId=inputs["statementId"],
            Action=inputs["action"],
            Principal=inputs["principal"],
            **{key: inputs[name] for key, name in optional.items() if inputs.get(name)},
        )
        return str(inputs["statementId"])

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """GetPolicy, and in it the statement of this id."""
        known = state or self._imported(resource_id)
        answer = self._find("get_policy", FunctionName=known["function"], **_qualifier(known))
        statements = [] if answer is None else json.loads(answer["Policy"])["Statement"]
        found = next((one for one in statements if _is(one, known)), None)
        if found is None:
            return None
        kept = {name: known[name] for name in ("function", "qualifier") if name in known}
        return kept | _state(found)

    def remove(self, resource_id: str, state: Properties) -> None:
        """RemovePermission."""
        target = {"FunctionName": state["function"], **_qualifier(state)}
        self._find("remove_permission", StatementId=resource_id, **target)


def _qualifier(known: Properties) -> dict[str, str]:
    return {"Qualifier": known["qualifier"]} if known.get("qualifier") else {}


def _is(statement: Mapping[str, Any], known: Properties) -> bool:
    """Whether this statement is the one, on this function or on this alias of it."""
    qualifier = "".join(str(statement["Resource"]).split(":")[_QUALIFIER_PART:])
    expected = str(known.get("qualifier", "")), str(known["statementId"])
    return (qualifier, statement["Sid"]) == expected and function_of(statement["Resource"]) == function_of(
        known["function"]
    )


def _state(statement: Mapping[str, Any]) -> Properties:
    principal = statement["Principal"]
    condition = statement.get("Condition", {})
    state = {
        "statementId": statement["Sid"],
        "action": statement["Action"],
        "principal": principal if isinstance(principal, str) else principal.get("Service") or principal.get("AWS"),
        "sourceArn": condition.get("ArnLike", {}).get("AWS:SourceArn"),
        "sourceAccount": condition.get("StringEquals", {}).get("AWS:SourceAccount"),
    }
    return {name: value for name, value in state.items() if value}
