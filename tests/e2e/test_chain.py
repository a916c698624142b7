"""The packaged function on the local cloud, deployed by the real engine: each link lets it in, and refuses it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from federation_emulator.core.trace import Link
from keyless_bigquery.components import outputs
from pulumi_offline.demo.scenario import EXPECTED_LOG
from pulumi_offline.stack_harness import Invocation, StackHarness

EVENT = {"asked by": "a test"}


def assert_rows(invocation: Invocation) -> None:
    assert not invocation.failed, invocation.log
    assert [line for line in invocation.log.splitlines() if line in EXPECTED_LOG] == EXPECTED_LOG
    assert invocation.returned == EVENT


def test_the_function_reads_the_rows_and_returns_its_event(stage: StackHarness) -> None:
    invocation = stage.invoke(EVENT)
    assert_rows(invocation)
    assert [decision.link for decision in invocation.decisions] == [
        Link.TOKEN_EXCHANGE,
        Link.IMPERSONATION,
        Link.JOB,
        Link.TABLE,
    ]
    assert all(decision.allowed for decision in invocation.decisions)


def test_a_warm_invocation_uses_the_token_it_has(stage: StackHarness) -> None:
    assert_rows(stage.invoke(EVENT))
    warm = stage.invoke(EVENT)
    assert_rows(warm)
    assert [decision.link for decision in warm.decisions] == [Link.JOB, Link.TABLE]


Undo = Callable[[], object]


def take_members_off(stage: StackHarness, resource: str, role: str) -> Undo:
    """Takes every member of a role off a resource's policy."""
    policy = stage.google("POST", f"{resource}:getIamPolicy", {})
    kept = [binding for binding in policy.get("bindings", []) if binding["role"] != role]
    assert kept != policy.get("bindings", []), f"nobody has {role} on {resource}"
    changed = stage.google("POST", f"{resource}:setIamPolicy", {"policy": {**policy, "bindings": kept}})
    return lambda: stage.google("POST", f"{resource}:setIamPolicy", {"policy": {**policy, "etag": changed["etag"]}})


def patch(stage: StackHarness, name: str, **changed: Any) -> Undo:
    """Changes fields of a pool or provider."""
    before = stage.google("GET", f"/v1/{name}")
    mask = ",".join(changed)
    stage.google("PATCH", f"/v1/{name}?updateMask={mask}", changed)
    own = {field: before[field] for field in changed if field in before}
    return lambda: stage.google("PATCH", f"/v1/{name}?updateMask={mask}", own)


def wear(stage: StackHarness, role: str) -> Undo:
    """Puts the function under another role."""
    stage.give_another_role(role)

    def undo() -> None:
        stage.aws("lambda").update_function_configuration(
            FunctionName=stage.output(outputs.FUNCTION_NAME), Role=stage.output(outputs.ROLE_ARN)
        )
        stage.delete_role(role)

    return undo


def another_role(stage: StackHarness) -> Undo:
    return wear(stage, "Another-Reader")


def a_role_that_only_starts_with_the_right_name(stage: StackHarness) -> Undo:
    return wear(stage, "Keyless-Reader2")


def a_role_of_the_same_name_in_lower_case(stage: StackHarness) -> Undo:
    # IAM itself takes names that differ by case for one name, so the case is changed on Google's side.
    provider = stage.output(outputs.PROVIDER_NAME)
    condition = stage.google("GET", f"/v1/{provider}")["attributeCondition"]
    return patch(stage, provider, attributeCondition=condition.replace("Keyless-Reader", "keyless-reader"))


def another_account(stage: StackHarness) -> Undo:
    return patch(stage, stage.output(outputs.PROVIDER_NAME), aws={"accountId": "111111111111"})


def the_provider_disabled(stage: StackHarness) -> Undo:
    return patch(stage, stage.output(outputs.PROVIDER_NAME), disabled=True)


def the_pool_disabled(stage: StackHarness) -> Undo:
    return patch(stage, stage.output(outputs.POOL_NAME), disabled=True)


def the_binding_removed(stage: StackHarness) -> Undo:
    account = f"/v1/projects/-/serviceAccounts/{stage.output(outputs.SERVICE_ACCOUNT)}"
    return take_members_off(stage, account, "roles/iam.workloadIdentityUser")


def the_account_disabled(stage: StackHarness) -> Undo:
    account = f"/v1/projects/-/serviceAccounts/{stage.output(outputs.SERVICE_ACCOUNT)}"
    stage.google("POST", f"{account}:disable", {})
    return lambda: stage.google("POST", f"{account}:enable", {})


def no_job_user(stage: StackHarness) -> Undo:
    return take_members_off(stage, f"/v1/projects/{stage.cloud.project_id}", "roles/bigquery.jobUser")


def no_data_viewer(stage: StackHarness) -> Undo:
    project, dataset, table = stage.output(outputs.TABLE).split(".")
    return take_members_off(
        stage, f"/bigquery/v2/projects/{project}/datasets/{dataset}/tables/{table}", "roles/bigquery.dataViewer"
    )


@dataclasses.dataclass(frozen=True)
class Case:
    change: Callable[[StackHarness], Undo]
    link: Link


CASES = [
    Case(another_role, Link.TOKEN_EXCHANGE),
    Case(a_role_that_only_starts_with_the_right_name, Link.TOKEN_EXCHANGE),
    Case(a_role_of_the_same_name_in_lower_case, Link.TOKEN_EXCHANGE),
    Case(another_account, Link.TOKEN_EXCHANGE),
    Case(the_provider_disabled, Link.TOKEN_EXCHANGE),
    Case(the_pool_disabled, Link.TOKEN_EXCHANGE),
    Case(the_binding_removed, Link.IMPERSONATION),
    Case(the_account_disabled, Link.IMPERSONATION),
    Case(no_job_user, Link.JOB),
    Case(no_data_viewer, Link.TABLE),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.change.__name__)
def test_one_broken_link_refuses_the_function_and_mending_it_lets_it_in(stage: StackHarness, case: Case) -> None:
    undo = case.change(stage)
    refused = stage.invoke(EVENT)
    undo()
    mended = stage.invoke(EVENT)

    assert refused.failed
    assert refused.refusal is not None
    assert refused.refusal.link is case.link
    assert not [line for line in refused.log.splitlines() if line in EXPECTED_LOG[1:]]
    told = [line for line in refused.log.splitlines() if line.startswith("ERROR ")]
    assert len(told) == 1, refused.log
    assert told[0].startswith(f"ERROR {case.link.value} failed: ")
    assert "Check: " in told[0]
    assert_rows(mended)


def test_an_up_with_refresh_mends_every_link_that_was_broken_by_hand(stage: StackHarness) -> None:
    # All but one: the function wears one role at a time.
    together = [another_role, a_role_of_the_same_name_in_lower_case, another_account, the_provider_disabled]
    together += [the_pool_disabled, the_binding_removed, the_account_disabled, no_job_user, no_data_viewer]
    for change in together:
        change(stage)
    assert stage.invoke(EVENT).failed
    stage.up(refresh=True)
    stage.delete_role("Another-Reader")
    stage.forget_tokens()
    assert_rows(stage.invoke(EVENT))
