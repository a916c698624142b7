"""A role that exists gets what it needs in Google, and nothing of another; bad arguments create nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest

from keyless_bigquery.components.federated_role import FederatedRoleArgs, check
from keyless_bigquery.components.listed_tables import logical_name
from keyless_bigquery.trust.trust import TrustError
from tests.components.recording import PROJECT_NUMBER, UNKNOWN, Recording, record

PROGRAM = Path(__file__).parent / "programs" / "roles_that_exist.py"
ROLE = "arn:aws:iam::210987654321:role/Reader"
GOOD: FederatedRoleArgs = {"role_arn": ROLE, "google_project": "my-project", "tables": ["my-project.shop.users"]}


def test_the_name_is_in_the_names_of_all_that_is_made_so_that_two_fit_one_program() -> None:
    made = [found.name for found in record(program=PROGRAM).resources if found.name not in ("dev", "clouds")]
    own = [name for name in made if name not in ("google", "aws")]
    assert sorted(own) == sorted(
        [
            *("orders", "orders-pool-suffix", "orders-pool", "orders-provider", "orders-account"),
            *("orders-may-impersonate", "orders-may-start-jobs", f"{logical_name('my-project.shop.users')}-orders"),
            *("audit", "audit-pool-suffix", "audit-pool", "audit-provider", "audit-may-start-jobs"),
            f"{logical_name('my-project.shop.events')}-audit",
        ]
    )


def test_condition_and_binding_name_the_role_exactly_and_its_path_is_left_out() -> None:
    stack = record(program=PROGRAM)
    session = "arn:aws:sts::210987654321:assumed-role/Orders-Role"
    provider = next(found for found in stack.resources if found.name == "orders-provider").inputs
    assert provider["attributeCondition"] == (
        f"assertion.account == '210987654321' && assertion.arn.startsWith('{session}/')"
    )
    assert provider["aws"] == {"accountId": "210987654321"}
    member = next(found for found in stack.resources if found.name == "orders-may-impersonate").inputs["member"]
    assert member == stack.outputs["orders-principal"]
    assert member.endswith(f"/attribute.aws_role/{session}")
    assert f"projects/{PROJECT_NUMBER}/" in member


def test_the_credential_configuration_impersonates_or_reads_as_the_principal_itself() -> None:
    outputs = record(program=PROGRAM).outputs
    own, direct = json.loads(outputs["orders"]), json.loads(outputs["audit"])
    assert "/orders@my-project." in own["service_account_impersonation_url"]
    assert "service_account_impersonation_url" not in direct
    assert own["audience"] != direct["audience"]


def test_a_preview_knows_what_needs_no_cloud() -> None:
    stack = record(program=PROGRAM, preview=True)
    provider = next(found for found in stack.resources if found.name == "orders-provider").inputs
    assert "Orders-Role" in provider["attributeCondition"]
    assert stack.outputs["orders"] == UNKNOWN


SHARED = "projects/99/locations/global/workloadIdentityPools/shared/providers/aws-lambda"
SESSION = "arn:aws:sts::210987654321:assumed-role/Orders-Role"
LOOK_UP = "gcp:iam/getWorkloadIdentityPoolProvider:getWorkloadIdentityPoolProvider"


def of_a_shared_pool(condition: str) -> Recording:
    found = {
        "aws": [{"accountId": "210987654321"}],
        "attributeMapping": None,
        "attributeCondition": condition,
        "state": "ACTIVE",
        "disabled": False,
    }
    settings = {"pool": "existing", "providerName": SHARED}
    program = PROGRAM.with_name("role_of_a_shared_pool.py")
    return record(settings, program=program, answers={LOOK_UP: found})


def test_a_provider_that_exists_is_used_as_it_is_and_refused_where_it_admits_another() -> None:
    stack = of_a_shared_pool(f"assertion.account == '210987654321' && assertion.arn.startsWith('{SESSION}/')")
    assert stack.outputs["audience"] == f"//iam.googleapis.com/{SHARED}"
    assert stack.outputs["principal"].endswith(f"/workloadIdentityPools/shared/attribute.aws_role/{SESSION}")
    assert not [found for found in stack.resources if "WorkloadIdentityPool" in found.type]
    with pytest.raises(pulumi.RunError, match="must have an attribute condition"):
        of_a_shared_pool("")


@pytest.mark.parametrize(
    ("argument", "value", "key", "rule"),
    [
        ("role_arn", "Reader", "roleArn", "ARN of an IAM role"),
        ("role_arn", f"{ROLE}\n", "roleArn", "ARN of an IAM role"),
        ("role_arn", "arn:aws:iam::210987654321:role/", "roleArn", "ARN of an IAM role"),
        ("role_arn", "arn:aws:iam::21098765432:role/Reader", "roleArn", "ARN of an IAM role"),
        ("role_arn", "arn:aws:iam::210987654321:user/Reader", "roleArn", "ARN of an IAM role"),
        ("role_arn", "arn:aws:iam::210987654321:role/Reader*", "roleArn", "ARN of an IAM role"),
        ("role_arn", "arn:aws-cn:iam::210987654321:role/Reader", "roleArn", "China or GovCloud"),
        ("role_arn", "arn:aws-us-gov:iam::210987654321:role/Reader", "roleArn", "China or GovCloud"),
        ("role_arn", "arn:aws:sts::210987654321:assumed-role/Reader/x", "roleArn", "a session's"),
        ("function_name", "f" * 64, "google.subject", "at most 127"),
        ("function_name", "my function", "functionName", "letters, digits"),
        ("google_project", "123456789012", "googleProject", "id"),
        ("tables", [], "tables", "at least one"),
        ("tables", ["users"], "tables[0]", "project.dataset.table"),
        ("tables", ["my-project.shop.users", "my-project.shop.*"], "tables[1]", "wildcard"),
        ("access", "both", "access", "impersonation"),
        ("provider_name", "shared", "providerName", "projects/NUMBER"),
        ("pool_id", "gcp-pool", "poolId", "reserved"),
        ("service_account_id", "abc", "serviceAccountId", "6 to 30"),
        ("google_endpoint", "http://example.com", "googleEndpoint", "http"),
    ],
)
def test_a_bad_argument_is_refused_with_its_key_value_rule_and_fix(
    argument: str, value: Any, key: str, rule: str
) -> None:
    long_role = {"role_arn": f"{ROLE}{'r' * 50}"} if argument == "function_name" else {}
    with pytest.raises(TrustError) as refused:
        check("orders", {**GOOD, **long_role, argument: value})  # type: ignore[typeddict-item]  # bad on purpose
    assert key in str(refused.value)
    assert rule in str(refused.value)


def test_what_is_good_is_taken_and_a_path_is_no_part_of_the_name() -> None:
    check("orders", GOOD)
    check("orders", {**GOOD, "role_arn": "arn:aws:iam::210987654321:role/service-role/team/Reader"})
    later: FederatedRoleArgs = {**GOOD, "role_arn": pulumi.Output.from_input("known later")}
    check("orders", later)
    with pytest.raises(TrustError, match="roleArn is known only later"):
        check("orders", {**later, "provider_name": SHARED})
