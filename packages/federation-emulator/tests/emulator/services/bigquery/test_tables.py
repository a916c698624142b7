"""Datasets and tables as the plugin, bq and the Python client send them; the BigQuery emulator really holds them."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest, Conflict
from google.cloud import bigquery

from tests.emulator.chain import BIGQUERY_PATH, Chain, token_of
from tests.emulator.google_server import PROJECT, Google
from tests.emulator.services.bigquery.asking import MEMBER, VIEWER, deployer_client, query, run


@pytest.fixture
def dataset(enabled: Google) -> str:
    """An empty dataset of the test's own."""
    name = f"ds_{secrets.token_hex(6)}"
    body = {"datasetReference": {"datasetId": name}, "location": "US", "labels": {"a": "b"}, "description": "d"}
    enabled.done("POST", f"{BIGQUERY_PATH}/datasets?accessPolicyVersion=3", body)
    return name


def test_a_put_without_access_keeps_the_list_and_a_patch_replaces_it(enabled: Google, dataset: str) -> None:
    path = f"{BIGQUERY_PATH}/datasets/{dataset}"
    first = enabled.done("GET", path)
    assert first["creationTime"].isdigit(), "whole numbers of 64 bits travel as text"
    assert {"role": "OWNER", "userByEmail": "deployer@local.invalid"} in first["access"]
    entry = {"role": "roles/bigquery.dataViewer", "userByEmail": "reader@local.invalid", "datasetId": "stray"}
    patched = enabled.done("PATCH", path, {"access": [*first["access"], entry]})
    assert patched["access"][-1] == {"role": "READER", "userByEmail": "reader@local.invalid"}
    put = enabled.done("PUT", path, {"datasetReference": {"datasetId": dataset}, "description": ""})
    assert put["access"] == patched["access"]
    assert "description" not in put
    assert "labels" not in put
    assert enabled.done("PATCH", path, {"access": first["access"]})["access"] == first["access"]


def test_existing_things_conflict_and_missing_ones_are_not_found(enabled: Google, dataset: str) -> None:
    again = enabled.call("POST", f"{BIGQUERY_PATH}/datasets", {"datasetReference": {"datasetId": dataset}})
    assert again.json()["error"]["message"] == f"Already Exists: Dataset {PROJECT}:{dataset}"
    assert (again.status_code, again.json()["error"]["errors"][0]["reason"]) == (409, "duplicate")
    for path in (f"{dataset}/tables/none", "none_at_all", "none_at_all/tables"):
        missing = enabled.call("GET", f"{BIGQUERY_PATH}/datasets/{path}")
        assert (missing.status_code, missing.json()["error"]["errors"][0]["reason"]) == (404, "notFound")
    assert enabled.call("DELETE", f"{BIGQUERY_PATH}/datasets/{dataset}/tables/none").status_code == 404


def test_the_client_makes_fills_reads_and_deletes_a_table(enabled: Google, dataset: str) -> None:
    with deployer_client(enabled) as client:
        name = f"{PROJECT}.{dataset}.users"
        schema = [bigquery.SchemaField("user_id", "INTEGER", mode="REQUIRED"), bigquery.SchemaField("name", "STRING")]
        table = client.create_table(bigquery.Table(name, schema=schema))
        with pytest.raises(Conflict):
            client.create_table(bigquery.Table(name, schema=schema))
        assert client.create_table(bigquery.Table(name, schema=schema), exists_ok=True).table_id == "users"
        assert client.insert_rows_json(table, [{"user_id": 1, "name": "a"}, {"user_id": 2}]) == []
        wrong = client.insert_rows_json(table, [{"user_id": 3}, {"name": "no id"}, {"user_id": 4, "nmae": "x"}])
        assert [problem["index"] for problem in wrong] == [1, 2]
        with pytest.raises(BadRequest):
            client.insert_rows_json(table, [{"user_id": "not a number"}], retry=None)
        assert sorted(row.user_id for row in client.list_rows(table)) == [1, 2]
        assert [t.table_id for t in client.list_tables(dataset)] == ["users"]
        assert dataset in [d.dataset_id for d in client.list_datasets()]
        with pytest.raises(BadRequest, match="still in use") as used:
            client.delete_dataset(dataset)
        assert [error["reason"] for error in used.value.errors] == ["resourceInUse"]
        client.delete_table(table)
        client.delete_dataset(dataset)


def test_the_clients_policy_calls_work_on_a_table(chain: Chain) -> None:
    with deployer_client(chain.google) as client:
        policy = client.get_iam_policy(f"{PROJECT}.{chain.dataset}.users")
        assert policy.etag
        assert policy["roles/bigquery.dataViewer"] == {"serviceAccount:reader@local-keyless.iam.gserviceaccount.com"}
        policy.bindings = []
        client.set_iam_policy(f"{PROJECT}.{chain.dataset}.users", policy)
        assert client.get_iam_policy(f"{PROJECT}.{chain.dataset}.users").bindings == []


def test_columns_are_added_by_put_and_dropped_by_statement(enabled: Google, dataset: str) -> None:
    tables = f"{BIGQUERY_PATH}/datasets/{dataset}/tables"
    reference = {"projectId": PROJECT, "datasetId": dataset, "tableId": "t"}
    one = [{"name": "a", "type": "INT64", "policyTags": {"names": []}}]
    two = [*one, {"name": "b", "type": "STRING"}]
    enabled.done("POST", tables, {"tableReference": reference, "schema": {"fields": one}, "labels": {"x": "y"}})
    enabled.done("POST", f"{tables}/t/insertAll", {"rows": [{"json": {"a": 1}}]})
    put = enabled.done("PUT", f"{tables}/t", {"tableReference": reference, "schema": {"fields": two}})
    assert put["tableReference"] == reference
    enabled.done("POST", f"{tables}/t/insertAll", {"rows": [{"json": {"a": 2, "b": "new"}}]})
    found = run(enabled, f"SELECT b FROM `{PROJECT}.{dataset}.t` ORDER BY a")["rows"]
    assert [row["f"][0]["v"] for row in found] == [None, "new"]
    run(enabled, f"ALTER TABLE `{PROJECT}.{dataset}.t` DROP COLUMN `b`")
    enabled.done("PUT", f"{tables}/t", {"tableReference": reference, "schema": {"fields": one}})
    assert [f["name"] for f in enabled.done("GET", f"{tables}/t")["schema"]["fields"]] == ["a"]


def test_a_column_keeps_its_mode_and_description_while_others_change(enabled: Google, dataset: str) -> None:
    tables = f"{BIGQUERY_PATH}/datasets/{dataset}/tables"
    columns = [{"name": name, "type": "INTEGER", "mode": "REQUIRED", "description": name} for name in ("a", "b", "c")]
    a, b = columns[:2]
    enabled.done("POST", tables, {"tableReference": {"tableId": "t"}, "schema": {"fields": columns}})

    def altered(change: str) -> list[dict[str, str]]:
        run(enabled, f"ALTER TABLE `{PROJECT}.{dataset}.t` {change}")
        found: list[dict[str, str]] = enabled.done("GET", f"{tables}/t")["schema"]["fields"]
        return found

    assert altered("DROP COLUMN c") == [a, b]
    assert altered("ALTER COLUMN b DROP NOT NULL") == [a, {**b, "mode": "NULLABLE"}]
    assert altered("ALTER COLUMN a SET DATA TYPE NUMERIC") == [{**a, "type": "NUMERIC"}, {**b, "mode": "NULLABLE"}]
    assert altered("ADD COLUMN c STRING")[:1] == [{**a, "type": "NUMERIC"}]


def test_a_repeated_column_is_added_by_put(enabled: Google, dataset: str) -> None:
    tables = f"{BIGQUERY_PATH}/datasets/{dataset}/tables"
    one = [{"name": "a", "type": "INT64"}]
    enabled.done("POST", tables, {"tableReference": {"tableId": "t"}, "schema": {"fields": one}})
    tags = {"name": "tags", "type": "STRING", "mode": "REPEATED"}
    enabled.done("PUT", f"{tables}/t", {"schema": {"fields": [*one, tags]}})
    enabled.done("POST", f"{tables}/t/insertAll", {"rows": [{"json": {"a": 1, "tags": ["x", "y"]}}]})
    found = run(enabled, f"SELECT ARRAY_LENGTH(tags) FROM `{PROJECT}.{dataset}.t`")["rows"]
    assert found[0]["f"][0]["v"] == "2"
    assert enabled.done("GET", f"{tables}/t")["schema"]["fields"][1]["mode"] == "REPEATED"


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ([{"name": "a", "type": "INTEGER"}], "Field b is missing in new schema"),
        ([], "Field a is missing in new schema"),
        ([{"name": "a", "type": "STRING"}, {"name": "b", "type": "STRING"}], "Field a has changed type from INTEGER"),
        (
            [{"name": "a", "type": "INT64"}, {"name": "b", "type": "STRING", "mode": "REQUIRED"}],
            "Field b has changed mode from NULLABLE to REQUIRED",
        ),
        ([{"name": "A", "type": "INT64"}, {"name": "b", "type": "STRING"}], None),
        ([{"name": "a", "type": "INTEGER"}, {"name": "b", "type": "STRING", "description": "x"}], None),
    ],
)
def test_a_schema_keeps_the_columns_that_a_table_has(
    enabled: Google, dataset: str, method: str, fields: list[dict[str, str]], refused: str | None
) -> None:
    tables = f"{BIGQUERY_PATH}/datasets/{dataset}/tables"
    both = [{"name": "a", "type": "INT64", "mode": "REQUIRED"}, {"name": "b", "type": "STRING"}]
    enabled.done("POST", tables, {"tableReference": {"tableId": "t"}, "schema": {"fields": both}})
    answer = enabled.call(method, f"{tables}/t", {"schema": {"fields": fields}})
    assert answer.status_code == (200 if refused is None else 400), answer.text
    if refused is not None:
        assert (
            f"Provided Schema does not match Table {PROJECT}:{dataset}.t. {refused}"
            in answer.json()["error"]["message"]
        )
    assert [one["name"].lower() for one in enabled.done("GET", f"{tables}/t")["schema"]["fields"]] == ["a", "b"]


@pytest.mark.parametrize("dropped_over_rest", [True, False])
def test_a_table_made_again_under_the_same_name_starts_without_grants(chain: Chain, dropped_over_rest: bool) -> None:
    users = f"{chain.tables_path}/users"
    assert chain.google.done("POST", f"{users}:getIamPolicy")["bindings"]
    if dropped_over_rest:
        chain.google.done("DELETE", users)
    else:
        run(chain.google, chain.sql("DROP TABLE {users}"))
    assert chain.google.call("POST", f"{users}:getIamPolicy").status_code == 404
    assert users.removeprefix("/bigquery/v2/") not in chain.google.done("GET", "/_local/resources")["policies"]
    if dropped_over_rest:
        run(chain.google, chain.sql("CREATE TABLE {users} (user_id INT64)"))
    else:
        body = {"tableReference": {"tableId": "users"}, "schema": {"fields": [{"name": "user_id", "type": "INT64"}]}}
        chain.google.done("POST", chain.tables_path, body)
    assert "bindings" not in chain.google.done("POST", f"{users}:getIamPolicy")


def test_a_view_made_over_rest_or_by_statement_can_be_deleted(chain: Chain) -> None:
    run(chain.google, chain.sql("CREATE VIEW `{dataset}.by_ddl` AS SELECT name FROM {users}"))
    view = {"query": chain.sql("SELECT name FROM {users}"), "useLegacySql": False}
    reference = {"projectId": PROJECT, "datasetId": chain.dataset, "tableId": "by_rest"}
    chain.google.done("POST", chain.tables_path, {"tableReference": reference, "view": view})
    for name in ("by_ddl", "by_rest"):
        assert "users" in chain.google.done("GET", f"{chain.tables_path}/{name}")["view"]["query"]
        assert len(run(chain.google, chain.sql(f"SELECT * FROM `{{dataset}}.{name}`"))["rows"]) == 3
        chain.google.done("DELETE", f"{chain.tables_path}/{name}")
        assert chain.google.call("GET", f"{chain.tables_path}/{name}").status_code == 404


def test_a_query_setting_that_is_not_understood_is_refused(enabled: Google) -> None:
    assert query(enabled, "SELECT 1").status_code == 200
    for settings in (
        {"useLegacySql": True},
        {"useLegacySql": None},
        {"destinationTable": {"tableId": "x"}},
        {"createSession": True},
        {"maximumBytesBilled": "many"},
        {"query": ""},
    ):
        assert query(enabled, "SELECT 1", **settings).status_code in {400, 501}, settings


def test_a_job_id_can_be_used_once(enabled: Google) -> None:
    job = {
        "jobReference": {"jobId": f"job-{secrets.token_hex(6)}"},
        "configuration": {"query": {"query": "SELECT 1", "useLegacySql": False}},
    }
    first = enabled.done("POST", f"{BIGQUERY_PATH}/jobs", job)
    assert (first["status"]["state"], first["jobReference"]["location"]) == ("DONE", "US")
    assert enabled.call("POST", f"{BIGQUERY_PATH}/jobs", job).status_code == 409
    assert enabled.call("POST", f"{BIGQUERY_PATH}/jobs", {"configuration": {"load": {}}}).status_code == 501
    listed = enabled.done("GET", f"{BIGQUERY_PATH}/jobs?projection=full")["jobs"]
    assert first["id"] in [entry["id"] for entry in listed]


def test_a_null_clears_a_text_and_leaves_the_schema_as_bq_means_it(enabled: Google, dataset: str) -> None:
    tables = f"{BIGQUERY_PATH}/datasets/{dataset}/tables"
    fields = [{"name": "a", "type": "INTEGER"}]
    enabled.done("POST", tables, {"tableReference": {"tableId": "t"}, "schema": {"fields": fields}})
    kept: dict[str, Any] = {"schema": None, "description": "new", "labels": {}, "resourceTags": {}}
    assert enabled.done("PATCH", f"{tables}/t", kept)["description"] == "new"
    changed = enabled.done("PATCH", f"{tables}/t", {"description": None})
    assert not changed.get("description")
    assert changed["schema"]["fields"][0]["name"] == "a"


@pytest.mark.usefixtures("as_function")
def test_row_access_policies_are_listed_as_none_and_can_not_be_made(chain: Chain) -> None:
    path = f"{chain.tables_path}/users/rowAccessPolicies"
    assert chain.google.done("GET", path) == {"rowAccessPolicies": []}
    assert chain.google.call("GET", f"{chain.tables_path}/never/rowAccessPolicies").status_code == 404
    refused = chain.google.call("POST", path, {"filterPredicate": "TRUE"})
    assert (refused.status_code, "not served here" in refused.json()["error"]["message"]) == (501, True)
    chain.grant(f"/v1/projects/{PROJECT}", VIEWER, MEMBER)
    denied = chain.google.call("GET", path, token=token_of(chain.credentials()))
    assert (denied.status_code, "bigquery.rowAccessPolicies.list" in denied.text) == (403, True)


@pytest.mark.parametrize("name", ["a", "été 1"])
def test_a_required_column_is_never_null_until_it_is_relaxed(enabled: Google, dataset: str, name: str) -> None:
    tables, where = f"{BIGQUERY_PATH}/datasets/{dataset}/tables", f"`{PROJECT}.{dataset}.t`"
    columns = [{"name": name, "type": "INTEGER", "mode": "REQUIRED"}, {"name": "b", "type": "STRING"}]
    enabled.done("POST", tables, {"tableReference": {"tableId": "t"}, "schema": {"fields": columns}})
    run(enabled, f"INSERT INTO {where} (`{name}`) VALUES (1)")
    for sql in (f"INSERT INTO {where} (b) VALUES ('x')", f"UPDATE {where} SET `{name}` = NULL WHERE TRUE"):
        refused = query(enabled, sql)
        assert (refused.status_code, "Required field" in refused.json()["error"]["message"]) == (400, True), (
            refused.text
        )
    rows = enabled.done("POST", f"{tables}/t/insertAll", {"rows": [{"json": {"b": "x"}}]})
    assert rows["insertErrors"][0]["errors"][0]["message"] == f"Missing required field: {name}."
    relaxed = [{**columns[0], "mode": "NULLABLE"}, columns[1]]
    assert enabled.done("PATCH", f"{tables}/t", {"schema": {"fields": relaxed}})["schema"]["fields"][0] == relaxed[0]
    run(enabled, f"INSERT INTO {where} (b) VALUES ('x')")
    assert enabled.done("POST", f"{tables}/t/insertAll", {"rows": [{"json": {"b": "y"}}]}).get("insertErrors") is None


def test_a_table_is_gone_when_its_time_is_over(enabled: Google, dataset: str) -> None:
    path, hour = f"{BIGQUERY_PATH}/datasets/{dataset}", 3_600_000
    enabled.done("PATCH", path, {"defaultTableExpirationMs": str(hour), "defaultPartitionExpirationMs": str(hour)})
    columns = {"fields": [{"name": "dt", "type": "DATE"}]}
    by_day = {"timePartitioning": {"type": "DAY", "field": "dt"}}
    made = {
        name: enabled.done("POST", f"{path}/tables", {"tableReference": {"tableId": name}, "schema": columns, **more})
        for name, more in (("usual", {}), ("never", {"expirationTime": "4102444800000"}), ("parts", by_day))
    }
    run(enabled, f"CREATE TABLE {dataset}.stated (a INT64)")
    made["stated"] = enabled.done("GET", f"{path}/tables/stated")
    lives = {name: int(table.get("expirationTime", 0)) - int(table["creationTime"]) for name, table in made.items()}
    assert abs(lives["usual"] - hour) < 60_000
    assert abs(lives["stated"] - hour) < 60_000
    assert (made["never"]["expirationTime"], "expirationTime" in made["parts"]) == ("4102444800000", False)
    assert made["parts"]["timePartitioning"]["expirationMs"] == str(hour)
    late = str(int(made["stated"]["expirationTime"]) + hour)
    assert enabled.done("PATCH", f"{path}/tables/stated", {"expirationTime": late})["expirationTime"] == late
    enabled.clock.ahead += timedelta(milliseconds=hour + 60_000)
    assert enabled.call("GET", f"{path}/tables/usual").status_code == 404
    assert query(enabled, f"SELECT dt FROM {dataset}.usual").status_code == 404
    listed = enabled.done("GET", f"{path}/tables")["tables"]
    assert {table["tableReference"]["tableId"] for table in listed} == {"never", "parts", "stated"}
    enabled.done("POST", f"{path}/tables", {"tableReference": {"tableId": "usual"}, "schema": columns})


@pytest.mark.parametrize(
    "more",
    [{"expirationTime": "4102444800000"}, {"timePartitioning": {"type": "DAY"}}, {"clustering": {"fields": ["a"]}}],
)
def test_a_view_has_nothing_that_only_a_table_has(enabled: Google, dataset: str, more: dict[str, Any]) -> None:
    tables = f"{BIGQUERY_PATH}/datasets/{dataset}/tables"
    view = {"view": {"query": "SELECT 1 AS a", "useLegacySql": False}}
    described = {"schema": {"fields": [{"name": "a", "type": "INTEGER", "description": "one"}]}}
    assert enabled.call("POST", tables, {"tableReference": {"tableId": "v"}, **view, **more}).status_code == 400
    made = enabled.done("POST", tables, {"tableReference": {"tableId": "v"}, **view, **described})
    assert made["schema"]["fields"][0]["description"] == "one"
    assert enabled.call("PATCH", f"{tables}/v", more).status_code == 400
