"""The packaged function on the local cloud, deployed by the real engine: each link lets it in, and refuses it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from infra import outputs
from local_cloud.demo.story import EXPECTED_LOG
from local_cloud.stage import Invocation, Stage
from local_cloud.trace import Link

EVENT = {"asked by": "a test"}


def assert_rows(invocation: Invocation) -> None:
    assert not invocation.failed, invocation.log
    assert [line for line in invocation.log.splitlines() if line in EXPECTED_LOG] == EXPECTED_LOG
    assert invocation.returned == EVENT


def test_the_function_reads_the_rows_and_returns_its_event(stage: Stage) -> None:
    invocation = stage.invoke(EVENT)
    assert_rows(invocation)
    assert [decision.link for decision in invocation.decisions] == [
        Link.TOKEN_EXCHANGE,
        Link.IMPERSONATION,
        Link.JOB,
        Link.TABLE,
    ]
    assert all(decision.allowed for decision in invocation.decisions)


def test_a_warm_invocation_uses_the_token_it_has(stage: Stage) -> None:
    assert_rows(stage.invoke(EVENT))
    warm = stage.invoke(EVENT)
    assert_rows(warm)
    assert {decision.link for decision in warm.decisions} == {Link.JOB, Link.TABLE}


def take_members_off(stage: Stage, resource: str, role: str) -> None:
    """Takes every member of a role off a resource's policy."""
    policy = stage.google("POST", f"{resource}:getIamPolicy", {})
    kept = [binding for binding in policy.get("bindings", []) if binding["role"] != role]
    assert kept != policy.get("bindings", []), f"nobody has {role} on {resource}"
    stage.google("POST", f"{resource}:setIamPolicy", {"policy": {**policy, "bindings": kept}})


def another_role(stage: Stage) -> None:
    stage.give_another_role("Another-Reader")


def a_role_that_only_starts_with_the_right_name(stage: Stage) -> None:
    stage.give_another_role("Keyless-Reader2")


def a_role_of_the_same_name_in_lower_case(stage: Stage) -> None:
    # IAM itself takes names that differ by case for one name, so the case is changed on Google's side.
    provider = f"/v1/{stage.output(outputs.PROVIDER_NAME)}"
    condition = stage.google("GET", provider)["attributeCondition"]
    stage.google(
        "PATCH",
        f"{provider}?updateMask=attributeCondition",
        {"attributeCondition": condition.replace("Keyless-Reader", "keyless-reader")},
    )


def the_provider_disabled(stage: Stage) -> None:
    stage.google("PATCH", f"/v1/{stage.output(outputs.PROVIDER_NAME)}?updateMask=disabled", {"disabled": True})


def the_pool_disabled(stage: Stage) -> None:
    stage.google("PATCH", f"/v1/{stage.output(outputs.POOL_NAME)}?updateMask=disabled", {"disabled": True})


def another_account(stage: Stage) -> None:
    stage.google(
        "PATCH", f"/v1/{stage.output(outputs.PROVIDER_NAME)}?updateMask=aws", {"aws": {"accountId": "111111111111"}}
    )


def the_binding_removed(stage: Stage) -> None:
    stage.remove_binding()


def the_account_disabled(stage: Stage) -> None:
    stage.google("POST", f"/v1/projects/-/serviceAccounts/{stage.output(outputs.SERVICE_ACCOUNT)}:disable", {})


def no_job_user(stage: Stage) -> None:
    take_members_off(stage, f"/v1/projects/{stage.cloud.project_id}", "roles/bigquery.jobUser")


def no_data_viewer(stage: Stage) -> None:
    project, dataset, table = stage.output(outputs.TABLE).split(".")
    take_members_off(
        stage, f"/bigquery/v2/projects/{project}/datasets/{dataset}/tables/{table}", "roles/bigquery.dataViewer"
    )


@dataclasses.dataclass(frozen=True)
class Case:
    change: Callable[[Stage], None]
    link: Link


@pytest.mark.parametrize(
    "case",
    [
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
    ],
    ids=lambda case: case.change.__name__,
)
def test_one_broken_link_refuses_the_function_and_mending_it_lets_it_in(stage: Stage, case: Case) -> None:
    case.change(stage)
    refused = stage.invoke(EVENT)
    stage.up(refresh=True)
    stage.forget_tokens()
    mended = stage.invoke(EVENT)

    assert refused.failed
    assert refused.refusal is not None
    assert refused.refusal.link is case.link
    assert not [line for line in refused.log.splitlines() if line in EXPECTED_LOG[1:]]
    told = [line for line in refused.log.splitlines() if line.startswith("ERROR ")]
    assert len(told) == 1, refused.log
    assert told[0].startswith(f"ERROR {case.link.value} failed: ")
    assert "Look at: " in told[0]
    assert_rows(mended)
