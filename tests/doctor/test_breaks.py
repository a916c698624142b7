"""Each link broken on the local cloud: the doctor names that one and no other, and is content when it is mended."""

from __future__ import annotations

import pytest

from doctor.__main__ import examine
from doctor.finding import Finding, Link, Verdict
from doctor.look import Clouds
from doctor.report import BROKEN, WHOLE, exit_code
from doctor.stack import Stack
from doctor.walk import STEPS, first_broken
from local_cloud.stage import Stage
from tests.doctor import breaks
from tests.doctor.breaks import Break

CASES: list[tuple[Break, Link, str]] = [
    (breaks.another_role, Link.FUNCTION, "wears arn:aws:iam::210987654321:role/Another-Reader"),
    (breaks.a_function_that_was_deleted, Link.FUNCTION, "is not there"),
    (breaks.a_role_that_another_account_may_assume, Link.ROLE, "AWS arn:aws:iam::999999999999:root"),
    (breaks.a_role_that_lambda_may_not_assume, Link.ROLE, "Service ec2.amazonaws.com"),
    (breaks.another_table_in_the_environment, Link.ENVIRONMENT, "keyless_local.userz"),
    (breaks.a_variable_that_is_not_set, Link.ENVIRONMENT, "GOOGLE_CLOUD_PROJECT is not set"),
    (breaks.a_package_whose_audience_has_the_projects_id, Link.CREDENTIAL_CONFIGURATION, "projects/local-keyless/"),
    (breaks.a_package_without_the_file, Link.CREDENTIAL_CONFIGURATION, "holds no credential-configuration.json"),
    (breaks.sts_switched_off, Link.SERVICES, "sts.googleapis.com"),
    (breaks.iam_switched_off, Link.SERVICES, "iam.googleapis.com"),
    (breaks.the_pool_disabled, Link.POOL, "is disabled"),
    (breaks.the_pool_deleted, Link.POOL, "is deleted, and can be had back until"),
    (breaks.the_provider_disabled, Link.PROVIDER, "is disabled"),
    (breaks.the_provider_deleted, Link.PROVIDER, "is deleted, and can be had back until"),
    (breaks.another_account, Link.ACCOUNT, "111111111111"),
    (breaks.a_mapping_to_the_bare_role_name, Link.MAPPING, "principal has Keyless-Reader"),
    (breaks.a_mapping_of_a_claim_that_aws_does_not_give, Link.MAPPING, "google.subject gives no value"),
    (breaks.a_condition_in_another_case, Link.CONDITION, "keyless-reader"),
    (breaks.a_condition_for_another_role, Link.CONDITION, "Keyless-Reader2/"),
    (breaks.the_account_disabled, Link.SERVICE_ACCOUNT, "is disabled"),
    (breaks.the_account_deleted, Link.SERVICE_ACCOUNT, "is not there"),
    (breaks.no_binding, Link.BINDING, "has none of the roles roles/iam.serviceAccountTokenCreator"),
    (breaks.a_binding_with_an_escaped_slash, Link.BINDING, "a slash in the value is written as it is, not as %2F"),
    (breaks.a_binding_in_another_case, Link.BINDING, "they differ in case"),
    (breaks.a_binding_of_another_pool, Link.BINDING, "-old, principal is of pool"),
    (
        breaks.a_role_that_does_not_let_impersonate,
        Link.BINDING,
        "has none of the roles roles/iam.serviceAccountTokenCreator",
    ),
    (breaks.no_job_user, Link.JOBS, "has none of the roles roles/bigquery"),
    (breaks.a_table_that_was_deleted, Link.TABLE, "is not there"),
    (breaks.no_data_viewer, Link.ROWS, "has none of the roles roles/bigquery"),
    (breaks.a_log_group_that_was_deleted, Link.LOG, "is not there"),
]


@pytest.mark.parametrize(("change", "link", "told"), CASES, ids=[case[0].__name__ for case in CASES])
def test_the_broken_link_is_named_and_no_other(
    stage: Stage, stack: Stack, clouds: Clouds, change: Break, link: Link, told: str
) -> None:
    with change(stage):
        (broken,) = examine(stack, clouds)
    (mended,) = examine(stack, clouds)

    assert [finding.link for finding in broken.findings if finding.verdict is Verdict.BROKEN] == [link]
    named = first_broken(broken.findings)
    assert isinstance(named, Finding)
    assert told in named.saw
    assert named.wanted
    assert named.mend
    assert [finding.link for finding in broken.findings] == [step.link for step in STEPS]
    assert exit_code([broken]) == BROKEN
    assert exit_code([mended]) == WHOLE, [finding for finding in mended.findings if finding.verdict is not Verdict.OK]


def test_every_link_is_broken_by_some_case() -> None:
    by_other_means = {Link.SETTINGS, Link.ORGANISATION_POLICY}
    assert {link for _, link, _ in CASES} == set(Link) - by_other_means
