"""What people make by hand before they meet this project: pool, account, grants, table, role and function.

Mapping and binding are those that go round in articles: the role by its bare name, which a role of another account has
as well.
"""

from __future__ import annotations

from pathlib import Path

from keyless_bigquery import packaging as package
from keyless_bigquery.components import program
from keyless_bigquery.components.reader import HANDLER
from keyless_bigquery.components.role_policies import lambda_only, own_log_only
from keyless_bigquery.runtime import environment
from keyless_bigquery.trust.trust import CREDENTIAL_CONFIGURATION_FILE, GoogleEndpoints, TrustChain
from pulumi_offline.demo.scenario import ROWS
from pulumi_offline.stack_harness import StackHarness

POOL, PROVIDER, ACCOUNT, ROLE, FUNCTION, DATASET, TABLE = (
    *("lambda-pool", "lambda-provider", "lambda-reader", "lambda-role", "lambda-reader", "lambda_data", "people"),
)
USER = "roles/iam.workloadIdentityUser"
COLUMNS = [{"name": "user_id", "type": "INTEGER"}, {"name": "name", "type": "STRING"}]

SETTINGS: dict[str, object] = {
    "poolId": POOL,
    "providerId": PROVIDER,
    "serviceAccountId": ACCOUNT,
    "datasetId": DATASET,
    "tableId": TABLE,
    "columns": COLUMNS,
    "roleName": ROLE,
    "functionName": FUNCTION,
}
"""What the program has to know of it."""

MAPPING = {"google.subject": "assertion.arn", "attribute.aws_role": "assertion.arn.extract('assumed-role/{role}/')"}
CONDITION = f"attribute.aws_role == '{ROLE}'"

_APIS = [f"{name}.googleapis.com" for name in ("iam", "sts", "iamcredentials", "bigquery", "cloudresourcemanager")]


def make(stage: StackHarness) -> None:
    """Makes all of it, with three rows in the table, for a stack that has :data:`SETTINGS` and knows nothing of it."""
    _make_identities(stage)
    _make_table(stage)
    _make_function(stage)


def principal(stage: StackHarness) -> str:
    """The member of the hand-made binding."""
    return f"principalSet://iam.googleapis.com/{_pool(stage)}/attribute.aws_role/{ROLE}"


def email(stage: StackHarness) -> str:
    """The account's address."""
    return f"{ACCOUNT}@{stage.cloud.project_id}.iam.gserviceaccount.com"


def _pool(stage: StackHarness) -> str:
    return f"projects/{stage.cloud.project_number}/locations/global/workloadIdentityPools/{POOL}"


def _make_identities(stage: StackHarness) -> None:
    """As `gcloud services enable`, `iam workload-identity-pools create`, `… create-aws` and so on do."""
    project, member = f"/v1/projects/{stage.cloud.project_id}", f"serviceAccount:{email(stage)}"
    pools, accounts = f"{project}/locations/global/workloadIdentityPools", f"{project}/serviceAccounts"
    trusted = {"aws": {"accountId": stage.cloud.aws_account_id}}
    provider = {**trusted, "attributeMapping": MAPPING, "attributeCondition": CONDITION}
    stage.google("POST", f"{project}/services:batchEnable", {"serviceIds": _APIS})
    stage.google("POST", f"{pools}?workloadIdentityPoolId={POOL}", {})
    stage.google("POST", f"{pools}/{POOL}/providers?workloadIdentityPoolProviderId={PROVIDER}", provider)
    stage.google("POST", accounts, {"accountId": ACCOUNT})
    _bind(stage, f"{accounts}/{email(stage)}", USER, principal(stage))
    _bind(stage, project, "roles/bigquery.jobUser", member)


def _bind(stage: StackHarness, resource: str, role: str, member: str) -> None:
    policy = stage.google("POST", f"{resource}:getIamPolicy", {})
    bindings = [*policy.get("bindings", []), {"role": role, "members": [member]}]
    stage.google("POST", f"{resource}:setIamPolicy", {"policy": {**policy, "bindings": bindings}})


def unbind(stage: StackHarness) -> None:
    """Takes the hand-made binding away, which the program doesn't know."""
    resource = f"/v1/projects/{stage.cloud.project_id}/serviceAccounts/{email(stage)}"
    policy = stage.google("POST", f"{resource}:getIamPolicy", {})
    for binding in policy["bindings"]:
        binding["members"] = [member for member in binding["members"] if member != principal(stage)]
    stage.google("POST", f"{resource}:setIamPolicy", {"policy": policy})


def undelete_pool(stage: StackHarness) -> None:
    """As `gcloud iam workload-identity-pools undelete` and `… providers undelete` do."""
    pool = f"/v1/projects/{stage.cloud.project_id}/locations/global/workloadIdentityPools/{POOL}"
    stage.google("POST", f"{pool}:undelete", {})
    stage.google("POST", f"{pool}/providers/{PROVIDER}:undelete", {})


def _make_table(stage: StackHarness) -> None:
    """As `bq mk` and `bq add-iam-policy-binding` do; bq alone takes seconds to start."""
    project = f"/bigquery/v2/projects/{stage.cloud.project_id}"
    stage.google("POST", f"{project}/datasets", {"datasetReference": {"datasetId": DATASET}})
    table = {"tableReference": {"datasetId": DATASET, "tableId": TABLE}, "schema": {"fields": COLUMNS}}
    stage.google("POST", f"{project}/datasets/{DATASET}/tables", table)
    place = f"{project}/datasets/{DATASET}/tables/{TABLE}"
    _bind(stage, place, "roles/bigquery.dataViewer", f"serviceAccount:{email(stage)}")
    rows = [{"insertId": str(number), "json": dict(row)} for number, row in enumerate(ROWS)]
    stage.google("POST", f"{place}/insertAll", {"rows": rows})


def _make_function(stage: StackHarness) -> None:
    """As `aws iam`, `aws logs` and `aws lambda` do."""
    iam, log = stage.aws("iam"), f"/aws/lambda/{FUNCTION}"
    stage.aws("logs").create_log_group(logGroupName=log)
    role = iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=lambda_only())["Role"]["Arn"]
    log_arn = f"arn:aws:logs:{stage.cloud.aws_region}:{stage.cloud.aws_account_id}:log-group:{log}"
    iam.put_role_policy(RoleName=ROLE, PolicyName="write-own-log", PolicyDocument=own_log_only(log_arn))
    variables = {
        environment.CREDENTIALS_FILE: CREDENTIAL_CONFIGURATION_FILE,
        environment.PROJECT: stage.cloud.project_id,
        environment.TABLE: f"{stage.cloud.project_id}.{DATASET}.{TABLE}",
        environment.COLUMNS: ",".join(column["name"] for column in COLUMNS),
        environment.LOCATION: "US",
        environment.MAXIMUM_BYTES_BILLED: str(100 * 1024 * 1024),
        environment.API_ENDPOINT: stage.cloud.google_url,
    }
    target = package.Target.host()
    stage.aws("lambda").create_function(
        FunctionName=FUNCTION,
        Role=role,
        Runtime=target.runtime,
        Architectures=[target.architecture],
        Handler=HANDLER,
        Timeout=30,
        Code={"ZipFile": _zip(stage, target).read_bytes()},
        Environment={"Variables": variables},
    )


def _zip(stage: StackHarness, target: package.Target) -> Path:
    """This project's own function, with the file that gcloud would write for the hand-made provider."""
    trust = TrustChain(
        aws_account_id=stage.cloud.aws_account_id,
        role_name=ROLE,
        function_name=FUNCTION,
        endpoints=GoogleEndpoints(base_url=stage.cloud.google_url),
    )
    configuration = trust.credential_configuration(
        provider_name=f"{_pool(stage)}/providers/{PROVIDER}", service_account_email=email(stage)
    )
    lock, cache = program.FUNCTION / "requirements.txt", program.package_cache()
    built = package.build(target=target, function=program.FUNCTION, library=program.LIBRARY, lock=lock, cache=cache)
    return package.with_file(built, name=CREDENTIAL_CONFIGURATION_FILE, content=configuration)
