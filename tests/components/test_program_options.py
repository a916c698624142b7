"""What each option changes in what the program registers, and what it must not change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest

from keyless_bigquery.cache import CACHE_VARIABLE
from keyless_bigquery.components import outputs, role_policies
from keyless_bigquery.components.program import build_package, package_cache
from keyless_bigquery.components.reader import ALIAS
from keyless_bigquery.packaging import Bytecode, PackageError, Target
from keyless_bigquery.runtime import environment
from keyless_bigquery.settings import consistency
from keyless_bigquery.settings.settings import Settings
from keyless_bigquery.trust.trust import TrustChain, attribute_condition, attribute_mapping
from tests.components.recording import DEFAULTS, PROJECT_NUMBER, REQUIRED, UNKNOWN, Recording, record
from tests.components.test_program import (
    ACCOUNT_MEMBER,
    FUNCTION,
    POOL,
    PROJECT_MEMBER,
    PROVIDER,
    ROLE,
    ROLE_POLICY,
    TABLE_MEMBER,
)

ACCOUNT = "gcp:serviceaccount/account:Account"
DATASET = "gcp:bigquery/dataset:Dataset"
TABLE = "gcp:bigquery/table:Table"
SERVICE = "gcp:projects/service:Service"
LOOK_UP = "gcp:iam/getWorkloadIdentityPoolProvider:getWorkloadIdentityPoolProvider"
THEIRS = "projects/99/locations/global/workloadIdentityPools/shared/providers/aws-lambda"
OURS = TrustChain(aws_account_id="210987654321", role_name="keyless-bigquery-dev", function_name="keyless-bigquery-dev")
READERS = json.dumps([{"name": "users"}, {"name": "orders", "memoryMb": 1024}])
NETWORK = {"subnetIds": '["subnet-0123456789abcdef0"]', "securityGroupIds": '["sg-0123456789abcdef0"]'}
KEY = "arn:aws:kms:us-east-1:210987654321:key/1234abcd"


def provider(**changed: Any) -> dict[str, dict[str, Any]]:
    """A platform team's provider, as the look-up answers it."""
    fit = {
        "aws": [{"accountId": "210987654321"}],
        "attributeMapping": attribute_mapping(),
        "attributeCondition": attribute_condition([OURS]),
        "state": "ACTIVE",
        "disabled": False,
    }
    return {LOOK_UP: fit | changed}


def statements(stack: Recording, name: str) -> dict[str, Any]:
    (policy,) = [found for found in stack.of_type(ROLE_POLICY) if found.name == name]
    (statement,) = json.loads(policy.inputs["policy"])["Statement"]
    return dict(statement)


def test_a_package_without_bytecode_is_told_once_unless_that_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(package_cache().parent))
    for name in ("PATH", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("PYENV_ROOT", "UV_PYTHON_INSTALL_DIR", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    told: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", told.append)
    production = DEFAULTS | REQUIRED | {"functionRuntime": "python3.14", "functionArchitecture": "arm64"}
    for bytecode in Bytecode:
        settings = Settings.read(production | {"functionBytecode": bytecode}, stack="dev")
        if bytecode is Bytecode.REQUIRED:
            with pytest.raises(PackageError, match=r"functionBytecode is required, and there is no Python 3\.14 here"):
                build_package(settings)
        else:
            assert build_package(settings).exists()
    assert [line for line in told if "each cold start compiles" in line] == told
    assert len(told) == 1


def test_direct_access_grants_to_the_role_itself_and_makes_no_account() -> None:
    stack = record({"access": "direct"})
    principal = stack.outputs[outputs.PRINCIPAL]
    assert principal.startswith("principalSet://")
    assert principal.endswith(f"/attribute.aws_role/{OURS.role_arn}")
    assert not stack.of_type(ACCOUNT)
    assert not stack.of_type(ACCOUNT_MEMBER)
    assert stack.only(PROJECT_MEMBER).inputs["member"] == stack.only(TABLE_MEMBER).inputs["member"] == principal
    configuration = json.loads(stack.outputs[outputs.CREDENTIAL_CONFIGURATION])
    assert "service_account_impersonation_url" not in configuration
    assert outputs.SERVICE_ACCOUNT not in stack.outputs
    assert "iamcredentials.googleapis.com" not in {found.inputs["service"] for found in stack.of_type(SERVICE)}


def test_an_existing_pool_that_admits_exactly_the_reader_is_used_and_not_touched() -> None:
    stack = record({"pool": "existing", "providerName": THEIRS}, answers=provider())
    assert not stack.of_type(POOL)
    assert not stack.of_type(PROVIDER)
    assert stack.outputs[outputs.AUDIENCE] == f"//iam.googleapis.com/{THEIRS}"
    pool = "projects/99/locations/global/workloadIdentityPools/shared"
    member = stack.only(ACCOUNT_MEMBER).inputs["member"]
    assert member.startswith(f"principalSet://iam.googleapis.com/{pool}/attribute.aws_role/")
    assert {found.inputs["project"] for found in stack.of_type(SERVICE)} == {"my-project"}


@pytest.mark.parametrize(
    "changed",
    [
        {"attributeCondition": ""},
        {"attributeCondition": "assertion.account == '210987654321'"},
        {"attributeCondition": attribute_condition([OURS]).replace("/')", "')")},
        {
            "attributeMapping": attribute_mapping()
            | {"attribute.aws_role": "assertion.arn.extract('assumed-role/{r}/')"}
        },
        {"aws": [{"accountId": "111111111111"}]},
        {"aws": []},
        {"disabled": True},
        {"state": "DELETED"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_an_existing_pool_that_lets_others_in_is_refused_before_anything_is_made(changed: dict[str, Any]) -> None:
    with pytest.raises(
        pulumi.RunError, match=r"providerName is '.*/aws-lambda': this provider can't be used; nothing was created"
    ):
        record({"pool": "existing", "providerName": THEIRS}, answers=provider(**changed))


def test_an_existing_table_is_granted_on_and_nothing_else_of_it_is_made() -> None:
    stack = record({"table": "existing", "dataProject": "data-project", "datasetId": "theirs", "tableId": "facts"})
    assert not stack.of_type(DATASET)
    assert not stack.of_type(TABLE)
    grant = stack.only(TABLE_MEMBER).inputs
    assert (grant["project"], grant["datasetId"], grant["tableId"]) == ("data-project", "theirs", "facts")
    assert stack.outputs[outputs.TABLE] == "data-project.theirs.facts"
    assert {found.inputs["project"] for found in stack.of_type(SERVICE)} == {"my-project"}


def test_three_projects_each_hold_their_part() -> None:
    stack = record({"poolProject": "pool-project", "dataProject": "data-project"})
    assert stack.only(POOL).inputs["project"] == stack.only(PROVIDER).inputs["project"] == "pool-project"
    assert stack.only(DATASET).inputs["project"] == stack.only(TABLE).inputs["project"] == "data-project"
    assert stack.only(ACCOUNT).inputs["project"] == stack.only(PROJECT_MEMBER).inputs["project"] == "my-project"
    assert stack.only(TABLE_MEMBER).inputs["project"] == "data-project"
    variables = stack.only(FUNCTION).inputs["environment"]["variables"]
    assert variables[environment.PROJECT] == "my-project"
    assert variables[environment.TABLE] == "data-project.keyless_dev.users"
    enabled: dict[str, set[str]] = {}
    for found in stack.of_type(SERVICE):
        enabled.setdefault(found.inputs["project"], set()).add(found.inputs["service"].partition(".")[0])
    assert enabled == {
        "my-project": {"iam", "cloudresourcemanager", "iamcredentials", "bigquery"},
        "pool-project": {"iam", "sts", "iamcredentials"},
        "data-project": {"bigquery"},
    }


def test_each_of_several_readers_has_a_role_an_account_a_table_and_a_function_of_its_own() -> None:
    stack = record({"readers": READERS})
    for kind in (ROLE, ACCOUNT, ACCOUNT_MEMBER, PROJECT_MEMBER, TABLE, TABLE_MEMBER, FUNCTION):
        assert len(stack.of_type(kind)) == 2, kind
    assert len(stack.of_type(POOL)) == len(stack.of_type(PROVIDER)) == len(stack.of_type(DATASET)) == 1
    roles = {found.name.rpartition("-")[2]: found.inputs["name"] for found in stack.of_type(ROLE)}
    assert roles == {name: f"keyless-bigquery-dev--{name}" for name in ("users", "orders")}
    for name, role in roles.items():
        arn = f"arn:aws:sts::210987654321:assumed-role/{role}"
        assert f"startsWith('{arn}/')" in stack.only(PROVIDER).inputs["attributeCondition"]
        (binding,) = [found for found in stack.of_type(ACCOUNT_MEMBER) if found.name == f"may-impersonate-{name}"]
        assert binding.inputs["member"].endswith(f"/attribute.aws_role/{arn}")
        assert f"/serviceAccounts/bq-dev--{name}@" in binding.inputs["serviceAccountId"]
    readers_of = {found.inputs["tableId"]: found.inputs["member"] for found in stack.of_type(TABLE_MEMBER)}
    assert readers_of == {
        name: f"serviceAccount:bq-dev--{name}@my-project.iam.gserviceaccount.com" for name in ("users", "orders")
    }
    assert set(stack.outputs) == set(outputs.OF_STACK)
    assert set(stack.outputs[outputs.READERS]) == {"users", "orders"}
    assert all(set(found) == set(outputs.OF_READER) for found in stack.outputs[outputs.READERS].values())


def test_in_a_network_lambda_manages_the_interfaces_and_the_functions_code_may_not() -> None:
    stack = record(NETWORK)
    assert stack.only(FUNCTION).inputs["vpcConfig"] == {
        "subnetIds": ["subnet-0123456789abcdef0"],
        "securityGroupIds": ["sg-0123456789abcdef0"],
    }
    attached = stack.only("aws:iam/rolePolicyAttachment:RolePolicyAttachment").inputs
    assert attached["policyArn"] == role_policies.NETWORK_POLICY_ARN
    found = {"Effect": "Allow", "Action": "ec2:DescribeSubnets", "Resource": "*"}
    assert statements(stack, "may-find-subnets") == found
    denied = statements(stack, "may-leave-network-to-lambda")
    assert denied["Effect"] == "Deny"
    assert denied["Condition"] == {
        "ArnEquals": {"lambda:SourceFunctionArn": "arn:aws:lambda:us-east-1:210987654321:function:keyless-bigquery-dev"}
    }


def test_a_key_of_ones_own_encrypts_the_environment_and_the_role_may_use_that_key_only() -> None:
    stack = record({"environmentKmsKeyArn": KEY})
    assert stack.only(FUNCTION).inputs["kmsKeyArn"] == KEY
    allowed = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY}
    assert statements(stack, "may-read-own-environment") == allowed


def test_a_boundary_is_on_every_role() -> None:
    arn = "arn:aws:iam::210987654321:policy/boundary"
    bounded = record({"permissionsBoundaryArn": arn, "readers": '[{"name": "a"}, {"name": "b"}]'})
    assert [role.inputs["permissionsBoundary"] for role in bounded.of_type(ROLE)] == [arn, arn]


def test_snap_start_publishes_versions_and_everybody_goes_by_the_alias(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consistency, "_SNAP_START_SINCE", Target.host().runtime)  # the package is for this machine
    stack = record({"snapStart": "true", "schedule": "rate(1 hour)"})
    function = stack.only(FUNCTION).inputs
    assert (function["publish"], function["snapStart"]) == (True, {"applyOn": "PublishedVersions"})
    alias = stack.only("aws:lambda/alias:Alias").inputs
    assert (alias["name"], alias["functionVersion"]) == (ALIAS, "1")
    assert stack.outputs[outputs.FUNCTION_NAME] == f"keyless-bigquery-dev:{ALIAS}"
    assert stack.only("aws:cloudwatch/eventTarget:EventTarget").inputs["arn"].endswith(f":{ALIAS}")
    assert stack.only("aws:lambda/permission:Permission").inputs["qualifier"] == ALIAS


def test_a_schedule_starts_this_function_and_only_its_own_rule_may() -> None:
    stack = record({"schedule": "cron(0 6 * * ? *)"})
    rule = stack.only("aws:cloudwatch/eventRule:EventRule").inputs
    allowed = stack.only("aws:lambda/permission:Permission").inputs
    target = stack.only("aws:cloudwatch/eventTarget:EventTarget").inputs
    assert rule["scheduleExpression"] == "cron(0 6 * * ? *)"
    assert (allowed["principal"], allowed["function"]) == ("events.amazonaws.com", "keyless-bigquery-dev")
    assert allowed["sourceArn"] == "arn:aws:events:us-east-1:210987654321:rule/keyless-bigquery-dev"
    assert target["arn"] == "arn:aws:lambda:us-east-1:210987654321:function:keyless-bigquery-dev"


def test_without_network_snap_start_and_bound_there_is_nothing_of_them() -> None:
    stack = record()
    assert not stack.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert {one.name for one in stack.of_type(ROLE_POLICY)} == {"may-write-own-log"}
    assert not {"publish", "reservedConcurrentExecutions"} & set(stack.only(FUNCTION).inputs)
    assert not stack.of_type("aws:lambda/alias:Alias")
    assert not stack.of_type("aws:cloudwatch/eventRule:EventRule")
    assert "permissionsBoundary" not in stack.only(ROLE).inputs


def test_reserved_concurrency_zero_is_not_the_same_as_none() -> None:
    assert record({"reservedConcurrency": "0"}).only(FUNCTION).inputs["reservedConcurrentExecutions"] == 0


def test_the_functions_go_through_private_service_connect_and_the_deployer_does_not() -> None:
    stack = record({"functionGoogleEndpoint": "https://{service}-mine.p.googleapis.com"})
    configuration = json.loads(stack.outputs[outputs.CREDENTIAL_CONFIGURATION])
    assert configuration["token_url"] == "https://sts-mine.p.googleapis.com/v1/token"
    assert configuration["service_account_impersonation_url"].startswith(
        "https://iamcredentials-mine.p.googleapis.com/"
    )
    variables = stack.only(FUNCTION).inputs["environment"]["variables"]
    assert variables[environment.API_ENDPOINT] == "https://bigquery-mine.p.googleapis.com"
    assert not [key for key in stack.only("pulumi:providers:gcp").inputs if key.endswith("CustomEndpoint")]


def test_the_columns_make_the_table_and_are_what_the_function_selects() -> None:
    columns = [{"name": "id", "type": "INTEGER", "mode": "REQUIRED"}, {"name": "total", "type": "NUMERIC"}]
    stack = record({"columns": json.dumps(columns)})
    made = json.loads(stack.only(TABLE).inputs["schema"])
    assert [(column["name"], column["type"], column["mode"]) for column in made] == [
        ("id", "INTEGER", "REQUIRED"),
        ("total", "NUMERIC", "NULLABLE"),
    ]
    assert stack.only(FUNCTION).inputs["environment"]["variables"][environment.COLUMNS] == "id,total"


@pytest.mark.parametrize(
    "settings",
    [
        {"access": "direct"},
        {"readers": READERS, "schedule": "rate(1 hour)", **NETWORK},
        {"table": "existing", "datasetId": "theirs", "environmentKmsKeyArn": KEY},
        {"tables": '["data-project.sales.orders", "my-project.keyless_dev"]', "access": "direct"},
    ],
    ids=["direct", "readers", "existing", "tables"],
)
def test_a_first_preview_of_any_option_works_with_every_computed_value_unknown(settings: dict[str, str]) -> None:
    planned = record(settings, preview=True)
    assert planned.outputs[outputs.POOL_NAME] == UNKNOWN
    assert PROJECT_NUMBER not in json.dumps([str(found.inputs) for found in planned.resources])
