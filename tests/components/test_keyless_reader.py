"""A whole function in a program of a user's own: the same rules as a stack's, under the component's own name."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, get_type_hints

import pulumi
import pulumi_aws as aws
import pulumi_gcp as gcp
import pytest

from keyless_bigquery.components import outputs
from keyless_bigquery.components.keyless_reader import OWN_ARGUMENTS, KeylessReader, KeylessReaderArgs
from keyless_bigquery.components.program import ROOT
from keyless_bigquery.settings.settings import DECLARED
from tests.components.recording import (
    CALLER_LOOK_UP,
    DATASET_LOOK_UP,
    FOUND,
    HOST,
    REGION_LOOK_UP,
    TABLE_LOOK_UP,
    Recording,
    record,
)

FUNCTION = "tests/runtime/functions/rows"
GOOD: Mapping[str, Any] = {"google_project": "my-project", "function": FUNCTION, "settings": HOST}
EXISTING = {**GOOD, "table": "existing", "dataset_id": "shop", "table_id": "orders"}


def made(*given: Mapping[str, Any], answers: Any = FOUND, names: Sequence[str] = ("orders", "audit")) -> Recording:
    def program() -> None:
        google = gcp.Provider("google", project="my-project")
        opts = pulumi.ResourceOptions(providers=[google, aws.Provider("aws", region="eu-west-1")])
        for name, args in zip(names, given, strict=False):
            reader = KeylessReader(name, args, opts)  # type: ignore[arg-type]  # bad on purpose, some of them
            for output in outputs.OF_READER:
                pulumi.export(f"{name}.{output}", getattr(reader, output))

    return record(program=program, answers=answers)


def refusal(*given: Mapping[str, Any], answers: Any = FOUND, names: Sequence[str] = ("orders", "audit")) -> str:
    with pytest.raises(pulumi.RunError) as refused:
        made(*given, answers=answers, names=names)
    return str(refused.value)


@pytest.fixture(scope="module")
def two() -> Recording:
    return made(GOOD, {**EXISTING, "access": "direct", "memory_mb": 256.0, "tables": ["my-project.sales"]})


def test_every_name_begins_with_the_components_and_follows_from_it_and_the_stacks(two: Recording) -> None:
    own = [found for found in two.resources if found.name not in {"dev", "google", "aws"}]
    assert {found.name.partition("-")[0] for found in own} == {"orders", "audit"}
    function = next(found for found in own if found.name == "orders-function").inputs
    assert function["name"] == "keyless-bigquery-orders-dev"
    assert next(found for found in own if found.name == "orders-reader-account").inputs["accountId"] == (
        "bq-reader-orders-dev"
    )
    assert function["region"] == "eu-west-1", "the provider's, not the default of a stack"


def test_it_has_the_outputs_of_a_stacks_reader(two: Recording) -> None:
    assert two.outputs["orders.table"] == "my-project.keyless_orders_dev.users"
    assert two.outputs["audit.tables"] == ["my-project.shop.orders", "my-project.sales"]
    assert two.outputs["audit.service_account"] is None
    assert json.loads(two.outputs["orders.credential_configuration"])["type"] == "external_account"
    assert two.outputs["orders.role_arn"].endswith(":role/keyless-bigquery-orders-dev")
    assert two.outputs["orders.principal"].endswith(":assumed-role/keyless-bigquery-orders-dev")


def test_a_whole_number_may_arrive_as_a_float_and_nothing_else_may(two: Recording) -> None:
    function = next(found for found in two.resources if found.name == "audit-function").inputs
    assert function["memorySize"] == 256
    assert "memory_mb is '256.5': it must be a whole number from 128 to 10240" in refusal({**GOOD, "memory_mb": 256.5})


def test_each_argument_is_a_setting_and_has_its_type() -> None:
    settings = {one.field: one.kind for one in DECLARED}
    types = {"string": str, "integer": int, "boolean": bool}
    given = {name: hint for name, hint in get_type_hints(KeylessReaderArgs).items() if name not in OWN_ARGUMENTS}
    assert given.keys() <= settings.keys()
    for name, hint in given.items():
        kind = settings[name]
        expected = {"array": "Sequence", "object": "Mapping"}.get(kind.type or "", types.get(kind.type or ""))
        assert expected in {hint, getattr(hint, "__origin__", hint).__name__}, name


def test_the_program_of_the_page_makes_what_the_page_says() -> None:
    page = (ROOT / "component" / "README.md").read_text()
    (source,) = re.findall(r"```py\n(.*?)```", page, re.DOTALL | re.ASCII)
    source = source.replace('"lambda_src"', repr(FUNCTION)).replace("30}", f"30, **{HOST}}}")
    stack = record(program=lambda: exec(source, {}), answers=FOUND)  # noqa: S102 (it is the page's)
    assert stack.only("aws:lambda/function:Function").name == "orders-function"
    assert stack.only("aws:cloudwatch/logGroup:LogGroup").inputs["retentionInDays"] == 30


def test_any_other_setting_is_given_by_its_key() -> None:
    stack = made({**GOOD, "settings": {**HOST, "logRetentionDays": 30.0, "snapStart": False}})
    assert stack.only("aws:cloudwatch/logGroup:LogGroup").inputs["retentionInDays"] == 30


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"google_project": ""}, "google_project is not set: this argument has no default."),
        ({"google_project": "123456789012"}, "google_project is '123456789012': that is a project number"),
        ({"google_project": pulumi.Output.from_input("my-project")}, "google_project is 'an output': it decides what"),
        ({"function": "no-such"}, "function is 'no-such': there is no such folder. Make it, or name"),
        ({"function": str(ROOT / "README.md")}, "README.md': there is no such folder"),
        ({"function_name": "f" * 65}, "function_name"),
        ({"function_name": "f" * 64, "role_name": "r" * 64}, "google.subject would be"),
        ({"role_name": "path/role"}, "no path, which is not part of an assumed role's ARN"),
        ({"aws_account_id": "111111111111"}, "aws_account_id is '111111111111': the AWS provider's is 210987654321"),
        ({"aws_region": "us-east-1"}, "aws_region is 'us-east-1': the AWS provider's is eu-west-1"),
        ({"table": "existing"}, "with table=existing the table is another team's"),
        ({"tables": ["`my-project.shop.users`"]}, "tables[0] is '`my-project.shop.users`': it has backticks"),
        ({"tables": "my-project.shop.users"}, "tables is 'my-project.shop.users': it must be a list of texts"),
        ({"tables": ["my-project.shop.users"] * 2}, "tables[1]"),
        ({"environment": {"AWS_PROFILE": "x"}}, "AWS credentials are found"),
        ({"environment": {"PATH_OF": {"a": 1}}}, "environment.PATH_OF"),
        ({"schedule": "hourly"}, "schedule is 'hourly'"),
        ({"columns": [{"name": "a", "typ": "STRING"}]}, "columns[0].typ"),
        ({"nonsense": 1}, "nonsense is '[not shown]': there is no such argument"),
        ({"settings": {"logRetention": 30}}, "logRetention is '30': there is no such setting. Did you mean"),
        ({"settings": {"memoryMb": 256}, "memory_mb": 256}, "settings.memoryMb is '256': it is given twice"),
        (
            {"settings": {"readers": []}},
            "settings.readers is '[]': this setting is a stack's. A component is one reader",
        ),
        ({"settings": "none"}, "settings is 'none': it must be a map of settings"),
        ({"provider_name": "shared"}, "provider_name is 'shared'"),
        ({"service_account_id": "Léser"}, "service_account_id is 'Léser'"),
    ],
)
def test_a_bad_argument_is_refused_with_its_key_value_rule_and_fix(wrong: Mapping[str, Any], expected: str) -> None:
    refused = refusal({**GOOD, **wrong})
    assert "of KeylessReader orders can't be used; nothing of it was created.\n" in refused
    assert expected in refused
    assert "pulumi config" not in refused


def test_a_name_that_is_too_long_for_what_follows_from_it_says_which_argument_helps() -> None:
    refused = refusal(GOOD, names=["a-very-long-name-of-a-component"])
    assert "the name derived from component and stack, 'a-very-long-name-of-a-component-dev', is invalid" in refused
    assert "Choose one with: argument service_account_id" in refused


def test_two_components_never_share_an_id() -> None:
    refused = refusal(GOOD, GOOD, names=["orders", "Orders"])
    assert "role_name is 'keyless-bigquery-orders-dev': KeylessReader 'orders' of this program has the same" in refused
    assert "dataset_id" in refused


def test_a_table_that_is_not_there_is_refused_before_anything_is_made() -> None:
    lost = {**FOUND, TABLE_LOOK_UP: Exception("projects/my-project/datasets/shop/tables/orders not found")}
    assert "table_id is 'my-project.shop.orders': there is no such table" in str(refusal(EXISTING, answers=lost))
    made({**EXISTING, "look_up_tables": False}, answers=lost)
    made(GOOD, answers=lost)  # its own table, which it makes
    lost = {**FOUND, DATASET_LOOK_UP: Exception("projects/my-project/datasets/sales not found")}
    assert "tables[0] is 'my-project.sales': there is no such dataset" in refusal(
        {**EXISTING, "tables": ["my-project.sales"]}, answers=lost
    )


def test_a_provider_that_is_not_configured_yet_leaves_account_and_region_to_the_arguments() -> None:
    later = {**FOUND, CALLER_LOOK_UP: {}, REGION_LOOK_UP: {}}
    assert "aws_account_id is not set" in refusal(GOOD, answers=later)
    made({**GOOD, "aws_account_id": "210987654321", "aws_region": "eu-west-1"}, answers=later)
