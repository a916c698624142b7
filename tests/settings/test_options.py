"""What goes together and what doesn't: each option taken beside the same option refused."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from keyless_bigquery.settings.settings import Settings, SettingsError
from tests.components.recording import DEFAULTS, REQUIRED

PROVIDER = "projects/99/locations/global/workloadIdentityPools/shared/providers/aws-lambda"
KEY = "arn:aws:kms:us-east-1:210987654321:key/1234abcd-12ab-34cd-56ef-1234567890ab"
NETWORK = {"subnetIds": '["subnet-0123456789abcdef0"]', "securityGroupIds": '["sg-0123456789abcdef0"]'}


def read(**changed: str) -> Settings:
    return Settings.read(DEFAULTS | REQUIRED | changed, stack="dev")


def refusals(**changed: str) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        read(**changed)
    return [str(problem) for problem in refused.value.problems]


def readers(*listed: Mapping[str, object]) -> str:
    return json.dumps(listed)


def test_an_existing_pool_is_taken_by_its_providers_full_name_and_refused_without() -> None:
    assert read(pool="existing", providerName=PROVIDER).provider_name == PROVIDER
    (missing,) = refusals(pool="existing")
    assert missing.startswith("providerName is not set: ")


def test_an_own_pool_with_the_name_of_another_is_refused() -> None:
    (surplus,) = refusals(providerName=PROVIDER)
    assert "with pool=own the stack makes one" in surplus


@pytest.mark.parametrize("key", ["poolId", "poolProject", "googleProjectNumber"])
def test_what_describes_an_own_pool_is_refused_beside_an_existing_one(key: str) -> None:
    value = {"poolId": "my-pool", "poolProject": "my-project", "googleProjectNumber": "1"}[key]
    (surplus,) = refusals(pool="existing", providerName=PROVIDER, **{key: value})
    assert surplus.startswith(f"{key} is {value!r}: with pool=existing")


def test_an_existing_table_needs_its_dataset_named() -> None:
    assert read(table="existing", datasetId="theirs").readers[0].dataset_id == "theirs"
    (missing,) = refusals(table="existing")
    assert missing.startswith("datasetId is not set: with table=existing")


def test_an_existing_table_needs_no_types_of_its_columns_and_an_own_one_does() -> None:
    columns = '[{"name": "id"}, {"name": "total"}]'
    taken = read(table="existing", datasetId="theirs", columns=columns).readers[0].columns
    assert [column.name for column in taken] == ["id", "total"]
    assert [line.partition(" ")[0] for line in refusals(columns=columns)] == ["columns[0].type", "columns[1].type"]


LISTED = [{"name": "id", "type": "INTEGER"}]
READERS = [{"name": "a", "columns": LISTED}, {"name": "b"}, {"name": "c", "columns": []}]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [("columns", False)]),
        ({"columns": "[]"}, [("columns", False)]),
        ({"columns": json.dumps(LISTED)}, [("columns", True)]),
        (
            {"readers": json.dumps(READERS), "columns": json.dumps(LISTED)},
            [("readers[0].columns", True), ("readers[1].columns", False), ("readers[2].columns", False)],
        ),
    ],
)
def test_each_reader_has_a_setting_that_lists_its_columns_and_no_others(
    settings: dict[str, str], expected: list[tuple[str, bool]]
) -> None:
    assert [(reader.columns_key, reader.columns_listed) for reader in read(**settings).readers] == expected


def test_columns_that_differ_in_case_only_are_one_to_bigquery() -> None:
    (twice,) = refusals(columns='[{"name": "Id", "type": "STRING"}, {"name": "ID", "type": "STRING"}]')
    assert twice.startswith("columns[1].name is 'ID'")


def test_direct_access_has_no_service_account_to_name() -> None:
    assert read(access="direct").access == "direct"
    (surplus,) = refusals(access="direct", serviceAccountId="my-reader")
    assert "with access=direct there is no service account" in surplus


def test_three_projects_can_play_the_three_parts_and_one_plays_them_all_by_itself() -> None:
    three = read(poolProject="pool-project", dataProject="data-project")
    assert (three.google_project, three.pool_project, three.data_project) == (
        "my-project",
        "pool-project",
        "data-project",
    )
    one = read()
    assert one.pool_project == one.data_project == one.google_project


def test_each_listed_reader_gets_names_of_its_own_and_takes_over_what_it_has_not_set() -> None:
    users, orders = read(
        readers=readers({"name": "users"}, {"name": "orders", "memoryMb": 256, "schedule": "rate(1 hour)"}),
        timeoutSeconds="30",
    ).readers
    assert (users.trust.role_name, orders.trust.role_name) == (
        "keyless-bigquery-dev--users",
        "keyless-bigquery-dev--orders",
    )
    assert (users.service_account_id, orders.service_account_id) == ("bq-dev--users", "bq-dev--orders")
    assert (users.table_id, orders.table_id) == ("users", "orders")
    assert (users.memory_mb, orders.memory_mb) == (512, 256)
    assert users.timeout_seconds == orders.timeout_seconds == 30
    assert (users.schedule, orders.schedule) == (None, "rate(1 hour)")


@pytest.mark.parametrize("key", ["roleName", "functionName", "serviceAccountId", "tableId"])
def test_two_readers_with_one_thing_between_them_are_refused(key: str) -> None:
    same = {"roleName": "Reader", "functionName": "reader", "serviceAccountId": "bq-reader", "tableId": "users"}[key]
    (shared,) = refusals(readers=readers({"name": "a", key: same}, {"name": "b", key: same}))
    assert shared.startswith(f"readers[1].{key} is ")
    assert "no reader may have a way into what another reads" in shared


def test_role_names_that_differ_in_case_only_are_one_to_aws() -> None:
    (shared,) = refusals(readers=readers({"name": "a", "roleName": "Reader"}, {"name": "b", "roleName": "reader"}))
    assert shared.startswith("readers[1].roleName")


def test_two_readers_of_one_name_are_reported_once() -> None:
    (twice,) = refusals(readers=readers({"name": "a"}, {"name": "a"}))
    assert twice.startswith("readers[1].name is 'a'")


def test_a_name_that_belongs_to_one_reader_is_refused_beside_a_list() -> None:
    (surplus,) = refusals(readers=readers({"name": "a"}), roleName="Reader")
    assert surplus.startswith("roleName is 'Reader': it names one thing, and this stack lists 1 readers")


def test_a_readers_own_value_is_named_by_its_place_and_an_inherited_one_by_its_key() -> None:
    assert [line.partition(" ")[0] for line in refusals(readers=readers({"name": "a", "memoryMb": 1}))] == [
        "readers[0].memoryMb"
    ]
    assert [
        line.partition(" ")[0] for line in refusals(readers=readers({"name": "a"}, {"name": "b"}), memoryMb="1")
    ] == ["memoryMb"]


def test_more_roles_than_a_condition_holds_are_refused_with_its_length() -> None:
    long = [
        {"name": f"r{place}", "roleName": f"{place:02}".ljust(60, "r"), "functionName": f"f{place}"}
        for place in range(20)
    ]
    assert read(readers=readers(*long)).readers
    many = [reader | {"roleName": str(reader["roleName"]).ljust(64, "r")} for reader in long]
    assert len(read(readers=readers(*many)).readers) == 20


def test_a_misspelt_setting_is_refused_with_the_one_that_was_meant() -> None:
    (unknown,) = refusals(deletionProtecton="false")
    assert unknown == "deletionProtecton is 'false': there is no such setting. Did you mean deletionProtection?"
    (inside,) = refusals(readers=readers({"name": "a", "tabelId": "x"}))
    assert inside == "readers[0].tabelId is 'x': there is no such setting. Did you mean tableId?"


def test_a_network_needs_subnets_and_security_groups_both() -> None:
    assert read(**NETWORK).subnet_ids == ("subnet-0123456789abcdef0",)
    for key in NETWORK:
        (missing,) = refusals(**{key: NETWORK[key]})
        assert "needs subnets and security groups both" in missing


def test_snap_start_needs_a_runtime_that_has_it() -> None:
    assert read(snapStart="true", functionRuntime="python3.12").snap_start
    (older,) = refusals(snapStart="true", functionRuntime="python3.11")
    assert "Lambda has SnapStart since python3.12" in older


def test_a_key_of_another_region_is_refused() -> None:
    assert read(environmentKmsKeyArn=KEY).environment_kms_key_arn == KEY
    (elsewhere,) = refusals(environmentKmsKeyArn=KEY, awsRegion="eu-west-1")
    assert "Lambda takes a key of the same region only" in elsewhere


def test_a_boundary_of_another_account_is_refused() -> None:
    arn = "arn:aws:iam::210987654321:policy/boundary"
    assert read(permissionsBoundaryArn=arn).permissions_boundary_arn == arn
    (elsewhere,) = refusals(permissionsBoundaryArn=arn.replace("210987654321", "111111111111"))
    assert "a boundary is a policy of the same account" in elsewhere


@pytest.mark.parametrize(
    ("taken", "refused"),
    [
        ("rate(1 hour)", "rate(1 hours)"),
        ("rate(15 minutes)", "rate(15 minute)"),
        ("cron(0 6 * * ? *)", "cron(0 6 * * *)"),
        ("cron(0/5 8-17 ? * MON-FRI *)", "0/5 8-17 ? * MON-FRI *"),
    ],
)
def test_a_schedule_is_taken_as_eventbridge_takes_it(taken: str, refused: str) -> None:
    assert read(schedule=taken).readers[0].schedule == taken
    (line,) = refusals(schedule=refused)
    assert line.startswith(f"schedule is {refused!r}: EventBridge takes ")


@pytest.mark.parametrize(("taken", "refused"), [('{"least": 2}', "{least: 2}"), ("[1, null]", "two"), ("0", "{} {}")])
def test_verify_invokes_with_whatever_is_json(taken: str, refused: str) -> None:
    assert read(verifyEvent=taken).readers[0].verify_event == taken
    (line,) = refusals(verifyEvent=refused)
    assert line.startswith(f"verifyEvent is {refused!r}: it must be JSON: ")
    assert read().readers[0].verify_event is None


def test_a_reader_has_the_stacks_event_unless_it_has_its_own() -> None:
    two = readers({"name": "users"}, {"name": "orders", "verifyEvent": {"least": 2}})
    found = read(readers=two, verifyEvent="{}").readers
    assert [reader.verify_event for reader in found] == ["{}", '{"least": 2}']


def test_the_functions_may_go_another_way_to_google_than_the_deployer() -> None:
    private = "https://{service}-mine.p.googleapis.com"
    settings = read(functionGoogleEndpoint=private)
    assert settings.google_endpoint is None
    assert settings.readers[0].trust.endpoints.url("sts", "/v1/token").startswith("https://sts-mine.p.googleapis.com/")
    assert read(googleEndpoint="http://127.0.0.1:1").readers[0].trust.endpoints.base_url == "http://127.0.0.1:1"
    (twice,) = refusals(functionGoogleEndpoint="https://{service}.{service}.example")
    assert "may stand in it once" in twice
