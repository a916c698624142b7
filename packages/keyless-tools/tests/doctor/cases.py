"""Every break with the link that the doctor must name, what it prints as actual, and the command that it prints."""

from __future__ import annotations

from keyless_tools.doctor.finding import Link
from tests.doctor import breaks
from tests.doctor.breaks import Break

UP = "pulumi up --refresh --stack local"
POOLS = "gcloud iam workload-identity-pools"
CASES: list[tuple[Break, Link, str, str]] = [
    (breaks.another_role, Link.FUNCTION, "runs as arn:aws:iam::210987654321:role/Another-Reader", UP),
    (breaks.a_function_that_was_deleted, Link.FUNCTION, "is not there", UP),
    (breaks.a_function_that_never_runs, Link.FUNCTION, "a reserved concurrency of 0", UP),
    (breaks.a_role_that_another_account_may_assume, Link.ROLE, "AWS arn:aws:iam::999999999999:root", UP),
    (breaks.a_role_that_lambda_may_not_assume, Link.ROLE, "Service ec2.amazonaws.com", UP),
    (breaks.another_table_in_the_environment, Link.ENVIRONMENT, "keyless_local.userz", UP),
    (breaks.a_variable_that_is_not_set, Link.ENVIRONMENT, "GOOGLE_CLOUD_PROJECT is not set", UP),
    (
        breaks.a_package_whose_audience_has_the_projects_id,
        Link.CREDENTIAL_CONFIGURATION,
        "projects/local-keyless/",
        "aws lambda delete-function --function-name keyless-bigquery-local --region us-east-1 && pulumi up",
    ),
    (
        breaks.a_package_without_the_file,
        Link.CREDENTIAL_CONFIGURATION,
        "holds no credential-configuration.json",
        "aws lambda delete-function",
    ),
    (breaks.sts_switched_off, Link.SERVICES, "sts.googleapis.com", "gcloud services enable sts.googleapis.com"),
    (breaks.iam_switched_off, Link.SERVICES, "iam.googleapis.com", "gcloud services enable iam.googleapis.com"),
    (breaks.the_pool_disabled, Link.POOL, "is disabled", f"{POOLS} update bq-local-"),
    (breaks.the_pool_deleted, Link.POOL, "is deleted, and can be had back until", f"{POOLS} undelete bq-local-"),
    (breaks.the_provider_disabled, Link.PROVIDER, "is disabled", f"{POOLS} providers update-aws aws-lambda"),
    (breaks.the_provider_deleted, Link.PROVIDER, "is deleted, and can", f"{POOLS} providers undelete aws-lambda"),
    (breaks.another_account, Link.ACCOUNT, "111111111111", UP),
    (breaks.a_mapping_to_the_bare_role_name, Link.MAPPING, "principal has Keyless-Reader", UP),
    (breaks.a_mapping_of_a_claim_that_aws_does_not_give, Link.MAPPING, "google.subject gives no value", UP),
    (breaks.a_condition_in_another_case, Link.CONDITION, "keyless-reader", UP),
    (breaks.a_condition_for_another_role, Link.CONDITION, "Keyless-Reader2/", UP),
    (breaks.the_account_disabled, Link.SERVICE_ACCOUNT, "is disabled", "gcloud iam service-accounts enable bq-reader"),
    (breaks.the_account_deleted, Link.SERVICE_ACCOUNT, "is not there", UP),
    (breaks.no_binding, Link.BINDING, "has none of the roles roles/iam.serviceAccountTokenCreator", UP),
    (breaks.a_binding_with_an_escaped_slash, Link.BINDING, "a slash in the value is written as it is, not as %2F", UP),
    (breaks.a_binding_in_another_case, Link.BINDING, "they differ in case", UP),
    (breaks.a_binding_of_another_pool, Link.BINDING, "-old, principal is of pool", UP),
    (breaks.a_role_that_does_not_let_impersonate, Link.BINDING, "has none of the roles", UP),
    (breaks.no_job_user, Link.JOBS, "has none of the roles roles/bigquery", UP),
    (
        breaks.a_table_that_was_deleted,
        Link.TABLE,
        "is not there",
        "bq cp --no_clobber local-keyless:keyless_local.users",
    ),
    (breaks.no_data_viewer, Link.ROWS, "has none of the roles roles/bigquery", UP),
    (breaks.a_log_group_that_was_deleted, Link.LOG, "is not there", UP),
]
RUN_WITH_GCLOUD: list[Break] = [
    breaks.the_pool_disabled,
    breaks.the_provider_deleted,
]
"""Breaks whose fix is run as it is printed; the others' undo is the same API call."""
