"""What the program says where a change of columns would cost rows: each column by name, and commands to run."""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections.abc import Sequence
from typing import Any

import pytest

from keyless_bigquery.components import table_guard
from keyless_bigquery.settings import schema_refusal
from keyless_bigquery.settings.columns import MODES, TYPES, Column
from keyless_bigquery.settings.schema_changes import Effect
from keyless_bigquery.settings.schema_refusal import OwnTable
from tests.settings.test_schema_changes import EVERY, KEPT, A, B, Columns, column, record


def settings(listed: Sequence[dict[str, Any]]) -> tuple[Column, ...] | None:
    """The columns as settings can have them; ``None``: they can't."""
    plain = all(set(one) <= {"name", "type", "mode", "description"} and one["type"] in TYPES for one in listed)
    if not plain or any(one.get("mode", "NULLABLE") not in MODES for one in listed):
        return None
    return tuple(Column(**one) for one in listed)


def own(columns: tuple[Column, ...], *, listed: bool = True) -> OwnTable:
    key = "columns" if listed else "readers[1].columns"
    return OwnTable(project="p", dataset_id="d", table_id="t", columns=columns, key=key, listed=listed, stack="dev")


of_settings = pytest.mark.parametrize(
    ("before", "columns", "found"),
    [(before, columns, found) for before, after, found in EVERY if (columns := settings(after)) is not None],
)


@of_settings
def test_the_program_refuses_by_name_whatever_loses_and_nothing_else(
    before: Columns, columns: tuple[Column, ...], found: set[tuple[str, Effect]]
) -> None:
    refused = {path for path, effect in found if effect is not KEPT}
    told = schema_refusal.refusal(own(columns), before) or ""
    assert {line.split()[2].strip(":") for line in told.splitlines() if line.startswith("  - column ")} == refused


PATH = re.compile(r"(?P<key>.*)\[(?P<place>[0-9]+)\]\.(?P<attribute>name|type|mode|description)")


def after_the_lines(table: OwnTable, told: str) -> tuple[Column, ...]:
    """The settings after the printed `pulumi config set`, from nothing where none are listed."""
    listed = [dataclasses.asdict(one) for one in table.columns] if table.listed else []
    for line in told.splitlines():
        if line.startswith("    pulumi config set"):
            *_, path, value = shlex.split(line)
            match = PATH.fullmatch(path)
            assert match is not None, line
            assert match["key"] == table.key
            place = int(match["place"])
            assert place <= len(listed), "the engine takes the next place of a list, and no later one"
            listed[place:] = listed[place:] or [{}]
            listed[place][match["attribute"]] = value
    return tuple(Column(**one) for one in listed)


@pytest.mark.parametrize("listed", [True, False])
@of_settings
def test_after_the_printed_lines_the_settings_are_what_the_table_can_become(
    before: Columns, columns: tuple[Column, ...], found: set[tuple[str, Effect]], listed: bool
) -> None:
    table = own(columns, listed=listed)
    told = schema_refusal.refusal(table, before)
    if told is None:
        return
    corrected = own(after_the_lines(table, told), listed=listed)
    beyond_settings = {one["name"] for one in before if settings([one]) is None}
    left = schema_refusal.refusal(corrected, before) or ""
    assert {one for one in left.splitlines() if one.startswith("  - column")} == {
        line for line in left.splitlines() for name in beyond_settings if line.startswith(f"  - column {name}:")
    }
    assert {one.name.casefold() for one in columns} <= {one.name.casefold() for one in corrected.columns}
    del found


def test_a_column_that_settings_cannot_have_can_only_be_dropped_or_left() -> None:
    told = schema_refusal.refusal(own((Column(name="a", type="STRING"),)), [A, record(B)]) or ""
    assert "The settings can't describe column r" in told
    assert "pulumi config set" not in told
    assert "DROP COLUMN `r`" in told


@pytest.mark.parametrize(
    ("live", "refused"),
    [([A, B], False), ([A, B, column("c")], False), ([A], True), ([A, column("b", "BYTES")], True)],
)
def test_an_update_that_sends_nothing_is_refused_where_the_state_is_ahead_of_the_table(
    live: Columns, refused: bool
) -> None:
    table = own((Column(name="a", type="STRING"), Column(name="b", type="STRING")))
    assert (schema_refusal.stale(table, live) is not None) is refused


OFF = (
    "BigQuery API has not been used in project 1 before or it is disabled. Enable it by visiting"
    " https://console.developers.google.com/apis/api/bigquery.googleapis.com/overview?project=1 then retry."
)
PATH_OF_TABLE = "projects/p/datasets/d/tables/t"


@pytest.mark.parametrize(
    ("error", "nothing"),
    [
        (f"invoke of gcp:bigquery/getTable:getTable failed: 1 error occurred:\n\t* {PATH_OF_TABLE} not found\n", True),
        (f"googleapi: Error 403: {OFF}, accessNotConfigured", True),
        (f"GET /bigquery/v2/projects/p/datasets/d/tables/t answered 403 PERMISSION_DENIED: {OFF}", True),
        ("googleapi: Error 403: Access Denied: Table p:d.t: Permission bigquery.tables.get denied", False),
        ("projects/p/datasets/d/tables/other not found", False),
        ("googleapi: Error 503: backendError", False),
        ("", False),
    ],
)
def test_only_an_absent_table_or_an_api_that_is_off_is_nothing_to_compare(error: str, nothing: bool) -> None:
    assert table_guard.not_there(error, own(())) is nothing
