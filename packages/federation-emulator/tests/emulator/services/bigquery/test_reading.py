"""Views, wildcard tables, default datasets and ``INFORMATION_SCHEMA``: rows for who may read what they really read."""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core.exceptions import BadRequest, Forbidden
from google.cloud import bigquery

from tests.emulator.chain import BIGQUERY_PATH, READER, Chain, make_dataset, make_table
from tests.emulator.google_server import PROJECT, SECOND_PROJECT
from tests.emulator.services.bigquery.asking import MEMBER, VIEWER, query, rows, run

pytestmark = pytest.mark.usefixtures("as_function")


def fill(chain: Chain, text: str, **names: str) -> str:
    """Write the names of tables and datasets into a statement."""
    return text.format(users=chain.users, secrets=chain.secrets, dataset=chain.dataset, **names)


def authorise(chain: Chain, entry: dict[str, Any] | None) -> None:
    """Set the dataset's access list to the deployer and one more entry."""
    access = [{"role": "OWNER", "userByEmail": "deployer@local.invalid"}, *([entry] if entry else [])]
    chain.google.done("PATCH", f"{BIGQUERY_PATH}/datasets/{chain.dataset}", {"access": access})


def test_an_authorised_view_reads_on_behalf_of_its_readers_and_only_there(chain: Chain) -> None:
    shop = make_dataset(chain.google)
    run(chain.google, fill(chain, "CREATE VIEW {shop}.window AS SELECT name FROM {secrets}", shop=shop))
    run(chain.google, fill(chain, "CREATE VIEW {shop}.other AS SELECT name FROM {secrets}", shop=shop))
    for view in ("window", "other"):
        chain.grant(f"{BIGQUERY_PATH}/datasets/{shop}/tables/{view}", VIEWER, MEMBER)
    through, direct = fill(chain, "SELECT * FROM {shop}.window", shop=shop), fill(chain, "SELECT name FROM {secrets}")
    window = {"projectId": PROJECT, "datasetId": shop, "tableId": "window"}
    with chain.client() as client:
        with pytest.raises(Forbidden, match=r"permission to query table .*secrets"):
            rows(client, through)
        authorise(chain, {"view": window})
        assert rows(client, through) == [(f"secrets-{n}",) for n in (1, 2, 3)]
        for sql in (direct, fill(chain, "SELECT * FROM {shop}.other", shop=shop), f"{through} UNION ALL {direct}"):
            with pytest.raises(Forbidden, match=r"permission to query table .*secrets"):
                rows(client, sql)
        authorise(chain, None)
        with pytest.raises(Forbidden, match=r"permission to query table .*secrets"):
            rows(client, through)


def test_an_authorised_dataset_opens_for_all_its_views_but_no_namesake_of_it(chain: Chain) -> None:
    shop = make_dataset(chain.google)
    run(chain.google, fill(chain, "CREATE VIEW {shop}.window AS SELECT name FROM {secrets}", shop=shop))
    chain.grant(f"{BIGQUERY_PATH}/datasets/{shop}/tables/window", VIEWER, MEMBER)
    through = fill(chain, "SELECT * FROM {shop}.window", shop=shop)
    home = {"dataset": {"projectId": PROJECT, "datasetId": shop}, "targetTypes": ["VIEWS"]}
    with chain.client() as client:
        authorise(chain, {"dataset": home})
        assert len(rows(client, through)) == 3
        run(chain.google, fill(chain, "DROP SCHEMA {shop} CASCADE", shop=shop))
        run(chain.google, fill(chain, "CREATE SCHEMA {shop}", shop=shop))
        run(chain.google, fill(chain, "CREATE VIEW {shop}.window AS SELECT name FROM {secrets}", shop=shop))
        chain.grant(f"{BIGQUERY_PATH}/datasets/{shop}/tables/window", VIEWER, MEMBER)
        with pytest.raises(Forbidden, match=r"permission to query table .*secrets"):
            rows(client, through)


@pytest.mark.parametrize("change", [False, True])
def test_who_makes_a_view_may_read_what_it_selects_from(chain: Chain, change: bool) -> None:
    shop = make_dataset(chain.google)
    home = {"dataset": {"projectId": PROJECT, "datasetId": shop}, "targetTypes": ["VIEWS"]}
    authorise(chain, {"dataset": home})
    access = {"access": [{"role": "WRITER", "userByEmail": READER}]}
    chain.google.done("PATCH", f"{BIGQUERY_PATH}/datasets/{shop}", access)
    with chain.client() as client:
        window = bigquery.Table(f"{PROJECT}.{shop}.window")
        if change:
            window.view_query = fill(chain, "SELECT name FROM {users}")
            window = client.create_table(window)
        window.view_query = fill(chain, "SELECT name FROM {secrets}")
        with pytest.raises(Forbidden, match=r"permission to query table .*secrets"):
            client.update_table(window, ["view_query"]) if change else client.create_table(window)
        with pytest.raises(Forbidden, match=r"permission to query table .*secrets"):
            rows(client, fill(chain, "CREATE OR REPLACE VIEW {shop}.window AS SELECT name FROM {secrets}", shop=shop))
        chain.grant(f"{chain.tables_path}/secrets", VIEWER, MEMBER)
        client.update_table(window, ["view_query"]) if change else client.create_table(window)
        assert len(rows(client, fill(chain, "SELECT * FROM {shop}.window", shop=shop))) == 3


def test_a_view_of_an_authorised_view_needs_each_step(chain: Chain) -> None:
    shop = make_dataset(chain.google)
    run(chain.google, fill(chain, "CREATE VIEW {shop}.near AS SELECT name FROM {secrets}", shop=shop))
    run(chain.google, fill(chain, "CREATE VIEW {shop}.far AS SELECT name FROM {shop}.near", shop=shop))
    chain.grant(f"{BIGQUERY_PATH}/datasets/{shop}/tables/far", VIEWER, MEMBER)
    authorise(chain, {"view": {"projectId": PROJECT, "datasetId": shop, "tableId": "far"}})
    with chain.client() as client:
        with pytest.raises(Forbidden, match=r"permission to query table .*near"):
            rows(client, fill(chain, "SELECT * FROM {shop}.far", shop=shop))
        chain.grant(f"{BIGQUERY_PATH}/datasets/{shop}/tables/near", VIEWER, MEMBER)
        with pytest.raises(Forbidden, match=r"permission to query table .*secrets"):
            rows(client, fill(chain, "SELECT * FROM {shop}.far", shop=shop))
        authorise(chain, {"view": {"projectId": PROJECT, "datasetId": shop, "tableId": "near"}})
        assert len(rows(client, fill(chain, "SELECT * FROM {shop}.far", shop=shop))) == 3


def test_a_wildcard_table_needs_every_table_that_it_matches(chain: Chain) -> None:
    for table in ("day_1", "day_2"):
        make_table(chain.google, chain.dataset, table)
    chain.grant(f"{chain.tables_path}/day_1", VIEWER, MEMBER)
    one, both = f"`{chain.dataset}.day_1*`", f"`{chain.dataset}.day_*`"
    with chain.client() as client:
        assert len(rows(client, fill(chain, "SELECT name FROM {one}", one=one))) == 3
        with pytest.raises(Forbidden, match=r"permission to query table \S*\.day_\*,"):
            rows(client, fill(chain, "SELECT name FROM {both} WHERE _TABLE_SUFFIX = '1'", both=both))
        chain.grant(f"{chain.tables_path}/day_2", VIEWER, MEMBER)
        assert len(rows(client, fill(chain, "SELECT * FROM {both}", both=both))) == 6
        counted = fill(chain, "SELECT _TABLE_SUFFIX, COUNT(*) FROM {both} AS d GROUP BY 1", both=both)
        assert rows(client, counted) == [("1", 3), ("2", 3)]
        run(chain.google, fill(chain, "CREATE VIEW {dataset}.day_3 AS SELECT * FROM {users}"))
        chain.grant(f"{chain.tables_path}/day_3", VIEWER, MEMBER)
        with pytest.raises(BadRequest, match=r"Views cannot be queried through prefix"):
            rows(client, fill(chain, "SELECT name FROM {both}", both=both))


def test_that_no_table_matches_only_readers_of_the_dataset_learn(chain: Chain) -> None:
    sql = fill(chain, "SELECT * FROM `{dataset}.nothing_*`")
    with chain.client() as client, pytest.raises(Forbidden, match=r"or perhaps it does not exist"):
        rows(client, sql)
    answered = query(chain.google, sql)
    assert (answered.status_code, "does not match any table" in answered.text) == (404, True)


def test_the_metadata_of_a_dataset_needs_rights_on_the_dataset(chain: Chain) -> None:
    sql = fill(chain, "SELECT table_name FROM {dataset}.INFORMATION_SCHEMA.TABLES")
    # The other project's, which has few datasets: the tests before this one have left theirs here.
    whole = f"SELECT COUNT(*) > 0 FROM `{SECOND_PROJECT}`.INFORMATION_SCHEMA.SCHEMATA"
    second = f"/v1/projects/{SECOND_PROJECT}"
    chain.google.done("POST", f"{second}/services/bigquery.googleapis.com:enable", {})
    run(chain.google, f"CREATE SCHEMA `{SECOND_PROJECT}.{chain.dataset}`")
    with chain.client() as client:
        for refused in (sql, whole, fill(chain, "SELECT * FROM {dataset}.INFORMATION_SCHEMA.COLUMNS")):
            with pytest.raises(Forbidden, match=r"permission to query table .*INFORMATION_SCHEMA"):
                rows(client, refused)
        authorise(chain, {"role": "READER", "userByEmail": READER})
        assert rows(client, sql) == [("secrets",), ("users",)]
        with pytest.raises(Forbidden, match=r"permission to query table .*INFORMATION_SCHEMA.SCHEMATA"):
            rows(client, whole)
        chain.grant(second, "roles/bigquery.metadataViewer", MEMBER)
        assert rows(client, whole) == [(True,)]
        with pytest.raises(BadRequest, match=r"of INFORMATION_SCHEMA only .* are offered"):
            rows(client, "SELECT * FROM `region-us`.INFORMATION_SCHEMA.JOBS")


def test_a_default_dataset_gives_short_names_a_home_and_no_rights(chain: Chain) -> None:
    home = f"{PROJECT}.{chain.dataset}"
    with chain.client() as client:
        with pytest.raises(BadRequest, match=r"must be qualified with a dataset"):
            rows(client, "SELECT name FROM users")
        assert len(rows(client, "SELECT users.name FROM users", default_dataset=home)) == 3
        job = client.query(
            "SELECT name FROM users", job_config=bigquery.QueryJobConfig(default_dataset=home), job_retry=None
        )
        assert len(list(job.result())) == 3
        assert [table.table_id for table in job.referenced_tables] == ["users"]
        with pytest.raises(Forbidden, match=r"permission to query table .*secrets"):
            rows(client, "SELECT name FROM secrets", default_dataset=home)
        with pytest.raises(Forbidden):
            rows(client, "SELECT name FROM users", default_dataset=f"{PROJECT}.nowhere")


def test_a_table_is_not_changed_by_a_name_in_other_letters(chain: Chain) -> None:
    chain.google.done(
        "PATCH", f"{BIGQUERY_PATH}/datasets/{chain.dataset}", {"access": [{"role": "WRITER", "userByEmail": READER}]}
    )
    with chain.client() as client:
        for sql in (
            "DROP TABLE IF EXISTS {dataset}.SECRETS",
            "CREATE OR REPLACE TABLE {dataset}.Secrets AS SELECT 1 AS a",
        ):
            with pytest.raises(Exception, match=r"differs from .* only in case"):
                rows(client, fill(chain, sql))
        rows(client, fill(chain, "DROP TABLE {dataset}.secrets"))


def test_a_dataset_that_differs_from_another_only_in_case_is_not_made(chain: Chain) -> None:
    # The BigQuery emulator would keep its tables in the other's place, and its creator would own them.
    chain.grant(f"/v1/projects/{PROJECT}", "roles/bigquery.user", MEMBER)
    with chain.client() as client:
        for make in (
            lambda: client.create_dataset(f"{PROJECT}.{chain.dataset.upper()}", retry=None),
            lambda: rows(client, fill(chain, "CREATE SCHEMA IF NOT EXISTS {upper}", upper=chain.dataset.upper())),
        ):
            with pytest.raises(Exception, match=r"differs only in case from a dataset"):
                make()
        client.create_dataset(f"{PROJECT}.{chain.dataset.upper()}_2", retry=None)
