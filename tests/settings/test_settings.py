"""Each bad setting is refused by key, value, rule and fix; all of them in one message."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from keyless_bigquery.components.program import ROOT
from keyless_bigquery.settings.generated import config_block
from keyless_bigquery.settings.settings import DECLARED, KEYS, Settings, SettingsError
from tests.components.recording import DEFAULTS, OF_THE_TEMPLATE, REQUIRED, declared

GOOD = DEFAULTS | REQUIRED
PROVIDER = "projects/99/locations/global/workloadIdentityPools/shared/providers/aws-lambda"


def read(stack: str = "dev", **changed: str) -> Settings:
    return Settings.read(GOOD | changed, stack=stack)


def refusal(stack: str = "dev", **changed: str) -> str:
    with pytest.raises(SettingsError) as refused:
        read(stack, **changed)
    assert len(refused.value.problems) == 1, refused.value
    return str(refused.value.problems[0])


def test_good_settings_are_taken_as_they_are() -> None:
    settings = read(googleProjectNumber="123456789012", poolId="my-pool", roleName="Reader", deletionProtection="false")
    assert settings.google_project == "my-project"
    assert settings.google_project_number == "123456789012"
    assert settings.pool_id == "my-pool"
    (reader,) = settings.readers
    assert reader.trust.role_name == "Reader"
    assert reader.memory_mb == 512
    assert settings.deletion_protection is False


def test_names_that_are_not_set_carry_the_stacks_name() -> None:
    (one,), (other,) = read(stack="dev").readers, read(stack="prod").readers
    assert one.trust.role_name == one.trust.function_name == "keyless-bigquery-dev"
    assert one.service_account_id == "bq-reader-dev"
    assert (one.dataset_id, one.table_id) == ("keyless_dev", "users")
    for name in ("service_account_id", "dataset_id"):
        assert getattr(one, name) != getattr(other, name)
    assert other.trust.role_arn != one.trust.role_arn
    assert read(stack="dev").pool_id_prefix != read(stack="prod").pool_id_prefix


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("googleProject", "123456789012", "project number, where a project id is expected"),
        ("googleProject", "My-Project", "lower-case letters"),
        ("googleProjectNumber", "my-project", "looks like a project id"),
        ("awsAccountId", "21098765432", "exactly 12 digits, leading zeros included, and this has 11"),
        ("awsAccountId", "2109-8765-4321", "this is not a number"),
        ("awsAccountId", "\uff12" * 12, "this is not a number"),
        ("awsRegion", "virginia", "not the name of an AWS region"),
        ("awsRegion", "cn-north-1", "standard AWS partition only"),
        ("awsRegion", "us-gov-west-1", "standard AWS partition only"),
        ("poolId", "abc", "4 to 32 lower-case letters"),
        ("poolId", "gcp-readers", "reserved by Google"),
        ("poolId", "p" * 33, "4 to 32 lower-case letters"),
        ("providerId", "AWS-lambda", "4 to 32 lower-case letters"),
        ("serviceAccountId", "bq", "6 to 30 lower-case letters"),
        ("datasetId", "keyless-dev", "letters, digits and underscores only"),
        ("tableId", "users`; DROP", "letters, digits, underscores and hyphens only"),
        ("tables", "my-project.d.t", "it must be a list of texts"),
        ("bigqueryLocation", "Tokyo", "not a BigQuery location"),
        ("maximumBytesBilled", "10485759", "whole number from 10485760"),
        ("providerName", PROVIDER.replace("/99/", "/my-project/"), "full resource name with the project's number"),
        ("subnetIds", '["sg-0123456789abcdef0"]', "not the id of a subnet"),
        ("securityGroupIds", '["default"]', "not the id of a security group"),
        ("environmentKmsKeyArn", "alias/mine", "full ARN of a key, not an alias"),
        ("permissionsBoundaryArn", "arn:aws:iam::aws:policy/ReadOnlyAccess", "a policy of your own account"),
        ("functionGoogleEndpoint", "https://{service}.{service}.example", "may stand in it once"),
        ("logLevel", "TRACE", "one of DEBUG, INFO, WARN"),
        ("roleName", "team/reader", "no path"),
        ("roleName", "*", "1 to 64 letters"),
        ("functionName", "my.reader", "1 to 64 letters"),
        ("functionRuntime", "python2.7", "one of python3.11"),
        ("functionArchitecture", "riscv64", "one of"),
        ("functionBytecode", "always", "one of whereAvailable, required, none"),
        ("functionPackage", "all", "one of slim, full"),
        ("memoryMb", "127", "from 128 to 10240"),
        ("memoryMb", "10241", "from 128 to 10240"),
        ("timeoutSeconds", "9", "from 10 to 900"),
        ("timeoutSeconds", "901", "from 10 to 900"),
        ("reservedConcurrency", "-1", "from 0 to 10000"),
        ("timeoutSeconds", "a minute", "from 10 to 900"),
        ("logRetentionDays", "10", "one of 1, 3, 5, 7, 14"),
        ("deletionProtection", "yes", "one of true, false"),
        ("googleEndpoint", "ftp://127.0.0.1", "begins with https://"),
        ("googleEndpoint", "http://127.0.0.1:0", "begins with https://"),
        ("googleEndpoint", "https://apis.example.com?key=1", "scheme, host and port only"),
        ("googleEndpoint", "https://apis.example.com#top", "scheme, host and port only"),
        ("googleEndpoint", "https://apis_example.com", "characters that no host name has"),
        ("googleEndpoint", "http://apis.example.com", "plain http is for this machine itself only"),
        ("googleEndpoint", "https://apis.example.com/v1", "scheme, host and port only"),
        ("googleEndpoint", "https://someone@apis.example.com", "scheme, host and port only"),
        ("googleUniverseDomain", "googleapis", "domain name"),
        ("handler", "handler", "module.function"),
        ("handler", "handler:lambda_handler", "module.function"),
        ("handler", "lambda_src/handler.lambda_handler", "module.function"),
        ("handler", "handler.lambda_handler()", "module.function"),
        ("handler", "handler.py", "that is a file"),
        ("handler", "keyless_bigquery.runtime.entry.lambda_handler", "that is the library"),
        ("handler", f"{'h' * 127}.f", "Lambda takes at most 128"),
        ("awsEndpoint", "http://10.0.0.1:4566", "plain http is for this machine itself only"),
    ],
)
def test_a_bad_value_is_refused_with_key_value_rule_and_fix(key: str, value: str, expected: str) -> None:
    message = refusal(**{key: value})
    where, shown = (f"{key}[0]", json.loads(value)[0]) if value.startswith("[") else (key, value)
    assert message.startswith(f"{where} is {shown!r}: ")
    assert expected in message
    assert message.split(expected)[1].strip(" ."), "the message ends without saying how to fix it"


def test_a_file_in_place_of_a_function_is_answered_with_the_function_in_it() -> None:
    assert "For example: reports.lambda_handler" in refusal(handler="reports.py")
    assert f"For example: {'r' * 60}.lambda_handler" in refusal(handler=f"{'r' * 61}.py")


@pytest.mark.parametrize(
    ("key", "longest", "too_long"),
    [
        ("googleProject", "p" * 30, "p" * 31),
        ("serviceAccountId", "a" * 30, "a" * 31),
        ("poolId", "p" * 32, "p" * 33),
        ("datasetId", "d" * 1024, "d" * 1025),
        ("tableId", "t" * 1024, "t" * 1025),
        ("roleName", "r" * 64, "r" * 65),
        ("functionName", "f" * 64, "f" * 65),
        ("schedule", "rate(9999 hours)", "rate(10000 hours)"),
        ("environmentKmsKeyArn", f"arn:aws:kms:us-east-1:1{'0' * 11}:key/{'k' * 64}", "arn:aws:kms:us-east-1:1:key/k"),
    ],
)
def test_the_longest_value_is_taken_and_a_longer_one_refused(key: str, longest: str, too_long: str) -> None:
    read(**{key: longest})
    refusal(**{key: too_long})


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("orders", "project.dataset.table, or project.dataset for all that is and will be in a dataset"),
        ("a.b.c.d", "project.dataset.table, or project.dataset"),
        ("", "project.dataset.table, or project.dataset"),
        ("my-project:sales.orders", "joined by dots here, not by a colon"),
        ("`my-project.sales.orders`", "backticks, which belong in a query"),
        ("my-project.sales.orders_*", "a wildcard is not a table that can be granted"),
        ("my-project.sales.*", "a wildcard is not a table"),
        ("My-Project.sales.orders", "the project is 'My-Project': a project id has"),
        ("123456789012.sales.orders", "the project is '123456789012': that is a project number"),
        ("my-project.my-sales.orders", "the dataset is 'my-sales': a dataset id has"),
        ("my-project..orders", "the dataset is ''"),
        ("my-project.sales.", "the table is ''"),
        ("my-project.sales.orders$20260101", "the table is 'orders$20260101': a table id here has"),
        ("my-project.sales.or ders", "the table is 'or ders'"),
    ],
)
def test_what_names_neither_a_table_nor_a_dataset_is_refused(entry: str, expected: str) -> None:
    message = refusal(tables=json.dumps(["other-project.sales.fine", entry]))
    assert message.startswith(f"tables[1] is {entry!r}: ")
    assert expected in message


def test_tables_and_datasets_of_any_project_are_listed_in_their_order() -> None:
    listed = ["other-project.sales.orders", "third-project.shared", "my-project.keyless_dev.Users"]
    assert read(tables=json.dumps(listed)).readers[0].tables == tuple(listed)
    assert read().readers[0].tables == ()


def test_a_table_is_listed_once_and_never_the_first_one_and_case_makes_another() -> None:
    assert "it is in the list already" in refusal(tables='["a-project.d.t", "a-project.d.T", "a-project.d.t"]')
    own = refusal(tables='["other-project.d.t", "my-project.keyless_dev.users"]')
    assert own.startswith("tables[1] is 'my-project.keyless_dev.users': it is the first table of reader")
    existing = {"table": "existing", "dataProject": "data-project", "datasetId": "theirs", "tableId": "facts"}
    assert refusal(**existing, tables='["data-project.theirs.facts"]').startswith("tables[0] is ")
    assert read(**existing, tables='["data-project.theirs.Facts", "data-project.theirs"]')


def test_at_most_50_tables_are_listed() -> None:
    names = [f"other-project.d.t{number}" for number in range(51)]
    assert len(read(tables=json.dumps(names[:50])).readers[0].tables) == 50
    assert "51 entries, and at most 50 are taken" in refusal(tables=json.dumps(names))


def test_a_reader_lists_its_own_tables_or_has_the_stacks() -> None:
    readers: list[dict[str, Any]] = [
        {"name": "a"},
        {"name": "b", "tables": ["my-project.keyless_dev.a"]},
        {"name": "c", "tables": []},
    ]
    listed = read(readers=json.dumps(readers), tables='["other-project.d.t"]').readers
    assert [reader.tables for reader in listed] == [("other-project.d.t",), ("my-project.keyless_dev.a",), ()]
    message = refusal(readers=json.dumps(readers), tables='["my-project.keyless_dev.a"]')
    assert message.startswith("tables[0] is 'my-project.keyless_dev.a': it is the first table of a")
    readers[1]["tables"] = ["my-project.keyless_dev.b"]
    assert refusal(readers=json.dumps(readers)).startswith("readers[1].tables[0] is 'my-project.keyless_dev.b'")


@pytest.mark.parametrize("key", ["googleProject", "awsAccountId"])
def test_a_setting_that_only_a_person_can_know_has_no_default(key: str) -> None:
    with pytest.raises(SettingsError, match=f"{key} is not set: .* pulumi config set {key} VALUE"):
        Settings.read({name: value for name, value in GOOD.items() if name != key}, stack="dev")


def test_every_problem_is_reported_at_once_in_the_order_of_the_settings() -> None:
    with pytest.raises(SettingsError) as refused:
        read(memoryMb="1", awsAccountId="1", googleProject="1")
    assert [problem.key for problem in refused.value.problems] == ["googleProject", "awsAccountId", "memoryMb"]
    assert str(refused.value).startswith("3 settings of this stack can't be used; nothing was created.")


def test_a_subject_of_127_bytes_is_accepted_and_of_128_refused_with_the_length_and_the_excess() -> None:
    names = {"roleName": "r" * 43, "functionName": "f" * 44}
    assert len(read(**names).readers[0].trust.caller_arn) == 127
    message = refusal(roleName="r" * 44, functionName="f" * 44)
    assert "128 bytes long" in message
    assert "1 bytes shorter together" in message


def test_a_stack_whose_name_another_stacks_names_may_come_from_has_to_set_them() -> None:
    message = refusal(stack="team.Feature_x")
    assert "serviceAccountId, datasetId, roleName, functionName would be derived" in message
    assert "pulumi stack rename team-feature-x" in message
    names = {"serviceAccountId": "reader-x", "datasetId": "x", "roleName": "Reader-X", "functionName": "Reader-X"}
    assert read(stack="team.Feature_x", **names).pool_id_prefix == "bq-team-feature-x-"
    assert "roleName would be" in refusal(stack="team.Feature_x", **{**names, "roleName": ""})


def test_a_stack_name_too_long_for_a_pool_id_is_refused_and_never_cut() -> None:
    with pytest.raises(SettingsError, match=r"poolId|serviceAccountId"):
        read(stack="a-very-long-name-for-a-feature-branch")


def test_pulumi_yaml_declares_exactly_the_settings_that_are_read() -> None:
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    found = {key: entry for key, entry in project["config"].items() if key not in OF_THE_TEMPLATE}
    written = yaml.safe_load(config_block(DECLARED))["config"]
    assert list(found.items()) == list(written.items()), "`make settings` writes it anew"
    for key, question in project.get("template", {"config": {}})["config"].items():
        assert question.get("default", "") == found[key]["default"]


def test_the_defaults_in_pulumi_yaml_keep_the_rules() -> None:
    settings = Settings.read(declared() | REQUIRED, stack="dev")
    assert settings.deletion_protection is True
    assert settings.target.architecture == "arm64"
    assert (settings.access, settings.pool, settings.table) == ("impersonation", "own", "own")


@pytest.mark.parametrize("stack", ["dev", "local", "prod"])
def test_a_tracked_stack_file_sets_only_what_is_declared(stack: str) -> None:
    config = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    # Without the project's name before them: `pulumi new` gives each copy another one.
    assert set(config) <= set(KEYS)
