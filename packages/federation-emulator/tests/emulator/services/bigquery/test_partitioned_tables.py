"""Over HTTP: what is kept of a table's partitioning, and which queries of one that requires a filter are refused.

Sources: Google, BigQuery REST, ``Table.requirePartitionFilter``, ``TimePartitioning``; "Manage partitioned tables";
"Data definition language (DDL) statements in GoogleSQL" (PARTITION BY, ``partition_expression``).
"""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core.exceptions import BadRequest
from google.cloud import bigquery

from federation_emulator.core.config import DEPLOYER
from federation_emulator.core.trace import Part
from tests.emulator.chain import BIGQUERY_PATH
from tests.emulator.google_server import PROJECT, Google
from tests.emulator.services.bigquery.asking import NEVER, deployer_client, query, run

FIELDS = [
    {"name": "dt", "type": "DATE"},
    {"name": "ts", "type": "TIMESTAMP"},
    {"name": "f", "type": "STRING"},
    {"name": "many", "type": "DATE", "mode": "REPEATED"},
]
BY_DAY = {"type": "DAY", "field": "dt"}


@pytest.fixture(scope="module")
def tables(enabled: Google) -> str:
    """The path of the tables of a dataset."""
    enabled.done("POST", f"{BIGQUERY_PATH}/datasets", {"datasetReference": {"datasetId": "parts"}})
    return f"{BIGQUERY_PATH}/datasets/parts/tables"


def make(google: Google, tables: str, name: str, **more: Any) -> Any:
    return google.call("POST", tables, {"tableReference": {"tableId": name}, "schema": {"fields": FIELDS}, **more})


def said(table: dict[str, Any]) -> tuple[Any, Any]:
    """What a table answers of its filter, in both places."""
    return table.get("requirePartitionFilter"), table.get("timePartitioning", {}).get("requirePartitionFilter")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"requirePartitionFilter": True, "timePartitioning": BY_DAY}, True),
        ({"timePartitioning": {**BY_DAY, "requirePartitionFilter": True}}, True),
        ({"requirePartitionFilter": True, "timePartitioning": {**BY_DAY, "requirePartitionFilter": True}}, True),
        ({"requirePartitionFilter": True, "timePartitioning": {"type": "HOUR"}}, True),
        ({"requirePartitionFilter": False, "timePartitioning": BY_DAY}, None),
        ({"timePartitioning": BY_DAY}, None),
        ({"requirePartitionFilter": False}, None),
        ({"requirePartitionFilter": True}, "can only be set on a partitioned table"),
        ({"requirePartitionFilter": False, "timePartitioning": {**BY_DAY, "requirePartitionFilter": True}}, "differ"),
        ({"timePartitioning": {"type": "DAY", "field": "f"}}, "can only be of type TIMESTAMP, DATE, or DATETIME"),
        ({"timePartitioning": {"type": "DAY", "field": "many"}}, "can only be of type TIMESTAMP, DATE, or DATETIME"),
        ({"timePartitioning": {"type": "HOUR", "field": "dt"}}, "can't be partitioned by HOUR"),
        ({"timePartitioning": {"type": "DAY", "field": "none"}}, "was not found"),
        ({"timePartitioning": {"type": "WEEK"}}, "not a valid value"),
    ],
)
def test_a_required_filter_is_kept_or_refused(enabled: Google, tables: str, body: Any, expected: Any) -> None:
    enabled.call("DELETE", f"{tables}/kept")
    made = make(enabled, tables, "kept", **body)
    if isinstance(expected, str):
        assert (made.status_code, expected in made.json()["error"]["message"]) == (400, True)
        assert enabled.call("GET", f"{tables}/kept").status_code == 404
    else:
        assert made.ok, made.text
        assert said(made.json()) == said(enabled.done("GET", f"{tables}/kept")) == (expected, expected)


def test_a_required_filter_is_changed_by_patch_and_by_put(enabled: Google, tables: str) -> None:
    assert make(enabled, tables, "changed", timePartitioning=BY_DAY).ok
    path, whole = f"{tables}/changed", {"schema": {"fields": FIELDS}, "timePartitioning": BY_DAY}
    for method, body, expected in (
        ("PATCH", {"requirePartitionFilter": True}, True),
        ("PATCH", {"description": "d"}, True),
        ("PATCH", {"timePartitioning": {**BY_DAY, "requirePartitionFilter": False}}, None),
        ("PUT", {**whole, "requirePartitionFilter": True}, True),
        ("PUT", whole, None),
        ("PATCH", {"timePartitioning": {**BY_DAY, "requirePartitionFilter": True}}, True),
        ("PATCH", {"requirePartitionFilter": None}, None),
    ):
        assert said(enabled.done(method, path, body)) == (expected, expected), (method, body)
        assert said(enabled.done("GET", path)) == (expected, expected)
    for other in ({"type": "MONTH", "field": "dt"}, {"type": "DAY"}):
        refused = enabled.call("PATCH", path, {"timePartitioning": other})
        assert (refused.status_code, "Cannot change the partitioning" in refused.text) == (400, True)
    assert make(enabled, tables, "flat").ok
    refused = enabled.call("PATCH", f"{tables}/flat", {"timePartitioning": BY_DAY})
    assert "Cannot convert non partitioned" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    ("partition", "options", "expected"),
    [
        ("dt", "require_partition_filter = TRUE", ({**BY_DAY, "requirePartitionFilter": True}, True)),
        ("DATE(ts)", "require_partition_filter = FALSE", ({"type": "DAY", "field": "ts"}, None)),
        ("TIMESTAMP_TRUNC(ts, HOUR)", "description = 'd'", ({"type": "HOUR", "field": "ts"}, None)),
        ("_PARTITIONDATE", "require_partition_filter = TRUE", ({"type": "DAY", "requirePartitionFilter": True}, True)),
        ("DATE(_PARTITIONTIME)", "description = 'd'", ({"type": "DAY"}, None)),
        ("TIMESTAMP_TRUNC(_PARTITIONTIME, HOUR)", "description = 'd'", ({"type": "HOUR"}, None)),
        ("", "require_partition_filter = TRUE", "can only be set on a partitioned table"),
        ("", "partition_expiration_days = 3", "PARTITION BY"),
        ("f", "description = 'd'", "can only be of type"),
    ],
)
def test_a_statement_says_the_same(enabled: Google, tables: str, partition: str, options: str, expected: Any) -> None:
    enabled.call("DELETE", f"{tables}/stated")
    by = f"PARTITION BY {partition}" if partition else ""
    made = query(enabled, f"CREATE TABLE parts.stated (dt DATE, ts TIMESTAMP, f STRING) {by} OPTIONS ({options})")
    if isinstance(expected, str):
        assert (made.status_code, expected in made.text) == (400, True)
        assert enabled.call("GET", f"{tables}/stated").status_code == 404
    else:
        assert made.ok, made.text
        shown = enabled.done("GET", f"{tables}/stated")
        assert (shown["timePartitioning"], shown.get("requirePartitionFilter")) == expected


@pytest.fixture(scope="module")
def filtered(enabled: Google, tables: str) -> str:
    """A table by column and one by ingestion time, each with a row, and a view."""
    for name, partitioning in (("daily", BY_DAY), ("loaded", {"type": "DAY"})):
        assert make(enabled, tables, name, timePartitioning=partitioning, requirePartitionFilter=True).ok
        rows = [{"json": {"dt": "2026-01-02", "f": "x"}}]
        enabled.done("POST", f"{tables}/{name}/insertAll", {"rows": rows})
    run(enabled, "CREATE OR REPLACE VIEW parts.seen AS SELECT dt AS day, f FROM parts.daily")
    return f"{PROJECT}.parts"


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("SELECT f FROM parts.daily WHERE dt = @day", 1),
        ("SELECT f FROM parts.daily WHERE dt > '2026-01-02'", 0),
        ("SELECT f FROM parts.seen WHERE day = @day", 1),
        ("SELECT f FROM `parts.dail*` WHERE dt = @day", 1),
        ("SELECT f FROM parts.loaded WHERE _PARTITIONDATE = CURRENT_DATE()", 1),
        ("SELECT f, _PARTITIONTIME AS pt FROM parts.loaded WHERE _PARTITIONTIME >= TIMESTAMP(CURRENT_DATE())", 1),
        ("SELECT f FROM parts.loaded AS l WHERE l._PARTITIONTIME < TIMESTAMP('2020-01-01')", 0),
    ],
)
def test_a_query_with_a_filter_runs(enabled: Google, filtered: str, sql: str, found: int) -> None:
    day = bigquery.ScalarQueryParameter("day", "DATE", "2026-01-02")
    client = deployer_client(enabled)
    rows = client.query_and_wait(sql, job_config=bigquery.QueryJobConfig(query_parameters=[day]), **NEVER)
    assert (rows.total_rows, filtered) == (found, f"{PROJECT}.parts")


@pytest.mark.parametrize(
    ("sql", "table", "columns"),
    [
        ("SELECT f FROM parts.daily", "daily", "'dt'"),
        ("SELECT f FROM `parts.dail*`", "daily", "'dt'"),
        ("SELECT f FROM parts.seen WHERE f = 'x'", "daily", "'dt'"),
        ("DELETE FROM parts.daily WHERE TRUE", "daily", "'dt'"),
        ("CREATE TABLE parts.copied AS SELECT f FROM parts.daily", "daily", "'dt'"),
        ("SELECT f FROM parts.loaded", "loaded", "'_PARTITION_LOAD_TIME', '_PARTITIONDATE', '_PARTITIONTIME'"),
    ],
)
def test_a_query_without_a_filter_is_refused_in_bigquery_s_words(
    enabled: Google, filtered: str, sql: str, table: str, columns: str
) -> None:
    message = (
        f"Cannot query over table '{filtered}.{table}' without a filter over column(s) {columns} that can be used for "
        "partition elimination"
    )
    for dry in (True, False):
        refused = query(enabled, sql, dryRun=dry)
        error = refused.json()["error"]
        assert (refused.status_code, error["message"]) == (400, message)
        assert error["errors"][0]["reason"] == "invalidQuery"
    with pytest.raises(BadRequest, match="that can be used for partition elimination"):
        deployer_client(enabled).query_and_wait(sql, **NEVER)
    assert enabled.refusal().part is Part.REQUEST


def test_columns_of_ingestion_time_are_those_of_a_table_partitioned_by_it(enabled: Google, filtered: str) -> None:
    refused = query(enabled, f"SELECT f FROM `{filtered}.daily` WHERE dt = '2026-01-02' AND _PARTITIONTIME IS NULL")
    assert (refused.status_code, "Unrecognized name: _PARTITIONTIME" in refused.text) == (400, True)


def test_the_requirement_goes_with_the_table(enabled: Google, tables: str) -> None:
    assert make(enabled, tables, "gone", timePartitioning=BY_DAY, requirePartitionFilter=True).ok
    run(enabled, "CREATE OR REPLACE TABLE parts.gone (f STRING)")
    run(enabled, "SELECT f FROM parts.gone")
    enabled.done("DELETE", f"{tables}/gone")
    assert make(enabled, tables, "gone", timePartitioning=BY_DAY).ok
    run(enabled, "SELECT f FROM parts.gone")


@pytest.mark.parametrize(
    ("how", "options", "description"),
    [("LIKE", "OPTIONS (description = 'own')", "own"), ("COPY", "", "d"), ("CLONE", "", "d")],
)
def test_a_copy_has_what_the_table_has(enabled: Google, tables: str, how: str, options: str, description: str) -> None:
    for name in ("original", "duplicate"):
        enabled.call("DELETE", f"{tables}/{name}")
    tag = f"projects/{PROJECT}/locations/us/taxonomies/12/policyTags/34"
    columns = [
        {"name": "dt", "type": "DATE", "mode": "REQUIRED", "description": "when"},
        {"name": "f", "type": "STRING", "mode": "NULLABLE", "policyTags": {"names": [tag]}},
    ]
    more = {"timePartitioning": BY_DAY, "requirePartitionFilter": True, "labels": {"a": "b"}, "description": "d"}
    body = {"tableReference": {"tableId": "original"}, "schema": {"fields": columns}, **more}
    enabled.done("POST", tables, body)
    run(enabled, "INSERT INTO parts.original (dt) VALUES ('2026-01-02')")
    policy = enabled.done("POST", f"/v1/projects/{PROJECT}:getIamPolicy")
    policy["bindings"].append({"role": "roles/datacatalog.categoryFineGrainedReader", "members": [DEPLOYER]})
    enabled.done("POST", f"/v1/projects/{PROJECT}:setIamPolicy", {"policy": policy})
    run(enabled, f"CREATE TABLE parts.duplicate {how} parts.original {options}")
    found = enabled.done("GET", f"{tables}/duplicate")
    assert found["schema"]["fields"] == columns
    assert (found["labels"], found["description"], found["timePartitioning"], found["requirePartitionFilter"]) == (
        {"a": "b"}, description, {**BY_DAY, "requirePartitionFilter": True}, True,
    )  # fmt: skip
    assert "partition elimination" in query(enabled, "SELECT dt FROM parts.duplicate").text
    rows = run(enabled, "SELECT dt FROM parts.duplicate WHERE dt > '2026-01-01'").get("rows", [])
    assert len(rows) == (0 if how == "LIKE" else 1)
    assert "Required field" in query(enabled, "INSERT INTO parts.duplicate (f) VALUES ('x')").text
