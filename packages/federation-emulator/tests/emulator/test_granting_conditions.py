"""A condition on which roles a caller may grant, as ``bootstrap`` sets one."""

from __future__ import annotations

import pytest

from federation_emulator.core.conditions import Circumstances, condition_problem, untruth
from federation_emulator.core.permissions import Binding, Policy, modified_roles
from tests.emulator.test_conditions import NOW, VIEWER, condition

ONLY_JOB_USERS = "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['roles/bigquery.jobUser'])"


@pytest.mark.parametrize(
    ("modified", "true"),
    [
        ((), True),
        (("roles/bigquery.jobUser",), True),
        (("roles/owner",), False),
        (("roles/bigquery.jobUser", "roles/owner"), False),
        (("roles/bigquery.jobUser2",), False),
    ],
)
def test_which_roles_may_be_granted_is_a_condition(modified: tuple[str, ...], *, true: bool) -> None:
    limited = condition(ONLY_JOB_USERS)
    circumstances = Circumstances(
        resource="projects/p", permission="resourcemanager.projects.setIamPolicy", now=NOW, modified_roles=modified
    )
    assert condition_problem(limited) is None
    assert (untruth(limited, circumstances) == "") is true


@pytest.mark.parametrize(
    "expression",
    [
        "api != ''",
        "api.size() == 0",
        ONLY_JOB_USERS.replace("modifiedGrantsByRole", "modifiedGrants"),
        ONLY_JOB_USERS.replace(", []", ", ['roles/owner']"),
        ONLY_JOB_USERS.replace(", []", ""),
        ONLY_JOB_USERS.replace("api.", ""),
        ONLY_JOB_USERS.replace(".hasOnly(", ".contains("),
        ONLY_JOB_USERS.replace("['roles/bigquery.jobUser']", "'roles/bigquery.jobUser'"),
        "['roles/owner'].hasOnly(['roles/owner'])",
        "resource.name.getAttribute('a', [])",
    ],
)
def test_the_api_attribute_is_read_in_its_documented_form_alone(expression: str) -> None:
    assert condition_problem(condition(expression)) is not None


def test_a_role_is_modified_by_who_has_it_and_on_which_condition() -> None:
    def policy(*members: str, when: str = "true") -> Policy:
        return Policy(bindings=(Binding(role=VIEWER, members=members, condition=condition(when)),))

    assert modified_roles(policy("user:a", "user:b"), policy("user:b", "user:a")) == set()
    for after in (policy("user:a"), policy("user:a", when="false"), Policy()):
        assert modified_roles(policy("user:a", "user:b"), after) == {VIEWER}
        assert modified_roles(after, policy("user:a", "user:b")) == {VIEWER}
