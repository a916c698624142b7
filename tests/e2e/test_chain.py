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


def test_the_function_reads_the_rows_and_returns_its_event(harness: StackHarness) -> None:
    invocation = harness.invoke(EVENT)
    assert_rows(invocation)
    assert [decision.link for decision in invocation.decisions] == [
        Link.TOKEN_EXCHANGE,
        Link.IMPERSONATION,
        Link.JOB,
        Link.TABLE,
    ]
    assert all(decision.allowed for decision in invocation.decisions)


def test_a_warm_invocation_uses_the_token_it_has(harness: StackHarness) -> None:
    assert_rows(harness.invoke(EVENT))
    warm = harness.invoke(EVENT)
    assert_rows(warm)
    assert [decision.link for decision in warm.decisions] == [Link.JOB, Link.TABLE]


Undo = Callable[[], object]


def take_members_off(harness: StackHarness, resource: str, role: str) -> Undo:
    """Takes every member of a role off a resource's policy."""
    policy = harness.google("POST", f"{resource}:getIamPolicy", {})
    kept = [binding for binding in policy.get("bindings", []) if binding["role"] != role]
    assert kept != policy.get("bindings", []), f"no member has {role} on {resource}"
    changed = harness.google("POST", f"{resource}:setIamPolicy", {"policy": {**policy, "bindings": kept}})
    return lambda: harness.google("POST", f"{resource}:setIamPolicy", {"policy": {**policy, "etag": changed["etag"]}})


def patch(harness: StackHarness, name: str, **changed: Any) -> Undo:
    """Changes fields of a pool or provider."""
    before = harness.google("GET", f"/v1/{name}")
    mask = ",".join(changed)
    harness.google("PATCH", f"/v1/{name}?updateMask={mask}", changed)
    own = {field: before[field] for field in changed if field in before}
    return lambda: harness.google("PATCH", f"/v1/{name}?updateMask={mask}", own)


def assume(harness: StackHarness, role: str) -> Undo:
    """Puts the function under another role."""
    harness.give_another_role(role)

    def undo() -> None:
        harness.aws("lambda").update_function_configuration(
            FunctionName=harness.output(outputs.FUNCTION_NAME), Role=harness.output(outputs.ROLE_ARN)
        )
        harness.delete_role(role)

    return undo


def another_role(harness: StackHarness) -> Undo:
    return assume(harness, "Another-Reader")


def a_role_that_only_starts_with_the_right_name(harness: StackHarness) -> Undo:
    return assume(harness, "Keyless-Reader2")


def a_role_of_the_same_name_in_lower_case(harness: StackHarness) -> Undo:
    # IAM itself takes names that differ by case for one name, so the case is changed on Google's side.
    provider = harness.output(outputs.PROVIDER_NAME)
    condition = harness.google("GET", f"/v1/{provider}")["attributeCondition"]
    return patch(harness, provider, attributeCondition=condition.replace("Keyless-Reader", "keyless-reader"))


def another_account(harness: StackHarness) -> Undo:
    return patch(harness, harness.output(outputs.PROVIDER_NAME), aws={"accountId": "111111111111"})


def the_provider_disabled(harness: StackHarness) -> Undo:
    return patch(harness, harness.output(outputs.PROVIDER_NAME), disabled=True)


def the_pool_disabled(harness: StackHarness) -> Undo:
    return patch(harness, harness.output(outputs.POOL_NAME), disabled=True)


def the_binding_removed(harness: StackHarness) -> Undo:
    account = f"/v1/projects/-/serviceAccounts/{harness.output(outputs.SERVICE_ACCOUNT)}"
    return take_members_off(harness, account, "roles/iam.workloadIdentityUser")


def the_account_disabled(harness: StackHarness) -> Undo:
    account = f"/v1/projects/-/serviceAccounts/{harness.output(outputs.SERVICE_ACCOUNT)}"
    harness.google("POST", f"{account}:disable", {})
    return lambda: harness.google("POST", f"{account}:enable", {})


def no_job_user(harness: StackHarness) -> Undo:
    return take_members_off(harness, f"/v1/projects/{harness.cloud.project_id}", "roles/bigquery.jobUser")


def no_data_viewer(harness: StackHarness) -> Undo:
    project, dataset, table = harness.output(outputs.TABLE).split(".")
    return take_members_off(
        harness, f"/bigquery/v2/projects/{project}/datasets/{dataset}/tables/{table}", "roles/bigquery.dataViewer"
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


IN_SOAK = {another_account, the_provider_disabled, the_pool_disabled, the_account_disabled}
"""Refused by the emulator's own rules: its tests of STS and IAM hold each, and the last test here puts each right."""


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.change.__name__, marks=[pytest.mark.soak] if case.change in IN_SOAK else [])
        for case in CASES
    ],
)
def test_one_broken_link_refuses_the_function_and_fixing_it_lets_it_in(harness: StackHarness, case: Case) -> None:
    undo = case.change(harness)
    refused = harness.invoke(EVENT)
    undo()
    fixed = harness.invoke(EVENT)

    assert refused.failed
    assert refused.refusal is not None
    assert refused.refusal.link is case.link
    assert not [line for line in refused.log.splitlines() if line in EXPECTED_LOG[1:]]
    (error,) = (line for line in refused.log.splitlines() if line.startswith("ERROR "))
    assert error.startswith(f"ERROR {case.link.value} failed: ")
    assert "Check: " in error
    assert_rows(fixed)


def test_an_up_with_refresh_fixes_every_link_that_was_broken_by_hand(harness: StackHarness) -> None:
    # All but one: the function has one role at a time.
    together = [another_role, a_role_of_the_same_name_in_lower_case, another_account, the_provider_disabled]
    together += [the_pool_disabled, the_binding_removed, the_account_disabled, no_job_user, no_data_viewer]
    for change in together:
        change(harness)
    assert harness.invoke(EVENT).failed
    harness.up(refresh=True)
    harness.delete_role("Another-Reader")
    harness.forget_tokens()
    assert_rows(harness.invoke(EVENT))
