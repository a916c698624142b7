"""A program that keeps every rule, with the same kinds of resources. Its pool's name isn't known in a preview."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
import pulumi_gcp as gcp

from tests.guardrails.programs.parts import ACCOUNT, PROJECT, ROLE, document, statement, trust

SCHEMA = '[{"name": "user_id", "type": "INTEGER", "mode": "REQUIRED"}, {"name": "name", "type": "STRING"}]'


def program(*, last: str = f"attribute.aws_role/{ROLE}", schema: str = SCHEMA, dataset_id: str = "d") -> None:
    """Args: what the binding's principal ends in, the table's schema, and the dataset of another table."""
    member = grants(last)
    tables(schema, dataset_id)
    function(member)


def grants(last: str) -> pulumi.Resource:
    pool = gcp.iam.WorkloadIdentityPool("pool", workload_identity_pool_id="readers")
    gcp.iam.WorkloadIdentityPoolProvider(
        "provider",
        workload_identity_pool_id="readers",
        workload_identity_pool_provider_id="aws-lambda",
        aws=gcp.iam.WorkloadIdentityPoolProviderAwsArgs(account_id="210987654321"),
        attribute_mapping={"google.subject": "assertion.arn", "attribute.aws_role": "assertion.arn"},
        attribute_condition=f"assertion.arn.startsWith('{ROLE}/')",
    )
    gcp.projects.IAMMember("jobs", project=PROJECT, role="roles/bigquery.jobUser", member=f"serviceAccount:{ACCOUNT}")
    gcp.projects.IAMCustomRole(
        "custom", role_id="reader", title="Reader", permissions=["bigquery.tables.getData", "iam.serviceAccounts.get"]
    )
    return gcp.serviceaccount.IAMMember(
        "binding",
        service_account_id=ACCOUNT,
        role="roles/iam.workloadIdentityUser",
        member=pool.name.apply(lambda name: f"principalSet://iam.googleapis.com/{name}/{last}"),
    )


def tables(schema: str, dataset_id: str) -> None:
    gcp.bigquery.Table("users", dataset_id="d", table_id="users", schema=schema, deletion_protection=False)
    gcp.bigquery.Table("events", dataset_id=dataset_id, table_id="events", deletion_protection=False)
    gcp.bigquery.IamMember(
        "reads-users",
        dataset_id="d",
        table_id="users",
        role="roles/bigquery.dataViewer",
        member=f"serviceAccount:{ACCOUNT}",
    )
    gcp.bigquery.DatasetAccess(
        "reads-shared",
        project=PROJECT,
        dataset_id="shared",
        role="roles/bigquery.dataViewer",
        user_by_email=ACCOUNT,
    )
    if dataset_id == "d":
        gcp.bigquery.Dataset("kept", dataset_id="kept", location="US", deletion_policy="PREVENT")


def function(after: pulumi.Resource) -> None:
    logs = "arn:aws:logs:us-east-1:210987654321:log-group:/aws/lambda/reader"
    aws.iam.Role(
        "role",
        assume_role_policy=trust({"Service": "lambda.amazonaws.com"}),
        managed_policy_arns=["arn:aws:iam::aws:policy/service-role/AWSLambdaENIManagementAccess"],
    )
    deny = {"Effect": "Deny", "Action": "ec2:*", "Resource": "*"}
    writes = statement(Action=["logs:CreateLogStream", "logs:PutLogEvents"], Resource=f"{logs}:*")
    aws.iam.RolePolicy("writes-log", role="r", policy=document(writes, deny))
    aws.lambda_.Function(
        "function",
        role="arn:aws:iam::210987654321:role/r",
        environment=aws.lambda_.FunctionEnvironmentArgs(
            variables={
                "GOOGLE_APPLICATION_CREDENTIALS": "credential-configuration.json",
                "BIGQUERY_TABLE": "my-project.d.users",
                "BIGQUERY_TABLES": f"my-project.d.users,{PROJECT}.shared",
                "TOKEN_URL": "https://sts.googleapis.com/v1/token",
            }
        ),
        opts=pulumi.ResourceOptions(depends_on=[after]),
    )
