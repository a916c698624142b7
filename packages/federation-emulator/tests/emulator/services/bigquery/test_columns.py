"""Which protected columns a statement reads; and, over HTTP, who may read one."""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core.exceptions import BadRequest, Forbidden

from federation_emulator.core.trace import Part
from federation_emulator.services.bigquery.model import DatasetName
from federation_emulator.services.bigquery.sql import UnreadableSqlError
from federation_emulator.services.bigquery.sql.columns import find_protected
from federation_emulator.services.bigquery.sql.tasks import FindProtected, TableColumns
from federation_emulator.services.bigquery.sql.writing import Writing
from tests.emulator.chain import BIGQUERY_PATH, Chain
from tests.emulator.google_server import PROJECT
from tests.emulator.services.bigquery.asking import MEMBER, VIEWER, query, rows, run

TAG = f"projects/{PROJECT}/locations/us/taxonomies/12/policyTags/34"
DATASET = DatasetName(project=PROJECT, dataset="ds")
USER_ID = {"name": "user_id", "type": "INT64"}
USERS, OTHER, VIEW = (DATASET.table(name) for name in ("users", "other", "view"))
SCHEMAS = {USERS: ("user_id", "name", "Pin"), OTHER: ("user_id", "pin"), VIEW: ("user_id",)}


def read(sql: str) -> list[str]:
    columns = tuple(
        TableColumns(table=table, columns=tuple((name, "STRING") for name in names)) for table, names in SCHEMAS.items()
    )
    found = find_protected(
        FindProtected(sql=sql, writing=Writing(project=PROJECT), columns=columns, protected=((USERS, "pin"),))
    )
    return [f"{table.table}.{column}" for table, column in found]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT user_id FROM ds.users",
        "SELECT * EXCEPT (pin) FROM ds.users",
        "SELECT * REPLACE ('x' AS pin) FROM ds.users",
        "SELECT COUNT(*) FROM ds.users",
        "SELECT o.pin, u.user_id FROM ds.users u JOIN ds.other o ON u.user_id = o.user_id",
        "SELECT user_id FROM ds.users u JOIN ds.view USING (user_id)",
        "WITH x AS (SELECT user_id FROM ds.users) SELECT * FROM x",
        "SELECT s.user_id FROM (SELECT user_id FROM `local-keyless.ds.users`) s",
        "SELECT user_id FROM ds.users, UNNEST([1]) x",
        "SELECT user_id FROM ds.users u WHERE EXISTS (SELECT 1 FROM ds.other o WHERE o.user_id = u.user_id)",
        "SELECT * FROM (SELECT user_id, name FROM ds.users) PIVOT (COUNT(name) FOR user_id IN (1))",
        "INSERT INTO ds.users (user_id, pin) VALUES (1, 'x')",
        "INSERT INTO ds.users SELECT user_id, 'a', pin FROM ds.other",
        "CREATE TABLE ds.n AS SELECT user_id FROM ds.users",
        "UPDATE ds.users SET name = 'x' WHERE user_id = 1",
        "DROP TABLE ds.users",
        "ALTER TABLE ds.users DROP COLUMN pin",
    ],
)
def test_a_statement_that_leaves_the_column_alone_does_not_read_it(sql: str) -> None:
    assert read(sql) == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT pin FROM ds.users",
        "SELECT PIN FROM ds.users",
        "SELECT ds.users.pin FROM ds.users",
        "SELECT * FROM ds.users",
        "SELECT u.* FROM ds.users u",
        "SELECT AS STRUCT * FROM ds.users",
        "SELECT u FROM ds.users u",
        "SELECT TO_JSON_STRING(users) FROM ds.users",
        "SELECT STRUCT(u.*) FROM ds.users u",
        "WITH x AS (SELECT u AS r FROM ds.users u) SELECT r.pin FROM x",
        "SELECT 1 FROM ds.users u JOIN ds.other o USING (pin)",
        "SELECT 1 FROM ds.users WHERE pin IS NULL",
        "SELECT user_id FROM ds.users ORDER BY pin",
        "SELECT user_id FROM ds.users GROUP BY user_id, pin",
        "SELECT user_id FROM ds.users QUALIFY ROW_NUMBER() OVER (ORDER BY pin) = 1",
        "SELECT user_id FROM ds.users PIVOT (COUNT(name) FOR user_id IN (1))",
        "SELECT user_id FROM ds.users UNPIVOT (x FOR y IN (name, pin))",
        "SELECT user_id, x FROM ds.users, UNNEST([pin]) x",
        "SELECT user_id FROM (SELECT * FROM ds.users)",
        "SELECT user_id FROM ds.other WHERE pin IN (SELECT pin FROM ds.users)",
        "SELECT (SELECT pin) FROM ds.users",
        "SELECT name FROM ds.users UNION ALL SELECT pin FROM ds.users",
        "INSERT INTO ds.other SELECT user_id, pin FROM ds.users",
        "INSERT INTO ds.other (user_id, pin) VALUES (1, (SELECT MAX(pin) FROM ds.users))",
        "CREATE TABLE ds.n AS SELECT * FROM ds.users",
        "CREATE TABLE ds.n CLONE ds.users",
        "CREATE TABLE ds.n LIKE ds.users",
        "CREATE VIEW ds.n AS SELECT pin FROM ds.users",
        "UPDATE ds.other SET pin = u.pin FROM ds.users u WHERE TRUE",
        "UPDATE ds.other SET pin = TO_JSON_STRING(u) FROM ds.users u WHERE TRUE",
        "DELETE FROM ds.users WHERE pin = '1'",
        "MERGE ds.other USING ds.users ON FALSE WHEN NOT MATCHED THEN INSERT ROW",
    ],
)
def test_a_statement_that_may_read_the_column_reads_it(sql: str) -> None:
    assert read(sql) == ["users.pin"]


def test_columns_that_can_not_be_resolved_are_refused_where_some_are_protected() -> None:
    with pytest.raises(UnreadableSqlError, match=r"every column must be found"):
        read("SELECT nope FROM ds.users")


def protect(chain: Chain, tag: str | None = TAG) -> None:
    """Set or take away the tag of the column ``name``, as the gcp plugin does."""
    names = [tag] if tag else []
    fields = [
        {"name": "user_id", "type": "INT64"},
        {"name": "name", "type": "STRING", "policyTags": {"names": names}},
    ]
    chain.google.done("PATCH", f"{chain.tables_path}/users", {"schema": {"fields": fields}})


@pytest.mark.usefixtures("as_function")
def test_a_column_with_a_policy_tag_is_read_only_with_fine_grained_access(chain: Chain) -> None:
    protect(chain)
    denied = rf'protected by policy tag "12 : 34" on column {PROJECT}\.{chain.dataset}\.users\.name\.'
    with chain.client() as client:
        for sql in ("SELECT * FROM {users}", "SELECT name FROM {users}", "SELECT 1 FROM {users} WHERE name = 'x'"):
            with pytest.raises(Forbidden, match=denied):
                rows(client, chain.sql(sql))
        assert len(rows(client, chain.sql("SELECT user_id FROM {users}"))) == 3
        table = client.get_table(f"{PROJECT}.{chain.dataset}.users")
        with pytest.raises(Forbidden, match=denied):
            list(client.list_rows(table, retry=None))
        assert len(list(client.list_rows(table, selected_fields=table.schema[:1]))) == 3
        refused = chain.google.last_refusal()
        assert refused.refusal is not None
        assert refused.refusal.part is Part.PERMISSION
        assert refused.refusal.expected == f"roles/datacatalog.categoryFineGrainedReader for {MEMBER} on {TAG}"
        chain.grant(f"/v1/projects/{PROJECT}", "roles/datacatalog.categoryFineGrainedReader", MEMBER)
        assert len(rows(client, chain.sql("SELECT * FROM {users}"))) == 3


@pytest.mark.usefixtures("as_function")
def test_a_view_does_not_open_a_protected_column_not_even_an_authorised_one(chain: Chain) -> None:
    view = {"projectId": PROJECT, "datasetId": chain.dataset, "tableId": "window"}
    run(chain.google, chain.sql("CREATE VIEW `{dataset}.window` AS SELECT * FROM {users}"))
    chain.grant(f"{chain.tables_path}/window", VIEWER, MEMBER)
    chain.google.done("PATCH", f"{BIGQUERY_PATH}/datasets/{chain.dataset}", {"access": [{"view": view}]})
    with chain.client() as client:
        assert len(rows(client, chain.sql("SELECT name FROM `{dataset}.window`"))) == 3
        protect(chain)
        with pytest.raises(Forbidden, match=r"protected by policy tag"):
            rows(client, chain.sql("SELECT name FROM `{dataset}.window`"))
        with pytest.raises(BadRequest, match=r"every column must be found in a table"):
            rows(client, chain.sql("SELECT nmae FROM {users}"))


def test_an_owner_holds_no_fine_grained_access(chain: Chain) -> None:
    protect(chain)
    assert query(chain.google, chain.sql("SELECT name FROM {users}")).status_code == 403
    protect(chain, None)
    assert query(chain.google, chain.sql("SELECT name FROM {users}")).status_code == 200


def test_a_tag_stays_until_it_is_taken_away_and_no_namesake_inherits_it(chain: Chain) -> None:
    def tags() -> list[Any]:
        fields = chain.google.done("GET", f"{chain.tables_path}/users")["schema"]["fields"]
        return [field.get("policyTags", {}).get("names") for field in fields]

    protect(chain)
    plain = [USER_ID, {"name": "name", "type": "STRING"}]
    chain.google.done("PUT", f"{chain.tables_path}/users", {"schema": {"fields": plain}})
    assert tags() == [None, [TAG]]
    for sql in ("ALTER TABLE {users} DROP COLUMN name", "ALTER TABLE {users} ADD COLUMN name STRING"):
        run(chain.google, chain.sql(sql))
    assert tags() == [None, None]
    protect(chain)
    run(chain.google, chain.sql("CREATE OR REPLACE TABLE {users} AS SELECT 1 AS user_id, 'x' AS name"))
    assert tags() == [None, None]


def test_a_tag_must_be_one(chain: Chain) -> None:
    for field, status in (
        ({"policyTags": {"names": []}}, 200),
        ({"policyTags": {"names": [TAG]}}, 200),
        ({"policyTags": {"names": [TAG, TAG]}}, 400),
        ({"policyTags": {"names": ["not a tag"]}}, 400),
        ({"policyTags": []}, 400),
        ({"dataPolicies": [{"name": "x"}]}, 501),
    ):
        body = {"schema": {"fields": [USER_ID, {"name": "name", "type": "STRING", **field}]}}
        assert chain.google.call("PATCH", f"{chain.tables_path}/users", body).status_code == status, field


@pytest.mark.usefixtures("as_function")
def test_who_may_only_edit_may_not_tag(chain: Chain) -> None:
    chain.grant(f"{chain.tables_path}/users", "roles/bigquery.dataEditor", MEMBER)
    body = {"schema": {"fields": [USER_ID, {"name": "name", "type": "STRING", "policyTags": {"names": [TAG]}}]}}
    with chain.client() as client:
        client.get_table(f"{PROJECT}.{chain.dataset}.users")
        refused = chain.google.call("PATCH", f"{chain.tables_path}/users", body, token=client._credentials.token)
        assert (refused.status_code, "bigquery.tables.setCategory denied" in refused.text) == (403, True)
        chain.grant(f"{chain.tables_path}/users", "roles/bigquery.dataOwner", MEMBER)
        assert chain.google.call("PATCH", f"{chain.tables_path}/users", body, token=client._credentials.token).ok


@pytest.mark.usefixtures("as_function")
def test_columns_with_one_policy_tag_are_refused_together(chain: Chain) -> None:
    chain.grant(f"/v1/projects/{PROJECT}", VIEWER, MEMBER)
    fields = chain.google.done("GET", f"{chain.tables_path}/users")["schema"]["fields"]
    tagged = [{**field, "policyTags": {"names": [TAG]}} for field in fields]
    chain.google.done("PATCH", f"{chain.tables_path}/users", {"schema": {"fields": tagged}})
    users = f"{PROJECT}.{chain.dataset}.users"
    with chain.client() as client, pytest.raises(Forbidden, match=rf"on columns {users}\.name, {users}\.user_id\."):
        rows(client, chain.sql("SELECT * FROM {users}"))


@pytest.mark.parametrize(("other", "status"), [(TAG, 200), (f"{TAG}5", 501)])
def test_a_column_has_one_tag_inside_and_never_another_that_its_reader_would_pass(
    chain: Chain, other: str, status: int
) -> None:
    inner = [
        {"name": name, "type": "STRING", "policyTags": {"names": [tag]}} for name, tag in (("x", TAG), ("y", other))
    ]
    reference = {"projectId": PROJECT, "datasetId": chain.dataset, "tableId": "nested"}
    body = {"tableReference": reference, "schema": {"fields": [{"name": "r", "type": "RECORD", "fields": inner}]}}
    assert chain.google.call("POST", chain.tables_path, body).status_code == status
