"""A function whose list has two tables joins them, and is refused a third one however a statement reaches for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from federation_emulator.core.trace import Link
from federation_emulator.pytest_plugin import Federation
from keyless_bigquery.runtime import BigQueryReader, ReaderError, with_bigquery
from pulumi_offline.local_function import LocalFunction

COLUMNS = {"user_id": "INTEGER", "name": "STRING"}
JOINED = "SELECT u.name FROM `{users}` u JOIN `{orders}` o USING (user_id) ORDER BY u.name"
REACHING: Mapping[str, str] = {
    "by its name": "SELECT name FROM `{secrets}`",
    "in a join with both": "SELECT name FROM `{users}` JOIN `{orders}` o USING (name) JOIN `{secrets}` s USING (name)",
    "in a subquery": "SELECT name FROM `{users}` WHERE user_id IN (SELECT user_id FROM `{secrets}`)",
    "in a column": "SELECT (SELECT MAX(name) FROM `{secrets}`) AS name FROM `{users}`",
    "through a view that is listed": "SELECT u.name FROM `{users}` u JOIN `{view}` USING (user_id)",
}


@with_bigquery
def names(event: Mapping[str, str], bigquery: BigQueryReader) -> object:
    """The names that a statement selects, and what the function may read."""
    return {"names": [row["name"] for row in bigquery.query(event["sql"])], "tables": list(bigquery.tables)}


@pytest.fixture
def tables(federation: Federation, local_function: LocalFunction) -> Iterator[dict[str, str]]:
    """Two tables that are granted, a third one that isn't, and a view of it that is."""
    made = {
        name: local_function.add_table(f"shop.{name}", COLUMNS, rows=[{"user_id": 1, "name": f"{name}-1"}])
        for name in ("users", "orders")
    }
    tables = f"/bigquery/v2/projects/{federation.project_id}/datasets/shop/tables"
    fields = [{"name": name, "type": kind} for name, kind in COLUMNS.items()]
    secrets = made["orders"].replace("orders", "secrets")
    federation.call("POST", tables, {"tableReference": {"tableId": "secrets"}, "schema": {"fields": fields}})
    view = {"query": f"SELECT * FROM `{secrets}`", "useLegacySql": False}
    federation.call("POST", tables, {"tableReference": {"tableId": "view"}, "view": view})
    policy: dict[str, Any] = federation.call("POST", f"{tables}/users:getIamPolicy")
    federation.call("POST", f"{tables}/view:setIamPolicy", {"policy": {"bindings": policy["bindings"]}})
    yield {**made, "secrets": secrets, "view": secrets.replace("secrets", "view")}
    for name in ("view", "secrets"):
        federation.call("DELETE", f"{tables}/{name}")


def test_listed_tables_are_joined_and_any_way_to_another_is_refused(
    federation: Federation, local_function: LocalFunction, tables: dict[str, str]
) -> None:
    listed = [tables["users"], tables["orders"]]
    assert local_function.invoke(names, {"sql": JOINED.format(**tables)}) == {"names": ["users-1"], "tables": listed}
    for way, sql in REACHING.items():
        with pytest.raises(ReaderError, match="secrets"):
            local_function.invoke(names, {"sql": sql.format(**tables)})
        assert federation.last_refusal().link is Link.TABLE, way
    path = f"/bigquery/v2/projects/{federation.project_id}/datasets/shop/tables"
    granted = federation.call("POST", f"{path}/users:getIamPolicy")["bindings"]
    federation.call("POST", f"{path}/secrets:setIamPolicy", {"policy": {"bindings": granted}})
    for way, sql in REACHING.items():
        assert local_function.invoke(names, {"sql": sql.format(**tables)})["tables"] == listed, way
