"""Each bad setting is refused by key, value, rule and mend; all of them in one message."""

from __future__ import annotations

import pytest
import yaml

from infra.program import ROOT
from infra.settings import KEYS, Settings, SettingsError
from infra.trust import SUBJECT_LIMIT_BYTES
from tests.infra.recording import DEFAULTS, REQUIRED

GOOD = DEFAULTS | REQUIRED


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
    assert settings.role_name == "Reader"
    assert settings.memory_mb == 512
    assert settings.deletion_protection is False


def test_names_that_are_not_set_carry_the_stacks_name() -> None:
    one, other = read(stack="dev"), read(stack="prod")
    assert one.role_name == one.function_name == "keyless-bigquery-dev"
    assert one.service_account_id == "bq-reader-dev"
    assert one.dataset_id == "keyless_dev"
    for name in ("role_name", "function_name", "service_account_id", "dataset_id", "pool_id_prefix"):
        assert getattr(one, name) != getattr(other, name)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("googleProject", "123456789012", "project number, where a project id is wanted"),
        ("googleProject", "My-Project", "lower-case letters"),
        ("googleProjectNumber", "my-project", "looks like a project id"),
        ("awsAccountId", "21098765432", "exactly 12 digits, leading zeros included, and this has 11"),
        ("awsAccountId", "2109-8765-4321", "this is not a number"),
        ("awsAccountId", "\uff12" * 12, "this is not a number"),
        ("awsRegion", "virginia", "not the name of an AWS region"),
        ("awsRegion", "cn-north-1", "standard AWS partition only"),
        ("poolId", "abc", "4 to 32 lower-case letters"),
        ("poolId", "gcp-readers", "reserved by Google"),
        ("poolId", "p" * 33, "4 to 32 lower-case letters"),
        ("providerId", "AWS-lambda", "4 to 32 lower-case letters"),
        ("serviceAccountId", "bq", "6 to 30 lower-case letters"),
        ("datasetId", "keyless-dev", "letters, digits and underscores only"),
        ("tableId", "users`; DROP", "letters, digits, underscores and hyphens only"),
        ("bigqueryLocation", "Tokyo", "not a BigQuery location"),
        ("maximumBytesBilled", "1000", "whole number from 10485760"),
        ("roleName", "team/reader", "no path"),
        ("roleName", "*", "1 to 64 letters"),
        ("functionName", "my.reader", "1 to 64 letters"),
        ("functionRuntime", "python2.7", "one of python3.11"),
        ("functionArchitecture", "riscv64", "one of"),
        ("memoryMb", "64", "from 128 to 10240"),
        ("timeoutSeconds", "3", "from 10 to 900"),
        ("timeoutSeconds", "a minute", "from 10 to 900"),
        ("logRetentionDays", "10", "one of 1, 3, 5, 7, 14"),
        ("deletionProtection", "yes", "one of true, false"),
        ("googleEndpoint", "ftp://127.0.0.1", "begins with https://"),
        ("googleEndpoint", "http://apis.example.com", "plain http is for this machine itself only"),
        ("googleEndpoint", "https://apis.example.com/v1", "scheme, host and port only"),
        ("googleEndpoint", "https://someone@apis.example.com", "scheme, host and port only"),
        ("googleUniverseDomain", "googleapis", "domain name"),
        ("awsEndpoint", "http://10.0.0.1:4566", "plain http is for this machine itself only"),
    ],
)
def test_a_bad_value_is_refused_with_key_value_rule_and_mend(key: str, value: str, expected: str) -> None:
    message = refusal(**{key: value})
    assert message.startswith(f"{key} is {value!r}: ")
    assert expected in message
    assert message.split(expected)[1].strip(" ."), "the message ends without saying how to mend it"


@pytest.mark.parametrize("key", ["googleProject", "awsAccountId"])
def test_a_setting_that_only_a_person_can_know_has_no_default(key: str) -> None:
    with pytest.raises(SettingsError, match=f"{key} is not set: .* pulumi config set {key} VALUE"):
        Settings.read({name: value for name, value in GOOD.items() if name != key}, stack="dev")


def test_every_problem_is_told_at_once_in_the_order_of_the_settings() -> None:
    with pytest.raises(SettingsError) as refused:
        read(memoryMb="1", awsAccountId="1", googleProject="1")
    assert [problem.key for problem in refused.value.problems] == ["googleProject", "awsAccountId", "memoryMb"]
    assert str(refused.value).startswith("3 settings of this stack can't be used; nothing was created.")


def test_a_subject_of_127_bytes_is_accepted() -> None:
    names = {"roleName": "r" * 43, "functionName": "f" * 44}
    assert len(read(**names).trust.caller_arn) == SUBJECT_LIMIT_BYTES


def test_a_subject_of_128_bytes_is_refused_with_the_length_and_the_excess() -> None:
    message = refusal(roleName="r" * 44, functionName="f" * 44)
    assert "128 bytes long" in message
    assert "1 bytes shorter together" in message


def test_a_stack_name_that_gives_a_good_pool_id_needs_no_setting() -> None:
    assert read(stack="team.Feature_x").pool_id_prefix == "bq-team-feature-x-"


def test_a_stack_name_too_long_for_a_pool_id_is_refused_and_never_cut() -> None:
    with pytest.raises(SettingsError, match=r"poolId|serviceAccountId"):
        read(stack="a-very-long-name-for-a-feature-branch")


def test_pulumi_yaml_declares_exactly_the_settings_that_are_read() -> None:
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    assert tuple(project["config"]) == KEYS
    for key, declared in project["config"].items():
        assert declared["type"] in ("string", "integer", "boolean"), key
        assert declared["description"], key
        assert ("default" in declared) == (key not in REQUIRED), key


def test_the_defaults_in_pulumi_yaml_keep_the_rules() -> None:
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    defaults = {key: entry.get("default") for key, entry in declared.items()}
    texts = {
        key: str(value).lower() if isinstance(value, bool) else str(value)
        for key, value in defaults.items()
        if value not in (None, "")
    }
    settings = Settings.read(texts | REQUIRED, stack="dev")
    assert settings.deletion_protection is True
    assert settings.target.architecture == "arm64"


@pytest.mark.parametrize("stack", ["dev", "local"])
def test_a_tracked_stack_file_sets_only_what_is_declared(stack: str) -> None:
    config = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    assert {key.partition(":")[2] for key in config} <= set(KEYS)
