"""Which changes of a schema keep every value that is there."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.columns import SchemaError, columns_of, losses
from guardrails.model import UNKNOWN, Change
from guardrails.rules.changes import KEEPS_COLUMNS, KEEPS_PROTECTED

TABLE = "gcp:bigquery/table:Table"


def column(name: str = "a", kind: str = "STRING", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **more}


def record(*fields: dict[str, Any], kind: str = "RECORD") -> dict[str, Any]:
    return column("r", kind, fields=list(fields))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (column(), column()),
        (column("A"), column("a")),
        (column(), column(mode="NULLABLE", description="told")),
        (column(mode="REQUIRED"), column()),
        (column(kind="INT64"), column(kind="INTEGER")),
        (column(kind="bool"), column(kind="BOOLEAN")),
        (column(kind="INTEGER"), column(kind="NUMERIC")),
        (column(kind="NUMERIC"), column(kind="FLOAT64")),
        (column(maxLength="10"), column(maxLength="20")),
        (column(maxLength="10"), column()),
        (record(column("x")), record(column("x"), column("y"), kind="STRUCT")),
    ],
)
def test_what_keeps_every_value_is_let_through(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert list(losses([before], [after])) == []


@pytest.mark.parametrize(
    ("before", "after", "name", "what"),
    [
        (column(), column("b"), "a", "dropped"),
        (column(kind="STRING"), column(kind="INTEGER"), "a", "INTEGER instead of STRING"),
        (column(kind="NUMERIC"), column(kind="INTEGER"), "a", "INTEGER instead of NUMERIC"),
        (column(), column(mode="REQUIRED"), "a", "REQUIRED instead of NULLABLE"),
        (column(), column(mode="REPEATED"), "a", "REPEATED instead of NULLABLE"),
        (column(mode="REPEATED"), column(), "a", "NULLABLE instead of REPEATED"),
        (column(), column(maxLength="5"), "a", "maxLength 5 instead of none"),
        (column(maxLength="9"), column(maxLength=5), "a", "maxLength 5 instead of 9"),
        (column(kind="NUMERIC", precision="9"), column(kind="NUMERIC", precision="5"), "a", "precision 5 instead of 9"),
        (record(column("x"), column("y")), record(column("x")), "r.y", "dropped"),
        (record(record(column("x"))), record(record(column("x", "BYTES"))), "r.r.x", "BYTES instead of STRING"),
    ],
)
def test_a_column_that_loses_or_holds_less_is_named(
    before: dict[str, Any], after: dict[str, Any], name: str, what: str
) -> None:
    assert [found for found, _ in losses([before], [after])] == [name]
    assert what in next(losses([before], [after]))[1]


def test_a_required_column_cannot_be_added_to_rows_that_lack_it() -> None:
    assert [name for name, _ in losses([column()], [column(), column("b", mode="REQUIRED")])] == ["b"]
    assert list(losses([], [])) == []


NAMES = st.text("abcAB_", min_size=1, max_size=4)
SCHEMAS = st.lists(
    st.builds(
        column,
        NAMES,
        st.sampled_from(["STRING", "INT64", "RECORD"]),
        mode=st.sampled_from(["NULLABLE", "REQUIRED", "REPEATED"]),
    ),
    unique_by=lambda one: one["name"].casefold(),
    max_size=6,
)


@given(SCHEMAS, st.data())
def test_a_schema_keeps_itself_and_misses_whatever_is_taken_out(
    schema: list[dict[str, Any]], data: st.DataObject
) -> None:
    assert list(losses(schema, schema)) == []
    assert list(losses(schema, list(reversed(schema)))) == []
    kept = data.draw(st.lists(st.sampled_from(schema), unique_by=id)) if schema else []
    missing = {one["name"] for one in schema} - {one["name"] for one in kept}
    assert {name for name, _ in losses(schema, kept)} == missing


@pytest.mark.parametrize("schema", ["{", "{}", "[1]", '[{"name": "a"}]', 5, None])
def test_what_is_no_schema_is_said_to_be_none(schema: object) -> None:
    with pytest.raises(SchemaError, match="must be"):
        columns_of(schema)


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
