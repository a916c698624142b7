"""What the look-up of an own table may answer for its schema: columns, none, or one error that says what to check."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from unittest import mock

import pulumi
import pytest

from keyless_bigquery.components import table_guard
from keyless_bigquery.settings.schema_refusal import OwnTable

COLUMN = {"name": "user_id", "type": "INTEGER"}
TABLE = OwnTable(
    project="my-project",
    dataset_id="keyless_dev",
    table_id="users",
    columns=(),
    key="columns",
    listed=True,
    stack="dev",
)


def looked_up(answer: Mapping[str, Any]) -> object:
    async def ask(*_: object) -> Mapping[str, Any]:
        return answer

    with mock.patch.object(table_guard, "ask", ask):
        return asyncio.run(table_guard._live_columns(TABLE, mock.sentinel.google))


@pytest.mark.parametrize(
    ("answer", "columns"),
    [
        *((answer, []) for answer in ({}, {"schema": None}, {"schema": ""}, {"schema": "null"}, {"schema": "[]"})),
        ({"schema": []}, []),
        ({"schema": {}}, []),
        ({"schema": json.dumps([COLUMN])}, [COLUMN]),
        ({"schema": [COLUMN]}, [COLUMN]),
    ],
)
def test_a_table_without_a_schema_has_no_columns(answer: Mapping[str, Any], columns: list[object]) -> None:
    assert looked_up(answer) == columns


@pytest.mark.parametrize("schema", ["{}", "no JSON", "[null]", '[{"name": null}]', [None], 5])
def test_what_is_no_schema_is_one_error_that_names_the_table(schema: object) -> None:
    with pytest.raises(pulumi.RunError, match=r"table keyless_dev\.users can't be looked up.* Check: the deployer's"):
        looked_up({"schema": schema})
