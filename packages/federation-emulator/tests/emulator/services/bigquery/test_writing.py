"""What is handed on is written anew: whole names, parameters of our own, no string that reads in two ways."""

from __future__ import annotations

import re

import pytest

from federation_emulator.services.bigquery.model import DatasetName
from federation_emulator.services.bigquery.sql import UnreadableSqlError, analyse
from federation_emulator.services.bigquery.sql.lexing import lex, unlex
from federation_emulator.services.bigquery.sql.writing import Parameter, Writing, Written, write

PROJECT = "local-keyless"


def written(sql: str, *parameters: Parameter, default: DatasetName | None = None) -> Written:
    return write(sql, Writing(project=PROJECT, default=default, parameters=parameters))


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("SELECT  a FROM ds.users WHERE a = 'x*y'", "SELECT a FROM `local-keyless`.`ds`.`users` WHERE a = 'x*y'"),
        ("SELECT a FROM ds.users -- FROM ds.secret*", "SELECT a FROM `local-keyless`.`ds`.`users`"),
        ("SELECT a /* ds.INFORMATION_SCHEMA.TABLES */ FROM ds.users", "SELECT a FROM `local-keyless`.`ds`.`users`"),
        ("SELECT a FROM ds.users # ; SELECT 2", "SELECT a FROM `local-keyless`.`ds`.`users`"),
        ("SELECT * FROM `other-project.ds.t`", "SELECT * FROM `other-project`.`ds`.`t`"),
        ("SELECT * FROM mine.out", "SELECT * FROM `local-keyless`.`mine`.`out`"),
        ("SELECT * FROM mine.`tablé 1`", "SELECT * FROM `local-keyless`.`mine`.`tablé 1`"),
        ("DROP TABLE ds.t", "DROP TABLE `local-keyless`.`ds`.`t`"),
        (
            "CREATE TABLE ds.t CLONE ds.u",
            "CREATE TABLE `local-keyless`.`ds`.`t` AS SELECT * FROM `local-keyless`.`ds`.`u`",
        ),
        (
            "CREATE TABLE ds.t LIKE ds.u",
            "CREATE TABLE `local-keyless`.`ds`.`t` AS SELECT * FROM `local-keyless`.`ds`.`u` WHERE FALSE",
        ),
        (
            "CREATE TABLE ds.t (a INT64 OPTIONS(description='x')) PARTITION BY a OPTIONS(description='y')",
            "CREATE TABLE `local-keyless`.`ds`.`t` (a INT64)",
        ),
    ],
)
def test_a_statement_is_written_with_whole_names_and_without_comments(sql: str, text: str) -> None:
    assert written(sql).statements == (text,)


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        (r"'it\'s; SELECT 2'", "it's; SELECT 2"),
        (r"r'\'; SELECT 2; #'", r"\'; SELECT 2; #"),
        ("'''a\n'b'''", "a\n'b"),
        (r"'\x41\u00e9\101\n'", "AéA\n"),
        ("'$$ AS x -- FROM ds.secrets'", "$$ AS x -- FROM ds.secrets"),
        ("'a FROM ds.secret*'", "a FROM ds.secret*"),
        ("'ds.INFORMATION_SCHEMA.TABLES'", "ds.INFORMATION_SCHEMA.TABLES"),
        ("'RANGE_SESSIONIZE(TABLE x'", "RANGE_SESSIONIZE(TABLE x"),
        ("'kpl0'", "kpl0"),
        (r"b'\xff\'\\'", b"\xff'\\"),
        (r"rb'\x41'", rb"\x41"),
        ("b'abc'", b"abc"),
    ],
)
def test_a_string_that_is_more_than_plain_is_a_value_and_no_text(literal: str, value: str | bytes) -> None:
    found = written(f"SELECT {literal} AS a FROM ds.users")
    kind = "BYTES" if isinstance(value, bytes) else "STRING"
    assert found.statements == (f"SELECT CAST(@kpl0 AS {kind}) AS a FROM `local-keyless`.`ds`.`users`",)
    assert found.values == {"kpl0": value}


@pytest.mark.parametrize("sql", ["SELECT 'it''s', b'\\x00', '\\'' FROM ds.t", "SELECT r'\\\\', 'a\\\\' || '日本'"])
def test_a_view_s_query_that_is_kept_is_read_as_it_was_written(sql: str) -> None:
    lexed = lex(sql)
    again = lex(unlex(lexed.text, lexed.literals))
    assert (again.text.split(), list(again.literals.values())) == (
        lexed.text.split(),
        list(lexed.literals.values()),
    )


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 AS `a\\`b`",
        "SELECT $$a$$",
        "SELECT $1",
        "SELECT {{ a }}",
        "SELECT JSON_VALUE(x, \"$['a\\'']\") FROM ds.t",
        "SELECT 'open",
        "SELECT '\\q'",
        "SELECT '\\ud800'",
        "SELECT /* open",
        "SELECT 1 AS `a\nb`",
        "SELECT 1 AS `a\x00b`",
        "SELECT ٣",
        "SELECT @a",
        "SELECT ?",
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(sql: str) -> None:
    with pytest.raises(UnreadableSqlError):
        written(sql)


def test_a_parameter_is_written_by_a_name_of_ours_and_its_declared_type() -> None:
    least, name = Parameter(name="least", type="INT64"), Parameter(name="Name", type="ARRAY<STRING>")
    found = written("SELECT @name, @LEAST, '@least' FROM ds.t WHERE a > @least", least, name)
    assert found.statements == (
        "SELECT CAST(@kpp1 AS ARRAY<STRING>), CAST(@kpp0 AS INT64), '@least' FROM `local-keyless`.`ds`.`t` "
        "WHERE a > CAST(@kpp0 AS INT64)",
    )
    assert found.bound == {"kpp0": 0, "kpp1": 1}
    by_place = written("SELECT ?, ?", Parameter(name="", type="INT64"), Parameter(name="", type="DATE"))
    assert by_place.statements == ("SELECT CAST(@kpp0 AS INT64), CAST(@kpp1 AS DATE)",)


def test_a_name_of_one_part_is_written_with_the_default_dataset() -> None:
    default = DatasetName(project="other-project", dataset="home")
    found = written("WITH a AS (SELECT * FROM users) SELECT * FROM a JOIN ds.b USING (x)", default=default)
    assert found.statements == (
        "WITH a AS (SELECT * FROM `other-project`.`home`.`users`) SELECT * FROM a JOIN `local-keyless`.`ds`.`b` "
        "USING (x)",
    )


def test_a_wildcard_table_is_written_as_the_tables_it_stands_for() -> None:
    sql = "SELECT e.a FROM `ds.ev_*` AS e WHERE _TABLE_SUFFIX = '2'"
    (wildcard,) = analyse(sql, project=PROJECT).wildcards
    matched = ((wildcard, (wildcard.dataset.table("ev_1"), wildcard.dataset.table("ev_2"))),)
    assert write(sql, Writing(project=PROJECT, matched=matched)).statements == (
        "SELECT e.a FROM (SELECT *, '1' AS _TABLE_SUFFIX FROM `local-keyless`.`ds`.`ev_1` UNION ALL "
        "SELECT *, '2' AS _TABLE_SUFFIX FROM `local-keyless`.`ds`.`ev_2`) AS e WHERE _TABLE_SUFFIX = '2'",
    )


def test_several_changes_of_a_table_are_written_one_by_one() -> None:
    sql = "ALTER TABLE `local-keyless.ds.t` DROP COLUMN `a`, DROP COLUMN `b`"
    table = "ALTER TABLE `local-keyless`.`ds`.`t`"
    assert written(sql).statements == (f"{table} DROP COLUMN `a`", f"{table} DROP COLUMN `b`")


def test_the_rows_of_information_schema_are_written_as_values() -> None:
    rows = "SELECT * FROM (SELECT * FROM (VALUES ('p', 'it''s', 1, NULL)) AS v(a, b, c, d))"
    sql = "SELECT b FROM ds.INFORMATION_SCHEMA.TABLES"
    (view,) = analyse(sql, project=PROJECT).schema_views
    found = write(sql, Writing(project=PROJECT, rows=((str(view), rows),)))
    assert found.statements == (
        "SELECT b FROM (SELECT 'p' AS `a`, CAST(@kpl0 AS STRING) AS `b`, 1 AS `c`, CAST(NULL AS STRING) AS `d`) "
        "AS TABLES",
    )
    assert found.values == {"kpl0": "it's"}
    with pytest.raises(UnreadableSqlError):
        write(sql, Writing(project=PROJECT, rows=((str(view), "SELECT * FROM (SELECT * FROM vault.secret)"),)))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT SAFE_DIVIDE(?, 2), ? FROM (SELECT ?) LIMIT ?",
        "WITH w AS (SELECT ?) SELECT (SELECT ? + 1), ? FROM w WHERE ? = 1",
        "SELECT '?', ? /* ? */, ?, [?], `x` AS `y` -- ?\n FROM UNNEST([?])",
        "UPDATE ds.t SET a = ?, b = (SELECT ?) WHERE a IN (?, ?)",
    ],
)
def test_parameters_by_position_are_bound_in_the_order_of_the_text(sql: str) -> None:
    parameters = [Parameter(name="", type="INT64")] * 4
    text = written(sql, *parameters).statements[0]
    assert re.findall("@(kpp[0-9])", text) == ["kpp0", "kpp1", "kpp2", "kpp3"]
    with pytest.raises(UnreadableSqlError, match="more positional parameters"):
        written(sql, *parameters[:3])


def test_a_parameter_by_position_has_no_name_that_a_statement_could_use() -> None:
    named = Parameter(name="kpq0", type="STRING")
    assert "@kpp0" in written("SELECT @kpq0", named).statements[0]
    for sql, declared in (("SELECT ?", named), ("SELECT @a, ?", named), ("SELECT @kpq1", named)):
        with pytest.raises(UnreadableSqlError):
            written(sql, declared)


def test_what_is_said_of_a_syntax_error_has_no_sequences_for_a_terminal() -> None:
    with pytest.raises(UnreadableSqlError) as raised:
        analyse("SELECT 1 FROM (SELECT", project=PROJECT)
    assert str(raised.value).isprintable()
