"""The engine's judge, over plans as DuckDB 1.5.5 writes them in JSON before it optimises them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from federation_emulator.servers.bigquery_emulator.judge import (
    Admitted,
    plan_problem,
    scanned_table,
    scans_of,
    statement_problem,
)

SCHEMA = "p-1__d"
T, A_B = (SCHEMA, "t"), (SCHEMA, "a b")

OF_A_VIEW = r"""[{"name": "PROJECTION","children":
[{"name": "PROJECTION","children":
[{"name": "SEQ_SCAN","children": [],
"extra_info": {"Filters": "","Table": "memory.\"p-1__d\".t",
"Type": "Sequential Scan"}}],
"extra_info": {"Expressions": "a"}}],"extra_info": {"Expressions": "a"}}]"""
OF_A_SUBQUERY = r"""[{"name": "PROJECTION","children": [{"name": "FILTER","children":
[{"name": "CROSS_PRODUCT","children":
[{"name": "SEQ_SCAN","children": [],"extra_info": {"Filters": "","Table": "memory.\"p-1__d\".t",
"Type": "Sequential Scan"}},
{"name": "PROJECTION","children": [{"name": "AGGREGATE","children": [{"name": "LIMIT","children":
[{"name": "PROJECTION",
"children":
[{"name": "SEQ_SCAN","children": [],"extra_info": {"Filters": "","Table": "memory.\"p-1__d\".\"a b\"",
"Type": "Sequential Scan"}}],"extra_info": {"Expressions": "1"}}],"extra_info": {"Expressions": ""}}],
"extra_info": {"Groups": "","Expressions": "count_star()"}}],"extra_info": {"Expressions": "(#[14.0] = 1)"}}],
"extra_info": {"Expressions": ""}}],"extra_info": {"Expressions": "SUBQUERY"}}],"extra_info": {"Expressions": "1"}}]"""
OF_RANGE = """[{"name": "PROJECTION","children": [{"name": "RANGE","children": [],"extra_info": {"Filters": ""}}],
"extra_info": {"Expressions": "range"}}]"""
OF_READ_TEXT = """[{"name": "PROJECTION","children": [{"name": "READ_TEXT","children": [],
"extra_info": {"Filters": ""}}],"extra_info": {"Expressions": ["filename","content","size","last_modified"]}}]"""
OF_DESCRIBE = """[{"name": "PROJECTION","children": [{"name": "CHUNK_GET","children": [],"extra_info":
{"Expressions": ""}}],"extra_info": {"Expressions": ["column_name","column_type","null","key","default","extra"]}}]"""


def query(*tables: tuple[str, str]) -> Admitted:
    return Admitted(kind="SELECT", target=(), tables=frozenset(tables))


@pytest.mark.parametrize(
    ("plan", "tables"),
    [(OF_A_VIEW, [T]), (OF_A_SUBQUERY, [T, A_B]), (OF_RANGE, [])],
    ids=["view", "subquery", "range"],
)
def test_a_plan_that_scans_what_was_admitted_passes_and_one_table_less_refuses_it(
    plan: str, tables: list[tuple[str, str]]
) -> None:
    read = json.loads(plan)
    assert scans_of(read) == set(tables)
    assert plan_problem(query(*tables), read) is None
    assert plan_problem(query(*tables, (SCHEMA, "more")), read) is None
    for missing in tables:
        rest = [table for table in tables if table != missing]
        assert plan_problem(query(*rest), read) == f"it scans {'.'.join(missing)}"


@pytest.mark.parametrize(
    ("plan", "operator"),
    [
        (OF_READ_TEXT, "READ_TEXT"),
        (OF_DESCRIBE, "CHUNK_GET"),
        *(
            (json.dumps([{"name": name, "children": [], "extra_info": {}}]), name)
            for name in ("DUCKDB_TABLES", "DUCKDB_SETTINGS", "PRAGMA_VERSION", "GLOB", "ARROW_SCAN", "COPY_TO_FILE")
        ),
        ('[{"name": "SOMETHING_NEW", "children": [], "extra_info": {}}]', "SOMETHING_NEW"),
    ],
)
def test_an_operator_that_is_not_known_to_compute_is_refused(plan: str, operator: str) -> None:
    assert plan_problem(query(T, A_B), json.loads(plan)) == f"it has the operator {operator}"


@pytest.mark.parametrize(
    "plan",
    [
        None,
        [],
        {},
        "SEQ_SCAN",
        [{"name": "PROJECTION"}],
        [{"name": 1, "children": []}],
        [{"name": "PROJECTION", "children": {}}],
        [{"name": "PROJECTION", "children": [None]}],
        [{"name": "SEQ_SCAN", "children": []}],
        [{"name": "SEQ_SCAN", "children": [], "extra_info": {"Text": "t"}}],
    ],
    ids=str,
)
def test_a_plan_of_another_form_is_refused(plan: object) -> None:
    assert plan_problem(query(T), plan) is not None


@pytest.mark.parametrize(
    ("written", "table"),
    [
        (r"memory.\"p-1__d\".t", T),
        (r"memory.\"p-1__d\".\"a b\"", A_B),
        (r"memory.\"p-1__d\".\"a\"\"b\"", (SCHEMA, 'a"b')),
        (r"memory.\"p-1__d\".\"x.y\"", (SCHEMA, "x.y")),
        (r"memory.plain__d.tablé", ("plain__d", "tablé")),
        (r"t", ()),
        (r"memory.a.b.c", ()),
        (r"memory.\"a.b", ()),
        ("", ()),
    ],
)
def test_the_name_of_a_scanned_table_is_read_as_duckdb_writes_it(written: str, table: tuple[str, ...]) -> None:
    assert scanned_table({"Table": json.loads(f'"{written}"')}) == table


@pytest.mark.parametrize(
    ("kind", "text", "types"),
    [
        ("SELECT", "anything", ["SELECT"]),
        ("INSERT", 'INSERT INTO "p__d"."t" (a) VALUES (1)', ["INSERT"]),
        ("UPDATE", 'UPDATE "p__d"."t" SET a = 1', ["UPDATE"]),
        ("DELETE", 'DELETE FROM "p__d"."t"', ["DELETE"]),
        ("MERGE", 'MERGE INTO "p__d"."t" USING x', ["MERGE_INTO"]),
        ("TRUNCATE_TABLE", 'TRUNCATE TABLE "p__d"."t"', ["DELETE"]),
        ("CREATE_TABLE", 'CREATE TABLE IF NOT EXISTS "p__d"."t"(a INT)', ["CREATE"]),
        ("CREATE_VIEW", 'CREATE OR REPLACE VIEW "p__d"."t" AS SELECT 1', ["CREATE"]),
        ("DROP_TABLE", 'DROP TABLE "p__d"."t"', ["DROP"]),
        ("ALTER_TABLE", 'ALTER TABLE "p__d"."t" DROP COLUMN a', ["ALTER"]),
    ],
)
def test_one_statement_of_the_admitted_type_and_target_passes_and_no_other(
    kind: str, text: str, types: list[str]
) -> None:
    admitted = Admitted(kind=kind, target=("p__d", "t"), tables=frozenset())
    assert statement_problem(admitted, text, types) is None
    others: list[tuple[str, list[Any]]] = [(text, []), (text, [*types, "SELECT"]), (text, ["COPY"]), (text, ["SET"])]
    if kind != "SELECT":
        others += [(text.replace('"t"', '"tt"'), types), (text.replace('"p__d"', '"p__e"'), types), (f" {text}", types)]
    for other, found in others:
        assert statement_problem(admitted, other, found) is not None, (other, found)


def test_a_kind_that_is_not_known_is_refused() -> None:
    admitted = Admitted(kind="COPY", target=(), tables=frozenset())
    assert statement_problem(admitted, "COPY x TO 'y'", ["COPY"]) is not None
