"""Changes by hand that leave the chain whole, and those that only a refresh sees; each with its way back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from keyless_bigquery.components import outputs
from pulumi_offline.demo.scenario import ROWS
from pulumi_offline.stack_harness import StackHarness
from tests.doctor import changes

STRANGER = "user:stranger@example.com"
_AWS_POLICY = "arn:aws:iam::aws:policy/AWSLambdaExecute"
ANYTHING = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
)


def function_name(stage: StackHarness) -> str:
    return stage.output(outputs.FUNCTION_NAME).partition(":")[0]


# The function


@contextmanager
def configured(stage: StackHarness, **change: Any) -> Iterator[None]:
    client, name = stage.aws("lambda"), function_name(stage)
    before = client.get_function_configuration(FunctionName=name)
    client.update_function_configuration(FunctionName=name, **change)
    yield
    client.update_function_configuration(FunctionName=name, **{key: before[key] for key in change})


def code_replaced(stage: StackHarness) -> AbstractContextManager[None]:
    return changes.package(
        stage, {"credential-configuration.json": stage.output(outputs.CREDENTIAL_CONFIGURATION), "new.py": ""}
    )


@contextmanager
def concurrency_reserved(stage: StackHarness) -> Iterator[None]:
    client, name = stage.aws("lambda"), function_name(stage)
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=3)
    yield
    client.delete_function_concurrency(FunctionName=name)


@contextmanager
def put_in_a_network(stage: StackHarness) -> Iterator[None]:
    client, name = stage.aws("lambda"), function_name(stage)
    inside = {"SubnetIds": ["subnet-0123456789abcdef0"], "SecurityGroupIds": ["sg-0123456789abcdef0"]}
    client.update_function_configuration(FunctionName=name, VpcConfig=inside)
    yield
    client.update_function_configuration(FunctionName=name, VpcConfig={"SubnetIds": [], "SecurityGroupIds": []})


@contextmanager
def statement_added(stage: StackHarness, *, qualifier: str = "") -> Iterator[None]:
    which = {"FunctionName": function_name(stage), "StatementId": "by-hand"}
    which |= {"Qualifier": qualifier} if qualifier else {}
    client = stage.aws("lambda")
    client.add_permission(**which, Action="lambda:InvokeFunction", Principal="111111111111")
    yield
    client.remove_permission(**which)


@contextmanager
def alias_moved(stage: StackHarness) -> Iterator[None]:
    client, which = stage.aws("lambda"), {"FunctionName": function_name(stage), "Name": "live"}
    before = client.get_alias(**which)["FunctionVersion"]
    client.update_alias(**which, FunctionVersion="$LATEST")
    yield
    client.update_alias(**which, FunctionVersion=before)


# Its schedule, its log


@contextmanager
def rule_disabled(stage: StackHarness) -> Iterator[None]:
    client, name = stage.aws("events"), function_name(stage)
    client.disable_rule(Name=name)
    yield
    client.enable_rule(Name=name)


@contextmanager
def rate_changed(stage: StackHarness) -> Iterator[None]:
    client, name = stage.aws("events"), function_name(stage)
    before = client.describe_rule(Name=name)
    kept = {key: before[key] for key in ("Name", "Description", "State")}
    client.put_rule(**kept, ScheduleExpression="rate(1 minute)")
    yield
    client.put_rule(**kept, ScheduleExpression=before["ScheduleExpression"])


@contextmanager
def target_changed(stage: StackHarness) -> Iterator[None]:
    client, name = stage.aws("events"), function_name(stage)
    (before,) = client.list_targets_by_rule(Rule=name)["Targets"]
    client.put_targets(Rule=name, Targets=[{**before, "Arn": f"{before['Arn']}-other"}])
    yield
    client.put_targets(Rule=name, Targets=[before])


@contextmanager
def target_added(stage: StackHarness) -> Iterator[None]:
    client, name = stage.aws("events"), function_name(stage)
    (before,) = client.list_targets_by_rule(Rule=name)["Targets"]
    client.put_targets(Rule=name, Targets=[{"Id": "by-hand", "Arn": f"{before['Arn']}-other"}])
    yield
    client.remove_targets(Rule=name, Ids=["by-hand"])


@contextmanager
def retention_changed(stage: StackHarness) -> Iterator[None]:
    client, name = stage.aws("logs"), stage.output(outputs.LOG_GROUP)
    (before,) = client.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    client.put_retention_policy(logGroupName=name, retentionInDays=30)
    yield
    client.put_retention_policy(logGroupName=name, retentionInDays=before["retentionInDays"])


# Its role


@contextmanager
def inline_policy_added(stage: StackHarness) -> Iterator[None]:
    which = {"RoleName": changes.role_name(stage), "PolicyName": "by-hand"}
    stage.aws("iam").put_role_policy(**which, PolicyDocument=ANYTHING)
    yield
    stage.aws("iam").delete_role_policy(**which)


@contextmanager
def inline_policy_changed(stage: StackHarness) -> Iterator[None]:
    iam, role = stage.aws("iam"), changes.role_name(stage)
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    before = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=ANYTHING)
    yield
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(before))


@contextmanager
def inline_policy_deleted(stage: StackHarness) -> Iterator[None]:
    iam, role = stage.aws("iam"), changes.role_name(stage)
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    before = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    iam.delete_role_policy(RoleName=role, PolicyName=name)
    yield
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(before))


@contextmanager
def policy_attached(stage: StackHarness) -> Iterator[None]:
    which = {"RoleName": changes.role_name(stage), "PolicyArn": _AWS_POLICY}
    stage.aws("iam").attach_role_policy(**which)
    yield
    stage.aws("iam").detach_role_policy(**which)


@contextmanager
def boundary_removed(stage: StackHarness) -> Iterator[None]:
    iam, role = stage.aws("iam"), changes.role_name(stage)
    before = iam.get_role(RoleName=role)["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"]
    iam.delete_role_permissions_boundary(RoleName=role)
    yield
    iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=before)


# Google


@contextmanager
def patched(stage: StackHarness, path: str, change: Mapping[str, Any]) -> Iterator[None]:
    before = stage.google("GET", path)
    stage.google("PATCH", path, change)
    yield
    stage.google("PATCH", path, {key: before[key] for key in change})


@contextmanager
def member_added(stage: StackHarness, resource: str, role: str, member: str) -> Iterator[None]:
    """A further member, beside those that are there."""
    before = stage.google("POST", f"{resource}:getIamPolicy", {}).get("bindings", [])
    stage.google(
        "POST",
        f"{resource}:setIamPolicy",
        {"policy": {"bindings": [*before, {"role": role, "members": [member]}]}},
    )
    yield
    stage.google("POST", f"{resource}:setIamPolicy", {"policy": {"bindings": before}})


def access_entry_added(stage: StackHarness) -> AbstractContextManager[None]:
    dataset = changes.table(stage).partition("/tables/")[0]
    before = stage.google("GET", dataset)["access"]
    entry = {"role": "READER", "userByEmail": STRANGER.partition(":")[2]}
    return patched(stage, dataset, {"access": [*before, entry]})


LISTED_TABLE, LISTED_DATASET = "local-keyless.theirs.orders", "local-keyless.shared"
_THEIRS, _SHARED = (f"/bigquery/v2/projects/local-keyless/datasets/{name}" for name in ("theirs", "shared"))


@contextmanager
def theirs(stage: StackHarness) -> Iterator[None]:
    """What another team has: a table, a view, and a dataset that the view is authorised in. Its list stays as it is."""
    for path in (_THEIRS, _SHARED):
        parent, _, name = path.rpartition("/")
        stage.google("POST", parent, {"datasetReference": {"datasetId": name}, "location": "US"})
    schema = {"fields": [{"name": "id", "type": "INTEGER"}]}
    stage.google("POST", f"{_THEIRS}/tables", {"tableReference": {"tableId": "orders"}, "schema": schema})
    view = {"query": "SELECT 1 AS id", "useLegacySql": False}
    stage.google("POST", f"{_THEIRS}/tables", {"tableReference": {"tableId": "one"}, "view": view})
    authorised = {"view": {"projectId": "local-keyless", "datasetId": "theirs", "tableId": "one"}}
    access = [*stage.google("GET", _SHARED)["access"], authorised]
    stage.google("PATCH", _SHARED, {"access": access})
    yield
    assert stage.google("GET", _SHARED)["access"] == access
    assert not stage.google("POST", f"{_THEIRS}/tables/orders:getIamPolicy").get("bindings")
    for path in (_SHARED, _THEIRS):
        changes.google_delete(stage, f"{path}?deleteContents=true")


def listed_grant_removed(stage: StackHarness) -> AbstractContextManager[None]:
    return changes.members(stage, f"{_THEIRS}/tables/orders", "roles/bigquery.dataViewer", None)


def listed_entry_removed(stage: StackHarness) -> AbstractContextManager[None]:
    email = stage.output(outputs.SERVICE_ACCOUNT)
    kept = [entry for entry in stage.google("GET", _SHARED)["access"] if entry.get("userByEmail") != email]
    return patched(stage, _SHARED, {"access": kept})


@contextmanager
def column_added(stage: StackHarness) -> Iterator[None]:
    path = changes.table(stage)
    before = stage.google("GET", path)["schema"]
    more = {"fields": [*before["fields"], {"name": "by_hand", "type": "STRING", "mode": "NULLABLE"}]}
    stage.google("PATCH", path, {"schema": more})
    yield
    query(stage, "ALTER TABLE `{}` DROP COLUMN by_hand")


@contextmanager
def column_dropped(stage: StackHarness) -> Iterator[None]:
    path = changes.table(stage)
    before = stage.google("GET", path)["schema"]
    query(stage, "ALTER TABLE `{}` DROP COLUMN name")
    yield
    stage.google("PATCH", path, {"schema": before})


@contextmanager
def rows_deleted(stage: StackHarness) -> Iterator[None]:
    query(stage, "DELETE FROM `{}` WHERE TRUE")
    yield
    stage.put_rows(ROWS)


@contextmanager
def provider_added(stage: StackHarness) -> Iterator[None]:
    ours = stage.google("GET", f"/v1/{stage.output(outputs.PROVIDER_NAME)}")
    providers = f"/v1/{stage.output(outputs.POOL_NAME)}/providers"
    theirs = {"aws": {"accountId": "111111111111"}, "attributeMapping": ours["attributeMapping"]}
    stage.google("POST", f"{providers}?workloadIdentityPoolProviderId=by-hand", theirs)
    yield
    stage.google("DELETE", f"{providers}/by-hand")


def query(stage: StackHarness, statement: str) -> None:
    """Runs a statement of BigQuery's as the deployer, with the table's name in its gap."""
    table = stage.output(outputs.TABLE)
    body = {"query": statement.format(table), "useLegacySql": False}
    stage.google("POST", f"/bigquery/v2/projects/{table.partition('.')[0]}/queries", body)
