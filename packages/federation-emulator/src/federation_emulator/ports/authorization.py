"""What AWS evaluates for a request: each action, on which ARN, with which condition keys. Pure.

ministack (1.5.33) evaluates policies as AWS does, and asks for other ARNs in places: a log group without what follows
its name, the default event bus in the name of a rule, no name for a function that is made. It asks for no ``PassRole``,
and knows no condition key of IAM's. Sources: "Service Authorization Reference" (IAM, Lambda, CloudWatch Logs,
EventBridge): ARNs, condition keys, and the actions that one request needs together; for log groups see
``bootstrap/aws_actions.py`` of keyless-bigquery.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from federation_emulator.ports import lambda_actions

_OF_LOG_GROUPS = frozenset({"TagResource", "UntagResource", "ListTagsForResource"})
"""Actions that are evaluated on the ARN of a log group without what follows its name."""

_BOUNDED = frozenset(
    {
        *("AttachRolePolicy", "CreateRole", "DeleteRolePermissionsBoundary", "DeleteRolePolicy", "DetachRolePolicy"),
        *("PutRolePermissionsBoundary", "PutRolePolicy"),
    }
)
"""Actions with the condition key ``iam:PermissionsBoundary``: the boundary that the role has, or gets."""

_OF_RULES = frozenset(
    {
        *("DeleteRule", "DescribeRule", "DisableRule", "EnableRule", "ListTargetsByRule", "PutRule", "PutTargets"),
        "RemoveTargets",
    }
)
_LOOKS_UP_NETWORK = ("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs")


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """One action, the ARN that it is evaluated on, and the condition keys that the request brings besides."""

    action: str
    arn: str = "*"
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Call:
    """A signed request of a service's API.

    Args:
        service: ``iam``, ``lambda``, ``logs`` or ``events``.
        action: The name of the operation; Lambda's is read from method and path.
        parameters: Of query and form, or of a Lambda request's query, by name.
        body: The JSON object that was sent, or an empty one.
        region: That is called.
        account: That is called.
    """

    service: str
    action: str
    method: str
    path: str
    parameters: Mapping[str, str]
    body: Mapping[str, object]
    region: str
    account: str


Role = Callable[[str], tuple[str, str] | None]


def checks(call: Call, role: Role) -> tuple[Evaluation, ...]:
    """All that a caller must be allowed for a request, the request's own action first; empty: nothing is known here.

    Args:
        call: The request.
        role: Gives ARN and permissions boundary of the role of a name, if there is one.
    """
    of = {"iam": _iam, "lambda": _lambda, "logs": _logs, "events": _events}.get(call.service)
    return tuple(of(call, role)) if of else ()


def _iam(call: Call, role: Role) -> Iterator[Evaluation]:
    given, of = call.parameters, f"arn:aws:iam::{call.account}"
    name, path = given.get("RoleName", ""), given.get("Path") or "/"
    if not name:
        return
    found = role(name)
    arn, boundary = found or (f"{of}:role{path}{name}", "")
    keys = {}
    if call.action in _BOUNDED and (boundary := given.get("PermissionsBoundary") or boundary):
        keys["iam:PermissionsBoundary"] = boundary
    if "PolicyArn" in given:
        keys["iam:PolicyARN"] = given["PolicyArn"]
    yield Evaluation(action=f"iam:{call.action}", arn=arn, keys=keys)
    if call.action == "CreateRole" and _tagged(given):
        yield Evaluation(action="iam:TagRole", arn=arn)


def _lambda(call: Call, _: Role) -> Iterator[Evaluation]:
    action, arn = lambda_actions.action_and_arn(
        call.method, call.path, call.parameters, call.body, region=call.region, account=call.account
    )
    yield Evaluation(action=action, arn=arn)
    if action not in {"lambda:CreateFunction", "lambda:UpdateFunctionConfiguration"}:
        return
    if call.body.get("Tags"):
        yield Evaluation(action="lambda:TagResource", arn=arn)
    if call.body.get("Role"):
        passed = {"iam:PassedToService": "lambda.amazonaws.com", "iam:AssociatedResourceArn": arn}
        yield Evaluation(action="iam:PassRole", arn=str(call.body["Role"]), keys=passed)
    for layer in _listed(call.body.get("Layers")):
        yield Evaluation(action="lambda:GetLayerVersion", arn=str(layer))
    # Lambda looks the network up, and uses the key, with the caller's permissions.
    network = call.body.get("VpcConfig")
    if isinstance(network, Mapping) and network.get("SubnetIds"):
        yield from (Evaluation(action=looked_up) for looked_up in _LOOKS_UP_NETWORK)
    if call.body.get("KMSKeyArn"):
        through = {"kms:ViaService": f"lambda.{call.region}.amazonaws.com"}
        for used in ("kms:CreateGrant", "kms:Encrypt"):
            yield Evaluation(action=used, arn=str(call.body["KMSKeyArn"]), keys=through)


def _logs(call: Call, _: Role) -> Iterator[Evaluation]:
    of = f"arn:aws:logs:{call.region}:{call.account}:log-group:"
    name, stream = call.body.get("logGroupName", ""), call.body.get("logStreamName", "")
    if call.action in _OF_LOG_GROUPS:
        arn = str(call.body.get("resourceArn", "*"))
    elif name or call.action == "DescribeLogGroups":
        # Evaluated with what follows the name, which is empty for the group itself; and it lists all groups.
        arn = f"{of}{name}:log-stream:{stream}"
    else:
        return
    yield Evaluation(action=f"logs:{call.action}", arn=arn)
    if call.action == "CreateLogGroup" and call.body.get("tags"):
        yield Evaluation(action="logs:TagResource", arn=f"{of}{name}")


def _events(call: Call, _: Role) -> Iterator[Evaluation]:
    body, of = call.body, f"arn:aws:events:{call.region}:{call.account}"
    if "ResourceARN" in body:
        yield Evaluation(action=f"events:{call.action}", arn=str(body["ResourceARN"]))
        return
    name = body.get("Rule") or body.get("Name")
    if not name or call.action not in _OF_RULES:
        return
    bus = str(body.get("EventBusName") or "default").rpartition("/")[2]
    arn = f"{of}:rule/{name}" if bus == "default" else f"{of}:rule/{bus}/{name}"
    yield Evaluation(action=f"events:{call.action}", arn=arn)
    if call.action == "PutRule" and body.get("Tags"):
        yield Evaluation(action="events:TagResource", arn=arn)
    roles = [target["RoleArn"] for target in _listed(body.get("Targets")) if _has_role(target)]
    for passed in [*roles, *([body["RoleArn"]] if body.get("RoleArn") else [])]:
        yield Evaluation(action="iam:PassRole", arn=str(passed), keys={"iam:PassedToService": "events.amazonaws.com"})


def _has_role(target: object) -> bool:
    return isinstance(target, Mapping) and bool(target.get("RoleArn"))


def _listed(value: object) -> list[dict[str, object]]:
    return value if isinstance(value, list) else []


def _tagged(parameters: Iterable[str]) -> bool:
    return any(name.startswith("Tags.") for name in parameters)


def json_object(body: bytes) -> Mapping[str, object]:
    """Read a body; empty if it is no JSON object."""
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
