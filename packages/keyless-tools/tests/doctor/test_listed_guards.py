"""What guards the rows of listed tables and datasets, which has the same lines as the first table's."""

from __future__ import annotations

import dataclasses

import pytest

from keyless_tools.doctor.answer import JSON, Answer, Found, Hidden
from keyless_tools.doctor.finding import Verdict
from keyless_tools.doctor.links import guards
from tests.doctor import healthy
from tests.doctor.healthy import changed

TAG = "projects/p/locations/us/taxonomies/1/policyTags/2"
ORDERS, SHARED = "their-project.sales.orders", "their-project.shared"
LISTING = healthy.expected(tables=f'["{ORDERS}", "{SHARED}"]')


def test_a_listed_table_has_the_same_lines_as_the_first() -> None:
    whole = healthy.seen(LISTING)
    tagged: Answer[JSON] = Found(
        value={"location": "US", "schema": {"fields": [{"name": "x", "policyTags": {"names": [TAG]}}]}}
    )
    listed = {**whole.listed, ORDERS: dataclasses.replace(whole.listed[ORDERS], table=tagged)}
    finding = guards.guards(LISTING, changed(whole, listed=listed))
    assert finding.verdict is Verdict.UNKNOWN
    assert f"{ORDERS}: column x is protected by {TAG}" in finding.actual
    assert guards.guards(LISTING, whole).verdict is Verdict.OK


@pytest.mark.parametrize(
    ("tables", "verdict", "part"),
    [
        (Found(value={}), Verdict.OK, "nothing"),
        (Found(value={"tables": [{"type": "TABLE"}, {"type": "SNAPSHOT"}]}), Verdict.OK, "nothing"),
        (
            Found(value={"tables": [{"type": "VIEW", "tableReference": {"tableId": "v"}}]}),
            Verdict.UNKNOWN,
            f"{SHARED}: view: v",
        ),
        (
            Found(value={"tables": [{"requirePartitionFilter": True, "tableReference": {"tableId": "t"}}]}),
            Verdict.UNKNOWN,
            "table with a required partition filter: t",
        ),
        (Found(value={"nextPageToken": "x"}), Verdict.UNKNOWN, "more tables than the list shows"),
        (Hidden(permission="bigquery.tables.list"), Verdict.UNKNOWN, "bigquery.tables.list"),
    ],
)  # fmt: skip
def test_in_a_listed_dataset_what_is_more_than_a_table_is_named(
    tables: Answer[JSON], verdict: Verdict, part: str
) -> None:
    whole = healthy.seen(LISTING)
    listed = {**whole.listed, SHARED: dataclasses.replace(whole.listed[SHARED], tables=tables)}
    finding = guards.guards(LISTING, changed(whole, listed=listed))
    assert (finding.verdict, part in finding.actual) == (verdict, True), finding
