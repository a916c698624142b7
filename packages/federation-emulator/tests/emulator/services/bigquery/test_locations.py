"""Where data is, and where jobs run: a dataset has a location, its tables have the same, and so has a job on them.

Sources: Google, "BigQuery locations" ("Specify locations"); BigQuery REST, ``Dataset.location``, ``Table.location``,
``jobs.get``; "Data definition language (DDL) statements in GoogleSQL" (CREATE SCHEMA).
"""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core.exceptions import BadRequest, NotFound
from google.cloud import bigquery

from tests.emulator.chain import BIGQUERY_PATH
from tests.emulator.google_server import PROJECT, Google
from tests.emulator.services.bigquery.asking import NEVER, deployer_client, query, run

TOKYO = "asia-northeast1"
SCHEMA = {"fields": [{"name": "name", "type": "STRING"}]}


def make(google: Google, name: str, location: str | None) -> dict[str, Any]:
    """A dataset with a table `t` of one row; answers the dataset."""
    body: dict[str, Any] = {"datasetReference": {"projectId": PROJECT, "datasetId": name}}
    made = google.done("POST", f"{BIGQUERY_PATH}/datasets", body | ({"location": location} if location else {}))
    reference = {"projectId": PROJECT, "datasetId": name, "tableId": "t"}
    tables = f"{BIGQUERY_PATH}/datasets/{name}/tables"
    google.done("POST", tables, {"tableReference": reference, "schema": SCHEMA, "location": "mars"})
    google.done("POST", f"{tables}/t/insertAll", {"rows": [{"json": {"name": "a"}}]})
    return made  # type: ignore[no-any-return]  # JSON


@pytest.fixture(scope="module")
def placed(enabled: Google) -> Google:
    """A dataset in each of three locations."""
    for name, location in (("here", None), ("europe", "EU"), ("tokyo", TOKYO)):
        make(enabled, name, location)
    return enabled


@pytest.mark.parametrize(
    ("asked", "answered"),
    [(None, "US"), ("us", "US"), ("eU", "EU"), ("ASIA-Northeast1", TOKYO), ("europe-west3", "europe-west3")],
)
def test_a_dataset_says_where_it_is_and_each_table_in_it_is_there(
    enabled: Google, asked: str | None, answered: str
) -> None:
    name = f"at_{asked}".replace("-", "_")
    assert make(enabled, name, asked)["location"] == answered
    path = f"{BIGQUERY_PATH}/datasets/{name}"
    listed = enabled.done("GET", f"{BIGQUERY_PATH}/datasets")["datasets"]
    assert [each["location"] for each in listed if each["datasetReference"]["datasetId"] == name] == [answered]
    assert enabled.done("GET", path)["location"] == answered
    run(enabled, f"CREATE VIEW {name}.v AS SELECT name FROM {name}.t")
    run(enabled, f"CREATE TABLE {name}.made AS SELECT name FROM {name}.t")
    for table in ("t", "v", "made"):
        assert enabled.done("GET", f"{path}/tables/{table}")["location"] == answered
    patched = enabled.done("PATCH", f"{path}/tables/t", {"description": "d", "location": "US"})
    assert patched["location"] == answered


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_the_location_of_a_dataset_stays(placed: Google, method: str) -> None:
    path = f"{BIGQUERY_PATH}/datasets/tokyo"
    refused = placed.call(method, path, {"location": "US"})
    assert (refused.status_code, TOKYO in refused.json()["error"]["message"]) == (400, True)
    assert placed.done(method, path, {"location": TOKYO.upper(), "description": "d"})["location"] == TOKYO
    assert placed.done(method, path, {"description": "e"})["location"] == TOKYO


@pytest.mark.parametrize(
    ("sql", "asked", "where"),
    [
        ("SELECT 1", None, "US"),
        ("SELECT 1", "eu", "EU"),
        ("SELECT name FROM tokyo.t", None, TOKYO),
        ("SELECT name FROM tokyo.t", TOKYO.upper(), TOKYO),
        ("SELECT name FROM `tokyo.*`", None, TOKYO),
        ("SELECT table_name FROM tokyo.INFORMATION_SCHEMA.TABLES", None, TOKYO),
        ("WITH c AS (SELECT name FROM europe.t) SELECT * FROM c", None, "EU"),
        ("INSERT INTO tokyo.t (name) VALUES ('b')", None, TOKYO),
        ("UPDATE tokyo.t SET name = 'c' WHERE name = 'b'", None, TOKYO),
        ("CREATE OR REPLACE TABLE europe.other (a INT64)", None, "EU"),
        ("DROP TABLE IF EXISTS europe.never", None, "EU"),
        ("CREATE SCHEMA IF NOT EXISTS made_in_tokyo OPTIONS (location = 'Asia-Northeast1')", None, TOKYO),
        ("CREATE SCHEMA IF NOT EXISTS made_where_it_runs", "EU", "EU"),
        ("DROP SCHEMA IF EXISTS never_there", "EU", "EU"),
    ],
)
def test_a_job_runs_where_its_data_is(placed: Google, sql: str, asked: str | None, where: str) -> None:
    client = deployer_client(placed)
    job = client.query(sql, location=asked, job_retry=None)
    job.result()
    assert job.location == where
    assert isinstance(client.get_job(job.job_id, location=where), bigquery.QueryJob)
    for name in ("made_in_tokyo", "made_where_it_runs"):
        if name in sql:
            assert client.get_dataset(name).location == where


@pytest.mark.parametrize(
    ("sql", "asked", "message"),
    [
        ("SELECT name FROM europe.t", "US", "Not found: Dataset {p}:europe was not found in location US"),
        ("SELECT name FROM here.t", "ASIA-East1", "Not found: Dataset {p}:here was not found in location asia-east1"),
        ("SELECT name FROM `europe.*`", "US", "Not found: Dataset {p}:europe was not found in location US"),
        ("SELECT t.name FROM europe.t JOIN here.t AS h USING (name)", None, "{p}:here was not found in location EU"),
        ("SELECT name FROM here.t UNION ALL SELECT name FROM tokyo.t", None, "{p}:tokyo was not found in location US"),
        ("SELECT 1 FROM tokyo.INFORMATION_SCHEMA.TABLES", "US", "{p}:tokyo was not found in location US"),
        ("INSERT INTO tokyo.t (name) VALUES ('b')", "US", "{p}:tokyo was not found in location US"),
        ("INSERT INTO tokyo.t (name) SELECT name FROM here.t", None, "{p}:tokyo was not found in location US"),
        ("DELETE FROM tokyo.t WHERE true", "EU", "{p}:tokyo was not found in location EU"),
        ("CREATE TABLE europe.x AS SELECT name FROM here.t", None, "{p}:europe was not found in location US"),
        ("CREATE VIEW europe.x AS SELECT name FROM here.t", None, "{p}:europe was not found in location US"),
        ("CREATE TABLE europe.x (a INT64)", "US", "{p}:europe was not found in location US"),
        ("CREATE TABLE missing.x (a INT64)", None, "{p}:missing was not found in location US"),
        ("ALTER TABLE europe.t ADD COLUMN b INT64", "US", "{p}:europe was not found in location US"),
        ("DROP TABLE europe.t", "US", "{p}:europe was not found in location US"),
        ("DROP SCHEMA europe CASCADE", "US", "{p}:europe was not found in location US"),
    ],
)
@pytest.mark.parametrize("dry", [True, False], ids=["dry", "real"])
def test_a_job_elsewhere_than_its_data_is_refused(
    placed: Google, sql: str, asked: str | None, message: str, dry: bool
) -> None:
    refused = query(placed, sql, dryRun=dry, **({"location": asked} if asked else {}))
    error = refused.json()["error"]
    assert (refused.status_code, error["errors"][0]["reason"]) == (404, "notFound")
    assert message.format(p=PROJECT) in error["message"]
    with pytest.raises(NotFound, match="was not found in location"):
        deployer_client(placed).query_and_wait(sql, location=asked, **NEVER)


@pytest.mark.parametrize(
    ("source", "asked", "there"),
    [
        ("INFORMATION_SCHEMA.SCHEMATA", None, {"here"}),
        ("INFORMATION_SCHEMA.SCHEMATA", "EU", {"europe"}),
        ("`region-eu`.INFORMATION_SCHEMA.SCHEMATA", None, {"europe"}),
        (f"`region-{TOKYO}`.INFORMATION_SCHEMA.SCHEMATA", TOKYO, {"tokyo"}),
        ("`region-europe-west9`.INFORMATION_SCHEMA.SCHEMATA", None, set()),
        ("`region-eu`.INFORMATION_SCHEMA.SCHEMATA", "US", "was not found in location US"),
    ],
)
def test_a_project_s_schemata_are_those_of_a_location(
    placed: Google, source: str, asked: str | None, there: set[str] | str
) -> None:
    sql = f"SELECT schema_name FROM {source} WHERE schema_name IN ('here', 'europe', 'tokyo')"
    answered = query(placed, sql, **({"location": asked} if asked else {}))
    if isinstance(there, str):
        assert (answered.status_code, there in answered.text) == (404, True)
    else:
        assert {row["f"][0]["v"] for row in answered.json().get("rows", [])} == there, answered.text


def test_a_new_dataset_is_where_its_job_runs(placed: Google) -> None:
    with pytest.raises(BadRequest, match="does not match the location of the job"):
        deployer_client(placed).query_and_wait("CREATE SCHEMA apart OPTIONS (location = 'EU')", location="US", **NEVER)
    assert placed.call("GET", f"{BIGQUERY_PATH}/datasets/apart").status_code == 404


@pytest.mark.parametrize(
    ("dataset", "location", "found"),
    [
        ("here", "", True),
        ("here", "us", True),
        ("here", "EU", False),
        ("europe", "", True),
        ("europe", "US", False),
        # "Required except for the US and EU multi-regional locations" (BigQuery REST, JobReference.location).
        ("tokyo", "", False),
        ("tokyo", TOKYO.upper(), True),
        ("tokyo", "US", False),
    ],
)
def test_a_job_is_found_at_its_own_location_alone(placed: Google, dataset: str, location: str, found: bool) -> None:
    job = run(placed, f"SELECT name FROM {dataset}.t")["jobReference"]["jobId"]
    asked = f"?location={location}" if location else ""
    for method, path in (("GET", f"jobs/{job}"), ("GET", f"queries/{job}"), ("POST", f"jobs/{job}/cancel")):
        answer = placed.call(method, f"{BIGQUERY_PATH}/{path}{asked}", {} if method == "POST" else None)
        assert answer.status_code == (200 if found else 404), (method, path)
        if not found:
            assert answer.json()["error"]["message"].startswith(f"Not found: Job {PROJECT}:")


@pytest.mark.parametrize("location", ["mars", "us-east", "U S", "EU1", "'; --", "x" * 70])
def test_a_location_that_can_not_be_one_is_refused_for_jobs_and_datasets(enabled: Google, location: str) -> None:
    refused = query(enabled, "SELECT 1", location=location)
    assert refused.status_code == 400
    assert f"Location {location[:60]} does not support this operation." in refused.json()["error"]["message"]
    body = {"datasetReference": {"projectId": PROJECT, "datasetId": "nowhere"}, "location": location}
    assert enabled.call("POST", f"{BIGQUERY_PATH}/datasets", body).status_code == 400
