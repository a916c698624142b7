"""Two projects with datasets and tables of equal names: a name means the same to who decides and to who reads."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from tests.emulator.google_server import PROJECT, SECOND_PROJECT, Google
from tests.emulator.services.bigquery.asking import query


@dataclass(frozen=True)
class Both:
    """In each project a dataset of the same name with a table of the same name, and one row that says whose it is."""

    google: Google
    dataset: str

    def query(self, payer: str, sql: str, **settings: Any) -> Any:
        return query(self.google, sql.replace("{ds}", self.dataset), payer=payer, **settings)

    def words(self, payer: str, sql: str, **settings: Any) -> list[str]:
        answered = self.query(payer, sql, **settings)
        assert answered.ok, answered.text
        return sorted(row["f"][0]["v"] for row in answered.json()["rows"])


@pytest.fixture
def both(enabled: Google) -> Both:
    """The second project's table has its columns in another order."""
    dataset = f"ds_{secrets.token_hex(6)}"
    for project, columns in ((PROJECT, ("word", "number")), (SECOND_PROJECT, ("number", "word"))):
        path = f"/bigquery/v2/projects/{project}/datasets"
        enabled.done("POST", path, {"datasetReference": {"datasetId": dataset}})
        types = {"word": "STRING", "number": "INT64"}
        fields = [{"name": name, "type": types[name]} for name in columns]
        body = {"tableReference": {"tableId": "secret"}, "schema": {"fields": fields}}
        enabled.done("POST", f"{path}/{dataset}/tables", body)
        rows = [{"json": {"word": f"of {project}", "number": 1}}]
        enabled.done("POST", f"{path}/{dataset}/tables/secret/insertAll", {"rows": rows})
    return Both(enabled, dataset)


@pytest.mark.parametrize(
    ("payer", "sql", "owner"),
    [
        (PROJECT, f"SELECT word FROM `{SECOND_PROJECT}`.{{ds}}.secret", SECOND_PROJECT),
        (PROJECT, f"SELECT word FROM `{SECOND_PROJECT}.{{ds}}.sec*`", SECOND_PROJECT),
        (SECOND_PROJECT, "SELECT word FROM `{ds}.sec*`", SECOND_PROJECT),
        (PROJECT, f"WITH t AS (SELECT * FROM `{SECOND_PROJECT}.{{ds}}.secret`) SELECT word FROM t", SECOND_PROJECT),
        (PROJECT, f"SELECT secret.word FROM `{SECOND_PROJECT}.{{ds}}.secret`", SECOND_PROJECT),
        (
            SECOND_PROJECT,
            f"SELECT table_catalog FROM `{PROJECT}.{{ds}}.INFORMATION_SCHEMA.TABLES` WHERE table_name = 'secret'",
            PROJECT,
        ),
    ],
)
def test_a_name_is_read_in_its_own_project(both: Both, payer: str, sql: str, owner: str) -> None:
    words = both.words(payer, sql)
    assert words in ([f"of {owner}"], [owner])


@pytest.mark.parametrize("payer", [PROJECT, SECOND_PROJECT])
def test_a_default_dataset_without_a_project_is_the_payers(both: Both, payer: str) -> None:
    assert both.words(payer, "SELECT word FROM secret", defaultDataset={"datasetId": both.dataset}) == [f"of {payer}"]


def test_both_tables_are_read_in_one_query_each_with_its_own_columns(both: Both) -> None:
    sql = f"SELECT a.word FROM {{ds}}.secret a JOIN `{SECOND_PROJECT}.{{ds}}.secret` b USING (number)"
    assert both.words(PROJECT, sql) == [f"of {PROJECT}"]
    answered = both.query(PROJECT, f"SELECT * FROM `{SECOND_PROJECT}.{{ds}}.secret`").json()
    assert [field["name"] for field in answered["schema"]["fields"]] == ["number", "word"]


def test_a_view_made_by_a_statement_selects_from_where_its_names_were_when_it_was_made(both: Both) -> None:
    made = both.query(PROJECT, f"CREATE VIEW `{SECOND_PROJECT}.{{ds}}.x` AS SELECT word FROM {{ds}}.secret")
    assert made.ok, made.text
    for payer in (PROJECT, SECOND_PROJECT):
        assert both.words(payer, f"SELECT word FROM `{SECOND_PROJECT}.{{ds}}.x`") == [f"of {PROJECT}"]
    default = {"projectId": SECOND_PROJECT, "datasetId": both.dataset}
    made = both.query(PROJECT, "CREATE VIEW {ds}.y AS SELECT word FROM secret", defaultDataset=default)
    assert made.ok, made.text
    assert both.words(SECOND_PROJECT, f"SELECT word FROM `{PROJECT}.{{ds}}.y`") == [f"of {SECOND_PROJECT}"]


def test_a_statement_changes_the_table_of_the_project_that_it_names(both: Both) -> None:
    changed = both.query(PROJECT, f"UPDATE `{SECOND_PROJECT}.{{ds}}.secret` SET word = 'new' WHERE TRUE")
    assert changed.json()["numDmlAffectedRows"] == "1", changed.text
    assert both.words(PROJECT, "SELECT word FROM {ds}.secret") == [f"of {PROJECT}"]
    assert both.words(SECOND_PROJECT, "SELECT word FROM {ds}.secret") == ["new"]
    made = both.query(PROJECT, f"CREATE TABLE `{SECOND_PROJECT}.{{ds}}.t` AS SELECT * FROM {{ds}}.secret")
    assert made.ok, made.text
    assert both.words(SECOND_PROJECT, "SELECT word FROM {ds}.t") == [f"of {PROJECT}"]
    assert both.query(PROJECT, "SELECT word FROM {ds}.t").status_code == 404


@pytest.mark.parametrize("name", ["tablé", "ग्राहक", "お客様 表-1", "out", "select"])
def test_a_table_of_any_name_is_made_filled_and_read_over_rest_and_by_sql(both: Both, name: str) -> None:
    path = f"/bigquery/v2/projects/{PROJECT}/datasets/{both.dataset}/tables"
    fields = [{"name": "word", "type": "STRING"}]
    both.google.done("POST", path, {"tableReference": {"tableId": name}, "schema": {"fields": fields}})
    both.google.done("POST", f"{path}/{quote(name)}/insertAll", {"rows": [{"json": {"word": "there"}}]})
    assert both.words(PROJECT, f"SELECT word FROM `{{ds}}.{name}`") == ["there"]
    assert both.words(SECOND_PROJECT, f"SELECT word FROM `{PROJECT}`.{{ds}}.`{name}`") == ["there"]
    made = both.query(PROJECT, f"CREATE TABLE {{ds}}.`{name} 2` AS SELECT * FROM {{ds}}.`{name}`")
    assert made.ok, made.text
    assert both.google.done("GET", f"{path}/{quote(name)}%202")["schema"]["fields"][0]["name"] == "word"


@pytest.mark.parametrize("name", ["user", "session_user", "current_catalog", "CURRENT_SCHEMA", "current_role"])
def test_a_name_that_the_engine_has_a_value_for_is_a_column_or_nothing(both: Both, name: str) -> None:
    refused = both.query(PROJECT, f"SELECT {name} FROM {{ds}}.secret")
    assert refused.status_code == 400
    assert f"Unrecognized name: {name}" in refused.json()["error"]["message"]
    assert both.query(PROJECT, f"SELECT `{name}`").status_code == 400
    made = both.query(PROJECT, f"CREATE TABLE {{ds}}.t AS SELECT word AS `{name}` FROM {{ds}}.secret")
    assert made.ok, made.text
    assert both.words(PROJECT, f"SELECT `{name}` FROM {{ds}}.t") == [f"of {PROJECT}"]
    assert both.words(PROJECT, f"SELECT t.`{name}` FROM {{ds}}.t") == [f"of {PROJECT}"]
