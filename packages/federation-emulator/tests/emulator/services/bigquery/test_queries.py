"""The end of the chain with the real client: rows for a holder of both roles, a refusal without either."""

from __future__ import annotations

import pytest
from google.api_core.exceptions import BadRequest, Forbidden

from federation_emulator.core.trace import Link
from tests.emulator.chain import BIGQUERY_PATH, Chain, Keys
from tests.emulator.services.bigquery.asking import MEMBER, VIEWER, query, rows, run

pytestmark = pytest.mark.usefixtures("as_function")


def read(chain: Chain, sql: str) -> list[tuple[object, ...]]:
    with chain.client() as client:
        return rows(client, chain.sql(sql))


def test_the_role_reads_the_rows_of_the_granted_table(chain: Chain) -> None:
    assert read(chain, "SELECT user_id, name FROM {users}") == [(n, f"users-{n}") for n in (1, 2, 3)]
    links = [d.link for d in chain.google.decisions()]
    assert links[-4:] == [Link.TOKEN_EXCHANGE, Link.IMPERSONATION, Link.JOB, Link.TABLE]
    exchange, impersonation, job, table = chain.google.decisions()[-4:]
    assert (impersonation.parent, job.parent, table.parent) == (exchange.id, impersonation.id, job.id)


def test_a_view_that_is_changed_is_judged_by_what_it_reads_now(chain: Chain) -> None:
    make = "CREATE OR REPLACE VIEW `{dataset}.window` AS SELECT name FROM "
    run(chain.google, chain.sql(make + "{users}"))
    chain.grant(f"{chain.tables_path}/window", VIEWER, MEMBER)
    assert read(chain, "SELECT * FROM `{dataset}.window`") == [(f"users-{n}",) for n in (1, 2, 3)]
    run(chain.google, chain.sql(make + "{secrets}"))
    with pytest.raises(Forbidden, match=r"permission to query table .*secrets"):
        read(chain, "SELECT * FROM `{dataset}.window`")


def test_a_job_is_read_by_its_creator_and_an_administrator_only(chain: Chain, role_keys: Keys) -> None:
    assert role_keys.token
    job_id = run(chain.google, chain.sql("SELECT name FROM {secrets}"))["jobReference"]["jobId"]
    credentials = chain.credentials()
    with chain.client(credentials) as client:
        list(client.query_and_wait(chain.sql("SELECT 1 FROM {users}")))
    for path in (f"{BIGQUERY_PATH}/queries/{job_id}", f"{BIGQUERY_PATH}/jobs/{job_id}"):
        assert chain.google.call("GET", path).status_code == 200
        assert chain.google.call("GET", path, token=credentials.token).status_code == 403


def test_a_missing_table_is_not_found_only_for_who_may_know(chain: Chain) -> None:
    with pytest.raises(Forbidden, match=r"or perhaps it does not exist"):
        read(chain, "SELECT * FROM `{dataset}.nothing`")
    answered = query(chain.google, chain.sql("SELECT * FROM `{dataset}.nothing`"))
    assert (answered.status_code, answered.json()["error"]["errors"][0]["reason"]) == (404, "notFound")


def test_a_query_that_costs_too_much_or_has_a_wrong_name_is_a_bad_request(chain: Chain) -> None:
    sql = chain.sql("SELECT user_id FROM {users}")
    with chain.client() as client:
        assert len(rows(client, sql, maximum_bytes_billed=10 * 1024 * 1024)) == 3
        with pytest.raises(BadRequest, match=r"exceeded limit for bytes billed: 1000. 10485760 or higher required"):
            rows(client, sql, maximum_bytes_billed=1000)
        with pytest.raises(BadRequest, match=r"nmae"):
            rows(client, sql.replace("user_id", "nmae"))
