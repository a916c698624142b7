"""What a change of a table's columns does to its rows, in one table; program, guardrails and stand-in answer alike."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyless_bigquery.settings.columns import MODES
from keyless_bigquery.settings.schema_changes import Effect, SchemaError, changes, coerced, columns_of, losses
from keyless_tools.guardrails.model import Change
from keyless_tools.guardrails.rules.changes import KEEPS_COLUMNS
from pulumi_offline.plugins.gcp import columns as plugin
from pulumi_offline.plugins.gcp.api import Endpoints, GoogleApi
from pulumi_offline.plugins.gcp.bigquery import Table

Columns = list[dict[str, Any]]
KEPT, DROPPED, REFUSED, REPLACED = Effect.KEPT, Effect.DROPPED, Effect.REFUSED, Effect.REPLACED


def column(name: str = "a", kind: str = "STRING", mode: str | None = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **({"mode": mode} if mode else {}), **more}


def record(*fields: dict[str, Any], kind: str = "RECORD") -> dict[str, Any]:
    return column("r", kind, fields=list(fields))


A, B = column("a"), column("b")

DOCS = "BigQuery, Modifying table schemas"
ALIASES = "BigQuery, Data types"
LIMITS = "BigQuery, Parameterized data types"
COERCION = "BigQuery, Conversion rules; ALTER COLUMN SET DATA TYPE"
SAME = "resource_bigquery_table.go, bigQueryTableSchemaDiffSuppress"
TYPE_EQ = "resource_bigquery_table.go, bigQueryTableTypeEq"
MODE = "resource_bigquery_table.go, bigQueryTableModeIsForceNew"
CHANGEABLE = "resource_bigquery_table.go, resourceBigQueryTableSchemaIsChangeable"

NO_DIFFERENCE: list[tuple[Columns, Columns, str]] = [
    ([A], [A], SAME),
    ([A, B], [B, A], SAME),
    ([A], [column(mode="NULLABLE", description="")], SAME),
    ([A], [column(mode="nullable", policyTags={"names": []})], SAME),
    ([A], [column(policyTags={})], SAME),
    ([column(collation="und:ci")], [A], SAME),
    ([column(kind="string")], [A], SAME),
    ([column(kind="INT64")], [column(kind="INTEGER")], TYPE_EQ),
    ([column(kind="FLOAT")], [column(kind="FLOAT64")], TYPE_EQ),
    ([column(kind="bool")], [column(kind="BOOLEAN")], TYPE_EQ),
    ([column(maxLength="10")], [column(maxLength=10)], SAME),
    ([record(A, B)], [record(B, A)], SAME),
    ([], [], SAME),
]

ONE_DIFFERENCE: list[tuple[Columns, Columns, str, Effect, str, str]] = [
    ([A], [A, B], "b", KEPT, "added", DOCS),
    ([A], [A, column("b", mode="REPEATED")], "b", KEPT, "added", DOCS),
    ([A], [A, record(B)], "r", KEPT, "added", DOCS),
    ([A], [A, record(column("b", mode="REQUIRED"))], "r", KEPT, "added", DOCS),
    ([record(A)], [record(A, B)], "r.b", KEPT, "added", DOCS),
    ([column(mode="REQUIRED")], [A], "a", KEPT, "NULLABLE instead of REQUIRED", DOCS),
    ([A], [column(description="A name.")], "a", KEPT, "another description", CHANGEABLE),
    ([A], [column(policyTags={"names": ["t"]})], "a", KEPT, "another policyTags", CHANGEABLE),
    ([column(maxLength="10")], [column(maxLength="20")], "a", KEPT, "maxLength 20 instead of 10", LIMITS),
    ([column(maxLength="10")], [A], "a", KEPT, "maxLength none instead of 10", LIMITS),
    (
        [column(kind="NUMERIC", precision="9")],
        [column(kind="NUMERIC", precision="12")],
        *("a", KEPT, "precision 12 instead of 9", LIMITS),
    ),
    # Dropped: at the top level in place, by SQL.
    ([A, B], [A], "b", DROPPED, "dropped, and its values", CHANGEABLE),
    ([A, record(B)], [A], "r", DROPPED, "dropped, and its values", CHANGEABLE),
    ([A], [], "a", DROPPED, "dropped, and its values", CHANGEABLE),
    ([record(A, B)], [record(A)], "r.b", REPLACED, "dropped from a record", CHANGEABLE),
    ([record(record(A), B)], [record(B, record())], "r.r.a", REPLACED, "dropped from a record", CHANGEABLE),
    # Narrower: sent in place, and refused.
    ([A], [column(maxLength="5")], "a", REFUSED, "maxLength 5 instead of none", LIMITS),
    ([column(maxLength="9")], [column(maxLength=5)], "a", REFUSED, "maxLength 5 instead of 9", LIMITS),
    (
        [column(kind="NUMERIC", precision="9")],
        [column(kind="NUMERIC", precision="5")],
        *("a", REFUSED, "precision 5 instead of 9", LIMITS),
    ),
    (
        [column(kind="NUMERIC", precision="9", scale="2")],
        [column(kind="NUMERIC", precision="9", scale="4")],
        *("a", REFUSED, "scale 4 instead of 2", LIMITS),
    ),
    (
        [column(kind="RANGE", rangeElementType={"type": "DATE"})],
        [column(kind="RANGE", rangeElementType={"type": "DATETIME"})],
        *("a", REFUSED, "rangeElementType", DOCS),
    ),
    # Another table.
    ([A], [A, column("b", mode="REQUIRED")], "b", REPLACED, "added as REQUIRED", CHANGEABLE),
    ([record(A)], [record(A, column("b", mode="REQUIRED"))], "r.b", REPLACED, "added as REQUIRED", CHANGEABLE),
    ([column("name")], [column("Name")], "name", REPLACED, "written Name instead of name", CHANGEABLE),
    ([record(column("x"))], [record(column("X"))], "r.x", REPLACED, "written X instead of x", CHANGEABLE),
    ([A], [column(mode="REQUIRED")], "a", REPLACED, "REQUIRED instead of NULLABLE", MODE),
    ([A], [column(mode="REPEATED")], "a", REPLACED, "REPEATED instead of NULLABLE", MODE),
    ([column(mode="REPEATED")], [A], "a", REPLACED, "NULLABLE instead of REPEATED", MODE),
    ([column(mode="REQUIRED")], [column(mode="REPEATED")], "a", REPLACED, "REPEATED instead of REQUIRED", MODE),
    ([A], [column(kind="INTEGER")], "a", REPLACED, "INTEGER instead of STRING", TYPE_EQ),
    ([column(kind="NUMERIC")], [column(kind="INTEGER")], "a", REPLACED, "INTEGER instead of NUMERIC", TYPE_EQ),
    ([column("r")], [record(A)], "r", REPLACED, "RECORD instead of STRING", TYPE_EQ),
    ([record(record(A))], [record(record(column("a", "BYTES")))], "r.r.a", REPLACED, "BYTES instead", TYPE_EQ),
    ([column(kind="INTEGER")], [column(kind="NUMERIC")], "a", REPLACED, "in place by SQL only", COERCION),
    ([column(kind="INT64")], [column(kind="BIGNUMERIC")], "a", REPLACED, "in place by SQL only", COERCION),
    ([column(kind="INT64")], [column(kind="FLOAT64")], "a", REPLACED, "in place by SQL only", COERCION),
    ([column(kind="NUMERIC")], [column(kind="BIGNUMERIC")], "a", REPLACED, "in place by SQL only", COERCION),
    ([column(kind="NUMERIC")], [column(kind="FLOAT")], "a", REPLACED, "in place by SQL only", COERCION),
    ([column(kind="DECIMAL")], [column(kind="NUMERIC")], "a", REPLACED, "one type to BigQuery", ALIASES),
    ([column(kind="BIGNUMERIC")], [column(kind="BIGDECIMAL")], "a", REPLACED, "one type to BigQuery", ALIASES),
    ([record(A)], [record(A, kind="STRUCT")], "r", REPLACED, "one type to BigQuery", ALIASES),
    ([column(kind="INTEGER")], [column(kind="INT")], "a", REPLACED, "one type to BigQuery", ALIASES),
]

MORE_AT_ONCE: list[tuple[Columns, Columns, list[tuple[str, Effect]], str]] = [
    ([A], [B], [("a", REPLACED), ("b", KEPT)], CHANGEABLE),
    ([A, B], [A, column("c")], [("b", REPLACED), ("c", KEPT)], CHANGEABLE),
    ([A, B], [column("A")], [("a", REPLACED), ("b", REPLACED)], CHANGEABLE),
    ([A, B], [column(description="x")], [("a", KEPT), ("b", DROPPED)], CHANGEABLE),
    ([A, record(A)], [record(A, B)], [("a", DROPPED), ("r.b", KEPT)], CHANGEABLE),
    (
        [column(kind="NUMERIC", precision="9", scale="2")],
        [column(kind="NUMERIC", precision="12", scale="4")],
        [("a", KEPT), ("a", KEPT)],
        LIMITS,
    ),
]

EVERY: list[tuple[Columns, Columns, set[tuple[str, Effect]]]] = [
    *((before, after, set()) for before, after, _source in NO_DIFFERENCE),
    *((before, after, {(path, effect)}) for before, after, path, effect, _reason, _source in ONE_DIFFERENCE),
    *((before, after, set(found)) for before, after, found, _source in MORE_AT_ONCE),
]
every = pytest.mark.parametrize(("before", "after", "found"), EVERY)


@pytest.mark.parametrize(("before", "after", "path", "effect", "reason", "source"), ONE_DIFFERENCE)
def test_a_difference_has_its_column_its_effect_and_its_reason(
    before: Columns, after: Columns, path: str, effect: Effect, reason: str, source: str
) -> None:
    (found,) = changes(before, after)
    assert (found.path, found.effect) == (path, effect), source
    assert reason in found.reason


@every
def test_every_difference_is_found_and_no_other(
    before: Columns, after: Columns, found: set[tuple[str, Effect]]
) -> None:
    assert {(one.path, one.effect) for one in changes(before, after)} == found
    assert {(one.path, one.effect) for one in losses(before, after)} == {one for one in found if one[1] is not KEPT}


@every
def test_the_guardrails_name_each_column_that_loses(
    before: Columns, after: Columns, found: set[tuple[str, Effect]]
) -> None:
    kind = "gcp:bigquery/table:Table"
    change = Change(
        urn=f"urn:pulumi:s::p::{kind}::t", type=kind, operation="update",
        before={"schema": json.dumps(before)}, after={"schema": json.dumps(after)},
    )  # fmt: skip
    assert {one.where for one in KEEPS_COLUMNS.judge(change)} == {
        f"column {path}" for path, effect in found if effect is not KEPT
    }


URL = "http://127.0.0.1:9/v1/"
NOWHERE = GoogleApi(
    endpoints=Endpoints(iam=URL, service_usage=URL, resource_manager=URL, big_query=URL, billing=URL),
    project="p",
    attribution=False,
    batch_seconds=0.0,
    token="t",
)


@every
def test_the_stand_in_updates_drops_and_replaces_as_the_provider_does(
    before: Columns, after: Columns, found: set[tuple[str, Effect]]
) -> None:
    old, new = json.dumps(before), json.dumps(after)
    change = Table(NOWHERE).differing("schema", {"schema": old}, {"schema": new})
    effects = {effect for _path, effect in found}
    assert (change is not None) is bool(found)
    assert (change is not None and change.replaces) is (REPLACED in effects)
    if REPLACED not in effects:
        assert plugin.dropped(before, new) == [path for path, effect in found if effect is DROPPED]


@pytest.mark.parametrize(
    ("before", "after", "in_place"),
    [
        ("INT64", "NUMERIC", True), ("INTEGER", "BIGDECIMAL", True), ("INTEGER", "FLOAT64", True),
        ("DECIMAL", "BIGNUMERIC", True), ("NUMERIC", "FLOAT", True), ("BIGNUMERIC", "FLOAT64", True),
        ("NUMERIC", "INT64", False), ("FLOAT64", "NUMERIC", False), ("STRING", "INT64", False),
        ("INT64", "STRING", False), ("INT64", "INTEGER", False),
    ],
)  # fmt: skip
def test_what_sql_changes_in_place_is_what_bigquery_coerces(before: str, after: str, in_place: bool) -> None:
    assert coerced(before, after) is in_place, COERCION


NAMES = st.text("abcAB_", min_size=1, max_size=4)
SCHEMAS = st.lists(
    st.builds(column, NAMES, st.sampled_from(["STRING", "INT64", "RECORD"]), st.sampled_from(MODES)),
    unique_by=lambda one: one["name"].casefold(),
    max_size=6,
)


@given(SCHEMAS, st.data())
def test_a_schema_is_itself_and_loses_what_is_taken_out(schema: Columns, data: st.DataObject) -> None:
    assert changes(schema, list(reversed(schema))) == ()
    kept = data.draw(st.lists(st.sampled_from(schema), unique_by=id)) if schema else []
    missing = {one["name"] for one in schema} - {one["name"] for one in kept}
    assert {one.path for one in losses(schema, kept)} == missing


@pytest.mark.parametrize("schema", ["{", "{}", "[1]", '[{"name": "a"}]', "[" * 100_000, 5, None])
def test_what_is_not_a_schema_is_refused(schema: object) -> None:
    with pytest.raises(SchemaError, match="must be"):
        columns_of(schema)


@pytest.mark.parametrize("schema", ["", "null", "[]", []])
def test_an_empty_schema_has_no_columns(schema: object) -> None:
    assert list(columns_of(schema)) == []
