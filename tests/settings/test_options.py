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


EXISTING = {"pool": "existing", "providerName": PROVIDER}
NO_WAY = "no reader may have a way into what another reads"
BOUNDARY = "arn:aws:iam::210987654321:policy/boundary"
OPTIONS: list[tuple[dict[str, str], dict[str, str], str]] = [
    (EXISTING, {"pool": "existing"}, "providerName is not set: "),
    ({}, {"providerName": PROVIDER}, "with pool=own the stack makes one"),
    ({"poolId": "my-pool"}, EXISTING | {"poolId": "my-pool"}, "poolId is 'my-pool': with pool=existing"),
    ({}, EXISTING | {"poolProject": "my-project"}, "poolProject is 'my-project': with pool=existing"),
    ({"googleProjectNumber": "1"}, EXISTING | {"googleProjectNumber": "1"}, "googleProjectNumber is '1': with pool="),
    (
        {"table": "existing", "datasetId": "theirs"},
        {"table": "existing"},
        "datasetId is not set: with table=existing",
    ),
    (
        {"columns": '[{"name": "Id", "type": "STRING"}]'},
        {"columns": '[{"name": "_Partition_key", "type": "STRING"}]'},
        "columns[0].name is '_Partition_key': BigQuery takes no column whose name begins with _PARTITION",
    ),
    (
        {"table": "existing", "datasetId": "theirs", "columns": '[{"name": "_PARTITIONTIME"}]'},
        {"table": "existing", "datasetId": "theirs", "columns": '[{"name": "_TABLE_SUFFIX"}]'},
        "columns[0].name is '_TABLE_SUFFIX': BigQuery takes no column whose name begins with _TABLE_",
    ),
    (
        {"columns": '[{"name": "Id", "type": "STRING"}]'},
        {"columns": '[{"name": "Id", "type": "STRING"}, {"name": "ID", "type": "STRING"}]'},
        "columns[1].name is 'ID'",
    ),
    ({"access": "direct"}, {"access": "direct", "serviceAccountId": "my-reader"}, "there is no service account"),
    *(
        (
            {"readers": readers({"name": "a", key: first})},
            {"readers": readers({"name": "a", key: first}, {"name": "b", key: second})},
            f"readers[1].{key} is ",
        )
        for key, first, second in (
            ("roleName", "Reader", "Reader"),
            ("functionName", "reader", "reader"),
            ("serviceAccountId", "bq-reader", "bq-reader"),
            ("tableId", "users", "users"),
            ("roleName", "Reader", "reader"),
        )
    ),
    (
        {},
        {"readers": readers({"name": "a"}, {"name": "a"})},
        f"readers[1].name is 'a': readers[0] has the same, and {NO_WAY}",
    ),
    ({"roleName": "Reader"}, {"readers": readers({"name": "a"}), "roleName": "Reader"}, "this stack lists 1 readers"),
    ({}, {"readers": readers({"name": "a", "memoryMb": 1})}, "readers[0].memoryMb is '1'"),
    ({}, {"readers": readers({"name": "a"}, {"name": "b"}), "memoryMb": "1"}, "memoryMb is '1'"),
    ({}, {"deletionProtecton": "false"}, "'false': there is no such setting. Did you mean deletionProtection?"),
    (
        {},
        {"readers": readers({"name": "a", "tabelId": "x"})},
        "readers[0].tabelId is 'x': there is no such setting. D",
    ),
    *((NETWORK, {key: NETWORK[key]}, "needs subnets and security groups both") for key in NETWORK),
    (
        {"snapStart": "true", "functionRuntime": "python3.12"},
        {"snapStart": "true", "functionRuntime": "python3.11"},
        "Lambda has SnapStart since python3.12",
    ),
    (
        {"environmentKmsKeyArn": KEY},
        {"environmentKmsKeyArn": KEY, "awsRegion": "eu-west-1"},
        "Lambda takes a key of the same region only",
    ),
    (
        {"permissionsBoundaryArn": BOUNDARY},
        {"permissionsBoundaryArn": BOUNDARY.replace("210987654321", "111111111111")},
        "a boundary is a policy of the same account",
    ),
    *(
        ({"schedule": taken}, {"schedule": refused}, f"schedule is {refused!r}: EventBridge takes ")
        for taken, refused in (
            ("rate(1 hour)", "rate(1 hours)"),
            ("rate(15 minutes)", "rate(15 minute)"),
            ("cron(0 6 * * ? *)", "cron(0 6 * * *)"),
            ("cron(0/5 8-17 ? * MON-FRI *)", "0/5 8-17 ? * MON-FRI *"),
        )
    ),
    *(
        ({"verifyEvent": taken}, {"verifyEvent": refused}, f"verifyEvent is {refused!r}: it must be JSON: ")
        for taken, refused in (('{"least": 2}', "{least: 2}"), ("[1, null]", "two"), ("0", "{} {}"))
    ),
]


@pytest.mark.parametrize(("taken", "refused", "says"), OPTIONS)
def test_what_goes_together_is_taken_and_what_does_not_is_refused(
    taken: dict[str, str], refused: dict[str, str], says: str
) -> None:
    settings = read(**taken)
    for value in (settings.readers[0].schedule, settings.readers[0].verify_event):
        assert value is None or value in taken.values()
    (line,) = refusals(**refused)
    assert says in line


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


def test_more_roles_than_a_condition_holds_are_refused_with_its_length() -> None:
    long = [
        {"name": f"r{place}", "roleName": f"{place:02}".ljust(60, "r"), "functionName": f"f{place}"}
        for place in range(20)
    ]
    assert read(readers=readers(*long)).readers
    many = [reader | {"roleName": str(reader["roleName"]).ljust(64, "r")} for reader in long]
    assert len(read(readers=readers(*many)).readers) == 20


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
