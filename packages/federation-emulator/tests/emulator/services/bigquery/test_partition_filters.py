"""Which statements have the partition filter that a table requires.

Sources: Google, "Query partitioned tables", "Manage partitioned tables", "Using DML with partitioned tables",
"TRUNCATE TABLE" in "Data manipulation language (DML) statements in GoogleSQL".
"""

from __future__ import annotations

import pytest

from federation_emulator.services.bigquery.ids import INGESTION_COLUMNS
from federation_emulator.services.bigquery.model import DatasetName
from federation_emulator.services.bigquery.sql.partitions import find_unfiltered
from federation_emulator.services.bigquery.sql.tasks import FindUnfiltered, TableColumns, ViewText
from federation_emulator.services.bigquery.sql.writing import Parameter, Writing
from tests.emulator.google_server import PROJECT

DATASET = DatasetName(project=PROJECT, dataset="ds")
WRITING = Writing(project=PROJECT, parameters=(Parameter(name="day", type="DATE"),))
COLUMNS = {"t": ("dt", "ts", "f"), "u": ("dt", "f"), "plain": ("dt", "f"), "loaded": ("f",)}
VIEWS = {
    "seen": "SELECT dt, f AS g FROM ds.t",
    "renamed": "SELECT dt AS day, f FROM ds.t",
    "cut": "SELECT DATE(ts) AS day, f FROM ds.ts",
    "summed": "SELECT dt, COUNT(*) AS n FROM ds.t GROUP BY dt",
    "latest": "SELECT dt, f, ROW_NUMBER() OVER (PARTITION BY f ORDER BY dt) AS place FROM ds.t",
    "first": "SELECT dt, f FROM ds.t LIMIT 10",
    "both": "SELECT dt, f FROM ds.t UNION ALL SELECT dt, f FROM ds.u",
    "nested": "SELECT day FROM ds.renamed",
    "filtered": "SELECT f FROM ds.t WHERE dt > '2020-01-01'",
}
PARTITIONED = {"t": ("dt",), "u": ("dt",), "ts": ("ts",), "loaded": INGESTION_COLUMNS}


def unfiltered(sql: str) -> list[str]:
    columns = [
        TableColumns(
            table=DATASET.table(table),
            columns=tuple((name, "STRING") for name in names),
            ingestion="DAY" if table == "loaded" else "",
        )
        for table, names in {**COLUMNS, "ts": ("ts", "f")}.items()
    ]
    task = FindUnfiltered(
        sql=sql,
        writing=WRITING,
        views=tuple(
            ViewText(table=DATASET.table(name), sql=text, writing=Writing(project=PROJECT))
            for name, text in VIEWS.items()
        ),
        columns=tuple(columns),
        partitioned=tuple((DATASET.table(name), names) for name, names in PARTITIONED.items()),
    )
    return [table.table for table in find_unfiltered(task)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT f FROM ds.t WHERE dt = '2020-01-01'",
        "SELECT f FROM ds.t WHERE '2020-01-01' <= dt",
        "SELECT f FROM ds.t WHERE dt = @day AND f = 'x'",
        "SELECT f FROM ds.t WHERE (f = 'x' AND (dt = @day))",
        "SELECT f FROM ds.t WHERE DT BETWEEN '2020-01-01' AND CURRENT_DATE()",
        "SELECT f FROM ds.t WHERE dt IN ('2020-01-01', '2020-01-02')",
        "SELECT f FROM ds.t WHERE dt = '2020-01-01' OR dt = '2020-02-01'",
        "SELECT f FROM ds.t WHERE dt >= DATE_SUB(CURRENT_DATE(), INTERVAL 1 DAY)",
        "SELECT f FROM ds.t WHERE dt IS NOT NULL",
        "SELECT COUNT(*) FROM ds.ts WHERE DATE(ts) = '2020-01-01'",
        "SELECT COUNT(*) FROM ds.ts WHERE TIMESTAMP_TRUNC(ts, DAY) = TIMESTAMP('2020-01-01')",
        "SELECT COUNT(*) FROM ds.ts WHERE CAST(ts AS DATE) = '2020-01-01'",
        "SELECT f FROM ds.loaded WHERE _PARTITIONTIME = TIMESTAMP('2020-01-01')",
        "SELECT f FROM ds.loaded WHERE _PARTITIONDATE > '2020-01-01'",
        "SELECT a.f FROM ds.t a JOIN ds.u b ON a.f = b.f WHERE a.dt = @day AND b.dt = @day",
        "SELECT a.f FROM ds.t a JOIN ds.plain p ON a.f = p.f AND a.dt = @day",
        "SELECT p.f FROM ds.plain p LEFT JOIN ds.t a ON a.f = p.f AND a.dt = @day",
        "SELECT a.f FROM ds.t a, ds.plain p WHERE a.f = p.f AND a.dt = @day",
        "SELECT * FROM (SELECT * FROM ds.t) WHERE dt = @day",
        "SELECT * FROM (SELECT dt AS d, f FROM ds.t) s WHERE s.d = @day",
        "WITH c AS (SELECT * FROM ds.t), e AS (SELECT dt FROM c) SELECT * FROM e WHERE dt = @day",
        "WITH c AS (SELECT * FROM ds.t) SELECT * FROM c WHERE dt = @day UNION ALL SELECT * FROM c WHERE dt > @day",
        "WITH unused AS (SELECT * FROM ds.t) SELECT 1",
        "SELECT * FROM (SELECT dt FROM ds.t UNION ALL SELECT dt FROM ds.u) WHERE dt = @day",
        "SELECT f FROM ds.plain WHERE f IN (SELECT f FROM ds.t WHERE dt = @day)",
        "SELECT g FROM ds.seen WHERE dt = @day",
        "SELECT f FROM ds.renamed AS r WHERE r.day = @day",
        "SELECT f FROM ds.cut WHERE day = @day",
        "SELECT n FROM ds.summed WHERE dt = @day",
        "SELECT f FROM ds.both WHERE dt = @day",
        "SELECT day FROM ds.nested WHERE day = @day",
        "SELECT f FROM ds.filtered",
        "SELECT dt, COUNT(*) FROM ds.t WHERE dt = @day GROUP BY dt HAVING COUNT(*) > 1 ORDER BY 1 LIMIT 1",
        "SELECT f, x FROM ds.t, UNNEST([1, 2]) AS x WHERE dt = @day",
        "INSERT INTO ds.t (dt, f) VALUES (@day, 'x')",
        "INSERT INTO ds.plain (f) SELECT f FROM ds.t WHERE dt = @day",
        "CREATE TABLE ds.made AS SELECT f FROM ds.t WHERE dt = @day",
        "CREATE TABLE ds.made CLONE ds.t",
        "CREATE TABLE ds.made COPY ds.t",
        "CREATE TABLE ds.made LIKE ds.t",
        "CREATE VIEW ds.made AS SELECT f FROM ds.t",
        "UPDATE ds.t SET f = 'x' WHERE dt = @day",
        "UPDATE ds.plain SET f = t.f FROM ds.t WHERE t.dt = @day AND t.f = plain.f",
        "DELETE FROM ds.t WHERE dt < @day AND f = 'x'",
        "MERGE ds.t USING ds.plain AS p ON t.dt = @day AND t.f = p.f WHEN MATCHED THEN DELETE",
        "TRUNCATE TABLE ds.t",
        "DROP TABLE ds.t",
        "ALTER TABLE ds.t ADD COLUMN a INT64",
        "SELECT f FROM ds.plain",
    ],
)
def test_a_constant_filter_on_the_partitioning_column_is_one(sql: str) -> None:
    assert unfiltered(sql) == []


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("SELECT f FROM ds.t", ["t"]),
        ("SELECT COUNT(*) FROM ds.t", ["t"]),
        ("SELECT f FROM ds.t LIMIT 1", ["t"]),
        ("SELECT f FROM ds.t WHERE f = 'x'", ["t"]),
        ("SELECT f FROM ds.t WHERE dt = '2020-01-01' OR f = 'x'", ["t"]),
        ("SELECT f FROM ds.t WHERE dt = '2020-01-01' OR TRUE", ["t"]),
        ("SELECT f FROM ds.t WHERE NOT (dt = '2020-01-01' AND f = 'x')", ["t"]),
        ("SELECT f FROM ds.t WHERE dt = f", ["t"]),
        ("SELECT f FROM ds.t WHERE dt = dt", ["t"]),
        ("SELECT f FROM ds.t WHERE DATE_ADD(dt, INTERVAL 5 DAY) > '2020-01-01'", ["t"]),
        ("SELECT f FROM ds.t WHERE COALESCE(dt, CURRENT_DATE()) > '2020-01-01'", ["t"]),
        ("SELECT f FROM ds.t WHERE dt = (SELECT MAX(dt) FROM ds.plain)", ["t"]),
        ("SELECT f FROM ds.t WHERE dt IN (SELECT dt FROM ds.plain)", ["t"]),
        ("SELECT dt FROM ds.t GROUP BY dt HAVING dt = '2020-01-01'", ["t"]),
        ("SELECT f FROM ds.loaded", ["loaded"]),
        ("SELECT f FROM ds.loaded WHERE TIMESTAMP_ADD(_PARTITIONTIME, INTERVAL 5 DAY) > @day", ["loaded"]),
        ("SELECT a.f FROM ds.t a JOIN ds.u b ON a.dt = b.dt WHERE a.dt = @day", ["u"]),
        ("SELECT a.f FROM ds.t a LEFT JOIN ds.plain p ON a.f = p.f AND a.dt = @day", ["t"]),
        ("SELECT a.f FROM ds.t a FULL JOIN ds.plain p ON a.f = p.f AND a.dt = @day", ["t"]),
        ("SELECT p.f FROM ds.plain p RIGHT JOIN ds.t a ON a.f = p.f AND a.dt = @day", ["t"]),
        ("SELECT p.f FROM ds.plain p, ds.t a WHERE p.dt = @day", ["t"]),
        ("SELECT * FROM (SELECT * FROM ds.t LIMIT 10) WHERE dt = @day", ["t"]),
        ("WITH c AS (SELECT * FROM ds.t) SELECT * FROM c WHERE dt = @day UNION ALL SELECT * FROM c", ["t"]),
        ("WITH c AS (SELECT * FROM ds.t) SELECT f FROM c", ["t"]),
        ("SELECT dt FROM ds.t UNION ALL SELECT dt FROM ds.u WHERE dt = @day", ["t"]),
        ("SELECT f FROM ds.plain WHERE f IN (SELECT f FROM ds.t)", ["t"]),
        ("SELECT f FROM ds.plain p WHERE EXISTS (SELECT 1 FROM ds.t WHERE t.dt = p.dt)", ["t"]),
        ("SELECT (SELECT MAX(f) FROM ds.t) FROM ds.plain", ["t"]),
        ("SELECT g FROM ds.seen", ["t"]),
        ("SELECT n FROM ds.summed WHERE n > 1", ["t"]),
        ("SELECT f FROM ds.latest WHERE dt = @day", ["t"]),
        ("SELECT f FROM ds.first WHERE dt = @day", ["t"]),
        ("SELECT f FROM ds.both", ["t", "u"]),
        ("SELECT day FROM ds.nested", ["t"]),
        ("INSERT INTO ds.plain (f) SELECT f FROM ds.t", ["t"]),
        ("INSERT INTO ds.plain (f) WITH c AS (SELECT f FROM ds.t) SELECT f FROM c", ["t"]),
        ("CREATE TABLE ds.made AS SELECT f FROM ds.t", ["t"]),
        ("UPDATE ds.t SET f = 'x' WHERE f = 'y'", ["t"]),
        ("UPDATE ds.plain SET f = (SELECT MAX(f) FROM ds.t) WHERE TRUE", ["t"]),
        ("UPDATE ds.plain SET f = t.f FROM ds.t WHERE t.f = plain.f", ["t"]),
        ("DELETE FROM ds.t WHERE TRUE", ["t"]),
        ("DELETE FROM ds.plain WHERE f IN (SELECT f FROM ds.t)", ["t"]),
        ("MERGE ds.t USING ds.plain AS p ON t.f = p.f WHEN MATCHED THEN DELETE", ["t"]),
        ("MERGE ds.plain AS p USING ds.t ON t.f = p.f WHEN MATCHED THEN DELETE", ["t"]),
    ],
)
def test_anything_else_is_none(sql: str, tables: list[str]) -> None:
    assert unfiltered(sql) == tables
