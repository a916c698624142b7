"""The aws stand-in under the real engine, against the real local AWS."""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from federation_emulator.servers.aws import LocalAws
from pulumi_offline.plugins.aws import served
from pulumi_offline.plugins.aws.api import AwsApi
from pulumi_offline.plugins.kind import changes
from tests.emulator.chain import LocalAccount
from tests.plugins.stacks import ACCOUNT, Deployment, Program, aws_provider

LAMBDA_MAY_ASSUME = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
NETWORK_POLICY = "arn:aws:iam::aws:policy/service-role/AWSLambdaENIManagementAccess"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
HANDLER = "import os\ndef handler(event, context):\n    print(os.environ['GREETING'])\n    return {answer!r}\n"


def client(local_aws: LocalAws, service: str) -> Any:
    return LocalAccount(local_aws.url, ACCOUNT).client(service)


def archive(folder: Path, answer: str) -> Path:
    """A function's zip that answers this."""
    path = folder / f"{answer}.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr(zipfile.ZipInfo("code.py"), HANDLER.format(answer=answer))
    return path


def function(
    local_aws: LocalAws, code: Path, *, greeting: str = "hello", spaced: bool = False, days: int = 1
) -> Program:
    """A role, its policy, a log group and a function."""

    def program() -> None:
        options = pulumi.ResourceOptions(provider=aws_provider(local_aws.url))
        role = aws.iam.Role(
            "role",
            name="Reader",
            description="runs the function",
            assume_role_policy=json.dumps(LAMBDA_MAY_ASSUME, indent=4 if spaced else None),
            opts=options,
        )
        group = aws.cloudwatch.LogGroup("log", name="/aws/lambda/reader", retention_in_days=days, opts=options)
        policy = group.arn.apply(
            lambda arn: json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": ["logs:PutLogEvents"], "Resource": f"{arn}:*"}],
                }
            )
        )
        written = aws.iam.RolePolicy("policy", role=role.name, policy=policy, opts=options)
        made = aws.lambda_.Function(
            "function",
            name="reader",
            role=role.arn,
            handler="code.handler",
            runtime="python3.11",
            architectures=["x86_64"],
            code=pulumi.FileArchive(str(code)),
            code_sha256=base64.b64encode(hashlib.sha256(code.read_bytes()).digest()).decode(),
            memory_size=256,
            timeout=10,
            environment=aws.lambda_.FunctionEnvironmentArgs(variables={"GREETING": greeting}),
            opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[written])),
        )
        pulumi.export("invoke", made.invoke_arn)
        pulumi.export("policy", pulumi.Output.concat(role.name, ":", written.name))
        pulumi.export("role", role.arn)
        pulumi.export("unique", role.unique_id)

    return program


def scheduled(local_aws: LocalAws, code: Path, *, reserved: int | None = 5, text: str = "first") -> Program:
    """A function in a network, with a key for its environment, that a rule calls by an alias of its newest version."""

    def program() -> None:
        options = pulumi.ResourceOptions(provider=aws_provider(local_aws.url))
        role = aws.iam.Role(
            "role",
            name="Reader",
            assume_role_policy=json.dumps(LAMBDA_MAY_ASSUME),
            permissions_boundary=BOUNDARY,
            opts=options,
        )
        network = aws.iam.RolePolicyAttachment("network", role=role.name, policy_arn=NETWORK_POLICY, opts=options)
        made = aws.lambda_.Function(
            "function",
            name="timed",
            role=role.arn,
            handler="code.handler",
            runtime="python3.12",
            description=text,
            code=pulumi.FileArchive(str(code)),
            environment=aws.lambda_.FunctionEnvironmentArgs(variables={"GREETING": "hello"}),
            publish=True,
            snap_start=aws.lambda_.FunctionSnapStartArgs(apply_on="PublishedVersions"),
            reserved_concurrent_executions=reserved,
            vpc_config=aws.lambda_.FunctionVpcConfigArgs(
                subnet_ids=["subnet-00000002", "subnet-00000001"], security_group_ids=["sg-00000001"]
            ),
            kms_key_arn=KEY,
            logging_config=aws.lambda_.FunctionLoggingConfigArgs(log_format="JSON", application_log_level="DEBUG"),
            opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[network])),
        )
        alias = aws.lambda_.Alias(
            "alias", name="live", function_name=made.name, function_version=made.version, opts=options
        )
        rule = aws.cloudwatch.EventRule(
            "schedule",
            name="hourly",
            schedule_expression="rate(1 hour)",
            description=text,
            state="ENABLED",
            opts=options,
        )
        aws.lambda_.Permission(
            "may-call", statement_id="schedule", action="lambda:InvokeFunction", function=made.name,
            qualifier=alias.name, principal="events.amazonaws.com", source_arn=rule.arn, opts=options,
        )  # fmt: skip
        aws.cloudwatch.EventTarget(
            "target", rule=rule.name, target_id="reader", arn=alias.arn, input='{"limit": 1}', opts=options
        )
        pulumi.export("version", made.version)
        pulumi.export("qualified", made.qualified_arn)

    return program


def imported(deployment: Deployment, local_aws: LocalAws, ids: dict[str, str]) -> dict[str, set[str]]:
    """What the program would change of each resource, were it imported by this id; by the resources' names."""
    endpoints = dict.fromkeys(("iam", "lambda", "logs", "events"), local_aws.url)
    types = served(AwsApi(endpoints=endpoints, region="us-east-1", key=ACCOUNT, secret="test", session=None))
    found = {}
    for resource in (deployment.stack.export_stack().deployment or {})["resources"]:
        name = resource["urn"].rpartition("::")[2]
        if name in ids:
            kind = types.kind(resource["type"])
            live = kind.read(ids[name], {})
            assert live is not None, f"{name} is not found"
            assert kind.id_of(ids[name], live) == resource["id"]
            inputs = {key: value for key, value in resource["inputs"].items() if not key.startswith("__")}
            found[name] = set(changes(kind, live, inputs))
            assert kind.read(f"{ids[name]}-of-another", {}) is None, f"{name} is found under another id"
    return found


def invoke(local_aws: LocalAws, name: str = "reader") -> Any:
    return json.loads(client(local_aws, "lambda").invoke(FunctionName=name)["Payload"].read())


@pytest.mark.soak
def test_from_preview_to_destroy_and_nothing_changes_in_between(
    deployment: Deployment, local_aws: LocalAws, tmp_path: Path
) -> None:
    program = function(local_aws, archive(tmp_path, "one"))
    assert deployment.preview(program) == {"create": 6}
    assert client(local_aws, "iam").list_roles()["Roles"] == []
    assert deployment.up(program) == {"create": 6}
    assert deployment.output("role") == f"arn:aws:iam::{ACCOUNT}:role/Reader"
    assert str(deployment.output("invoke")).endswith(f":{ACCOUNT}:function:reader/invocations")
    assert str(deployment.output("unique")).startswith("AROA")
    assert invoke(local_aws) == "one"
    assert deployment.up(program) == {"same": 6}
    assert deployment.up(program, refresh=True) == {"same": 6}
    ids = {"role": "Reader", "policy": str(deployment.output("policy")), "log": "/aws/lambda/reader"}
    assert imported(deployment, local_aws, ids) == {key: set() for key in ids}
    assert deployment.destroy() == {"delete": 6}
    assert client(local_aws, "iam").list_roles()["Roles"] == []
    assert client(local_aws, "lambda").list_functions()["Functions"] == []


@pytest.mark.soak
def test_a_scheduled_function_follows_its_program_and_what_is_changed_by_hand_is_put_back(
    deployment: Deployment, local_aws: LocalAws, tmp_path: Path
) -> None:
    functions, events, iam = (client(local_aws, service) for service in ("lambda", "events", "iam"))
    nothing = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
    iam.create_policy(PolicyName="boundary", PolicyDocument=json.dumps(nothing))
    code = archive(tmp_path, "one")
    assert deployment.up(scheduled(local_aws, code)) == {"create": 9}
    assert (deployment.output("version"), invoke(local_aws, "timed:live")) == ("1", "one")
    assert str(deployment.output("qualified")).endswith(":function:timed:1")
    assert iam.get_role(RoleName="Reader")["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == BOUNDARY
    live = functions.get_function(FunctionName="timed")
    assert live["Concurrency"] == {"ReservedConcurrentExecutions": 5}
    assert live["Configuration"]["SnapStart"]["ApplyOn"] == "PublishedVersions"
    assert live["Configuration"]["KMSKeyArn"] == KEY
    assert live["Configuration"]["VpcConfig"]["SecurityGroupIds"] == ["sg-00000001"]
    assert live["Configuration"]["LoggingConfig"]["ApplicationLogLevel"] == "DEBUG"

    ids = {
        "network": f"Reader/{NETWORK_POLICY}",
        "function": "timed",
        "alias": "timed/live",
        "may-call": "timed:live/schedule",
        "schedule": "default/hourly",
        "target": "hourly/reader",
    }
    changed = {key: set[str]() for key in ids} | {"function": {"code", "publish"}}
    assert imported(deployment, local_aws, ids) == changed, "AWS does not report from which file the code came"

    functions.delete_function_concurrency(FunctionName="timed")
    functions.remove_permission(FunctionName="timed", StatementId="schedule", Qualifier="live")
    events.put_rule(Name="hourly", ScheduleExpression="rate(1 hour)", State="DISABLED")
    events.remove_targets(Rule="hourly", Ids=["reader"])
    iam.detach_role_policy(RoleName="Reader", PolicyArn=NETWORK_POLICY)
    iam.delete_role_permissions_boundary(RoleName="Reader")
    assert deployment.up(scheduled(local_aws, code), refresh=True) == {"same": 3, "update": 3, "create": 3}
    assert iam.get_role(RoleName="Reader")["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == BOUNDARY
    assert deployment.output("version") == "1", "reserving publishes nothing"
    assert events.describe_rule(Name="hourly")["State"] == "ENABLED"

    second = scheduled(local_aws, archive(tmp_path, "two"), reserved=None, text="second")
    assert deployment.preview(second) == {"same": 6, "update": 3}, "the alias moves to a version not known yet"
    assert deployment.up(second, refresh=True) == {"same": 6, "update": 3}
    assert (deployment.output("version"), invoke(local_aws, "timed:live")) == ("2", "two")
    assert "Concurrency" not in functions.get_function(FunctionName="timed")

    assert deployment.destroy() == {"delete": 9}
    assert functions.list_functions(FunctionVersion="ALL")["Functions"] == []
    assert events.list_rules()["Rules"] == []
    assert iam.list_roles()["Roles"] == []
    iam.delete_policy(PolicyArn=BOUNDARY)


def test_another_spelling_or_a_copy_of_the_code_is_no_change_but_a_setting_and_other_bytes_are(
    deployment: Deployment, local_aws: LocalAws, tmp_path: Path
) -> None:
    code = archive(tmp_path, "one")
    deployment.up(function(local_aws, code))
    copy = tmp_path / "copy.zip"
    copy.write_bytes(code.read_bytes())
    assert deployment.up(function(local_aws, copy, spaced=True)) == {"same": 6}
    assert deployment.up(function(local_aws, code, greeting="hi", days=7)) == {"same": 4, "update": 2}
    live = client(local_aws, "lambda").get_function_configuration(FunctionName="reader")
    assert live["Environment"]["Variables"] == {"GREETING": "hi"}
    changed = function(local_aws, archive(tmp_path, "two"), greeting="hi", days=7)
    assert deployment.up(changed) == {"same": 5, "update": 1}
    assert invoke(local_aws) == "two"
    deployment.destroy()


@pytest.mark.soak
def test_another_role_and_code_that_was_changed_by_hand_are_put_back_by_a_refresh(
    deployment: Deployment, local_aws: LocalAws, tmp_path: Path
) -> None:
    program = function(local_aws, archive(tmp_path, "one"))
    deployment.up(program)
    functions = client(local_aws, "lambda")
    functions.update_function_configuration(FunctionName="reader", Role=f"arn:aws:iam::{ACCOUNT}:role/Another")
    functions.update_function_code(FunctionName="reader", ZipFile=archive(tmp_path, "two").read_bytes())
    assert deployment.up(program) == {"same": 6}, "without a refresh it is not looked for"
    assert deployment.up(program, refresh=True) == {"same": 5, "update": 1}
    live = functions.get_function_configuration(FunctionName="reader")
    assert live["Role"] == f"arn:aws:iam::{ACCOUNT}:role/Reader"
    assert invoke(local_aws) == "one"
    deployment.destroy()


def test_another_account_than_the_allowed_one_is_refused(deployment: Deployment, local_aws: LocalAws) -> None:
    def program() -> None:
        provider = aws_provider(local_aws.url, allowed="111122223333")
        aws.cloudwatch.LogGroup("log", name="/other", opts=pulumi.ResourceOptions(provider=provider))

    with pytest.raises(Exception, match=f"AWS account {ACCOUNT} is not one of aws:allowedAccountIds"):
        deployment.up(program)


def test_an_endpoint_that_is_not_on_loopback_is_refused(deployment: Deployment) -> None:
    def program() -> None:
        provider = aws_provider("https://127.0.0.1:1")
        aws.cloudwatch.LogGroup("log", name="/other", opts=pulumi.ResourceOptions(provider=provider))

    with pytest.raises(Exception, match="not http on loopback; this is the stand-in aws plugin"):
        deployment.up(program)
