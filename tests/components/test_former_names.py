"""What resources were called before: an upgrade, or a list of readers, takes over what is there."""

from __future__ import annotations

import pulumi
import pytest

from keyless_bigquery.components.former_names import aliases, of_service

TABLE = "gcp:bigquery/table:Table"
FUNCTION = "aws:lambda/function:Function"


def names(type_token: str, name: str, *suffixes: str, own: str = "") -> list[str]:
    return [alias.name for alias in aliases(type_token, name, suffixes, own=own) if isinstance(alias.name, str)]


def test_a_table_of_version_0_1_is_the_only_readers() -> None:
    assert names(TABLE, "table", "") == ["users"]
    assert names(FUNCTION, "function", "") == []


def test_the_first_of_a_list_takes_over_what_the_only_reader_had() -> None:
    assert names(FUNCTION, "function-orders", "-orders", "-users") == ["function"]
    assert names(TABLE, "table-orders", "-orders", "-users") == ["table", "users"]


@pytest.mark.parametrize("name", ["function-users", "function-more-orders", "pool"])
def test_what_belongs_to_another_reader_or_to_none_takes_over_nothing(name: str) -> None:
    assert aliases(FUNCTION, name, ["-orders", "-users", "-more-orders"]) == []


def test_what_another_component_of_such_readers_holds_takes_over_nothing_of_an_earlier_version() -> None:
    assert names(FUNCTION, "function-orders-eu", "-orders", "-users", own="-eu") == ["function-eu"]
    assert names(TABLE, "table-eu", "", own="-eu") == []
    assert aliases("keyless:infra:Reader", "reader-eu", [""], own="-eu") == []
    assert [alias.parent for alias in aliases("keyless:infra:Reader", "reader", [""])] == [None]


def test_what_moved_to_another_component_is_known_where_it_was() -> None:
    for found in (aliases("aws:iam/role:Role", "any", [""]), of_service().aliases):
        assert [
            alias
            for alias in found or []
            if isinstance(alias, pulumi.Alias) and isinstance(alias.parent, pulumi.Output)
        ]
