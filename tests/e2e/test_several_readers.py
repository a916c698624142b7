"""Several readers in one stack, over three projects: each reads its own table and no other's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from conftest import OTHER_PROJECTS
from federation_emulator.core.trace import Link
from keyless_bigquery.components import outputs
from keyless_tools.doctor import finding
from keyless_tools.doctor.report import PASSED, exit_code
from keyless_tools.doctor.walk import first_failed
from pulumi_offline.stack_harness import StackHarness
from tests.doctor import changes
from tests.doctor.users import examined, failed_links

ORDERS = [{"id": 1, "total": "12.50"}, {"id": 2, "total": "8.00"}]
USERS = [{"user_id": 1, "name": "Alice"}]
READERS = [
    {"name": "users", "schedule": "rate(1 day)"},
    {
        "name": "orders",
        "columns": [{"name": "id", "type": "INTEGER"}, {"name": "total", "type": "NUMERIC"}],
        "reservedConcurrency": 1,
    },
]


@pytest.fixture(scope="module")
def several(deployed: StackHarness) -> Iterator[StackHarness]:
    """Two readers, with the pool in one project, the data in another, and the bill in a third."""
    harness = deployed.beside(
        "several", {"poolProject": "pool-project", "dataProject": "data-project", "readers": READERS}
    )
    harness.up()
    harness.put_rows(USERS, reader="users")
    harness.put_rows(ORDERS, reader="orders")
    yield harness
    harness.destroy()


def reconfigure(harness: StackHarness, reader: str, **changed: Any) -> None:
    harness.aws("lambda").update_function_configuration(
        FunctionName=harness.output(outputs.FUNCTION_NAME, reader=reader), **changed
    )


def variables(harness: StackHarness, reader: str) -> dict[str, str]:
    name = harness.output(outputs.FUNCTION_NAME, reader=reader)
    found = harness.aws("lambda").get_function_configuration(FunctionName=name)
    return dict(found["Environment"]["Variables"])


def test_each_reader_reads_its_own_table_over_three_projects(several: StackHarness) -> None:
    users, orders = several.invoke(reader="users"), several.invoke(reader="orders")
    assert not users.failed, users.log
    assert "user_id=1, name=Alice" in users.log
    assert not orders.failed, orders.log
    assert "id=2, total=8" in orders.log
    assert several.output(outputs.POOL_NAME).startswith(f"projects/{OTHER_PROJECTS['pool-project']}/")
    assert several.output(outputs.TABLE, reader="orders").startswith("data-project.")


def test_a_reader_that_asks_for_anothers_table_is_refused_at_the_table(several: StackHarness) -> None:
    own, others = variables(several, "users"), variables(several, "orders")
    reconfigure(several, "users", Environment={"Variables": others})
    refused = several.invoke(reader="users")
    reconfigure(several, "users", Environment={"Variables": own})
    assert refused.failed
    assert refused.refusal is not None
    assert refused.refusal.link is Link.TABLE
    assert not several.invoke(reader="users").failed


def test_a_reader_in_anothers_role_is_refused_at_the_account(several: StackHarness) -> None:
    reconfigure(several, "orders", Role=several.output(outputs.ROLE_ARN, reader="users"))
    refused = several.invoke(reader="orders")
    reconfigure(several, "orders", Role=several.output(outputs.ROLE_ARN, reader="orders"))
    assert refused.refusal is not None
    assert refused.refusal.link is Link.IMPERSONATION
    assert not several.invoke(reader="orders").failed


def test_the_doctor_walks_each_readers_chain_and_names_the_failed_one(several: StackHarness) -> None:
    whole = examined(several)
    with changes.members(several, changes.table(several, reader="orders"), "roles/bigquery.dataViewer", None):
        users, orders = examined(several)
    assert [walked.reader for walked in whole] == ["users", "orders"]
    assert exit_code(whole) == PASSED, whole
    assert first_failed(users.findings) is None
    assert failed_links(orders) == [finding.Link.ROWS]


def test_a_second_up_of_several_readers_changes_nothing(several: StackHarness) -> None:
    assert set(several.up()) == {"same"}
