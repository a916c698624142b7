"""What an access list, a schema and a table's body may hold; each thing taken is next to what is refused.

Sources: Google, BigQuery REST, ``datasets.access``, ``TableFieldSchema``; "Specify a schema"; "Introduction to labels".
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.emulator.chain import BIGQUERY_PATH, MEMBER, POOL_NAME, READER, Chain, LocalAccount, deploy
from tests.emulator.google_server import NUMBER, PROJECT, serving


@pytest.fixture(scope="module")
def deployed(aws_url: str, bigquery_url: str) -> Iterator[Chain]:
    """One chain for all: each test has tables of its own, or changes nothing."""
    with serving(aws_url=aws_url, bigquery_url=bigquery_url) as google:
        yield deploy(google, LocalAccount(aws_url))


def _view(**changes: str) -> dict[str, Any]:
    return {"view": {"projectId": PROJECT, "datasetId": "none", "tableId": "none", **changes}}


@pytest.mark.parametrize(
    ("entry", "status", "words"),
    [
        ({"role": "READER", "specialGroup": "allAuthenticatedUsers"}, 400, "grants nothing to"),
        ({"role": "READER", "specialGroup": "allUsers"}, 400, "grants nothing to"),
        ({"role": "READER", "iamMember": "allUsers"}, 400, "grants nothing to"),
        ({"role": "READER", "iamMember": "allAuthenticatedUsers"}, 400, "grants nothing to"),
        ({"role": "READER", "specialGroup": "projectowners"}, 400, "no specialGroup"),
        ({"role": "READER", "specialGroup": "everyone"}, 400, "no specialGroup"),
        ({"role": "READER", "userByEmail": f"no-{READER}"}, 400, "does not exist"),
        ({"role": "READER", "iamMember": f"serviceAccount:no-{READER}"}, 400, "does not exist"),
        ({"role": "READER", "iamMember": f"user:{READER}"}, 400, 'should appear as "serviceAccount:'),
        ({"role": "READER", "iamMember": READER}, 400, "unknown type"),
        ({"role": "READER", "iamMember": "robot:a@b.c"}, 400, "unknown type"),
        ({"role": "READER", "iamMember": MEMBER.replace(NUMBER, PROJECT)}, 400, "unknown type"),
        ({"role": "READER", "iamMember": "deleted:serviceAccount:a@b.c"}, 400, "unknown type"),
        ({"role": "READER", "userByEmail": "a b@c.d"}, 400, "unknown type"),
        ({"role": "READER", "userByEmail": "reader"}, 400, "unknown type"),
        ({"role": "READER", "userByEmail": "a@b.c\n"}, 400, "unknown type"),
        ({"role": "READER", "groupByEmail": "group:a@b.c"}, 400, "unknown type"),
        ({"role": "READER", "domain": "a b.c"}, 400, "unknown type"),
        ({"role": "READER", "domain": "localhost"}, 400, "unknown type"),
        ({"role": "reader", "userByEmail": "a@b.c"}, 400, "role 'reader'"),
        ({"role": "roles/bigquery.jobUser", "userByEmail": "a@b.c"}, 400, "role 'roles/bigquery.jobUser'"),
        ({"userByEmail": "a@b.c"}, 400, "role None"),
        ({"role": "READER"}, 400, "exactly one of"),
        ({"role": "READER", "userByEmail": "a@b.c", "domain": "b.c"}, 400, "exactly one of"),
        ({"role": "READER", "userByEmail": "a@b.c", "view": {}}, 400, "exactly one of"),
        ({"role": "READER", "userByEmail": "", "groupByEmail": None}, 400, "exactly one of"),
        ({"role": "READER", "userByEmail": ["a@b.c"]}, 400, "not repeating"),
        ({"role": "READER", "userByEmail": 1}, 400, "TYPE_STRING"),
        ({"role": "READER", "userByEmail": "a@b.c", "expires": "x"}, 400, "Unknown name"),
        ({"role": "READER", "userByEmail": "a@b.c", "condition": {}}, 501, "Conditions"),
        ({"role": "READER", **_view()}, 400, "must not have a role"),
        (_view(), 404, "Not found: View"),
        (_view(datasetId="a.b"), 400, "Invalid dataset ID"),
        (_view(tableId='a"b'), 400, "Invalid table ID"),
        (_view(tableId=""), 400, "Invalid table ID"),
        (_view(projectId="P"), 400, "Invalid project ID"),
        ({"routine": {"projectId": PROJECT, "datasetId": "d", "routineId": "r"}}, 501, "routines"),
        ({"dataset": {"dataset": {"projectId": PROJECT, "datasetId": "none"}}}, 400, "targetTypes"),
        (
            {"dataset": {"dataset": {"projectId": PROJECT, "datasetId": "none"}, "targetTypes": ["VIEWS"]}},
            404,
            "Not found: Dataset",
        ),
    ],
    ids=repr,
)
def test_an_access_entry_that_names_no_principal_is_refused_and_changes_nothing(
    deployed: Chain, entry: dict[str, Any], status: int, words: str
) -> None:
    path = f"{BIGQUERY_PATH}/datasets/{deployed.dataset}"
    before = deployed.google.done("GET", path)
    refused = deployed.google.call("PATCH", path, {"description": "new", "access": [*before["access"], entry]})
    assert (refused.status_code, words in refused.json()["error"]["message"]) == (status, True), refused.text
    assert deployed.google.done("GET", path) == before
    name = f"ds_{secrets.token_hex(6)}"
    body = {"datasetReference": {"datasetId": name}, "access": [entry]}
    assert deployed.google.call("POST", f"{BIGQUERY_PATH}/datasets", body).status_code == status
    assert deployed.google.call("GET", f"{BIGQUERY_PATH}/datasets/{name}").status_code == 404


@pytest.mark.parametrize(
    ("entry", "answered"),
    [
        ({"iamMember": f"serviceAccount:{READER}"}, {"userByEmail": READER}),
        ({"iamMember": "user:a@b.c"}, {"userByEmail": "a@b.c"}),
        ({"iamMember": "group:a@b.c"}, {"groupByEmail": "a@b.c"}),
        ({"iamMember": "domain:b.c"}, {"domain": "b.c"}),
        ({"iamMember": MEMBER}, {"iamMember": MEMBER}),
        ({"iamMember": f"principalSet://iam.googleapis.com/{POOL_NAME}/*"}, None),
        ({"iamMember": "deleted:serviceAccount:a@b.c?uid=123"}, None),
        ({"specialGroup": "projectReaders"}, None),
    ],
    ids=repr,
)
def test_an_access_entry_is_answered_as_bigquery_writes_it(
    deployed: Chain, entry: dict[str, str], answered: dict[str, str] | None
) -> None:
    name = f"ds_{secrets.token_hex(6)}"
    body = {"datasetReference": {"datasetId": name}, "access": [{"role": "roles/bigquery.dataViewer", **entry}]}
    made = deployed.google.done("POST", f"{BIGQUERY_PATH}/datasets", body)
    assert made["access"] == [{"role": "READER", **(answered or entry)}]


def _made(deployed: Chain, *columns: dict[str, Any], **more: Any) -> Any:
    name = f"t_{secrets.token_hex(6)}"
    body = {"tableReference": {"tableId": name}, "schema": {"fields": list(columns)}, **more}
    answer = deployed.google.call("POST", deployed.tables_path, body)
    there = deployed.google.call("GET", f"{deployed.tables_path}/{name}").status_code
    assert there == (200 if answer.ok else 404)
    return answer


def _column(name: str = "a", kind: str = "STRING", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **more}


INJECTED = 'a" VARCHAR); CREATE TABLE stolen AS SELECT * FROM vault.secret --'


@pytest.mark.parametrize(
    ("column", "status"),
    [
        *((_column(name), 400) for name in (INJECTED, "a`b", "", "_PARTITIONTIME")),
        *((_column("r", "RECORD", fields=[_column(name)]), 501) for name in ("a b", "a--b", "é", "1a", "a&b")),
        (_column("r", "RECORD", fields=[_column(INJECTED)]), 400),
        (_column("r", "RECORD", fields=[_column("a"), _column("A")]), 400),
        (_column("r", "RECORD"), 400),
        (_column("r", "STRING", fields=[_column("a")]), 400),
        (_column("r", "STRUCT<a INT64>"), 400),
        (_column("r", "ARRAY<INT64>"), 400),
        (_column("r", "VARCHAR"), 400),
        (_column("r", "\u017fTRING"), 400),
        (_column("r", "STRING; DROP"), 400),
        (_column("r", "STRING", mode="MAYBE"), 400),
        (_column("r", "RANGE"), 400),
        (_column("r", "RANGE", rangeElementType={"type": "STRING"}), 400),
        (_column("r", description="x" * 1025), 400),
        (_column("r", defaultValueExpression="(SELECT word FROM vault.secret)"), 501),
        (_column("r", collation="und:ci"), 501),
        (_column("r", maxLength="10"), 501),
        (_column("r", noSuchField=1), 400),
        ({"name": "r"}, 400),
    ],
    ids=repr,
)
def test_a_column_that_can_not_be_is_refused_and_no_table_is_made(
    deployed: Chain, column: dict[str, Any], status: int
) -> None:
    assert _made(deployed, column).status_code == status
    change = {"schema": {"fields": [_column("user_id", "INT64"), _column("name"), column]}}
    users = f"{deployed.tables_path}/users"
    before = deployed.google.done("GET", users)
    for method in ("PATCH", "PUT"):
        assert deployed.google.call(method, users, change).status_code == status
    assert deployed.google.done("GET", users) == before


@pytest.mark.parametrize(
    "columns",
    [
        [_column("a"), _column("B9_")],
        [_column("été"), _column("a b"), _column("列", "INT64"), _column("1a"), _column("a&%=+:<>#|b")],
        [_column("a" * 300, "int64", mode="required"), _column("b", "Record", fields=[_column("c", mode="REPEATED")])],
        [_column("a", "RANGE", rangeElementType={"type": "DATE"})],
        [_column("a", policyTags={"names": []}, mode="NULLABLE", description="x" * 1024)],
    ],
)
def test_a_column_that_can_be_is_made(deployed: Chain, columns: list[dict[str, Any]]) -> None:
    made = _made(deployed, *columns)
    assert made.ok, made.text
    assert [field["name"] for field in made.json()["schema"]["fields"]] == [column["name"] for column in columns]


def test_columns_that_differ_in_case_only_are_one_twice(deployed: Chain) -> None:
    refused = _made(deployed, _column("Name"), _column("nAME"))
    assert refused.status_code == 400
    assert "already exists in schema" in refused.text


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"labels": {"a": "b", "é-1": "", "x" * 63: "y" * 63}}, 200),
        ({"labels": {"A": "b"}}, 400),
        ({"labels": {"": "b"}}, 400),
        ({"labels": {"1a": "b"}}, 400),
        ({"labels": {"a": "B"}}, 400),
        ({"labels": {"a b": "c"}}, 400),
        ({"labels": {"a": "x" * 64}}, 400),
        ({"labels": {"a": 1}}, 400),
        ({"labels": {f"k{n}": "" for n in range(65)}}, 400),
        ({"description": "x" * 16_384}, 200),
        ({"description": "x" * 16_385}, 400),
        ({"friendlyName": 1}, 400),
        ({"timePartitioning": {"type": "DAY"}}, 200),
        ({"timePartitioning": {"type": "DAY", "field": "b"}}, 400),
        ({"timePartitioning": {"type": "WEEK"}}, 400),
        ({"clustering": {"fields": ["a"]}}, 200),
        ({"clustering": {"fields": ["a", 'a" --']}}, 400),
        ({"clustering": {"fields": ["a"] * 5}}, 400),
        ({"expirationTime": "1"}, 400),
        ({"expirationTime": "4102444800000"}, 200),
        ({"encryptionConfiguration": {"kmsKeyName": "x"}}, 501),
        ({"tableConstraints": {"primaryKey": {"columns": ["a"]}}}, 501),
        ({"type": "VIEW", "numRows": "5", "etag": "x", "kind": "bigquery#table"}, 200),
        ({"numRows": "x"}, 400),
        ({"requirePartitionFilter": "true"}, 400),
    ],
    ids=repr,
)
def test_what_else_a_table_may_have(deployed: Chain, more: dict[str, Any], status: int) -> None:
    made = _made(deployed, _column("a"), **more)
    assert made.status_code == status, made.text
    if made.ok:
        assert made.json()["type"] == "TABLE"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"isCaseInsensitive": True}, 501),
        ({"defaultCollation": "und:ci"}, 501),
        ({"defaultCollation": ""}, 200),
        ({"linkedDatasetSource": {"sourceDataset": {"projectId": PROJECT, "datasetId": "d"}}}, 501),
        ({"location": "EU"}, 400),
        ({"location": "us"}, 200),
        ({"location": "'; --"}, 400),
        ({"labels": {"A": "b"}}, 400),
        ({"datasetReference": {"projectId": PROJECT, "datasetId": "another"}}, 400),
        ({"datasetReference": {"projectId": NUMBER}}, 200),
        ({"defaultTableExpirationMs": "x"}, 400),
        ({"defaultTableExpirationMs": 3_600_000}, 200),
    ],
    ids=repr,
)
def test_what_else_a_dataset_may_have(deployed: Chain, change: dict[str, Any], status: int) -> None:
    path = f"{BIGQUERY_PATH}/datasets/{deployed.dataset}"
    before = deployed.google.done("GET", path)
    answer = deployed.google.call("PATCH", path, change)
    assert answer.status_code == status, answer.text
    if not answer.ok:
        assert deployed.google.done("GET", path) == before


@pytest.mark.parametrize("name", ["a.b", 'a"b', "a\nb", "a$20260101"])
def test_a_table_id_that_can_not_be_is_refused_in_the_body_and_in_the_path(deployed: Chain, name: str) -> None:
    body = {"tableReference": {"tableId": name}, "schema": {"fields": [_column()]}}
    assert deployed.google.call("POST", deployed.tables_path, body).status_code == 400
    assert deployed.google.call("GET", f"{deployed.tables_path}/{quote(name)}").status_code == 400


def test_a_body_that_names_another_table_than_the_url_changes_neither(deployed: Chain) -> None:
    path = f"{deployed.tables_path}/users"
    before = deployed.google.done("GET", path)
    for reference in ({"tableId": "secrets"}, {"datasetId": "another"}, {"projectId": "second-project"}):
        change = {"tableReference": reference, "description": "new"}
        assert deployed.google.call("PATCH", path, change).status_code == 400
    assert deployed.google.done("GET", path) == before


@pytest.mark.parametrize("name", ["skipInvalidRows", "ignoreUnknownValues"])
def test_rows_are_all_taken_or_none(deployed: Chain, name: str) -> None:
    body = {"rows": [{"json": {"user_id": 4, "name": "d"}}]}
    path = f"{deployed.tables_path}/secrets/insertAll"
    assert deployed.google.call("POST", path, {**body, name: True}).status_code == 501
    assert deployed.google.done("POST", path, {**body, name: False, "templateSuffix": None}).get("insertErrors") is None
