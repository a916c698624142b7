"""Which changes of tables and of what is protected are refused; the columns: tests/settings/test_schema_changes.py."""

from __future__ import annotations

from typing import Any

import pytest

from keyless_tools.guardrails.model import UNKNOWN, Change
from keyless_tools.guardrails.rules.changes import KEEPS_COLUMNS, KEEPS_PROTECTED

TABLE = "gcp:bigquery/table:Table"


def change(operation: str, *, kind: str = TABLE, after: dict[str, Any] | None = None, **more: Any) -> Change:
    before = more.pop("before", {"schema": '[{"name": "a", "type": "STRING"}]'})
    goes = operation == "delete"
    return Change(
        urn=f"urn:pulumi:s::p::{kind}::t",
        type=kind,
        operation=operation,
        before=before,
        after={} if goes else (before if after is None else after),
        **more,
    )


@pytest.mark.parametrize("operation", ["replace", "create-replacement"])
def test_a_table_that_another_takes_the_place_of_is_refused(operation: str) -> None:
    [found] = KEEPS_COLUMNS.judge(change(operation, replaced_for=("tableId",)))
    assert found.where == "tableId"
    assert list(KEEPS_COLUMNS.judge(change(operation, kept=True))) == []
    assert list(KEEPS_COLUMNS.judge(change(operation, kind="gcp:bigquery/dataset:Dataset"))) == []


def test_a_replacement_for_a_column_names_the_column() -> None:
    [found] = KEEPS_COLUMNS.judge(change("replace", after={"schema": "[]"}, replaced_for=("schema",)))
    assert found.where == "column a"


@pytest.mark.parametrize(
    ("before", "after", "certain"),
    [
        ({"schema": UNKNOWN}, {"schema": "[]"}, False),
        ({"schema": "[]"}, {"schema": UNKNOWN}, False),
        ({"schema": '[{"name": "a", "type": "STRING"}]'}, {"schema": "{"}, True),
        ({"schema": '[{"name": "a", "type": "STRING"}]'}, {"schema": None}, True),
    ],
)
def test_a_schema_that_cannot_be_compared_is_open_or_refused(
    before: dict[str, Any], after: dict[str, Any], certain: bool
) -> None:
    assert [found.certain for found in KEEPS_COLUMNS.judge(change("update", before=before, after=after))] == [certain]


@pytest.mark.parametrize("before", [{}, {"schema": ""}])
def test_a_table_without_columns_has_none_to_lose(before: dict[str, Any]) -> None:
    assert list(KEEPS_COLUMNS.judge(change("update", before=before, after={"schema": "[]"}))) == []


@pytest.mark.parametrize(
    ("operation", "more", "refused"),
    [
        ("delete", {"guarded": True}, True),
        ("replace", {"guarded": True}, True),
        ("delete-replaced", {"guarded": True}, True),
        ("update", {"guarded": True}, False),
        ("same", {"guarded": True}, False),
        ("delete", {}, False),
        ("delete", {"before": {"deletionProtection": True}}, True),
        ("delete", {"before": {"deletionProtection": False}}, False),
        ("delete", {"before": {"deletionPolicy": "PREVENT"}}, True),
        ("delete", {"before": {"deletionPolicy": "DELETE"}}, False),
        ("delete", {"guarded": True, "kept": True}, False),
    ],
)
def test_what_is_protected_is_neither_deleted_nor_replaced(operation: str, more: dict[str, Any], refused: bool) -> None:
    assert bool(list(KEEPS_PROTECTED.judge(change(operation, **more)))) is refused
