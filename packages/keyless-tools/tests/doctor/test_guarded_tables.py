"""Guards that the local BigQuery enforces, on a deployed stack: what function, verify and doctor report of each."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console

from keyless_tools.doctor.finding import Link
from keyless_tools.doctor.report import FAILED, NOT_SEEN, PASSED, Walked, exit_code, print_report
from keyless_tools.doctor.verify.run import verify
from keyless_tools.doctor.verify.waiting import RetryPolicy
from pulumi_offline.stack_harness import StackHarness
from tests.doctor.users import CloudTime, as_deployed, examined, owner

COLUMNS: list[dict[str, Any]] = [{"name": "user_id", "type": "INTEGER"}, {"name": "name", "type": "STRING"}]
TAG = "projects/local-keyless/locations/us/taxonomies/1/policyTags/2"
TABLES: dict[str, dict[str, Any]] = {
    "plain": {"schema": {"fields": COLUMNS}},
    "tagged": {"schema": {"fields": [COLUMNS[0], {**COLUMNS[1], "policyTags": {"names": [TAG]}}]}},
    "filtered": {
        "schema": {"fields": [*COLUMNS, {"name": "dt", "type": "DATE"}]},
        "timePartitioning": {"type": "DAY", "field": "dt"},
        "requirePartitionFilter": True,
    },
    "viewed": {"view": {"query": "SELECT user_id, name FROM `local-keyless.raw.users`", "useLegacySql": False}},
}
CASES: list[tuple[str, str, str, str, int]] = [
    ("plain", "", "all checks passed", "nothing but the grants", PASSED),
    (
        "tagged",
        "table access failed: BigQuery answered 403 accessDenied",
        "not transient, so not tried again: table access failed",
        f"column name is protected by {TAG}",
        NOT_SEEN,
    ),
    (
        "filtered",
        "query failed: BigQuery answered 400 invalidQuery",
        "nothing failed, but not tried: a query of local-keyless.theirs.filtered",
        "every query must filter by the partitioning column dt",
        NOT_SEEN,
    ),
    (
        "viewed",
        "Cause: the query, or a view that it reads, reads what the stack grants nothing on",
        "not transient, so not tried again: table access failed",
        "its query reads local-keyless.raw.users, whose dataset does not authorise it",
        FAILED,
    ),
]


@pytest.fixture(scope="module")
def guards(stage: StackHarness) -> Iterator[StackHarness]:
    """A stack with a reader for each table, none of which is its own."""
    project = stage.cloud.project_id
    datasets = f"/bigquery/v2/projects/{project}/datasets"
    for dataset in ("theirs", "raw"):
        stage.google("POST", datasets, {"datasetReference": {"projectId": project, "datasetId": dataset}})
    for dataset, table, fields in (
        ("raw", "users", TABLES["plain"]),
        *(("theirs", table, fields) for table, fields in TABLES.items()),
    ):
        reference = {"projectId": project, "datasetId": dataset, "tableId": table}
        stage.google("POST", f"{datasets}/{dataset}/tables", {"tableReference": reference, **fields})
    readers = [{"name": table, "tableId": table} for table in TABLES]
    stack = stage.beside("guards", {"table": "existing", "datasetId": "theirs", "readers": readers})
    stack.up()
    yield stack
    stack.destroy()


@pytest.fixture(scope="module")
def verify_printed(guards: StackHarness) -> dict[str, str]:
    """What verify prints of each reader."""
    out = io.StringIO()
    policy = RetryPolicy(limit_seconds=60, time=CloudTime(guards))
    assert verify(as_deployed(guards), owner(guards), policy, Console(file=out, width=400)) == FAILED
    return {text.partition(":")[0]: text for text in out.getvalue().split("reader ")[1:]}


@pytest.mark.parametrize(("reader", "line", "verified", "seen", "code"), CASES, ids=[one[0] for one in CASES])
def test_function_verify_and_doctor_report_what_guards_a_table(
    guards: StackHarness, verify_printed: dict[str, str], reader: str, line: str, verified: str, seen: str, code: int
) -> None:
    error = guards.invoke(reader=reader).error
    assert line in error if line else not error
    assert verified in verify_printed[reader]
    (found,) = [one for one in examined(guards) if one.reader == reader]
    (guard,) = [finding for finding in found.findings if finding.link is Link.GUARDS]
    assert seen in guard.actual
    assert exit_code([found]) == code, found
    for text in (verify_printed[reader], printed(found)):
        assert ("all checks passed" in text) is (not line)


def printed(walked: Walked) -> str:
    out = io.StringIO()
    print_report(Console(file=out, width=400), [walked])
    return out.getvalue()
