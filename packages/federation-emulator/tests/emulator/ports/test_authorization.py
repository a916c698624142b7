"""What AWS evaluates for a request: each action on its ARN, and what a request needs besides."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from federation_emulator.ports.authorization import Call, Evaluation, checks

ACCOUNT, REGION = "210987654321", "eu-west-1"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:reader"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/reader"
BOUNDARY, OTHER = f"arn:aws:iam::{ACCOUNT}:policy/boundary", f"arn:aws:iam::{ACCOUNT}:policy/other"
LOG = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:"
RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"


def found(
    service: str, action: str = "", method: str = "POST", path: str = "/", **given: Mapping[str, object]
) -> list[Evaluation]:
    parameters = {name: str(value) for name, value in given.get("parameters", {}).items()}
    call = Call(
        service=service,
        action=action,
        method=method,
        path=path,
        parameters=parameters,
        body=given.get("body", {}),
        region=REGION,
        account=ACCOUNT,
    )
    return list(checks(call, lambda name: (ROLE, BOUNDARY) if name == "reader" else None))


@pytest.mark.parametrize(
    ("method", "path", "action", "arn"),
    [
        ("GET", "/2015-03-31/functions", "ListFunctions", "*"),
        ("GET", "/2015-03-31/functions/reader", "GetFunction", FUNCTION),
        ("DELETE", "/2015-03-31/functions/reader/", "DeleteFunction", FUNCTION),
        ("GET", f"/2015-03-31/functions/{FUNCTION}".replace(":", "%3A"), "GetFunction", FUNCTION),
        ("GET", f"/2015-03-31/functions/{ACCOUNT}:function:reader:7", "GetFunction", f"{FUNCTION}:7"),
        ("GET", "/2015-03-31/functions/reader:$LATEST/configuration", "GetFunctionConfiguration", FUNCTION),
        ("POST", "/2015-03-31/functions/reader:live/invocations", "InvokeFunction", f"{FUNCTION}:live"),
        ("PUT", "/2015-03-31/functions/reader/aliases/live", "UpdateAlias", FUNCTION),
        ("GET", "/2015-03-31/functions/reader/aliases", "ListAliases", FUNCTION),
        ("DELETE", "/2015-03-31/functions/reader/policy/statement", "RemovePermission", FUNCTION),
        ("DELETE", "/2017-10-31/functions/reader/concurrency", "DeleteFunctionConcurrency", FUNCTION),
        ("PUT", "/2015-03-31/functions/reader", "UnknownOperation", FUNCTION),
        ("POST", "/2021-10-31/functions/reader/url", "UnknownOperation", FUNCTION),
        ("GET", f"/2017-03-31/tags/{FUNCTION}", "ListTags", FUNCTION),
        ("GET", "/2018-10-31/layers/l/versions/3", "GetLayerVersion", f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:l:3"),
        ("POST", "/2018-10-31/layers/l/versions", "PublishLayerVersion", f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:l"),
        ("GET", "/2015-03-31/event-source-mappings", "UnknownOperation", "*"),
    ],
)
def test_lambdas_action_is_read_from_method_and_path(method: str, path: str, action: str, arn: str) -> None:
    assert found("lambda", method=method, path=path) == [Evaluation(action=f"lambda:{action}", arn=arn)]


def test_a_qualifier_in_the_query_is_part_of_the_arn() -> None:
    asked = found("lambda", method="GET", path="/2015-03-31/functions/reader", parameters={"Qualifier": "live"})
    assert asked == [Evaluation(action="lambda:GetFunction", arn=f"{FUNCTION}:live")]


def test_who_makes_a_function_passes_its_role_and_uses_its_key_and_its_network() -> None:
    body = {
        "FunctionName": "reader",
        "Role": ROLE,
        "Tags": {"a": "b"},
        "KMSKeyArn": KEY,
        "VpcConfig": {"SubnetIds": ["subnet-1"]},
        "Layers": ["arn:aws:lambda:eu-west-1:1:layer:l:1"],
    }
    made = found("lambda", path="/2015-03-31/functions", body=body)
    assert made[0] == Evaluation(action="lambda:CreateFunction", arn=FUNCTION)
    by_action = {check.action: check for check in made[1:]}
    assert set(by_action) == {
        *("lambda:TagResource", "iam:PassRole", "lambda:GetLayerVersion", "kms:CreateGrant", "kms:Encrypt"),
        *("ec2:DescribeSubnets", "ec2:DescribeSecurityGroups", "ec2:DescribeVpcs"),
    }
    assert by_action["iam:PassRole"].arn == ROLE
    assert by_action["iam:PassRole"].keys["iam:PassedToService"] == "lambda.amazonaws.com"
    assert by_action["kms:Encrypt"].keys == {"kms:ViaService": "lambda.eu-west-1.amazonaws.com"}
    plain = found("lambda", path="/2015-03-31/functions", body={"FunctionName": "reader"})
    assert plain == [Evaluation(action="lambda:CreateFunction", arn=FUNCTION)]


@pytest.mark.parametrize(
    ("action", "parameters", "boundary"),
    [
        ("CreateRole", {"RoleName": "new", "PermissionsBoundary": BOUNDARY}, BOUNDARY),
        ("CreateRole", {"RoleName": "new"}, None),
        ("PutRolePolicy", {"RoleName": "reader"}, BOUNDARY),
        ("PutRolePermissionsBoundary", {"RoleName": "reader", "PermissionsBoundary": OTHER}, OTHER),
        ("DeleteRolePermissionsBoundary", {"RoleName": "reader"}, BOUNDARY),
        ("GetRole", {"RoleName": "reader"}, None),
        ("PutRolePolicy", {"RoleName": "unknown"}, None),
    ],
)
def test_the_boundary_that_a_role_has_or_gets_is_a_condition_key(
    action: str, parameters: Mapping[str, object], boundary: str | None
) -> None:
    (check,) = found("iam", action, parameters=parameters)
    assert check.action == f"iam:{action}"
    assert check.arn == f"arn:aws:iam::{ACCOUNT}:role/{parameters['RoleName']}"
    assert check.keys.get("iam:PermissionsBoundary") == boundary


def test_an_attached_policy_is_a_condition_key_and_tags_are_an_action_of_their_own() -> None:
    (attached,) = found("iam", "AttachRolePolicy", parameters={"RoleName": "reader", "PolicyArn": OTHER})
    assert attached.keys == {"iam:PermissionsBoundary": BOUNDARY, "iam:PolicyARN": OTHER}
    tagged = found("iam", "CreateRole", parameters={"RoleName": "new", "Path": "/p/", "Tags.member.1.Key": "a"})
    assert [check.action for check in tagged] == ["iam:CreateRole", "iam:TagRole"]
    assert {check.arn for check in tagged} == {f"arn:aws:iam::{ACCOUNT}:role/p/new"}


@pytest.mark.parametrize(
    ("service", "action", "body", "arn"),
    [
        ("logs", "CreateLogGroup", {"logGroupName": "/aws/lambda/r"}, f"{LOG}/aws/lambda/r:log-stream:"),
        ("logs", "GetLogEvents", {"logGroupName": "g", "logStreamName": "s"}, f"{LOG}g:log-stream:s"),
        ("logs", "DescribeLogGroups", {"logGroupNamePrefix": "g"}, f"{LOG}:log-stream:"),
        ("logs", "ListTagsForResource", {"resourceArn": f"{LOG}g"}, f"{LOG}g"),
        ("events", "PutTargets", {"Rule": "r"}, f"{RULE}r"),
        ("events", "PutRule", {"Name": "r", "EventBusName": "default"}, f"{RULE}r"),
        ("events", "DeleteRule", {"Name": "r", "EventBusName": "bus"}, f"{RULE}bus/r"),
        ("events", "UntagResource", {"ResourceARN": f"{RULE}r"}, f"{RULE}r"),
    ],
)
def test_a_log_group_has_what_follows_its_name_and_a_rule_of_the_default_bus_has_no_bus(
    service: str, action: str, body: Mapping[str, object], arn: str
) -> None:
    assert found(service, action, body=body) == [Evaluation(action=f"{service}:{action}", arn=arn)]


def test_a_role_for_a_target_is_passed_and_what_is_not_known_here_is_left_to_ministack() -> None:
    body = {"Rule": "r", "Targets": [{"Id": "1", "Arn": FUNCTION, "RoleArn": ROLE}]}
    assert [check.action for check in found("events", "PutTargets", body=body)] == ["events:PutTargets", "iam:PassRole"]
    assert found("events", "PutEvents", body={"Entries": []}) == found("sts", "AssumeRole") == []
