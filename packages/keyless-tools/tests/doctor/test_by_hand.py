"""What is changed by hand, and by whom it is seen: docs/drift.md says so row by row, and each row is made here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from pulumi.automation import CommandError, EngineEvent, OpType

from keyless_bigquery.components import outputs
from keyless_bigquery.components.listed_tables import logical_name
from keyless_bigquery.components.program import ROOT
from keyless_tools.doctor.examine import examine
from keyless_tools.doctor.finding import Link, Verdict
from pulumi_offline.demo.scenario import ROWS
from pulumi_offline.stack_harness import StackHarness
from tests.docs.pages import read
from tests.doctor import breaks, by_hand, changes
from tests.doctor.cases import CASES
from tests.doctor.users import as_deployed, seen_by_the_deployer

PAGE = ROOT / "docs" / "drift.md"
SETTINGS: dict[str, Any] = {
    "schedule": "rate(1 hour)",
    "permissionsBoundaryArn": "arn:aws:iam::210987654321:policy/boundary",
    "roleName": "Keyless-Reader-By-Hand",
    "tables": [by_hand.LISTED_TABLE, by_hand.LISTED_DATASET],
}
LISTED_TABLE, LISTED_DATASET = map(logical_name, SETTINGS["tables"])
FAILS = "fails"
Change = Callable[[StackHarness], AbstractContextManager[None]]
BREAKS = {change: link for change, link, *_ in CASES}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the page's table.

    Args:
        label: Its first cell.
        change: Makes the change, and undoes it.
        refresh: What a refresh sees: a resource's logical name, with the property where others of it are changed at
            the same time; ``None``: nothing; :data:`FAILS`: it can't look.
        link: The link at which the doctor reports it; ``None``: at none.
        verdict: How the doctor reports it.
    """

    label: str
    change: Change
    refresh: str | None
    link: Link | None = None
    verdict: Verdict = Verdict.FAILED

    @property
    def cells(self) -> list[str]:
        """The row as it stands on the page."""
        refresh = {None: "no", FAILS: "fails"}.get(self.refresh, "yes")
        drift = "yes" if refresh == "no" and self.link else refresh
        doctor = f"{self.verdict.value.lower()}: `{self.link.value}`" if self.link else "no"
        return [self.label, refresh, drift, doctor]


def seen(label: str, change: Change, resource: str, link: Link | None = None) -> Row:
    """What a refresh sees, and the doctor where it breaks a link."""
    return Row(label=label, change=change, refresh=resource, link=link)


def added(label: str, change: Change, link: Link) -> Row:
    """What the doctor alone sees."""
    return Row(label=label, change=change, refresh=None, link=link, verdict=Verdict.WARNING)


def unseen(label: str, change: Change) -> Row:
    """What is not looked at."""
    return Row(label=label, change=change, refresh=None)


def account_member(stage: StackHarness) -> AbstractContextManager[None]:
    return by_hand.member_added(stage, changes.account(stage), "roles/iam.serviceAccountTokenCreator", by_hand.STRANGER)


def project_grant(stage: StackHarness) -> AbstractContextManager[None]:
    email = f"serviceAccount:{stage.output(outputs.SERVICE_ACCOUNT)}"
    return by_hand.member_added(stage, f"/v1/projects/{stage.cloud.project_id}", "roles/bigquery.dataViewer", email)


def table_grant(stage: StackHarness) -> AbstractContextManager[None]:
    return by_hand.member_added(stage, changes.table(stage), "roles/bigquery.dataEditor", by_hand.STRANGER)


def dataset(stage: StackHarness) -> str:
    return changes.table(stage).partition("/tables/")[0]


def described(path: Callable[[StackHarness], str]) -> Change:
    return lambda stage: by_hand.patched(stage, path(stage), {"description": "by hand"})


configured = partial(partial, by_hand.configured)

# No two rows of a group change the same thing. The doctor looks at each that breaks a link by itself, and once at all
# others; one refresh looks at all of them.
GROUPS: Sequence[Sequence[Row]] = (
    (
        seen("function: code", by_hand.code_replaced, "function.codeSha256"),
        seen("function: memory", configured(MemorySize=1024), "function.memorySize"),
        seen("function: timeout", configured(Timeout=20), "function.timeout"),
        seen("function: handler", configured(Handler="other.handler"), "function.handler"),
        seen("function: network", by_hand.put_in_a_network, "function.vpcConfig"),
        seen(
            "function: environment", breaks.another_table_in_the_environment, "function.environment", Link.ENVIRONMENT
        ),
        seen("function: reserved concurrency", by_hand.concurrency_reserved, "function.reservedConcurrentExecutions"),
        seen("rule disabled", by_hand.rule_disabled, "schedule"),
        seen("target pointed elsewhere", by_hand.target_changed, "scheduled-function"),
        seen("log group: retention", by_hand.retention_changed, "function-log"),
        seen("role: trust policy", breaks.a_role_that_another_account_may_assume, "execution-role", Link.ROLE),
        seen("role: one of its policies changed", by_hand.inline_policy_changed, "may-write-own-log"),
        seen("pool disabled", breaks.the_pool_disabled, "pool", Link.POOL),
        seen(
            "provider: condition", breaks.a_condition_in_another_case, "aws-provider.attributeCondition", Link.CONDITION
        ),
        seen(
            "provider: mapping", breaks.a_mapping_to_the_bare_role_name, "aws-provider.attributeMapping", Link.MAPPING
        ),
        seen("provider disabled", breaks.the_provider_disabled, "aws-provider.disabled", Link.PROVIDER),
        seen("account disabled", breaks.the_account_disabled, "reader-account", Link.SERVICE_ACCOUNT),
        seen("account: binding removed", breaks.no_binding, "may-impersonate", Link.BINDING),
        seen("project: right to start jobs removed", breaks.no_job_user, "may-start-jobs", Link.JOBS),
        seen("table: grant removed", breaks.no_data_viewer, "may-read-table", Link.ROWS),
        seen("listed table: grant removed", by_hand.listed_grant_removed, LISTED_TABLE, Link.LISTED),
        seen("listed dataset: entry removed", by_hand.listed_entry_removed, LISTED_DATASET, Link.LISTED),
        seen("dataset: description", described(dataset), "dataset"),
        seen("table: description", described(changes.table), "table.description"),
        seen("table: column added", by_hand.column_added, "table.schema"),
    ),
    (
        seen("function: role", breaks.another_role, "function.role", Link.FUNCTION),
        seen("rule: schedule", by_hand.rate_changed, "schedule"),
        seen("log group deleted", breaks.a_log_group_that_was_deleted, "function-log", Link.LOG),
        seen("role: permissions boundary removed", by_hand.boundary_removed, "execution-role"),
        seen("role: one of its policies deleted", by_hand.inline_policy_deleted, "may-write-own-log"),
        seen("API switched off", breaks.sts_switched_off, "enable-sts", Link.SERVICES),
        seen("provider deleted", breaks.the_provider_deleted, "aws-provider", Link.PROVIDER),
        seen("table: column dropped", by_hand.column_dropped, "table", Link.TABLE),
        added("pool: provider added", by_hand.provider_added, Link.OTHER_PROVIDERS),
        added("role: inline policy added", by_hand.inline_policy_added, Link.ROLE_POLICIES),
        added("function's policy: statement added", by_hand.statement_added, Link.CALLERS),
        added("account: member added", account_member, Link.ACCOUNT_MEMBERS),
        added("project: another grant to the account", project_grant, Link.READER_GRANTS),
        added("table: member added", table_grant, Link.TABLE_MEMBERS),
        added("dataset: entry added to the access list", by_hand.access_entry_added, Link.DATASET_ACCESS),
        unseen("rule: target added", by_hand.target_added),
        unseen("table: rows deleted", by_hand.rows_deleted),
    ),
    (
        seen(
            "function: reserved concurrency 0",
            breaks.a_function_that_never_runs,
            "function.reservedConcurrentExecutions",
            Link.FUNCTION,
        ),
        added("role: policy attached", by_hand.policy_attached, Link.ROLE_POLICIES),
        seen("pool deleted", breaks.the_pool_deleted, "pool aws-provider", Link.POOL),
        seen(
            "account deleted",
            breaks.the_account_deleted,
            f"reader-account may-impersonate may-start-jobs may-read-table {LISTED_TABLE} {LISTED_DATASET}",
            Link.SERVICE_ACCOUNT,
        ),
    ),
    (seen("table deleted", breaks.a_table_that_was_deleted, "table may-read-table", Link.TABLE),),
    (
        Row(
            label="API that a refresh calls switched off",
            change=breaks.iam_switched_off,
            refresh=FAILS,
            link=Link.SERVICES,
        ),
    ),
)


@pytest.fixture(scope="module")
def changed(deployed: StackHarness) -> Iterator[StackHarness]:
    """A stack that has what the session's own has not: a schedule, a boundary."""
    deployed.aws("iam").create_policy(PolicyName="boundary", PolicyDocument=by_hand.ANYTHING)
    made = deployed.beside("byhand", SETTINGS)
    with by_hand.theirs(deployed):
        made.up()
        made.put_rows(ROWS)
        yield made
        assert refreshed(made) == {}, "each change was undone"
        made.destroy()


def refreshed(stage: StackHarness) -> dict[str, set[str]]:
    """What a refresh sees: the properties that differ, by the resource's logical name."""
    found: dict[str, set[str]] = {}

    def read_event(event: EngineEvent) -> None:
        if event.res_outputs_event is not None:
            metadata = event.res_outputs_event.metadata
            if metadata.op in (OpType.UPDATE, OpType.DELETE):
                properties = {path.partition(".")[0].partition("[")[0] for path in metadata.detailed_diff or {}}
                found[metadata.urn.rpartition("::")[2]] = properties

    stage.stack.preview_refresh(on_event=read_event)
    return found


@pytest.fixture(scope="module")
def report(changed: StackHarness) -> Callable[[], list[tuple[Link, Verdict]]]:
    """What the doctor reports now, whatever only follows left out."""
    stack, clouds, message = as_deployed(changed), seen_by_the_deployer(changed), (Verdict.FAILED, Verdict.WARNING)

    def now() -> list[tuple[Link, Verdict]]:
        (walked,) = examine(stack, clouds)
        return [(finding.link, finding.verdict) for finding in walked.findings if finding.verdict in message]

    return now


@pytest.mark.timeout(300)
@pytest.mark.parametrize("rows", GROUPS, ids=lambda rows: rows[0].label)
def test_who_sees_a_change_by_hand_and_nothing_else(
    changed: StackHarness, report: Callable[[], list[tuple[Link, Verdict]]], rows: Sequence[Row]
) -> None:
    by_themselves = [row for row in rows if row.verdict is Verdict.FAILED and row.link]
    together = [row for row in rows if row not in by_themselves]
    with ExitStack() as all_changes:
        for row in together:
            all_changes.enter_context(row.change(changed))
        assert report() == [(row.link, row.verdict) for row in together if row.link]
        for row in by_themselves:
            if row.change in BREAKS:
                assert BREAKS[row.change] is row.link, "test_deployed.py has the doctor name it"
                continue
            with row.change(changed):
                assert set(report()) - {(one.link, one.verdict) for one in together} == {(row.link, row.verdict)}
        for row in by_themselves:
            all_changes.enter_context(row.change(changed))
        if rows[0].refresh == FAILS:
            with pytest.raises(CommandError, match="API has not been used in project"):
                refreshed(changed)
            return
        found = refreshed(changed)
    awaited = [part.partition(".")[::2] for row in rows for part in (row.refresh or "").split()]
    assert set(found) == {resource for resource, _ in awaited}
    for resource in {resource for resource, name in awaited if name}:
        assert found[resource] >= {name for other, name in awaited if other == resource}, resource


def test_the_page_has_exactly_these_rows() -> None:
    (table,) = [table for table in read(PAGE).tables if table.rows[0][1:] == ["refresh", "drift", "doctor"]]
    of_the_page = [[label, *cells[1:]] for cells in table.rows[1:] for label in cells[0].split("; ")]
    assert sorted(of_the_page) == sorted(row.cells for rows in GROUPS for row in rows)
