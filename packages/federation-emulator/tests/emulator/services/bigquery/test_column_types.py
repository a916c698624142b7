"""Each type of a column that the API documents: made, filled, read and copied, or refused by its name.

Sources: Google, BigQuery REST, ``TableFieldSchema.type``; "Data types" (canonical formats); "Geography functions"
(``ST_ASTEXT``); "Working with JSON data in GoogleSQL".
"""

from __future__ import annotations

from typing import Any

import pytest

from federation_emulator.core.google_methods import document
from tests.emulator.chain import BIGQUERY_PATH
from tests.emulator.google_server import Google
from tests.emulator.services.bigquery.asking import deployer_client, query, run

PLACE = "POLYGON((0 0, 0 2, 2 2, 2 0, 0 0))"
RECORD = {"fields": [{"name": "x", "type": "INT64"}, {"name": "y", "type": "STRING", "mode": "REPEATED"}]}
RANGE = {"rangeElementType": {"type": "DATE"}}
SQL_ALIASES = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN", "STRUCT": "RECORD"}

# type, more of the column, what is sent, what is read
TYPES: list[tuple[str, dict[str, Any], Any, Any]] = [
    ("STRING", {}, "a", "a"),
    ("BYTES", {}, "YQ==", "YQ=="),
    ("INTEGER", {}, "1", "1"),
    ("INT64", {}, -(2**63), "-9223372036854775808"),
    ("FLOAT", {}, 1, "1.0"),
    ("FLOAT64", {}, "1e30", "1.0E30"),
    ("FLOAT64", {}, "NaN", "NaN"),
    ("FLOAT64", {}, "-inf", "-Infinity"),
    ("NUMERIC", {}, "1.250", "1.25"),
    ("NUMERIC", {}, "100", "100"),
    ("BOOLEAN", {}, True, "true"),
    ("BOOL", {}, "false", "false"),
    ("TIMESTAMP", {}, "2026-01-02T03:04:05.123456Z", "1.767323045123456E9"),
    ("TIMESTAMP", {}, "0001-01-01T00:00:00Z", "-6.21355968E10"),
    ("DATE", {}, "2026-01-02", "2026-01-02"),
    ("TIME", {}, "03:04:05.5", "03:04:05.500000"),
    ("DATETIME", {}, "2026-01-02T03:04:05", "2026-01-02T03:04:05"),
    ("GEOGRAPHY", {}, "POINT (1 2)", "POINT(1 2)"),
    ("GEOGRAPHY", {}, PLACE, PLACE),
    ("JSON", {}, '{"a": [1, null], "é": "b c"}', '{"a":[1,null],"é":"b c"}'),
    ("JSON", {}, "null", "null"),
    ("INTERVAL", {}, "1-2 3 4:5:6.5", "1-2 3 4:5:6.5"),
    ("INTERVAL", {}, "-1-2 3 -4:5:6", "-1-2 3 -4:5:6"),
    ("RANGE", RANGE, {"start": "2026-01-01", "end": "2026-02-01"}, "[2026-01-01, 2026-02-01)"),
    ("RANGE", RANGE, {"start": None, "end": "2026-02-01"}, "[UNBOUNDED, 2026-02-01)"),
    ("RECORD", RECORD, {"x": 1, "y": ["b"]}, {"f": [{"v": "1"}, {"v": [{"v": "b"}]}]}),
    ("STRUCT", RECORD, {"x": None, "y": []}, {"f": [{"v": None}, {"v": []}]}),
]
NOT_INSERTED = ("GEOGRAPHY", "INTERVAL", "RANGE")
"""Types that rows of insertAll may have at the top only, and once; DuckDB's bulk insert can't make them elsewhere."""


@pytest.fixture(scope="module")
def tables(enabled: Google) -> str:
    """The path of the tables of a dataset."""
    enabled.done("POST", f"{BIGQUERY_PATH}/datasets", {"datasetReference": {"datasetId": "types"}})
    return f"{BIGQUERY_PATH}/datasets/types/tables"


def made(google: Google, tables: str, column: dict[str, Any]) -> dict[str, Any]:
    """A table `t` with a number and a column; answers the column."""
    google.call("DELETE", f"{tables}/t")
    fields = [{"name": "i", "type": "INTEGER"}, column]
    reference = {"tableReference": {"tableId": "t"}, "schema": {"fields": fields}}
    answered: dict[str, Any] = google.done("POST", tables, reference)["schema"]["fields"][1]
    return answered


def answered_as(column: dict[str, Any]) -> dict[str, Any]:
    kind = SQL_ALIASES.get(column["type"], column["type"])
    inner = {"fields": [answered_as(each) for each in column["fields"]]} if "fields" in column else {}
    """The column as it is answered."""
    return {"mode": "NULLABLE", **column, "type": kind, **inner}


def test_the_table_has_each_type_that_google_documents() -> None:
    described = document("bigquery.v2")["schemas"]["TableFieldSchema"]["properties"]["type"]["description"]
    listed = described.partition("include:")[2].partition("Use of")[0]
    names = {word.strip("()") for word in listed.split() if word.strip("()").isupper() or "64" in word}
    assert names - {kind for kind, *_ in TYPES} == {"BIGNUMERIC"}


@pytest.mark.parametrize(("kind", "more", "sent", "printed"), TYPES)
@pytest.mark.parametrize("mode", ["NULLABLE", "REPEATED"])
def test_a_column_of_each_type_is_made_filled_and_read(
    enabled: Google, tables: str, kind: str, more: dict[str, Any], sent: Any, printed: Any, mode: str
) -> None:
    column = {"name": "c", "type": kind, "mode": mode, **more}
    expected = answered_as(column)
    assert made(enabled, tables, column) == expected == enabled.done("GET", f"{tables}/t")["schema"]["fields"][1]
    many = mode == "REPEATED"
    rows = [{"json": {"i": 1, "c": [sent, sent] if many else sent}}, {"json": {"i": 2, "c": [] if many else None}}]
    filled = enabled.call("POST", f"{tables}/t/insertAll", {"rows": rows})
    if many and kind in NOT_INSERTED:
        assert (filled.status_code, kind in filled.json()["error"]["message"]) == (501, True)
        return
    assert filled.json() == {"kind": "bigquery#tableDataInsertAllResponse"}
    value = [{"v": printed}, {"v": printed}] if many else printed
    found = run(enabled, "SELECT c FROM types.t ORDER BY i")
    assert found["schema"]["fields"] == [expected]
    assert found["rows"] == [{"f": [{"v": value}]}, {"f": [{"v": [] if many else None}]}]
    listed = enabled.done("GET", f"{tables}/t/data?selectedFields=c")["rows"]
    assert listed == found["rows"]
    run(enabled, "CREATE OR REPLACE TABLE types.copied AS SELECT c FROM types.t ORDER BY i")
    assert enabled.done("GET", f"{tables}/copied")["schema"]["fields"] == [expected]
    assert sorted(map(str, enabled.done("GET", f"{tables}/copied/data")["rows"])) == sorted(map(str, listed))


@pytest.mark.parametrize(
    ("time", "seconds", "microseconds"),
    [
        ("2014-08-19 12:41:35+00", "1.408452095E9", "1408452095000000"),
        ("2026-01-02 03:04:05.123456+00", "1.767323045123456E9", "1767323045123456"),
        ("1970-01-01 00:00:00+00", "0.0", "0"),
        ("1970-01-01 00:00:00.000001+00", "1.0E-6", "1"),
        ("1970-04-26 17:46:39+00", "9999999.0", "9999999000000"),
        ("1970-04-26 17:46:40+00", "1.0E7", "10000000000000"),
        ("1969-12-31 23:59:59.5+00", "-0.5", "-500000"),
    ],
)
def test_a_timestamp_is_its_seconds_unless_whole_microseconds_are_asked_for(
    enabled: Google, tables: str, time: str, seconds: str, microseconds: str
) -> None:
    """Sources: BigQuery REST, `DataFormatOptions`; googleapis/google-cloud-node#990 and python-bigquery#395, #436."""
    dataset = tables.split("/")[-2]
    run(
        enabled, f"CREATE OR REPLACE TABLE {dataset}.times AS SELECT TIMESTAMP '{time}' AS t, [TIMESTAMP '{time}'] AS a"
    )
    sql = f"SELECT t, a, STRUCT(t AS s) AS r FROM {dataset}.times"
    plain, asking = run(enabled, sql), run(enabled, sql, formatOptions={"useInt64Timestamp": True})
    job = f"{BIGQUERY_PATH}/queries/{plain['jobReference']['jobId']}"
    option = "formatOptions.useInt64Timestamp"
    cells = [[{"v": value}, {"v": [{"v": value}]}, {"v": {"f": [{"v": value}]}}] for value in (seconds, microseconds)]
    assert [answered["rows"] for answered in (plain, asking)] == [[{"f": each}] for each in cells]
    for path, count in ((job, 3), (f"{tables}/times/data", 2)):
        for asks, expected in (("", 0), (f"?{option}=false", 0), (f"?{option}=true", 1), (f"?{option}=True", 1)):
            assert enabled.done("GET", path + asks)["rows"] == [{"f": cells[expected][:count]}]


@pytest.mark.parametrize(
    ("column", "sent", "message"),
    [
        ({"type": "RECORD", "fields": [{"name": "g", "type": "GEOGRAPHY"}]}, {"g": "POINT(1 2)"}, "GEOGRAPHY"),
        ({"type": "RECORD", "fields": [{"name": "g", "type": "INTERVAL"}]}, {"g": "1-2 3 4:5:6"}, "INTERVAL"),
    ],
)
def test_what_insert_all_cannot_fill_is_named(
    enabled: Google, tables: str, column: dict[str, Any], sent: Any, message: str
) -> None:
    made(enabled, tables, {"name": "c", **column})
    refused = enabled.call("POST", f"{tables}/t/insertAll", {"rows": [{"json": {"i": 1, "c": sent}}]})
    assert (refused.status_code, message in refused.json()["error"]["message"]) == (501, True)
    assert enabled.done("POST", f"{tables}/t/insertAll", {"rows": [{"json": {"i": 1}}]})


@pytest.mark.parametrize(
    ("column", "sent", "message"),
    [
        ({"type": "STRING"}, {"a": 1}, "This field: c is not a record."),
        ({"type": "JSON"}, {"a": 1}, "This field: c is not a record."),
        ({"type": "STRING"}, ["a"], "Array specified for non-repeated field: c."),
        ({"type": "DATE"}, [], "Array specified for non-repeated field: c."),
    ],
)
def test_a_value_of_another_shape_is_an_error_of_its_row(
    enabled: Google, tables: str, column: dict[str, Any], sent: Any, message: str
) -> None:
    made(enabled, tables, {"name": "c", **column})
    answered = enabled.done("POST", f"{tables}/t/insertAll", {"rows": [{"json": {"i": 1, "c": sent}}]})
    assert [error["message"] for error in answered["insertErrors"][0]["errors"]] == [message]


@pytest.mark.parametrize(
    ("column", "status", "message"),
    [
        ({"type": "BIGNUMERIC"}, 501, "BIGNUMERIC"),
        ({"type": "FOREIGN", "foreignTypeDefinition": "X"}, 501, "foreignTypeDefinition"),
        ({"type": "RANGE"}, 400, "rangeElementType"),
        ({"type": "RANGE", "rangeElementType": {"type": "STRING"}}, 400, "rangeElementType"),
        ({"type": "STRING", "maxLength": "3"}, 501, "maxLength"),
        ({"type": "NUMERIC", "precision": "5", "scale": "2"}, 501, "precision"),
        ({"type": "TIMESTAMP", "timestampPrecision": "12"}, 501, "timestampPrecision"),
        ({"type": "STRING", "collation": "und:ci"}, 501, "collation"),
        ({"type": "STRING", "defaultValueExpression": "'a'"}, 501, "defaultValueExpression"),
        ({"type": "NUMERIC", "roundingMode": "ROUND_HALF_EVEN"}, 501, "roundingMode"),
        ({"type": "NUMERIC(5, 2)"}, 400, "not a valid value"),
        ({"type": "VARCHAR"}, 400, "not a valid value"),
    ],
    ids=lambda each: str(each)[:60],
)
def test_what_is_not_offered_of_a_column_is_named(
    enabled: Google, tables: str, column: dict[str, Any], status: int, message: str
) -> None:
    fields = [{"name": "c", **column}]
    refused = enabled.call("POST", tables, {"tableReference": {"tableId": "u"}, "schema": {"fields": fields}})
    assert (refused.status_code, message in refused.json()["error"]["message"]) == (status, True)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ("c STRING", {"type": "STRING"}),
        ("c ARRAY<JSON>", {"type": "JSON", "mode": "REPEATED"}),
        ("c GEOGRAPHY", {"type": "GEOGRAPHY"}),
        ("c INTERVAL", {"type": "INTERVAL"}),
        ("c STRUCT<x INT64, y ARRAY<STRING>>", answered_as({"type": "RECORD", **RECORD})),
        (
            "c DATE NOT NULL OPTIONS (description = 'd')",
            {"type": "DATE", "mode": "REQUIRED", "description": "d"},
        ),
        ("c STRING(3)", "STRING|length|TEXT"),
        ("c NUMERIC(5, 2)", "precision"),
        ("c BIGNUMERIC", "BIGNUMERIC"),
        ("c STRUCT<a STRING(3)>", "length"),
        ("c STRING DEFAULT 'a'", "defaultValueExpression"),
        ("c NUMERIC OPTIONS (rounding_mode = 'ROUND_HALF_EVEN')", "rounding_mode"),
        ("c STRUCT<a INT64 OPTIONS (description = 'x')>", "description"),
        ("c STRING COLLATE 'und:ci'", "Collate"),
        ("c INT64, PRIMARY KEY (c) NOT ENFORCED", "PrimaryKey"),
        ("_partition_key STRING", "_PARTITION"),
        ("_Table_a STRING", "_TABLE_"),
        ("c STRING, C INT64", "duplicate"),
        (f"{'c' * 301} STRING", "at most 300 characters"),
        ("`a!b` STRING", "letters, digits"),
    ],
    ids=lambda each: str(each)[:50],
)
def test_columns_of_a_statement_are_kept_or_refused(enabled: Google, tables: str, columns: str, expected: Any) -> None:
    enabled.call("DELETE", f"{tables}/stated")
    answered = query(enabled, f"CREATE TABLE types.stated ({columns})")
    if isinstance(expected, str):
        assert answered.status_code == 400
        assert any(word in answered.json()["error"]["message"] for word in expected.split("|")), answered.text
        assert enabled.call("GET", f"{tables}/stated").status_code == 404
        return
    assert answered.ok, answered.text
    found = enabled.done("GET", f"{tables}/stated")["schema"]["fields"]
    assert found == [{"name": "c", "mode": "NULLABLE", **expected}]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("CREATE TABLE types.n AS SELECT 1 AS _file_x", "_FILE_"),
        ("CREATE TABLE types.n AS SELECT 1", "columns must be named, but column 1 has no name"),
        ("CREATE TABLE types.n AS SELECT 1 AS a, 2 AS A", "duplicate name A"),
        ("CREATE TABLE types.n AS SELECT t.*, 2 AS i FROM types.base AS t", "duplicate name i"),
        ("CREATE TABLE types.n AS SELECT * FROM (SELECT 1 AS __root__)", "__ROOT__"),
        ("CREATE VIEW types.n AS SELECT 1 AS a, 2 AS a", "duplicate name a"),
        ("CREATE VIEW types.n AS SELECT 1 AS _change_type", "_CHANGE_TYPE"),
        ("ALTER TABLE types.base ADD COLUMN _row_timestamp_x INT64", "_ROW_TIMESTAMP"),
        ("ALTER TABLE types.base ADD COLUMN c STRING(3)", "length"),
        ("ALTER TABLE types.base ALTER COLUMN i SET DEFAULT 5", "defaultValueExpression"),
        ("SELECT CAST('abc' AS STRING(2))", "length"),
    ],
)
def test_columns_that_a_query_makes_have_names_that_bigquery_takes(
    enabled: Google, tables: str, sql: str, message: str
) -> None:
    run(enabled, "CREATE TABLE IF NOT EXISTS types.base (i INT64)")
    refused = query(enabled, sql)
    assert (refused.status_code, message in refused.json()["error"]["message"]) == (400, True), refused.text
    assert enabled.call("GET", f"{tables}/n").status_code == 404
    assert [field["name"] for field in enabled.done("GET", f"{tables}/base")["schema"]["fields"]] == ["i"]


def test_a_geography_is_a_parameter_and_a_result(enabled: Google) -> None:
    parameter = {"name": "p", "parameterType": {"type": "GEOGRAPHY"}, "parameterValue": {"value": "POINT(1 2)"}}
    found = run(
        enabled,
        "SELECT ST_X(@p) AS x, ST_ASTEXT(@p) AS t, @p AS g, ST_GEOGPOINT(3, 4) AS h",
        queryParameters=[parameter],
        parameterMode="NAMED",
    )
    assert [field["type"] for field in found["schema"]["fields"]] == ["FLOAT", "STRING", "GEOGRAPHY", "GEOGRAPHY"]
    assert [each["v"] for each in found["rows"][0]["f"]] == ["1.0", "POINT(1 2)", "POINT(1 2)", "POINT(3 4)"]
    row = next(iter(deployer_client(enabled).query_and_wait("SELECT ST_GEOGPOINT(3, 4) AS g")))
    assert row["g"] == "POINT(3 4)"


@pytest.mark.parametrize("kind", ["INTERVAL", "RANGE"])
def test_a_parameter_of_a_type_that_is_not_offered_is_refused_by_its_name(enabled: Google, kind: str) -> None:
    parameter = {"name": "p", "parameterType": {"type": kind}, "parameterValue": {"value": "x"}}
    refused = query(enabled, "SELECT @p", queryParameters=[parameter], parameterMode="NAMED")
    assert (refused.status_code, kind in refused.json()["error"]["message"]) == (501, True)


@pytest.mark.parametrize(
    ("sql", "names", "cell"),
    [
        ("STRUCT(1)", ["_field_1"], [{"v": "1"}]),
        ("STRUCT('a')", ["_field_1"], [{"v": "a"}]),
        ("STRUCT(TIMESTAMP '1970-01-01 00:00:01+00')", ["_field_1"], [{"v": "1.0"}]),
        ("STRUCT(1, 'x' AS b, 2.5)", ["_field_1", "b", "_field_3"], [{"v": "1"}, {"v": "x"}, {"v": "2.5"}]),
        ("STRUCT(STRUCT(1))", ["_field_1"], [{"v": {"f": [{"v": "1"}]}}]),
        ("STRUCT(1 AS x, NULL AS y)", ["x", "y"], [{"v": "1"}, {"v": None}]),
    ],
)
def test_a_field_without_a_name_keeps_its_value(
    enabled: Google, sql: str, names: list[str], cell: list[dict[str, Any]]
) -> None:
    answered = run(enabled, f"SELECT {sql} AS a")
    (column,) = answered["schema"]["fields"]
    assert [field["name"] for field in column["fields"]] == names
    assert answered["rows"] == [{"f": [{"v": {"f": cell}}]}]


@pytest.mark.parametrize(
    "made", ["STRUCT(1 AS _PARTITION_key)", "[STRUCT(1 AS _table_x)]", "STRUCT(STRUCT(1 AS _FILE_n) AS s)"]
)
def test_a_reserved_name_inside_a_record_is_refused_too(enabled: Google, tables: str, made: str) -> None:
    dataset = tables.split("/")[-2]
    refused = query(enabled, f"CREATE TABLE {dataset}.made AS SELECT {made} AS a")
    assert refused.status_code == 400, refused.text
    assert enabled.call("GET", f"{tables}/made").status_code == 404
