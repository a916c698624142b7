"""Two projects: the one whose job it is pays, the one whose data it is grants; neither's rights count in the other."""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core.exceptions import Forbidden
from google.cloud import bigquery

from tests.emulator.chain import BIGQUERY_PATH, READER, Chain
from tests.emulator.google_server import PROJECT, SECOND_NUMBER, SECOND_PROJECT, Google
from tests.emulator.services.bigquery.asking import MEMBER, VIEWER, rows, run

pytestmark = pytest.mark.usefixtures("as_function")
SECOND = f"/v1/projects/{SECOND_PROJECT}"
SECOND_DATA = f"/bigquery/v2/projects/{SECOND_PROJECT}/datasets"
BIGQUERY = "bigquery.googleapis.com"


def enable(google: Google) -> None:
    google.done("POST", f"{SECOND}/services/{BIGQUERY}:enable", {})


def names(chain: Chain, sql: str, *, payer: str = PROJECT) -> list[Any]:
    with chain.client(project=payer) as client:
        return [name for (name,) in rows(client, chain.sql(sql))]


def twin(chain: Chain) -> str:
    """Make a dataset of the same name in the other project, with a table of one row. Returns the table's path."""
    enable(chain.google)
    reference = {"projectId": SECOND_PROJECT, "datasetId": chain.dataset}
    chain.google.done("POST", SECOND_DATA, {"datasetReference": reference})
    body = {
        "tableReference": {**reference, "tableId": "users"},
        "schema": {"fields": [{"name": "name", "type": "STRING"}]},
    }
    tables = f"{SECOND_DATA}/{chain.dataset}/tables"
    chain.google.done("POST", tables, body)
    chain.google.done("POST", f"{tables}/users/insertAll", {"rows": [{"json": {"name": "second"}}]})
    return f"{tables}/users"


def test_another_project_pays_only_for_who_may_create_jobs_there(chain: Chain) -> None:
    with pytest.raises(Forbidden, match=r"has not been used in project 222222222222"):
        names(chain, "SELECT name FROM {users}", payer=SECOND_PROJECT)
    enable(chain.google)
    with pytest.raises(Forbidden, match=r"bigquery.jobs.create permission in project second-project"):
        names(chain, "SELECT name FROM {users}", payer=SECOND_PROJECT)
    chain.grant(SECOND, "roles/bigquery.jobUser", MEMBER)
    for payer in (SECOND_PROJECT, SECOND_NUMBER):
        assert len(names(chain, "SELECT name FROM {users}", payer=payer)) == 3
    with pytest.raises(Forbidden, match=r"permission to query table local-keyless:.*secrets"):
        names(chain, "SELECT name FROM {secrets}", payer=SECOND_PROJECT)
    with pytest.raises(Forbidden, match=r"bigquery.jobs.create permission in project third-project"):
        names(chain, "SELECT name FROM {users}", payer="third-project")


def test_rights_on_a_table_are_none_on_its_namesake_in_another_project(chain: Chain) -> None:
    table = twin(chain)
    sql = "SELECT name FROM `second-project.{name}.users`".replace("{name}", chain.dataset)
    with pytest.raises(Forbidden, match=rf"permission to query table {SECOND_PROJECT}:"):
        names(chain, sql)
    chain.grant(table, VIEWER, MEMBER)
    assert names(chain, sql) == ["second"]
    chain.revoke(f"{chain.tables_path}/users", VIEWER, MEMBER)
    assert names(chain, sql) == ["second"]
    with pytest.raises(Forbidden, match=rf"permission to query table {PROJECT}:"):
        names(chain, "SELECT name FROM {users}")


def test_a_role_on_one_project_opens_no_dataset_of_another(chain: Chain) -> None:
    table = twin(chain)
    chain.grant(f"/v1/projects/{PROJECT}", "roles/bigquery.admin", MEMBER)
    with chain.client() as client:
        assert [entry.dataset_id for entry in client.list_datasets(SECOND_PROJECT)] == []
        with pytest.raises(Forbidden, match=r"bigquery.tables.get denied on table second-project:"):
            client.get_table(f"{SECOND_PROJECT}.{chain.dataset}.users", retry=None)
        chain.grant(SECOND, "roles/bigquery.metadataViewer", MEMBER)
        assert chain.dataset in [entry.dataset_id for entry in client.list_datasets(SECOND_PROJECT)]
        assert client.get_table(f"{SECOND_PROJECT}.{chain.dataset}.users").num_rows == 1
    listed = chain.google.call("GET", f"{table}/data", token=client._credentials.token)
    assert (listed.status_code, "getData denied" in listed.text) == (403, True)


def test_a_job_is_found_in_its_own_project_and_location_only(chain: Chain) -> None:
    enable(chain.google)
    chain.grant(SECOND, "roles/bigquery.jobUser", MEMBER)
    with chain.client(project=SECOND_PROJECT) as client:
        job = client.query(chain.sql("SELECT name FROM {users}"), job_retry=None)
        assert (job.project, job.location, len(list(job.result()))) == (SECOND_PROJECT, "US", 3)
        assert isinstance(client.get_job(job.job_id, location="US"), bigquery.QueryJob)
        assert [each.job_id for each in client.list_jobs()] == [job.job_id]
    path = f"/bigquery/v2/projects/{SECOND_PROJECT}/jobs/{job.job_id}"
    assert chain.google.call("GET", f"{path}?location=US").json()["user_email"] == READER
    assert chain.google.call("GET", f"{path}?location=EU").status_code == 404
    assert chain.google.call("GET", f"{BIGQUERY_PATH}/jobs/{job.job_id}").status_code == 404


def test_an_authorised_view_of_another_project_reads_here(chain: Chain) -> None:
    twin(chain)
    text = "CREATE VIEW `{second}.{name}.window` AS SELECT name FROM {secrets}".replace("{name}", chain.dataset)
    view = {"projectId": SECOND_PROJECT, "datasetId": chain.dataset, "tableId": "window"}
    sql = chain.sql(text.replace("{second}", SECOND_PROJECT))
    run(chain.google, sql)
    chain.grant(f"{SECOND_DATA}/{chain.dataset}/tables/window", VIEWER, MEMBER)
    through = "SELECT name FROM `second-project.{name}.window`".replace("{name}", chain.dataset)
    with pytest.raises(Forbidden, match=r"permission to query table .*secrets"):
        names(chain, through)
    chain.google.done("PATCH", f"{BIGQUERY_PATH}/datasets/{chain.dataset}", {"access": [{"view": view}]})
    assert len(names(chain, through)) == 3
