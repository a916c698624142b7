"""Who a member means, what a role holds, and which nearest miss is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from local_cloud.permissions import CREATE_JOB, GET_ACCESS_TOKEN, GET_DATA, ROLES, Binding, Grant, Miss, Policy, decide
from local_cloud.principals import Principal, federated_principal, matches, member_problem
from tests.local_cloud.chain import ACCOUNT, MEMBER, POOL_NAME, READER, ROLE

ARN = f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}"
FEDERATED = federated_principal(
    pool=POOL_NAME, subject=f"{ARN}/fn", attributes={"aws_role": ARN, "empty": ""}, groups=("a/b",)
)
SERVICE_ACCOUNT = Principal(member=f"serviceAccount:{READER}", unique_id="1")
HOST = "iam.googleapis.com"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("member", "meant"),
    [
        (MEMBER, True),
        (f"principal://{HOST}/{POOL_NAME}/subject/{ARN}/fn", True),
        (f"principalSet://{HOST}/{POOL_NAME}/*", True),
        (f"principalSet://{HOST}/{POOL_NAME}/group/a/b", True),
        (f"principalSet://{HOST}/{POOL_NAME}/group/a", False),
        (f"principalSet://{HOST}/{POOL_NAME}-2/group/a/b", False),
        (f"principal://{HOST}/{POOL_NAME}/subject/{ARN}/fn2", False),
        (f"principal://{HOST}/{POOL_NAME}/subject/{ARN}", False),
        (f"{MEMBER}2", False),
        (MEMBER.removesuffix("r"), False),
        (MEMBER.lower(), False),
        (MEMBER.replace("assumed-role/", "assumed-role%2F"), False),
        (MEMBER.replace(POOL_NAME, POOL_NAME + "-2"), False),
        (f"principalSet://{HOST}/{POOL_NAME}-2/*", False),
        (f"principalSet://{HOST}/{POOL_NAME}/attribute.other/{ARN}", False),
        (f"serviceAccount:{READER}", False),
        ("allUsers", False),
    ],
)
def test_a_member_means_a_federated_principal_exactly_or_not_at_all(member: str, meant: bool) -> None:
    assert matches(member, FEDERATED) is meant


def test_an_account_is_meant_whatever_the_case_of_its_email_but_never_when_deleted() -> None:
    assert matches(f"serviceAccount:{READER.upper()}", SERVICE_ACCOUNT)
    assert not matches(f"user:{READER}", SERVICE_ACCOUNT)
    assert not matches(f"deleted:serviceAccount:{READER}?uid=1", SERVICE_ACCOUNT)
    assert not matches(f"principalSet://{HOST}/{POOL_NAME}/*", SERVICE_ACCOUNT)


@pytest.mark.parametrize("member", ["", "x", "user:", "user:a", "group:a@b.c", "principalSet://x/*", "allUsers"])
def test_a_member_that_nobody_can_be_is_a_problem(member: str) -> None:
    assert member_problem(member)
    assert member_problem(MEMBER) is None


def test_a_grant_counts_on_the_resource_or_any_parent() -> None:
    on_table, on_project = ("table", Policy()), ("projects/p", Policy())
    grant = Policy(bindings=(Binding(role="roles/bigquery.dataViewer", members=(MEMBER,)),))
    assert isinstance(decide(FEDERATED, GET_DATA, [on_table, on_project], now=NOW), Miss)
    assert isinstance(decide(FEDERATED, GET_DATA, [("table", grant), on_project], now=NOW), Grant)
    inherited = decide(FEDERATED, GET_DATA, [on_table, ("projects/p", grant)], now=NOW)
    assert isinstance(inherited, Grant)
    assert inherited.sentence() == f"roles/bigquery.dataViewer for {MEMBER} on projects/p"


def test_roles_hold_what_google_documents_and_no_more() -> None:
    assert ROLES["roles/bigquery.jobUser"] == {CREATE_JOB}
    assert ROLES["roles/iam.workloadIdentityUser"] == {GET_ACCESS_TOKEN}
    assert GET_DATA in ROLES["roles/bigquery.dataViewer"]
    assert CREATE_JOB not in ROLES["roles/bigquery.dataViewer"]
    assert "bigquery.tables.updateData" not in ROLES["roles/bigquery.dataViewer"]
    assert GET_DATA not in ROLES["roles/bigquery.metadataViewer"]
    assert GET_ACCESS_TOKEN not in ROLES["roles/owner"]


def test_the_nearest_miss_is_the_binding_with_the_same_attribute() -> None:
    near, far = f"{MEMBER}2", "user:somebody@local.invalid"
    policy = Policy(bindings=(Binding(role="roles/iam.workloadIdentityUser", members=(far, near)),))
    miss = decide(FEDERATED, GET_ACCESS_TOKEN, [("serviceAccounts/a", policy)], now=NOW)
    assert isinstance(miss, Miss)
    assert miss.saw.startswith(f"binding names attribute.aws_role = {ARN}2, principal has {ARN}")
    assert miss.wanted == f"roles/iam.workloadIdentityUser for {FEDERATED.member} on serviceAccounts/a"
