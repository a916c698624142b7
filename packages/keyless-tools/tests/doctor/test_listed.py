"""What the doctor reports of what a reader lists, and of those whom the stack itself lets read its tables."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from keyless_bigquery.components import outputs
from keyless_tools.doctor.answer import JSON, Absent, Answer, Found, Hidden
from keyless_tools.doctor.expected import Expected, expected_of
from keyless_tools.doctor.finding import Verdict
from keyless_tools.doctor.links import additions, listed
from keyless_tools.doctor.observed import Listed, Seen
from tests.doctor import healthy
from tests.doctor.healthy import ACCOUNT, EMAIL, changed

TABLE, DATASET = "their-project.sales.orders", "their-project.shared"
LISTING: dict[str, Any] = {"tables": json.dumps([TABLE, DATASET])}
CHAIN, DIRECT = healthy.expected(**LISTING), healthy.expected(direct=True, **LISTING)
VIEWER = "roles/bigquery.dataViewer"


def seen_but(name: str, chain: Expected = CHAIN, **fields: Any) -> Seen:
    """Everything as it should be, but for some fields of what is listed under this name."""
    whole = healthy.seen(chain)
    return changed(whole, listed={**whole.listed, name: dataclasses.replace(whole.listed[name], **fields)})


def in_list(*entries: JSON, location: str = "US") -> Answer[JSON]:
    return Found(value={"location": location, "access": list(entries)})


@pytest.mark.parametrize("chain", [CHAIN, DIRECT], ids=["impersonated", "direct"])
def test_each_listed_table_and_dataset_that_is_granted_is_fine(chain: Expected) -> None:
    finding = listed.tables(chain, healthy.seen(chain))
    assert finding.verdict is Verdict.OK
    assert TABLE in finding.actual
    assert DATASET in finding.actual


def test_without_a_list_there_is_nothing_to_look_at() -> None:
    assert listed.tables(healthy.CHAIN, healthy.SEEN).verdict is Verdict.NOT_LOOKED


@pytest.mark.parametrize(
    ("name", "fields", "actual", "fix"),
    [
        (TABLE, {"policy": Found(value={})}, f"{EMAIL} has none of the roles", "pulumi up --refresh --stack dev"),
        (
            TABLE,
            {"table": Absent()},
            f"table {TABLE} is not there",
            "bq cp --no_clobber their-project:sales.orders",
        ),
        (
            TABLE,
            {"dataset": in_list(location="EU")},
            f"table {TABLE} is in EU",
            "pulumi config rm --path 'tables[0]' --stack dev && pulumi up --stack dev",
        ),
        (DATASET, {"dataset": in_list()}, f"{EMAIL} has none of the roles", "pulumi up --refresh --stack dev"),
        (
            DATASET,
            {"dataset": in_list({"role": "READER", "userByEmail": f"x{EMAIL}"})},
            f"binding names serviceAccount:x{EMAIL}",
            "pulumi up --refresh --stack dev",
        ),
        (
            DATASET,
            {"dataset": Absent()},
            f"dataset {DATASET} is not there",
            "bq --location=US query ",
        ),
        (
            DATASET,
            {"dataset": in_list({"role": "READER", "userByEmail": EMAIL}, location="EU")},
            f"dataset {DATASET} is in EU",
            "pulumi config rm --path 'tables[1]' --stack dev && pulumi up --stack dev",
        ),
    ],
)
def test_one_that_can_not_be_read_is_named_with_the_command_that_fixes_it(
    name: str, fields: dict[str, Any], actual: str, fix: str
) -> None:
    finding = listed.tables(CHAIN, seen_but(name, **fields))
    assert finding.verdict is Verdict.FAILED
    assert actual in finding.actual
    assert finding.expected
    assert finding.fix.startswith(fix)


@pytest.mark.parametrize(
    "fields",
    [
        {"dataset": in_list({"role": "READER", "userByEmail": EMAIL})},
        {"project_policy": healthy.policy(VIEWER, ACCOUNT)},
    ],
    ids=["dataset", "project"],
)
def test_a_grant_from_above_reads_the_table_as_well(fields: dict[str, Any]) -> None:
    assert listed.tables(CHAIN, seen_but(TABLE, policy=Found(value={}), **fields)).verdict is Verdict.OK


def test_what_can_not_be_seen_is_reported_and_a_break_comes_first() -> None:
    hidden = Hidden(permission="bigquery.tables.getIamPolicy", role="roles/iam.securityReviewer")
    unseen = seen_but(TABLE, policy=hidden)
    assert listed.tables(CHAIN, unseen).verdict is Verdict.UNKNOWN
    both = {**unseen.listed, DATASET: Listed(table=None, policy=None, dataset=Absent(), project_policy=Found(value={}))}
    assert listed.tables(CHAIN, changed(unseen, listed=both)).verdict is Verdict.FAILED


def test_whom_the_stack_itself_lets_read_a_table_or_its_dataset_was_not_added_by_hand() -> None:
    own, guest = healthy.stack(), "serviceAccount:guest@my-project.iam.gserviceaccount.com"
    exported = own.outputs[outputs.READERS]["reader"]
    other = {
        **exported,
        outputs.SERVICE_ACCOUNT: guest.partition(":")[2],
        outputs.TABLES: ["my-project.keyless_dev.other", exported[outputs.TABLE], "my-project.keyless_dev"],
    }
    readers = {outputs.READERS: {"reader": exported, "other": other}}
    (chain,) = expected_of(dataclasses.replace(own, outputs={**own.outputs, **readers}))
    policy = healthy.policy(VIEWER, ACCOUNT, guest)
    access = in_list({"role": "READER", "userByEmail": guest.partition(":")[2]})
    seen = changed(table_policy=policy, dataset=access)
    assert additions.table_members(chain, seen).verdict is Verdict.OK
    assert additions.dataset_access(chain, seen).verdict is Verdict.OK
    assert additions.table_members(healthy.CHAIN, seen).verdict is Verdict.WARNING
    assert additions.dataset_access(healthy.CHAIN, seen).verdict is Verdict.WARNING


def test_a_list_that_was_changed_and_not_deployed_is_reported() -> None:
    stack = healthy.stack(**LISTING)
    readers = {"reader": {**stack.outputs[outputs.READERS]["reader"], outputs.TABLES: [healthy.TABLE, TABLE]}}
    (chain,) = expected_of(dataclasses.replace(stack, outputs={**stack.outputs, outputs.READERS: readers}))
    assert chain.undeployed == (f"tables of reader are {TABLE} besides the first, configured is {TABLE}, {DATASET}",)


def test_a_stack_from_before_there_were_lists_has_its_one_table() -> None:
    stack = healthy.stack()
    exported = {key: value for key, value in stack.outputs[outputs.READERS]["reader"].items() if key != outputs.TABLES}
    (chain,) = expected_of(dataclasses.replace(stack, outputs={**stack.outputs, outputs.READERS: {"reader": exported}}))
    assert (chain.listed, chain.undeployed) == ((), ())
