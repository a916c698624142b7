"""The details that real clients lean on: pages, parameters, dry runs, etags, locations, and the form of a refusal."""

from __future__ import annotations

import pytest
from google.api_core.exceptions import PreconditionFailed
from google.cloud import bigquery

from tests.emulator.chain import BIGQUERY_PATH, Chain, make_table
from tests.emulator.google_server import PROJECT, Google
from tests.emulator.services.bigquery.asking import MEMBER, NEVER, run


@pytest.mark.usefixtures("as_function")
def test_the_rows_of_a_query_come_page_by_page_and_the_last_page_says_so(chain: Chain) -> None:
    sql = chain.sql("SELECT user_id FROM {users} ORDER BY user_id")
    with chain.client() as client:
        assert [row.user_id for row in client.query_and_wait(sql, page_size=2, **NEVER)] == [1, 2, 3]
        job = client.query(sql, job_retry=None)
        pages = [[row.user_id for row in page] for page in job.result(page_size=2).pages]
        assert pages == [[1, 2], [3]]
        job = client.query(sql, job_retry=None)
        assert [row.user_id for row in job.result(start_index=1, max_results=1)] == [2]
        assert [row.user_id for row in client.list_rows(f"{PROJECT}.{chain.dataset}.users", page_size=1)] == [1, 2, 3]


def test_a_page_of_large_rows_has_fewer_of_them_and_no_row_is_lost(chain: Chain) -> None:
    sql = "SELECT n, REPEAT('x', 1000000) AS text FROM UNNEST(GENERATE_ARRAY(1, 25)) AS n ORDER BY n"
    first = run(chain.google, sql)
    assert 1 <= len(first["rows"]) <= 10
    numbers, page = [], first
    path = f"{BIGQUERY_PATH}/queries/{first['jobReference']['jobId']}"
    while True:
        numbers += [int(row["f"][0]["v"]) for row in page["rows"]]
        if "pageToken" not in page:
            break
        page = chain.google.done("GET", f"{path}?pageToken={page['pageToken']}")
    assert numbers == list(range(1, 26))


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_a_number_that_json_has_not_is_written_as_text(enabled: Google, value: str) -> None:
    ((cell,),) = (row["f"] for row in run(enabled, f"SELECT CAST('{value}' AS FLOAT64) AS a")["rows"])
    assert str(float(cell["v"])) == value


def test_every_list_comes_in_pages_without_a_token_on_the_last(chain: Chain) -> None:
    make_table(chain.google, chain.dataset, "third")
    for _ in range(3):
        run(chain.google, "SELECT 1")
    for path, key, token in (
        (chain.tables_path, "tables", "nextPageToken"),
        (f"{BIGQUERY_PATH}/jobs", "jobs", "nextPageToken"),
        (f"{chain.tables_path}/users/data", "rows", "pageToken"),
    ):
        first = chain.google.done("GET", f"{path}?maxResults=2")
        assert len(first[key]) == 2
        rest = chain.google.done("GET", f"{path}?maxResults=200&pageToken={first[token]}")
        assert len(rest[key]) >= 1
        assert token not in rest
    assert chain.google.done("GET", chain.tables_path)["totalItems"] == 3


def test_a_page_token_or_field_that_there_is_not_is_refused(chain: Chain) -> None:
    job = run(chain.google, "SELECT 1")["jobReference"]["jobId"]
    data = f"{chain.tables_path}/users/data"
    for wrong in ("pageToken=x", "pageToken=-1", "maxResults=many", "startIndex=1.5"):
        for path in (f"{BIGQUERY_PATH}/queries/{job}", data):
            assert chain.google.call("GET", f"{path}?{wrong}").status_code == 400, wrong
    for fields in ('name" FROM "x"."secrets" --', "nothing", "user_id,nothing"):
        assert chain.google.call("GET", data, params={"selectedFields": fields}).status_code == 400, fields
    chosen = chain.google.call("GET", data, params={"selectedFields": "NAME"}).json()
    assert chosen["rows"][0] == {"f": [{"v": "users-1"}]}


@pytest.mark.usefixtures("as_function")
def test_a_dry_run_says_what_would_be_read_and_changes_nothing(chain: Chain) -> None:
    dry = bigquery.QueryJobConfig(dry_run=True, use_query_cache=False)
    with chain.client() as client:
        job = client.query(chain.sql("SELECT u.name FROM {users} u"), job_config=dry, job_retry=None)
        assert (job.state, job.statement_type, job.total_bytes_processed) == ("DONE", "SELECT", 0)
        assert [table.table_id for table in job.referenced_tables] == ["users"]
        assert [field.name for field in job.schema] == ["name"]
    drop = {"query": chain.sql("DROP TABLE {users}"), "useLegacySql": False}
    for kind, body in (
        ("queries", {**drop, "dryRun": True}),
        ("jobs", {"configuration": {"dryRun": True, "query": drop}}),
    ):
        chain.google.done("POST", f"{BIGQUERY_PATH}/{kind}", body)
        assert chain.google.done("GET", f"{chain.tables_path}/users")["numRows"] == "3"


def test_what_is_not_offered_says_so_and_does_nothing(chain: Chain) -> None:
    target = {"projectId": PROJECT, "datasetId": chain.dataset, "tableId": "made"}
    plain = {"query": "SELECT 1 AS a", "useLegacySql": False}
    source = {"projectId": PROJECT, "datasetId": chain.dataset, "tableId": "users"}
    for configuration in (
        {"query": {**plain, "destinationTable": target}},
        {"query": {**plain, "createSession": True}},
        {"copy": {"sourceTable": source, "destinationTable": target}},
        {"load": {"sourceUris": ["gs://x/y"], "destinationTable": target}},
        {"extract": {"sourceTable": source, "destinationUris": ["gs://x/y"]}},
    ):
        answer = chain.google.call("POST", f"{BIGQUERY_PATH}/jobs", {"configuration": configuration})
        assert (answer.status_code, "not offered" in answer.json()["error"]["message"]) == (501, True)
    assert chain.google.call("GET", f"{chain.tables_path}/made").status_code == 404


@pytest.mark.usefixtures("as_function")
def test_a_change_of_what_has_changed_since_is_refused(chain: Chain) -> None:
    name = f"{PROJECT}.{chain.dataset}"
    chain.grant(f"/v1/projects/{PROJECT}", "roles/bigquery.admin", MEMBER)
    with chain.client() as client:
        for mine, theirs, update in (
            (client.get_table(f"{name}.users"), client.get_table(f"{name}.users"), client.update_table),
            (client.get_dataset(name), client.get_dataset(name), client.update_dataset),
        ):
            theirs.description = "theirs"
            update(theirs, ["description"])
            mine.description = "mine"
            with pytest.raises(PreconditionFailed, match=r"Precondition check failed"):
                update(mine, ["description"], retry=None)
        assert client.get_table(f"{name}.users").description == "theirs"
    refused = chain.google.call("DELETE", f"{chain.tables_path}/users", headers={"If-Match": '"old"'})
    assert (refused.status_code, refused.json()["error"]["errors"][0]["reason"]) == (412, "conditionNotMet")


def test_a_table_is_shown_as_far_as_is_asked(chain: Chain) -> None:
    path = f"{chain.tables_path}/users"
    assert chain.google.done("GET", f"{path}?view=FULL")["numRows"] == "3"
    assert "numRows" not in chain.google.done("GET", f"{path}?view=BASIC")
    assert chain.google.call("GET", f"{path}?view=WHOLE").status_code == 400
    some = chain.google.done("GET", f"{path}?selectedFields=name")
    assert [field["name"] for field in some["schema"]["fields"]] == ["name"]


@pytest.mark.parametrize(
    ("token", "challenge", "reason", "message"),
    [
        (None, 'Bearer realm="https://accounts.google.com/"', "required", "Login Required."),
        (
            "local.never-issued",
            'Bearer realm="https://accounts.google.com/", error="invalid_token"',
            "authError",
            "Invalid Credentials",
        ),
    ],
)
def test_an_unknown_caller_is_refused_in_bigquerys_words(
    chain: Chain, token: str | None, challenge: str, reason: str, message: str
) -> None:
    for method, path in (("POST", f"{BIGQUERY_PATH}/queries"), ("GET", f"{chain.tables_path}/users")):
        refused = chain.google.call(method, path, token=token)
        assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, challenge)
        where = {"domain": "global", "location": "Authorization", "locationType": "header"}
        assert refused.json()["error"]["errors"] == [{"message": message, "reason": reason, **where}]
    google = chain.google.call("GET", f"/v1/projects/{PROJECT}/serviceAccounts", token=token)
    assert (google.status_code, google.headers["WWW-Authenticate"]) == (401, challenge)
