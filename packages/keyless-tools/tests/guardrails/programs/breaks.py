"""A program that breaks every rule. Each resource is called RULE.CASE after the one that it breaks.

Where one breaks several, the name says so: RULE+RULE.CASE.
"""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws
import pulumi_gcp as gcp

from tests.guardrails.programs.parts import ACCOUNT, POOL, PROJECT, ROLE, document, statement, trust

KEY_ID = "AKIA" + "ABCDEFGHIJKLMNOP"


def program() -> None:
    keys()
    members()
    roles()
    authoritative()
    providers()
    execution_roles()
    functions()


def keys() -> None:
    gcp.serviceaccount.Key("no-key.account", service_account_id=ACCOUNT)
    # By its token: the SDK's module of it warns of deprecations when it is imported.
    pulumi.CustomResource("gcp:storage/hmacKey:HmacKey", "no-key.hmac", {"serviceAccountEmail": ACCOUNT})
    gcp.projects.ApiKey("no-key.api")
    aws.iam.AccessKey("no-key.user", user="deployer")


def members() -> None:
    for case, member in {
        "pool": f"principalSet://iam.googleapis.com/{POOL}/*",
        "all": "allUsers",
        "authenticated": "allAuthenticatedUsers",
    }.items():
        gcp.serviceaccount.IAMMember(
            f"no-open-member.{case}", service_account_id=ACCOUNT, role="roles/iam.workloadIdentityUser", member=member
        )
    gcp.bigquery.IamMember(
        "no-open-member.table",
        dataset_id="d",
        table_id="t",
        role="roles/bigquery.dataViewer",
        member=f"principalSet://iam.googleapis.com/{POOL}/*",
    )


def roles() -> None:
    for case, role in {
        "owner": "roles/owner",
        "editor": "roles/editor",
        "viewer": "roles/viewer",
        "bigquery": "roles/bigquery.admin",
        "creator": "roles/iam.serviceAccountTokenCreator",
        "security": "roles/iam.securityAdmin",
        "every-account": "roles/iam.workloadIdentityUser",
    }.items():
        gcp.projects.IAMMember(f"no-broad-role.{case}", project=PROJECT, role=role, member=f"serviceAccount:{ACCOUNT}")
    gcp.projects.IAMCustomRole(
        "no-broad-role.custom", role_id="reader", title="Reader", permissions=["iam.serviceAccounts.getAccessToken"]
    )


def authoritative() -> None:
    one, viewer = [f"serviceAccount:{ACCOUNT}"], "roles/bigquery.dataViewer"
    gcp.projects.IAMBinding("no-authoritative-iam+no-broad-role.binding", project=PROJECT, role=viewer, members=one)
    policy = json.dumps({"bindings": [{"role": viewer, "members": one}]})
    gcp.projects.IAMPolicy("no-authoritative-iam+no-broad-role.policy", project=PROJECT, policy_data=policy)
    gcp.bigquery.DatasetIamBinding("no-authoritative-iam.dataset", dataset_id="d", role=viewer, members=one)
    gcp.bigquery.IamPolicy("no-authoritative-iam.table", dataset_id="d", table_id="t", policy_data=policy)
    gcp.bigquery.DatasetIamMember(
        "no-authoritative-iam.access", dataset_id="d", role=viewer, member=f"serviceAccount:{ACCOUNT}"
    )
    gcp.bigquery.DatasetAccess("listed-dataset.access", dataset_id="d", role=viewer, user_by_email=ACCOUNT)
    gcp.serviceaccount.IAMPolicy(
        "no-authoritative-iam+no-broad-role+no-open-member.account",
        service_account_id=ACCOUNT,
        policy_data=json.dumps({"bindings": [{"role": "roles/owner", "members": ["allUsers"]}]}),
    )


def providers() -> None:
    gcp.iam.WorkloadIdentityPoolProvider(
        "provider-has-condition.absent",
        workload_identity_pool_id="readers",
        workload_identity_pool_provider_id="aws-lambda",
        aws=gcp.iam.WorkloadIdentityPoolProviderAwsArgs(account_id="210987654321"),
        attribute_mapping={"google.subject": "assertion.arn", "attribute.account": "assertion.account"},
    )
    for case, last in {"role": f"attribute.aws_role/{ROLE}", "account": "attribute.account/210987654321"}.items():
        gcp.serviceaccount.IAMMember(
            f"mapped-attribute.{case}",
            service_account_id=ACCOUNT,
            role="roles/iam.workloadIdentityUser",
            member=f"principalSet://iam.googleapis.com/{POOL}/{last}",
        )


def execution_roles() -> None:
    logs = "arn:aws:logs:us-east-1:210987654321:log-group:/aws/lambda/reader:*"
    aws.iam.RolePolicy("no-wildcard.action", role="r", policy=document(statement(Action="logs:*", Resource=logs)))
    aws.iam.RolePolicy(
        "no-wildcard.resource", role="r", policy=document(statement(Action="logs:PutLogEvents", Resource="*"))
    )
    aws.iam.RolePolicyAttachment(
        "no-wildcard.managed", role="r", policy_arn="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    aws.iam.Role(
        "only-lambda-assumes-role.another-account",
        assume_role_policy=trust({"Service": "lambda.amazonaws.com"}, {"AWS": "arn:aws:iam::111122223333:root"}),
    )
    aws.iam.Role("only-lambda-assumes-role.anyone", assume_role_policy=trust({"AWS": "*"}))


def functions() -> None:
    aws.lambda_.Function(
        "no-secret-in-environment.name",
        role="arn:aws:iam::210987654321:role/r",
        environment=aws.lambda_.FunctionEnvironmentArgs(variables={"DB_PASSWORD": "swordfish"}),
    )
    aws.lambda_.Function(
        "no-secret-in-environment.value",
        role="arn:aws:iam::210987654321:role/r",
        environment=aws.lambda_.FunctionEnvironmentArgs(variables={"NOTE": KEY_ID}),
    )
    # The check sees only that it is secret, the pack only what it is.
    aws.lambda_.Function(
        "no-secret-in-environment.marked",
        role="arn:aws:iam::210987654321:role/r",
        environment=aws.lambda_.FunctionEnvironmentArgs(variables={"NOTE": pulumi.Output.secret(KEY_ID)}),
    )
