"""A role that exists gets what it needs in Google, and nothing of another; bad arguments create nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_gcp as gcp
import pytest

from keyless_bigquery.components.federated_role import FederatedRole
from keyless_bigquery.components.listed_tables import logical_name
from tests.components.recording import (
    CALLER_LOOK_UP,
    DATASET_LOOK_UP,
    FOUND,
    PROJECT_NUMBER,
    TABLE_LOOK_UP,
    UNKNOWN,
    Recording,
    record,
)

PROVIDER = "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"
PROGRAM = Path(__file__).parent / "programs" / "roles_that_exist.py"
ROLE = "arn:aws:iam::210987654321:role/Reader"
GOOD: Any = {"role_arn": ROLE, "google_project": "my-project", "tables": ["my-project.shop.users"]}


def test_the_name_is_in_the_names_of_all_that_is_made_so_that_two_fit_one_program() -> None:
    made = [
        found.name for found in record(program=PROGRAM, answers=FOUND).resources if found.name not in ("dev", "clouds")
    ]
    own = [name for name in made if name not in ("google", "aws")]
    assert sorted(own) == sorted(
        [
            *("orders", "orders", "orders", "orders-pool-suffix-my-project", "orders-pool", "orders-aws-provider"),
            *("orders-reader-account", "orders-may-impersonate", "orders-may-start-jobs"),
            f"orders-{logical_name('my-project.shop.users')}",
            *("audit", "audit", "audit", "audit-pool-suffix-my-project", "audit-pool", "audit-aws-provider"),
            *("audit-may-start-jobs", f"audit-{logical_name('my-project.shop.events')}"),
        ]
    )


def test_condition_and_binding_name_the_role_exactly_and_its_path_is_left_out() -> None:
    stack = record(program=PROGRAM, answers=FOUND)
    session = "arn:aws:sts::210987654321:assumed-role/Orders-Role"
    provider = next(found for found in stack.resources if found.name == "orders-aws-provider").inputs
    assert provider["attributeCondition"] == (
        f"assertion.account == '210987654321' && assertion.arn.startsWith('{session}/')"
    )
    assert provider["aws"] == {"accountId": "210987654321"}
    member = next(found for found in stack.resources if found.name == "orders-may-impersonate").inputs["member"]
    assert member == stack.outputs["orders-principal"]
    assert member.endswith(f"/attribute.aws_role/{session}")
    assert f"projects/{PROJECT_NUMBER}/" in member


def test_the_credential_configuration_impersonates_or_reads_as_the_principal_itself() -> None:
    outputs = record(program=PROGRAM, answers=FOUND).outputs
    own, direct = json.loads(outputs["orders"]), json.loads(outputs["audit"])
    assert "/orders@my-project." in own["service_account_impersonation_url"]
    assert "service_account_impersonation_url" not in direct
    assert own["audience"] != direct["audience"]


def test_a_preview_knows_what_needs_no_cloud() -> None:
    stack = record(program=PROGRAM, answers=FOUND, preview=True)
    provider = next(found for found in stack.resources if found.name == "orders-aws-provider").inputs
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
    return record(settings, program=program, answers={**FOUND, LOOK_UP: found})


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
        ("role_arn", "Reader", "role_arn", "ARN of an IAM role"),
        ("role_arn", f"{ROLE}\n", "role_arn", "ARN of an IAM role"),
        ("role_arn", "arn:aws:iam::210987654321:role/", "role_arn", "ARN of an IAM role"),
        ("role_arn", "arn:aws:iam::21098765432:role/Reader", "role_arn", "ARN of an IAM role"),
        ("role_arn", "arn:aws:iam::210987654321:user/Reader", "role_arn", "ARN of an IAM role"),
        ("role_arn", "arn:aws:iam::210987654321:role/Reader*", "role_arn", "ARN of an IAM role"),
        ("role_arn", "arn:aws-cn:iam::210987654321:role/Reader", "role_arn", "not of aws-cn"),
        ("role_arn", "arn:aws-us-gov:iam::210987654321:role/Reader", "role_arn", "not of aws-us-gov"),
        ("role_arn", "arn:aws:sts::210987654321:assumed-role/Reader/x", "role_arn", "a session's"),
        ("function_name", "f" * 64, "google.subject", "at most 127"),
        ("function_name", "my function", "function_name", "letters, digits"),
        ("google_project", "123456789012", "google_project", "id"),
        ("role_arn", "arn:aws:iam::210987654321:role/aws-service-role/a.amazonaws.com/A", "role_arn", "service-linked"),
        ("tables", [], "tables is '[]'", "at least one"),
        ("tables", ["my-project.INFORMATION_SCHEMA.TABLES"], "tables[0]", "no policy of its own"),
        ("tables", ["my-project.shop.Information_Schema"], "tables[0]", "no policy of its own"),
        ("tables", ["users"], "tables[0]", "project.dataset.table"),
        ("tables", ["my-project.shop.users", "my-project.shop.*"], "tables[1]", "wildcard"),
        ("access", "both", "access", "impersonation"),
        ("provider_name", "shared", "provider_name", "projects/NUMBER"),
        ("pool_id", "gcp-pool", "pool_id", "reserved"),
        ("service_account_id", "abc", "service_account_id", "6 to 30"),
        ("google_endpoint", "http://example.com", "google_endpoint", "http"),
        ("role_arn", "", "role_arn is not set", "no default"),
        ("role_arn", None, "role_arn is not set", "argument role_arn"),
        ("role_arn", 5, "role_arn is '5'", "ARN of an IAM role"),
        ("role_arn", "arn:aws:iam::210987654321:role/Léser", "role_arn", "ARN of an IAM role"),
        ("role_arn", "arn:aws:iam::210987654321:root", "role_arn", "ARN of an IAM role"),
        ("tables", "my-project.shop.users", "tables", "a list of texts"),
        ("tables", None, "tables is not set", "at least one"),
        ("tables", [None], "tables", "a list of texts"),
        ("tables", ["`my-project.shop.users`"], "tables[0]", "backticks"),
        ("tables", ["my-project.shop.users"] * 2, "tables[1]", "in the list already"),
        ("tables", ["my-project.shop.users", ""], "tables[1]", "project.dataset.table"),
        ("tables", [pulumi.Output.from_input("my-project.shop.users")], "tables is 'an output'", "known only later"),
        ("tables", [f"my-project.shop.t{place}" for place in range(51)], "tables", "at most 50"),
        ("google_project", pulumi.Output.from_input("my-project"), "google_project is 'an output'", "known only later"),
        ("google_project", b"my-project", "google_project", "must be text"),
        ("google_project", "Projekt-Ä", "google_project", "lower-case"),
        ("look_up_tables", "maybe", "look_up_tables", "true, false"),
        ("aws_account_id", 210987654321.5, "aws_account_id", "12 digits"),
        ("function_nam", "orders", "function_nam", "Did you mean function_name?"),
        (5, "orders", "5 is '[not shown]'", "no such argument"),
        ("provider_id", "gcp-role", "provider_id", "reserved"),
        ("tables", {"a": "b"}, "tables", "For example: argument tables = [VALUE]"),
    ],
)
def test_a_bad_argument_is_refused_with_its_key_value_rule_and_fix(
    argument: str, value: Any, key: str, rule: str
) -> None:
    long_role = {"role_arn": f"{ROLE}{'r' * 50}"} if argument == "function_name" else {}
    text = refusal({**GOOD, **long_role, argument: value})
    assert text.startswith("1 argument of FederatedRole orders can't be used; nothing of it was created.")
    assert key in text
    assert rule in text


def refusal(*given: Any, answers: Any = FOUND, **others: Any) -> str:
    """Why a program with such roles ends; nothing but the components themselves is registered then."""
    with pytest.raises(pulumi.RunError) as refused:
        made(*given, answers=answers, **others)
    return str(refused.value)


def made(
    *given: Any, answers: Any = FOUND, preview: bool = False, names: Sequence[str] = ("orders", "Orders")
) -> Recording:
    def program() -> None:
        google = gcp.Provider("google", project="my-project")
        opts = pulumi.ResourceOptions(providers=[google, aws.Provider("aws", region="us-east-1")])
        for name, args in zip(names, given, strict=False):
            FederatedRole(name, args, opts)

    return record(program=program, answers=answers, preview=preview)


def test_what_is_good_is_taken_and_a_path_is_no_part_of_the_name() -> None:
    made(GOOD)
    made({**GOOD, "role_arn": "arn:aws:iam::210987654321:role/service-role/team/Reader"})
    later = {**GOOD, "role_arn": pulumi.Output.from_input(ROLE)}
    made(later)
    assert "role_arn is 'an output'" in refusal({**later, "provider_name": SHARED})


@pytest.mark.parametrize(("later", "shown"), [(None, "null"), (5, "5"), (["a"], '["a"]'), ("Reader", "Reader")])
def test_whatever_a_role_turns_out_to_be_later_is_refused_with_key_value_and_rule(later: Any, shown: str) -> None:
    text = refusal({**GOOD, "role_arn": pulumi.Output.from_input(later)})
    assert text.startswith("1 argument of FederatedRole orders can't be used.")
    assert f"role_arn is {shown!r}: it must be the ARN of an IAM role" in text


def test_a_role_that_is_known_later_is_judged_then() -> None:
    def program() -> None:
        google = gcp.Provider("google", project="my-project")
        aws_provider = aws.Provider("aws", region="us-east-1")
        role = aws.iam.Role(
            "role", name="Later", assume_role_policy="{}", opts=pulumi.ResourceOptions(provider=aws_provider)
        )
        args: Any = {**GOOD, "role_arn": role.arn}
        FederatedRole("orders", args, pulumi.ResourceOptions(providers=[google]))

    clause = "assertion.arn.startsWith('arn:aws:sts::210987654321:assumed-role/Later/')"
    made = record(program=program, answers=FOUND).only(PROVIDER).inputs
    assert made["attributeCondition"].endswith(clause)
    previewed = record(program=program, answers=FOUND, preview=True).only(PROVIDER).inputs
    assert isinstance(previewed["attributeCondition"], pulumi.output.Unknown)
    wrong = {**GOOD, "role_arn": pulumi.Output.from_input("arn:aws:iam::210987654321:user/Reader")}
    assert "ARN of an IAM role" in refusal(wrong)


def test_a_role_of_another_account_than_the_providers_is_refused_unless_it_is_named() -> None:
    other = {**GOOD, "role_arn": "arn:aws:iam::111111111111:role/Reader"}
    assert "the role is of account 111111111111, and the account here is 210987654321" in refusal(other)
    made({**other, "aws_account_id": "111111111111"})
    assert "the account here is 111111111111" in refusal({**GOOD, "aws_account_id": "111111111111"})
    made(GOOD, answers={**FOUND, CALLER_LOOK_UP: {}})  # the provider is not configured yet
    error = refusal(GOOD, answers={**FOUND, CALLER_LOOK_UP: Exception("ExpiredToken")})
    assert "AWS provider can't be found out: " in error
    assert "ExpiredToken" in error


def test_a_table_that_is_not_there_is_refused_and_what_is_no_answer_is_left_to_the_grant() -> None:
    lost = Exception("projects/my-project/datasets/shop/tables/users not found")
    error = refusal(GOOD, answers={**FOUND, TABLE_LOOK_UP: lost})
    assert (
        "tables[0] is 'my-project.shop.users': there is no such table. Check: bq show my-project:shop.users." in error
    )
    made({**GOOD, "look_up_tables": False}, answers={**FOUND, TABLE_LOOK_UP: lost})
    made(GOOD, answers={**FOUND, TABLE_LOOK_UP: Exception("Error 403: Access Denied")})
    dataset = {**GOOD, "tables": ["my-project.shop"]}
    lost = Exception("projects/my-project/datasets/shop not found")
    assert "no such dataset" in refusal(dataset, answers={**FOUND, DATASET_LOOK_UP: lost})


@pytest.mark.parametrize("given", [None, [], "orders", 5])
def test_arguments_that_are_no_map_are_refused(given: Any) -> None:
    assert "arguments are a map from their names" in refusal(given)


def test_what_is_empty_is_not_given() -> None:
    made({**GOOD, "access": "", "look_up_tables": "", "function_name": None})


@pytest.mark.parametrize("name", [None, "", 5])
def test_a_name_that_is_none_is_refused(name: Any) -> None:
    with pytest.raises(pulumi.RunError, match="the name of a FederatedRole is"):
        made(GOOD, names=(name,))


def test_an_id_that_the_components_name_makes_is_judged_too() -> None:
    with pytest.raises(pulumi.RunError, match="pool_id is 'gcp-reader-0000': the id derived from the component's name"):
        made(GOOD, names=("gcp-reader",))
    made({**GOOD, "pool_id": "readers"}, names=("gcp-reader",))


def test_a_resource_in_the_place_of_its_arn_is_named() -> None:
    def program() -> None:
        google = gcp.Provider("google", project="my-project")
        region = aws.Provider("aws", region="us-east-1")
        role = aws.iam.Role("role", name="Later", assume_role_policy="{}", opts=pulumi.ResourceOptions(provider=region))
        given: Any = {**GOOD, "role_arn": role}
        FederatedRole("orders", given, pulumi.ResourceOptions(providers=[google]))

    with pytest.raises(pulumi.RunError, match=r"role_arn is 'a Role': it is a resource.*such as its arn"):
        record(program=program, answers=FOUND)


def test_components_of_one_name_under_other_parents_share_no_id_either() -> None:
    def program() -> None:
        google = gcp.Provider("google", project="my-project")
        for kind in ("test:index:Team", "test:index:Squad"):
            parent = pulumi.ComponentResource(kind, "a", None, pulumi.ResourceOptions(providers=[google]))
            FederatedRole("orders", GOOD, pulumi.ResourceOptions(parent=parent))

    with pytest.raises(pulumi.RunError, match="service_account_id is 'orders': FederatedRole 'orders' of this program"):
        record(program=program, answers=FOUND)


def test_two_components_never_share_an_id() -> None:
    error = refusal(GOOD, GOOD)
    assert "FederatedRole Orders" in error
    assert "service_account_id is 'orders': FederatedRole 'orders' of this program has the same" in error
    made(GOOD, {**GOOD, "service_account_id": "orders-two"})
    fixed = {**GOOD, "access": "direct", "pool_id": "readers"}
    assert "pool_id is 'readers'" in refusal(fixed, fixed)
    made(GOOD)
    made(GOOD)  # another run
