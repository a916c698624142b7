"""The roles are those that a deployment needs, where it needs them; none of them makes its holder more."""

from __future__ import annotations

import re

from bootstrap import google_roles
from keyless_bigquery.trust.expressions import evaluate
from keyless_bigquery.trust.functions import Functions
from keyless_tools.doctor import google_reasons
from tests.bootstrap.given import settings

APART = settings(poolProject="acme-pools", dataProject="acme-data", identityProject="acme-ci")


def roles(grants: list[google_roles.Grant]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for grant in grants:
        found.setdefault(grant.project, set()).add(grant.role)
    return found


def test_each_role_is_in_the_project_that_it_is_for() -> None:
    assert roles(google_roles.deploying(APART)) == {
        "acme-reports": {
            "roles/serviceusage.serviceUsageAdmin",
            "roles/iam.serviceAccountAdmin",
            "roles/resourcemanager.projectIamAdmin",
        },
        "acme-pools": {"roles/serviceusage.serviceUsageAdmin", "roles/iam.workloadIdentityPoolAdmin"},
        "acme-data": {"roles/serviceusage.serviceUsageAdmin", "roles/bigquery.dataOwner"},
    }


def test_nobody_who_deploys_may_change_the_pool_that_lets_it_in_where_that_has_a_project_of_its_own() -> None:
    assert "acme-ci" not in roles(google_roles.deploying(APART))


def test_looking_needs_no_role_that_changes_or_reads_rows() -> None:
    for project, named in roles(google_roles.previewing(APART)).items():
        assert project in {"acme-reports", "acme-pools", "acme-data"}
        assert not [role for role in named if re.search(r"[aA]dmin|[eE]ditor|[oO]wner|bigquery\.dataViewer", role)]


def test_the_watch_for_drift_may_make_each_look_of_the_doctors() -> None:
    # Organisation policies can be granted above the project only, and the doctor goes on without. The last use of keys
    # is asked with --keys alone, by a person.
    others = {"roles/orgpolicy.policyViewer", "roles/policyanalyzer.activityAnalysisViewer"}
    assert set(google_reasons.ROLES.values()) - set(google_roles.LOOKING) == others


def test_no_role_is_one_that_makes_its_holder_anything() -> None:
    given = {grant.role for grant in [*google_roles.deploying(APART), *google_roles.previewing(APART)]}
    assert not [role for role in given if re.search(r"/(owner|editor)$|bigquery\.admin|[tT]okenCreator|[kK]ey", role)]


def test_who_deploys_may_grant_on_the_project_what_the_stack_grants_and_no_more() -> None:
    (condition,) = [grant.condition for grant in google_roles.deploying(APART) if grant.condition]
    found = re.fullmatch(r"api\.getAttribute\('(\S+)', \[\]\)\.hasOnly\((\[.*\])\)", condition)
    assert found is not None
    name, allowed = found.groups()
    assert name == "iam.googleapis.com/modifiedGrantsByRole"
    assert evaluate(f"{allowed} == ['roles/bigquery.jobUser']", {}, Functions()) is True
    assert [grant.role for grant in google_roles.deploying(APART) if grant.condition] == [
        "roles/resourcemanager.projectIamAdmin"
    ]
