"""The end of the chain with the real client: rows for who holds both roles, a refusal for whoever lacks one."""

from __future__ import annotations

import pytest
from google.api_core.exceptions import BadRequest, Forbidden, NotFound
from google.cloud import bigquery

from federation_emulator.core.trace import Link
from tests.emulator.chain import BIGQUERY_PATH, READER, Chain, Keys
from tests.emulator.google_server import PROJECT

pytestmark = pytest.mark.usefixtures("as_function")
PROJECT_PATH = f"/v1/projects/{PROJECT}"
MEMBER = f"serviceAccount:{READER}"


def rows(chain: Chain, sql: str) -> list[tuple[object, ...]]:
    with chain.client() as client:
        return sorted(tuple(row.values()) for row in client.query_and_wait(sql, retry=None, job_retry=None))


def test_the_role_reads_the_rows_of_the_granted_table(chain: Chain) -> None:
    assert rows(chain, chain.sql("SELECT user_id, name FROM {users}")) == [(n, f"users-{n}") for n in (1, 2, 3)]
    links = [d.link for d in chain.google.decisions()]
    assert links[-4:] == [Link.TOKEN_EXCHANGE, Link.IMPERSONATION, Link.JOB, Link.TABLE]
    exchange, impersonation, job, table = chain.google.decisions()[-4:]
    assert (impersonation.parent, job.parent, table.parent) == (exchange.id, impersonation.id, job.id)


def test_the_job_api_reads_the_same_rows(chain: Chain) -> None:
    with chain.client() as client:
        job = client.query(chain.sql("SELECT user_id FROM {users} ORDER BY user_id"), job_retry=None)
        assert [row.user_id for row in job.result()] == [1, 2, 3]
        assert client.get_job(job.job_id, location=job.location).state == "DONE"


@pytest.mark.parametrize("over_rest", [True, False])
def test_a_view_that_is_changed_is_judged_by_what_it_reads_now(chain: Chain, over_rest: bool) -> None:
    secret, harmless = chain.sql("SELECT name FROM {secrets}"), chain.sql("SELECT name FROM {users}")
    reference = {"projectId": PROJECT, "datasetId": chain.dataset, "tableId": "window"}
    body = {"tableReference": reference, "view": {"query": harmless, "useLegacySql": False}}
    chain.google.done("POST", chain.tables_path, body)
    chain.grant(f"{chain.tables_path}/window", "roles/bigquery.dataViewer", MEMBER)
    assert rows(chain, chain.sql("SELECT * FROM `{dataset}.window`")) == [(f"users-{n}",) for n in (1, 2, 3)]
    if over_rest:
        changed = {"view": {"query": secret, "useLegacySql": False}}
        chain.google.done("PATCH", f"{chain.tables_path}/window", changed)
    else:
        sql = chain.sql("CREATE OR REPLACE VIEW `{dataset}.window` AS ") + secret
        chain.google.done("POST", f"{BIGQUERY_PATH}/queries", {"query": sql, "useLegacySql": False})
    with pytest.raises(Forbidden, match=r"permission to query table .*secrets"):
        rows(chain, chain.sql("SELECT * FROM `{dataset}.window`"))


def test_a_job_is_read_by_its_creator_and_an_administrator_only(chain: Chain, role_keys: Keys) -> None:
    assert role_keys.token
    query = {"query": chain.sql("SELECT name FROM {secrets}"), "useLegacySql": False}
    job_id = chain.google.done("POST", f"{BIGQUERY_PATH}/queries", query)["jobReference"]["jobId"]
    credentials = chain.credentials()
    with chain.client(credentials) as client:
        list(client.query_and_wait(chain.sql("SELECT 1 FROM {users}")))
    for path in (f"{BIGQUERY_PATH}/queries/{job_id}", f"{BIGQUERY_PATH}/jobs/{job_id}"):
        assert chain.google.call("GET", path).status_code == 200
        assert chain.google.call("GET", path, token=credentials.token).status_code == 403


def test_a_missing_table_is_not_found_only_for_who_may_know(chain: Chain) -> None:
    with pytest.raises(Forbidden, match=r"or perhaps it does not exist"):
        rows(chain, chain.sql("SELECT * FROM `{dataset}.nothing`"))
    body = {"query": chain.sql("SELECT * FROM `{dataset}.nothing`"), "useLegacySql": False}
    told = chain.google.call("POST", f"{BIGQUERY_PATH}/queries", body)
    assert (told.status_code, told.json()["error"]["errors"][0]["reason"]) == (404, "notFound")


def test_a_query_in_another_location_does_not_find_the_dataset(chain: Chain) -> None:
    with chain.client() as client:
        config = bigquery.QueryJobConfig()
        sql = chain.sql("SELECT user_id FROM {users}")
        assert len(list(client.query_and_wait(sql, job_config=config, location="US"))) == 3
        with pytest.raises(NotFound, match=r"was not found in location asia-northeast1"):
            client.query_and_wait(sql, location="asia-northeast1", retry=None, job_retry=None)


def test_the_cap_on_bytes_billed_is_honoured(chain: Chain) -> None:
    with chain.client() as client:
        sql = chain.sql("SELECT user_id FROM {users}")
        enough = bigquery.QueryJobConfig(maximum_bytes_billed=10 * 1024 * 1024)
        assert len(list(client.query_and_wait(sql, job_config=enough))) == 3
        little = bigquery.QueryJobConfig(maximum_bytes_billed=1000)
        with pytest.raises(BadRequest, match=r"exceeded limit for bytes billed: 1000. 10485760 or higher required"):
            client.query_and_wait(sql, job_config=little, retry=None, job_retry=None)


def test_a_wrong_query_is_a_bad_request(chain: Chain) -> None:
    with pytest.raises(BadRequest, match=r"nmae"):
        rows(chain, chain.sql("SELECT nmae FROM {users}"))
