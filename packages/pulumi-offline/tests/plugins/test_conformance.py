"""Rules that an official plugin keeps, asked of whichever plugin is there: official where installed, else the stand-in.

pulumi-gcp: `provider/resources.go`. The bridge: pulumi-terraform-bridge, `pkg/tfbridge/schema.go`,
`nameRequiresDeleteBeforeReplace`. Schemas: terraform-provider-google-beta, `google-beta/services`. Each row was seen
with the official gcp 9.35.0 and random 4.21.0. `KEYLESS_PLUGINS` chooses.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pulumi_offline.engine.workspace import Workspace
from tests.plugins.conforming import Plan, Plugin, running

ACCOUNT = "gcp:serviceaccount/account:Account"
ACCOUNT_MEMBER = "gcp:serviceaccount/iAMMember:IAMMember"
PROJECT_MEMBER = "gcp:projects/iAMMember:IAMMember"
TABLE_MEMBER = "gcp:bigquery/iamMember:IamMember"
DATASET_ACCESS = "gcp:bigquery/datasetAccess:DatasetAccess"
DATASET = "gcp:bigquery/dataset:Dataset"
TABLE = "gcp:bigquery/table:Table"
SERVICE = "gcp:projects/service:Service"
POOL = "gcp:iam/workloadIdentityPool:WorkloadIdentityPool"
PROVIDER = "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"
SUFFIX = "random:index/randomId:RandomId"

READER = "projects/my-project/serviceAccounts/reader@my-project.iam.gserviceaccount.com"
GIVEN: dict[str, dict[str, Any]] = {
    ACCOUNT: {"accountId": "reader", "project": "my-project", "displayName": "Reader"},
    ACCOUNT_MEMBER: {"serviceAccountId": READER, "role": "roles/iam.workloadIdentityUser", "member": "user:a@b.c"},
    PROJECT_MEMBER: {"project": "my-project", "role": "roles/bigquery.jobUser", "member": "user:a@b.c"},
    TABLE_MEMBER: {
        "project": "my-project",
        "datasetId": "d",
        "tableId": "t",
        "role": "roles/bigquery.dataViewer",
        "member": "user:a@b.c",
    },
    DATASET_ACCESS: {
        "project": "my-project",
        "datasetId": "d",
        "role": "roles/bigquery.dataViewer",
        "userByEmail": "a@b.c",
    },
    DATASET: {"project": "my-project", "datasetId": "d", "location": "US"},
    TABLE: {"project": "my-project", "datasetId": "d", "tableId": "t"},
    SERVICE: {"project": "my-project", "service": "iam.googleapis.com", "disableOnDestroy": False},
    POOL: {"project": "my-project", "workloadIdentityPoolId": "pool"},
    PROVIDER: {
        "project": "my-project",
        "workloadIdentityPoolId": "pool",
        "workloadIdentityPoolProviderId": "aws-lambda",
        "aws": {"accountId": "210987654321"},
        "attributeMapping": {"google.subject": "assertion.arn"},
    },
    SUFFIX: {"byteLength": 2},
}
FIRST, LAST = True, False
ORDERS = [
    (ACCOUNT, {"accountId": "another"}, FIRST),
    (PROJECT_MEMBER, {"member": "user:d@b.c"}, FIRST),
    (TABLE, {"tableId": "u"}, FIRST),
    (ACCOUNT_MEMBER, {"member": "user:d@b.c"}, LAST),
    (TABLE_MEMBER, {"member": "user:d@b.c"}, LAST),
    (DATASET_ACCESS, {"userByEmail": "d@b.c"}, LAST),
    (DATASET, {"datasetId": "e"}, LAST),
    (DATASET, {"location": "EU"}, LAST),
    (SERVICE, {"service": "sts.googleapis.com"}, LAST),
    (POOL, {"workloadIdentityPoolId": "another"}, LAST),
    (PROVIDER, {"workloadIdentityPoolProviderId": "another"}, LAST),
    (SUFFIX, {"byteLength": 3}, LAST),
]
IN_PLACE = [
    (ACCOUNT, {"displayName": "Another"}),
    (POOL, {"disabled": True}),
    (PROVIDER, {"attributeCondition": "true"}),
    (DATASET, {"description": "another"}),
]
LEFT_OUT = [
    # What a refresh found of an input that the program leaves out: put back, or left as it is.
    (ACCOUNT, {"disabled": True}, "put back"),
    (POOL, {"disabled": True}, "put back"),
    (PROVIDER, {"disabled": True}, "put back"),
    (PROVIDER, {"attributeCondition": "true"}, "put back"),
    (DATASET, {"description": "by hand"}, "put back"),
    (TABLE, {"description": "by hand"}, "put back"),
]
ID = {"name": "id", "type": "INTEGER", "mode": "NULLABLE"}
NAME = {"name": "name", "type": "STRING", "mode": "NULLABLE"}
REPLACED, KEPT, SAME = "replaced", "in place", "the same"
COLUMNS = [
    # resource_bigquery_table.go, resourceBigQueryTableSchemaIsChangeable and bigQueryTableSchemaDiffSuppress
    ([ID, NAME], [NAME, ID], SAME),
    ([ID], [ID, NAME], KEPT),
    ([ID, NAME], [ID], KEPT),
    ([ID, NAME], [ID, {**NAME, "name": "other"}], REPLACED),
    ([ID, NAME], [ID, {**NAME, "name": "Name"}], REPLACED),
    ([ID], [ID, {**NAME, "mode": "REQUIRED"}], REPLACED),
    ([ID], [{**ID, "type": "INT64"}], SAME),
    ([ID], [{**ID, "type": "NUMERIC"}], REPLACED),
    ([ID], [{**ID, "mode": "REQUIRED"}], REPLACED),
    ([{**ID, "mode": "REQUIRED"}], [ID], KEPT),
]


def launcher(name: str, workspace: Workspace) -> Path:
    """What the engine would start."""
    (folder,) = (workspace.home / "plugins").glob(f"resource-{name}-v*")
    return folder / f"pulumi-resource-{name}"


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = Workspace(tmp_path_factory.mktemp("chosen"))
    made.environment()
    return made


@pytest.fixture(scope="module")
def plugins(chosen: Workspace) -> Iterator[Mapping[str, Plugin]]:
    with (
        running("gcp", [launcher("gcp", chosen)]) as google,
        running("random", [launcher("random", chosen)]) as digits,
    ):
        yield {"gcp": google, "random": digits}


def plan(
    plugins: Mapping[str, Plugin], kind: str, inputs: Mapping[str, Any], drift: Mapping[str, Any] | None = None
) -> Plan:
    return plugins[kind.partition(":")[0]].plan(kind, GIVEN[kind], {**GIVEN[kind], **inputs}, drift or {})


@pytest.mark.parametrize("kind", GIVEN)
def test_a_program_that_says_the_same_changes_nothing(plugins: Mapping[str, Plugin], kind: str) -> None:
    assert plan(plugins, kind, {}) == Plan(changes=False, replaces=frozenset(), deletes_first=False)


@pytest.mark.parametrize(("kind", "change", "deletes_first"), ORDERS)
def test_a_replacement_has_the_order_of_its_type(
    plugins: Mapping[str, Plugin], kind: str, change: Mapping[str, Any], deletes_first: bool
) -> None:
    assert plan(plugins, kind, change) == Plan(changes=True, replaces=frozenset(change), deletes_first=deletes_first)


@pytest.mark.parametrize(("kind", "change"), IN_PLACE)
def test_what_can_be_changed_in_place_is(plugins: Mapping[str, Plugin], kind: str, change: Mapping[str, Any]) -> None:
    assert plan(plugins, kind, change) == Plan(changes=True, replaces=frozenset(), deletes_first=False)


@pytest.mark.parametrize(("kind", "drift", "rule"), LEFT_OUT)
def test_an_input_that_is_left_out_has_its_rule(
    plugins: Mapping[str, Plugin], kind: str, drift: Mapping[str, Any], rule: str
) -> None:
    assert plan(plugins, kind, {}, drift).changes is (rule == "put back")


@pytest.mark.parametrize(("before", "after", "what"), COLUMNS)
def test_columns_change_by_the_providers_rule(
    plugins: Mapping[str, Plugin], before: list[Any], after: list[Any], what: str
) -> None:
    live, inputs = ({**GIVEN[TABLE], "schema": json.dumps(columns)} for columns in (before, after))
    found = plugins["gcp"].plan(TABLE, live, inputs, {})
    assert (found.changes, bool(found.replaces)) == (what != SAME, what == REPLACED)


def test_an_update_that_failed_leaves_the_state_that_was_planned(plugins: Mapping[str, Plugin]) -> None:
    """`pkg/tfbridge/provider.go`, Update: the failure carries it. The next `up` sends nothing, unless it refreshes."""
    change = {"description": "refused"}
    planned = plugins["gcp"].refused(POOL, GIVEN[POOL], {**GIVEN[POOL], **change})
    assert planned["description"] == "refused"
    assert plan(plugins, POOL, change, planned) == Plan(changes=False, replaces=frozenset(), deletes_first=False)
