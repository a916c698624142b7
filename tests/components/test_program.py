"""What the program registers, seen through Pulumi's mocks: the trust, the grants, and nothing beyond them."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pulumi
import pytest

from keyless_bigquery.components import outputs
from keyless_bigquery.runtime import environment
from keyless_bigquery.trust.trust import CREDENTIAL_CONFIGURATION_FILE
from tests.components.recording import PROJECT_NUMBER, UNKNOWN, Recording, record

POOL = "gcp:iam/workloadIdentityPool:WorkloadIdentityPool"
PROVIDER = "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"
ACCOUNT_MEMBER = "gcp:serviceaccount/iAMMember:IAMMember"
PROJECT_MEMBER = "gcp:projects/iAMMember:IAMMember"
TABLE_MEMBER = "gcp:bigquery/iamMember:IamMember"
FUNCTION = "aws:lambda/function:Function"
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
ROLE_ARN = "arn:aws:sts::210987654321:assumed-role/keyless-bigquery-dev"
EMAIL = "bq-reader-dev@my-project.iam.gserviceaccount.com"


@pytest.fixture(scope="module")
def deployed() -> Recording:
    return record()


def test_the_condition_admits_exactly_the_role_that_the_stack_makes(deployed: Recording) -> None:
    provider, role = deployed.only(PROVIDER), deployed.only(ROLE)
    assert role.inputs["name"] == "keyless-bigquery-dev"
    assert provider.inputs["aws"] == {"accountId": "210987654321"}
    assert provider.inputs["attributeCondition"] == (
        f"assertion.account == '210987654321' && assertion.arn.startsWith('{ROLE_ARN}/')"
    )


def test_the_binding_names_the_same_role_through_the_attribute_that_the_provider_maps(deployed: Recording) -> None:
    binding = deployed.only(ACCOUNT_MEMBER)
    assert binding.inputs["role"] == "roles/iam.workloadIdentityUser"
    assert binding.inputs["member"] == (
        f"principalSet://iam.googleapis.com/projects/{PROJECT_NUMBER}/locations/global/workloadIdentityPools/"
        f"bq-dev-a1b2/attribute.aws_role/{ROLE_ARN}"
    )
    assert "attribute.aws_role" in deployed.only(PROVIDER).inputs["attributeMapping"]


def test_the_binding_is_on_the_account_that_the_stack_makes(deployed: Recording) -> None:
    assert deployed.only(ACCOUNT_MEMBER).inputs["serviceAccountId"] == f"projects/my-project/serviceAccounts/{EMAIL}"


def test_the_account_may_start_jobs_in_the_project_and_read_the_one_table(deployed: Recording) -> None:
    jobs, rows = deployed.only(PROJECT_MEMBER), deployed.only(TABLE_MEMBER)
    assert (jobs.inputs["role"], jobs.inputs["project"]) == ("roles/bigquery.jobUser", "my-project")
    assert (rows.inputs["role"], rows.inputs["datasetId"], rows.inputs["tableId"]) == (
        "roles/bigquery.dataViewer",
        "keyless_dev",
        "users",
    )
    assert jobs.inputs["member"] == rows.inputs["member"] == f"serviceAccount:{EMAIL}"


def test_no_grant_is_authoritative_and_none_names_a_whole_pool(deployed: Recording) -> None:
    grants = [r for r in deployed.resources if re.search(r"iam(binding|policy|member)", r.type, re.IGNORECASE)]
    assert {grant.type for grant in grants} == {ACCOUNT_MEMBER, PROJECT_MEMBER, TABLE_MEMBER}
    assert not [grant.name for grant in grants if grant.inputs["member"].endswith("/*")]


def test_there_is_no_service_account_key(deployed: Recording) -> None:
    assert not [resource.type for resource in deployed.resources if resource.type.lower().endswith("key")]


def test_the_five_apis_are_switched_on_and_never_off(deployed: Recording) -> None:
    services = deployed.of_type("gcp:projects/service:Service")
    names = {service.inputs["service"].removesuffix(".googleapis.com") for service in services}
    assert names == {"iam", "sts", "iamcredentials", "cloudresourcemanager", "bigquery"}
    assert all(service.inputs["disableOnDestroy"] is False for service in services)


def test_only_lambda_may_assume_the_role(deployed: Recording) -> None:
    (statement,) = json.loads(deployed.only(ROLE).inputs["assumeRolePolicy"])["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }


def test_the_role_may_write_its_own_log_and_nothing_else(deployed: Recording) -> None:
    (statement,) = json.loads(deployed.only(ROLE_POLICY).inputs["policy"])["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": "arn:aws:logs:us-east-1:210987654321:log-group:/aws/lambda/keyless-bigquery-dev:*",
    }


def test_the_package_holds_the_credential_configuration_that_the_stack_exports(deployed: Recording) -> None:
    function = deployed.only(FUNCTION)
    archive = Path(function.inputs["code"].path)
    with zipfile.ZipFile(archive) as package:
        shipped = package.read(CREDENTIAL_CONFIGURATION_FILE).decode()
    assert shipped == deployed.outputs[outputs.CREDENTIAL_CONFIGURATION]
    assert json.loads(shipped)["audience"] == deployed.outputs[outputs.AUDIENCE]
    assert function.inputs["environment"]["variables"][environment.CREDENTIALS_FILE] == CREDENTIAL_CONFIGURATION_FILE


def test_the_function_is_told_project_table_location_and_cap(deployed: Recording) -> None:
    variables = deployed.only(FUNCTION).inputs["environment"]["variables"]
    assert variables == {
        environment.CREDENTIALS_FILE: CREDENTIAL_CONFIGURATION_FILE,
        environment.PROJECT: "my-project",
        environment.TABLE: "my-project.keyless_dev.users",
        environment.COLUMNS: "user_id,name",
        environment.LOCATION: "US",
        environment.MAXIMUM_BYTES_BILLED: "104857600",
    }


def test_every_output_is_exported_and_known_after_a_deployment(deployed: Recording) -> None:
    assert set(deployed.outputs) == {*outputs.OF_STACK, *outputs.OF_READER}
    assert UNKNOWN not in deployed.outputs.values()


def test_logical_names_are_kebab_case_and_tied_to_an_explicit_provider(deployed: Recording) -> None:
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", resource.name) for resource in deployed.resources)


def test_a_first_preview_works_with_every_computed_value_unknown() -> None:
    planned = record(preview=True)
    assert planned.outputs[outputs.AUDIENCE] == UNKNOWN
    assert planned.outputs[outputs.CREDENTIAL_CONFIGURATION] == UNKNOWN
    assert planned.outputs[outputs.FUNCTION_NAME] == "keyless-bigquery-dev"
    assert {resource.type for resource in planned.resources} == {resource.type for resource in record().resources}


def test_a_fixed_pool_id_needs_no_random_suffix() -> None:
    fixed = record({"poolId": "bigquery-readers"})
    assert fixed.only(POOL).inputs["workloadIdentityPoolId"] == "bigquery-readers"
    assert not fixed.of_type("random:index/randomId:RandomId")


@pytest.mark.parametrize(("protection", "policy"), [("true", "PREVENT"), ("false", "DELETE")])
def test_deletion_behaviour_is_explicit_in_every_environment(protection: str, policy: str) -> None:
    stack = record({"deletionProtection": protection})
    for kept in (POOL, PROVIDER, "gcp:serviceaccount/account:Account", "gcp:bigquery/dataset:Dataset"):
        assert stack.only(kept).inputs["deletionPolicy"] == policy
    table = stack.only("gcp:bigquery/table:Table")
    assert table.inputs["deletionProtection"] is (protection == "true")
    assert stack.only("gcp:bigquery/dataset:Dataset").inputs["deleteContentsOnDestroy"] is (protection == "false")


def test_endpoints_move_both_providers_and_the_function_together() -> None:
    local = record({"googleEndpoint": "http://127.0.0.1:8080", "awsEndpoint": "http://127.0.0.1:4566"})
    google, aws = local.only("pulumi:providers:gcp"), local.only("pulumi:providers:aws")
    assert google.inputs["bigQueryCustomEndpoint"] == "http://127.0.0.1:8080/bigquery/v2/"
    assert json.loads(aws.inputs["endpoints"])[0]["lambda"] == "http://127.0.0.1:4566"
    variables = local.only(FUNCTION).inputs["environment"]["variables"]
    assert variables[environment.API_ENDPOINT] == "http://127.0.0.1:8080"


def test_no_credential_is_among_the_providers_inputs(deployed: Recording) -> None:
    for token in ("pulumi:providers:gcp", "pulumi:providers:aws"):
        inputs = deployed.only(token).inputs
        assert not {key for key in inputs if re.search(r"token$|key$|secret|credentials$", key, re.IGNORECASE)}


def test_the_aws_provider_works_in_the_configured_account_only(deployed: Recording) -> None:
    assert json.loads(deployed.only("pulumi:providers:aws").inputs["allowedAccountIds"]) == ["210987654321"]


def test_bad_settings_end_the_program_with_their_message_before_anything_is_registered() -> None:
    with pytest.raises(pulumi.RunError, match=r"(?s)2 settings.*googleProjectNumber is 'my-project'.*memoryMb is '1'"):
        record({"googleProjectNumber": "my-project", "memoryMb": "1"})


def test_a_pool_in_another_project_than_the_settings_say_stops_the_deployment() -> None:
    with pytest.raises(Exception, match="googleProjectNumber says 999"):
        record({"googleProjectNumber": "999"})
