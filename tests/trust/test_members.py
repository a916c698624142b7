"""Who a member of a binding means, and what is said where it means somebody else or nobody."""

from __future__ import annotations

import pytest

from federation_emulator.core.permission_names import GET_ACCESS_TOKEN
from federation_emulator.core.permissions import Binding, Miss, Policy, decide
from keyless_bigquery.trust.members import closeness, difference, matches, member_problem
from keyless_bigquery.trust.principals import Principal, federated_principal
from tests.emulator.chain import ACCOUNT, MEMBER, POOL_NAME, READER, ROLE
from tests.emulator.test_permissions import NOW

ARN = f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}"
FEDERATED = federated_principal(
    pool=POOL_NAME, subject=f"{ARN}/fn", attributes={"aws_role": ARN, "empty": ""}, groups=("a/b",)
)
SERVICE_ACCOUNT = Principal(member=f"serviceAccount:{READER}", unique_id="1")
USER = Principal(member="user:deployer@local.invalid")
HOST = "iam.googleapis.com"
WORKFORCE = f"{HOST}/locations/global/workforcePools/staff"
CLUSTERS = f"{HOST}/projects/1/locations/global/workloadIdentityPools/p.svc.id.goog"
NOBODY_HERE = [
    "group:readers@example.com",
    "group:deployer@local.invalid",
    "domain:local.invalid",
    f"domain:{READER.partition('@')[2]}",
    f"principal://{WORKFORCE}/subject/{ARN}/fn",
    f"principalSet://{WORKFORCE}/group/a/b",
    f"principalSet://{WORKFORCE}/attribute.aws_role/{ARN}",
    f"principalSet://{WORKFORCE}/*",
    f"principal://{CLUSTERS}/subject/ns/default/sa/reader",
    f"principalSet://{CLUSTERS}/namespace/default",
]
GONE = [
    f"deleted:serviceAccount:{READER}?uid=1",
    "deleted:user:deployer@local.invalid?uid=1",
    "deleted:group:readers@example.com?uid=1",
    f"deleted:principal://{WORKFORCE}/subject/x",
    f"deleted:principal://{HOST}/{POOL_NAME}/subject/{ARN}/fn",
]


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


@pytest.mark.parametrize("member", [*NOBODY_HERE, *GONE])
def test_who_only_google_knows_may_stand_in_a_policy_and_means_nobody_here(member: str) -> None:
    assert member_problem(member) is None
    for principal in (FEDERATED, SERVICE_ACCOUNT, USER):
        assert not matches(member, principal)
        told = "which was deleted" if member in GONE else "it means no principal"
        assert told in difference(member, principal)


@pytest.mark.parametrize(
    "member",
    [
        *("", "x", "user:", "user:a", "group:readers", "domain:", "domain:nodot", "domain:a b.com"),
        *("User:a@b.c", "principalSet://x/*", "principal://x", f"principal://{HOST}/{POOL_NAME}", "deleted:user:a@b.c"),
        *(f"principalSet://{WORKFORCE}", f"principalSet://{WORKFORCE}/subject/x", "projectOwner:p"),
        *("allUsers", "allAuthenticatedUsers"),
    ],
)
def test_a_member_that_nobody_can_be_or_everybody_is_is_a_problem(member: str) -> None:
    assert member_problem(member)
    assert member_problem(MEMBER) is None
    assert not any(matches(member, principal) for principal in (FEDERATED, SERVICE_ACCOUNT, USER))


def test_a_group_is_the_nearest_miss_of_a_policy_that_names_nobody_else() -> None:
    binding = Binding(role="roles/iam.workloadIdentityUser", members=("group:readers@example.com",))
    miss = decide(FEDERATED, GET_ACCESS_TOKEN, [("account", Policy(bindings=(binding,)))], now=NOW)
    assert isinstance(miss, Miss)
    assert miss.actual.startswith("binding names group:readers@example.com, people that only Google knows")
    assert closeness("group:readers@example.com", FEDERATED) < closeness(f"{MEMBER}2", FEDERATED)


@pytest.mark.parametrize(
    ("member", "told"),
    [
        (MEMBER.replace("projects/123456789012/", "projects/my-project/"), "the project is written as its number"),
        (MEMBER.replace(POOL_NAME, POOL_NAME.rpartition("/")[2]), "the pool is written as its full resource name"),
        (MEMBER.replace("assumed-role/", "assumed-role%2F"), "written as it is, not as %2F"),
        (MEMBER.replace(ROLE, ROLE.lower()), "they differ in case"),
        (MEMBER.lower(), "it is written in lower case, and case counts"),
        (MEMBER.replace(POOL_NAME, f"{POOL_NAME}-2"), f"principal is of pool {POOL_NAME}"),
    ],
)
def test_a_member_written_by_hand_is_near_and_told_what_is_wrong_with_it(member: str, told: str) -> None:
    assert not matches(member, FEDERATED)
    assert told in difference(member, FEDERATED)
    assert closeness(member, FEDERATED) >= 1


def test_an_account_is_not_told_how_pools_are_written() -> None:
    assert "written as" not in difference(f"serviceAccount:{READER}", FEDERATED)
    assert closeness(f"serviceAccount:{READER}", FEDERATED) == 0
