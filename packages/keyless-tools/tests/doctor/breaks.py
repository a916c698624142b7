"""Ways to break the deployed chain, each at one link, and the way back: what the printed fix would do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from keyless_bigquery.components import outputs
from keyless_bigquery.runtime import environment
from keyless_bigquery.trust.trust import CREDENTIAL_CONFIGURATION_FILE
from pulumi_offline.demo.scenario import ROWS
from pulumi_offline.stack_harness import StackHarness
from tests.doctor.changes import (
    account,
    function,
    google_delete,
    members,
    package,
    provider,
    role_name,
    service_off,
    table,
    variables,
)

Break = Callable[[StackHarness], AbstractContextManager[None]]


# The AWS side


@contextmanager
def another_role(stage: StackHarness) -> Iterator[None]:
    stage.give_another_role("Another-Reader")
    yield
    function(stage, Role=stage.output(outputs.ROLE_ARN))
    stage.delete_role("Another-Reader")


@contextmanager
def a_function_that_was_deleted(stage: StackHarness) -> Iterator[None]:
    stage.aws("lambda").delete_function(FunctionName=stage.output(outputs.FUNCTION_NAME))
    yield
    stage.up(refresh=True)


@contextmanager
def a_function_that_never_runs(stage: StackHarness) -> Iterator[None]:
    client, name = stage.aws("lambda"), stage.output(outputs.FUNCTION_NAME)
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    yield
    client.delete_function_concurrency(FunctionName=name)


@contextmanager
def trusting(stage: StackHarness, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Iterator[None]:
    iam, name = stage.aws("iam"), role_name(stage)
    before = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(change(before)))
    yield
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(before))


def a_role_that_another_account_may_assume(stage: StackHarness) -> AbstractContextManager[None]:
    stranger = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999999999999:root"}, "Action": "sts:AssumeRole"}
    return trusting(stage, lambda before: {**before, "Statement": [*before["Statement"], stranger]})


def a_role_that_lambda_may_not_assume(stage: StackHarness) -> AbstractContextManager[None]:
    return trusting(stage, lambda before: json.loads(json.dumps(before).replace("lambda.amazonaws", "ec2.amazonaws")))


def another_table_in_the_environment(stage: StackHarness) -> AbstractContextManager[None]:
    return variables(stage, **{environment.TABLE: "local-keyless.keyless_local.userz"})


def a_variable_that_is_not_set(stage: StackHarness) -> AbstractContextManager[None]:
    return variables(stage, **{environment.PROJECT: None})


def a_package_whose_audience_has_the_projects_id(stage: StackHarness) -> AbstractContextManager[None]:
    content = stage.output(outputs.CREDENTIAL_CONFIGURATION)
    content = content.replace(f"projects/{stage.cloud.project_number}/", f"projects/{stage.cloud.project_id}/")
    return package(stage, {CREDENTIAL_CONFIGURATION_FILE: content})


def a_package_without_the_file(stage: StackHarness) -> AbstractContextManager[None]:
    return package(stage, {"something.else": ""})


@contextmanager
def a_log_group_that_was_deleted(stage: StackHarness) -> Iterator[None]:
    logs, name = stage.aws("logs"), stage.output(outputs.LOG_GROUP)
    (before,) = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    logs.delete_log_group(logGroupName=name)
    yield
    logs.create_log_group(logGroupName=name)
    logs.put_retention_policy(logGroupName=name, retentionInDays=before["retentionInDays"])


# What Google trusts


def sts_switched_off(stage: StackHarness) -> AbstractContextManager[None]:
    return service_off(stage, "sts.googleapis.com")


def iam_switched_off(stage: StackHarness) -> AbstractContextManager[None]:
    return service_off(stage, "iam.googleapis.com")


@contextmanager
def the_pool_disabled(stage: StackHarness) -> Iterator[None]:
    pool = f"/v1/{stage.output(outputs.POOL_NAME)}?updateMask=disabled"
    stage.google("PATCH", pool, {"disabled": True})
    yield
    stage.google("PATCH", pool, {})


@contextmanager
def the_pool_deleted(stage: StackHarness) -> Iterator[None]:
    stage.google("DELETE", f"/v1/{stage.output(outputs.POOL_NAME)}")
    yield
    stage.google("POST", f"/v1/{stage.output(outputs.POOL_NAME)}:undelete", {})
    stage.google("POST", f"/v1/{stage.output(outputs.PROVIDER_NAME)}:undelete", {})


def the_provider_disabled(stage: StackHarness) -> AbstractContextManager[None]:
    return provider(stage, disabled=True)


@contextmanager
def the_provider_deleted(stage: StackHarness) -> Iterator[None]:
    provider = f"/v1/{stage.output(outputs.PROVIDER_NAME)}"
    stage.google("DELETE", provider)
    yield
    if stage.google("GET", provider)["state"] == "DELETED":
        stage.google("POST", f"{provider}:undelete", {})


def another_account(stage: StackHarness) -> AbstractContextManager[None]:
    return provider(stage, aws={"accountId": "111111111111"})


def a_mapping_to_the_bare_role_name(stage: StackHarness) -> AbstractContextManager[None]:
    bare = "assertion.arn.extract('assumed-role/{role_name}/')"
    return provider(stage, attributeMapping={"google.subject": "assertion.arn", "attribute.aws_role": bare})


def a_mapping_of_a_claim_that_aws_does_not_give(stage: StackHarness) -> AbstractContextManager[None]:
    return provider(stage, attributeMapping={"google.subject": "assertion.sub"})


def a_condition_in_another_case(stage: StackHarness) -> AbstractContextManager[None]:
    condition = stage.google("GET", f"/v1/{stage.output(outputs.PROVIDER_NAME)}")["attributeCondition"]
    return provider(stage, attributeCondition=condition.replace("Keyless-Reader", "keyless-reader"))


def a_condition_for_another_role(stage: StackHarness) -> AbstractContextManager[None]:
    condition = stage.google("GET", f"/v1/{stage.output(outputs.PROVIDER_NAME)}")["attributeCondition"]
    return provider(stage, attributeCondition=condition.replace("Keyless-Reader/", "Keyless-Reader2/"))


# From the token to the rows


@contextmanager
def the_account_disabled(stage: StackHarness) -> Iterator[None]:
    account = f"/v1/projects/-/serviceAccounts/{stage.output(outputs.SERVICE_ACCOUNT)}"
    stage.google("POST", f"{account}:disable", {})
    yield
    stage.google("POST", f"{account}:enable", {})


@contextmanager
def the_account_deleted(stage: StackHarness) -> Iterator[None]:
    account = f"/v1/projects/-/serviceAccounts/{stage.output(outputs.SERVICE_ACCOUNT)}"
    unique_id = stage.google("GET", account)["uniqueId"]
    stage.google("DELETE", account)
    yield
    stage.google("POST", f"/v1/projects/-/serviceAccounts/{unique_id}:undelete", {})


def no_binding(stage: StackHarness) -> AbstractContextManager[None]:
    return members(stage, account(stage), "roles/iam.workloadIdentityUser", None)


def a_binding_with_an_escaped_slash(stage: StackHarness) -> AbstractContextManager[None]:
    member = stage.output(outputs.PRINCIPAL).replace("assumed-role/", "assumed-role%2F")
    return members(stage, account(stage), "roles/iam.workloadIdentityUser", member)


def a_binding_in_another_case(stage: StackHarness) -> AbstractContextManager[None]:
    member = stage.output(outputs.PRINCIPAL).replace("Keyless-Reader", "keyless-reader")
    return members(stage, account(stage), "roles/iam.workloadIdentityUser", member)


def a_binding_of_another_pool(stage: StackHarness) -> AbstractContextManager[None]:
    pool = stage.output(outputs.POOL_NAME)
    member = stage.output(outputs.PRINCIPAL).replace(pool, f"{pool}-old")
    return members(stage, account(stage), "roles/iam.workloadIdentityUser", member)


@contextmanager
def a_role_that_does_not_let_impersonate(stage: StackHarness) -> Iterator[None]:
    principal = stage.output(outputs.PRINCIPAL)
    with (
        members(stage, account(stage), "roles/iam.workloadIdentityUser", None),
        members(stage, account(stage), "roles/iam.serviceAccountViewer", principal),
    ):
        yield


def no_job_user(stage: StackHarness) -> AbstractContextManager[None]:
    return members(stage, f"/v1/projects/{stage.cloud.project_id}", "roles/bigquery.jobUser", None)


@contextmanager
def a_table_that_was_deleted(stage: StackHarness) -> Iterator[None]:
    path = table(stage)
    kept, policy = stage.google("GET", path), stage.google("POST", f"{path}:getIamPolicy", {})
    google_delete(stage, path)
    yield
    made = {name: kept[name] for name in ("tableReference", "schema", "description")}
    stage.google("POST", path.rpartition("/")[0], made)
    stage.google("POST", f"{path}:setIamPolicy", {"policy": {"bindings": policy["bindings"]}})
    stage.put_rows(ROWS)


def no_data_viewer(stage: StackHarness) -> AbstractContextManager[None]:
    return members(stage, table(stage), "roles/bigquery.dataViewer", None)
