"""What a statement reads, table by table; and everything that isn't understood is refused."""

from __future__ import annotations

import pytest

from federation_emulator.services.bigquery.model import DatasetName
from federation_emulator.services.bigquery.sql import UnreadableSqlError, analyse

PROJECT = "local-keyless"


def reads(sql: str) -> list[str]:
    return [f"{name.project}.{name.dataset}.{name.table}" for name in analyse(sql, project=PROJECT).reads]


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("SELECT 1", []),
        ("SELECT * FROM `local-keyless.ds.users`", ["users"]),
        ("SELECT * FROM `local-keyless`.ds.users", ["users"]),
        ("SELECT * FROM local-keyless.ds.users AS u", ["users"]),
        ("SELECT * FROM ds.users; ", ["users"]),
        ("SELECT * FROM ds.users, ds.orders", ["orders", "users"]),
        ("SELECT * FROM ds.users JOIN ds.orders USING (id)", ["orders", "users"]),
        ("SELECT * FROM (SELECT * FROM ds.users)", ["users"]),
        ("SELECT (SELECT MAX(a) FROM ds.orders) FROM ds.users", ["orders", "users"]),
        ("SELECT * FROM ds.users WHERE EXISTS (SELECT 1 FROM ds.orders)", ["orders", "users"]),
        ("SELECT * FROM ds.a UNION ALL SELECT * FROM ds.b EXCEPT DISTINCT SELECT * FROM ds.c", ["a", "b", "c"]),
        ("WITH x AS (SELECT * FROM ds.users) SELECT * FROM x", ["users"]),
        ("WITH x AS (SELECT * FROM ds.a), y AS (SELECT * FROM x, ds.b) SELECT * FROM y, ds.c", ["a", "b", "c"]),
        ("WITH RECURSIVE x AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM x) SELECT * FROM x", []),
        ("SELECT * FROM ds.users, UNNEST(tags)", ["users"]),
        ("SELECT * FROM UNNEST([1, 2])", []),
        ("SELECT ARRAY(SELECT a FROM ds.users)", ["users"]),
        ("SELECT IF(TRUE, (SELECT a FROM ds.users), 1)", ["users"]),
        ("SELECT * FROM ds.users QUALIFY ROW_NUMBER() OVER (ORDER BY (SELECT 1 FROM ds.b)) = 1", ["b", "users"]),
        ("SELECT SAFE.SUBSTR(name, 1) FROM ds.users", ["users"]),
        ("SELECT * FROM ds.users -- FROM ds.secrets", ["users"]),
        ("SELECT 'FROM ds.secrets' FROM ds.users", ["users"]),
        ("SELECT * EXCEPT (a) FROM ds.users", ["users"]),
        ("SELECT * FROM ds.users TABLESAMPLE SYSTEM (10 PERCENT)", ["users"]),
        ("SELECT * FROM (SELECT a, b FROM ds.users) PIVOT (SUM(a) FOR b IN ('x'))", ["users"]),
        ("SELECT * FROM ds.users UNPIVOT (x FOR y IN (a, b))", ["users"]),
        ("SELECT * FROM `ds`.`tä ble-1`", ["tä ble-1"]),
        ("SELECT * FROM ds.users WINDOW w AS (ORDER BY (SELECT a FROM ds.b))", ["b", "users"]),
    ],
)
def test_a_query_reads_exactly_these_tables(sql: str, tables: list[str]) -> None:
    assert reads(sql) == [f"{PROJECT}.ds.{table}" for table in tables]
    assert analyse(sql, project=PROJECT).kind == "SELECT"


@pytest.mark.parametrize(
    "sql",
    [
        "",
        ";",
        "SELEC * FROM ds.users",
        "SELECT * FROM users",
        "WITH users AS (SELECT * FROM users) SELECT * FROM users",
        "SELECT * FROM ds.users FOR SYSTEM_TIME AS OF CURRENT_TIMESTAMP()",
        "SELECT * FROM x, (WITH x AS (SELECT 1) SELECT * FROM x)",
        "SELECT * FROM ds.users, (SELECT * FROM duckdb_settings)",
        "SELECT * FROM `users_*`",
        "SELECT * FROM ds.`users*_1`",
        "SELECT * FROM ds.`users$20240101`",
        "SELECT * FROM INFORMATION_SCHEMA.TABLES",
        "SELECT * FROM ds.INFORMATION_SCHEMA.ROW_ACCESS_POLICIES",
        "SELECT * FROM ds.INFORMATION_SCHEMA.PG_TABLES",
        "SELECT * FROM `region-us`.INFORMATION_SCHEMA.TABLES",
        "CREATE VIEW ds.v AS SELECT * FROM `ds.users_*`",
        "CREATE VIEW ds.v AS SELECT * FROM ds.INFORMATION_SCHEMA.TABLES",
        "DELETE FROM `ds.users_*` WHERE TRUE",
        "DROP TABLE `ds.users_*`",
        "CREATE ROW ACCESS POLICY p ON ds.t FILTER USING (TRUE)",
        "DROP ALL ROW ACCESS POLICIES ON ds.t",
        "SELECT * FROM `region-us`.INFORMATION_SCHEMA.JOBS",
        "SELECT * FROM _bqemu_anonymous.anon1",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_parquet('x')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM `/etc/passwd`",
        "SELECT * FROM ds.table_function(1)",
        "SELECT * FROM EXTERNAL_QUERY('a', 'b')",
        "SELECT * FROM ML.PREDICT(MODEL ds.m, TABLE ds.users)",
        "SELECT ds.routine(1)",
        "SELECT getenv('HOME')",
        "SELECT SESSION_USER()",
        "SELECT COLUMNS('p.*') FROM ds.users",
        "DECLARE x INT64 DEFAULT 1; SELECT x",
        "BEGIN SELECT 1; END",
        "CALL ds.p()",
        "EXECUTE IMMEDIATE 'SELECT 1'",
        "EXPORT DATA OPTIONS(uri='gs://x') AS SELECT 1",
        "LOAD DATA INTO ds.t FROM FILES(uris=['x'])",
        "GRANT `roles/bigquery.dataViewer` ON TABLE ds.t TO 'user:x@y.z'",
        "CREATE FUNCTION ds.f() AS (1)",
        "CREATE TEMP TABLE t AS SELECT 1",
        "CREATE EXTERNAL TABLE ds.t OPTIONS(uris=['x'])",
        "CREATE VIEW IF NOT EXISTS ds.v AS SELECT 1",
        "CREATE MATERIALIZED VIEW ds.v AS SELECT 1",
        "ALTER TABLE ds.users RENAME TO others",
        "ATTACH 'x'",
        "COPY ds.users TO '/tmp/x'",
        "PRAGMA version",
        "SET x = 1",
        "SHOW TABLES",
        "DESCRIBE ds.users",
        "ASSERT TRUE",
        "SELECT " + "(" * 5000 + "1" + ")" * 5000,
        "SELECT '" + "x" * 300_000 + "'",
    ],
)
def test_what_is_not_understood_is_refused_without_a_marker_of_ours_in_the_reason(sql: str) -> None:
    with pytest.raises(UnreadableSqlError) as refused:
        analyse(sql, project=PROJECT)
    assert "kpl" not in str(refused.value)


@pytest.mark.parametrize(
    ("sql", "kind", "needs", "tables"),
    [
        ("INSERT INTO ds.t (a) VALUES (1)", "INSERT", ["tables.updateData"], []),
        ("INSERT ds.t SELECT * FROM ds.u", "INSERT", ["tables.updateData"], ["u"]),
        ("INSERT ds.t SELECT * FROM ds.t", "INSERT", ["tables.updateData"], ["t"]),
        (
            "UPDATE ds.t SET a = 1 WHERE a IN (SELECT b FROM ds.u)",
            "UPDATE",
            ["tables.updateData", "tables.getData"],
            ["u"],
        ),
        ("DELETE FROM ds.t WHERE TRUE", "DELETE", ["tables.updateData", "tables.getData"], []),
        (
            "MERGE ds.t USING ds.u ON FALSE WHEN NOT MATCHED THEN INSERT ROW",
            "MERGE",
            ["tables.updateData", "tables.getData"],
            ["u"],
        ),
        ("TRUNCATE TABLE ds.t", "TRUNCATE_TABLE", ["tables.updateData", "tables.getData"], []),
        ("CREATE TABLE ds.t (a INT64)", "CREATE_TABLE", ["tables.create"], []),
        ("CREATE TABLE ds.t AS SELECT * FROM ds.u", "CREATE_TABLE", ["tables.create"], ["u"]),
        ("CREATE TABLE ds.t LIKE ds.u", "CREATE_TABLE", ["tables.create"], ["u"]),
        ("CREATE TABLE ds.t CLONE ds.u", "CREATE_TABLE", ["tables.create"], ["u"]),
        (
            "CREATE OR REPLACE TABLE ds.t AS SELECT 1 AS a",
            "CREATE_TABLE",
            ["tables.create", "tables.update", "tables.updateData"],
            [],
        ),
        ("CREATE VIEW ds.v AS SELECT * FROM ds.u", "CREATE_VIEW", ["tables.create"], ["u"]),
        ("DROP TABLE ds.t", "DROP_TABLE", ["tables.delete"], []),
        ("DROP VIEW IF EXISTS ds.v", "DROP_VIEW", ["tables.delete"], []),
        (
            "ALTER TABLE `local-keyless.ds.t` DROP COLUMN `a`, DROP COLUMN `b`",
            "ALTER_TABLE",
            ["tables.update", "tables.get"],
            [],
        ),
        ("CREATE SCHEMA other", "CREATE_SCHEMA", ["datasets.create"], []),
        ("DROP SCHEMA ds CASCADE", "DROP_SCHEMA", ["datasets.delete"], []),
    ],
)
def test_a_change_needs_these_permissions(sql: str, kind: str, needs: list[str], tables: list[str]) -> None:
    statement = analyse(sql, project=PROJECT)
    assert statement.kind == kind
    assert [need.permission.removeprefix("bigquery.") for need in statement.needs] == needs
    assert reads(sql) == [f"{PROJECT}.ds.{table}" for table in tables]


def test_a_wildcard_table_means_the_tables_that_begin_with_its_prefix() -> None:
    (wildcard,) = analyse("SELECT * FROM `ds.users_*` JOIN ds.plain USING (a)", project=PROJECT).wildcards
    assert str(wildcard) == f"{PROJECT}:ds.users_*"
    assert [wildcard.matches(name) for name in ("users_1", "users_", "users", "Users_1")] == [True, True, False, False]


@pytest.mark.parametrize(
    ("sql", "view"),
    [
        ("SELECT * FROM ds.INFORMATION_SCHEMA.TABLES", "local-keyless:ds.INFORMATION_SCHEMA.TABLES"),
        ("SELECT * FROM `other-project.ds.information_schema.columns`", "other-project:ds.INFORMATION_SCHEMA.COLUMNS"),
        ("SELECT * FROM INFORMATION_SCHEMA.SCHEMATA", "local-keyless.INFORMATION_SCHEMA.SCHEMATA"),
        ("SELECT * FROM `region-eu`.INFORMATION_SCHEMA.SCHEMATA", "local-keyless.INFORMATION_SCHEMA.SCHEMATA"),
    ],
)
def test_a_view_of_information_schema_is_not_taken_for_a_table(sql: str, view: str) -> None:
    statement = analyse(sql, project=PROJECT)
    assert statement.reads == ()
    assert [str(found) for found in statement.schema_views] == [view]


def test_a_name_of_one_part_belongs_to_the_default_dataset() -> None:
    default = DatasetName(project="other-project", dataset="home")
    sql = "WITH a AS (SELECT * FROM users) SELECT * FROM a JOIN ds.b USING (x)"
    statement = analyse(sql, project=PROJECT, default=default)
    assert [str(name) for name in statement.reads] == ["local-keyless:ds.b", "other-project:home.users"]
    (schema,) = analyse("SELECT * FROM INFORMATION_SCHEMA.TABLES", project=PROJECT, default=default).schema_views
    assert schema.dataset == default
