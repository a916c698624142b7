"""Whose grants count, how near a miss is, and what a table must have: pure findings over policies."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import pytest

from keyless_tools.doctor.answer import JSON, Absent, Answer, Found
from keyless_tools.doctor.expected import Expected
from keyless_tools.doctor.finding import Link, Verdict
from keyless_tools.doctor.links import access
from keyless_tools.doctor.walk import walk
from tests.doctor import healthy
from tests.doctor.healthy import ACCOUNT, CHAIN, DIRECT, UNSEEN, changed

WHERE = [
    ("table_policy", "roles/bigquery.dataViewer"),
    ("table_policy", "roles/bigquery.dataOwner"),
    ("data_project_policy", "roles/bigquery.dataViewer"),
    ("data_project_policy", "roles/bigquery.admin"),
]
NO_GRANT: Answer[JSON] = Found(value={})


@pytest.mark.parametrize(("where", "role"), WHERE)
@pytest.mark.parametrize("chain", [CHAIN, DIRECT], ids=["impersonation", "direct"])
def test_rows_may_be_read_by_a_grant_on_the_table_or_above_it(chain: Expected, where: str, role: str) -> None:
    who = chain.principal if chain.service_account is None else f"serviceAccount:{chain.service_account}"
    empty = changed(healthy.seen(chain), table_policy=NO_GRANT)
    assert access.rows(chain, empty).verdict is Verdict.FAILED
    finding = access.rows(chain, changed(empty, **{where: healthy.policy(role, who)}))
    assert finding.verdict is Verdict.OK
    assert finding.actual.startswith(f"{role} for {who} on ")


@pytest.mark.parametrize(
    ("entry", "verdict"),
    [
        ({"role": "READER", "userByEmail": healthy.EMAIL}, Verdict.OK),
        ({"role": "roles/bigquery.dataViewer", "iamMember": ACCOUNT}, Verdict.OK),
        ({"role": "READER", "specialGroup": "projectReaders"}, Verdict.OK),
        ({"role": "READER", "specialGroup": "projectWriters"}, Verdict.FAILED),
        ({"role": "READER", "groupByEmail": "readers@example.com"}, Verdict.UNKNOWN),
        ({"role": "READER", "domain": "example.com"}, Verdict.UNKNOWN),
        ({"role": "roles/bigquery.metadataViewer", "userByEmail": healthy.EMAIL}, Verdict.FAILED),
        ({"view": {"projectId": "p", "datasetId": "d", "tableId": "t"}}, Verdict.FAILED),
        ({"role": "READER", "userByEmail": healthy.EMAIL, "condition": {"expression": "x"}}, Verdict.UNKNOWN),
    ],
)
def test_rows_may_be_read_by_an_entry_of_the_datasets_access_list(entry: JSON, verdict: Verdict) -> None:
    found = changed(
        table_policy=NO_GRANT,
        dataset=Found(value={"access": [entry]}),
        data_project_policy=healthy.policy("roles/viewer", ACCOUNT),
    )
    assert access.rows(CHAIN, found).verdict is verdict


@pytest.mark.parametrize(
    ("member", "message"),
    [
        (CHAIN.principal.replace("assumed-role/", "assumed-role%2F"), "not as %2F"),
        (CHAIN.principal.replace("keyless", "Keyless"), "they differ in case"),
        (CHAIN.principal.replace("/123456789012/", "/my-project/"), "written as its number, not as its id"),
        (CHAIN.principal.replace(healthy.POOL, "bq-dev-0a1b"), "written as its full resource name"),
        (CHAIN.principal.replace("0a1b", "ffff"), "principal is of pool"),
        (CHAIN.principal.replace("aws_role", "role"), "gives no attribute.role"),
        (f"deleted:{CHAIN.principal.replace('principalSet', 'principal')}", "roles/iam.workloadIdentityUser"),
    ],
)
def test_the_nearest_miss_of_a_binding_is_reported(member: str, message: str) -> None:
    finding = access.binding(CHAIN, changed(account_policy=healthy.policy("roles/iam.workloadIdentityUser", member)))
    assert finding.verdict is Verdict.FAILED
    assert message in finding.actual
    assert finding.expected == f"roles/iam.workloadIdentityUser for {CHAIN.principal} on the service account"


def test_the_grant_of_a_deleted_account_is_the_nearest_miss_of_its_namesake() -> None:
    gone = f"deleted:serviceAccount:{healthy.EMAIL}?uid=1"
    finding = access.jobs(CHAIN, changed(project_policy=healthy.policy("roles/bigquery.jobUser", gone)))
    assert finding.verdict is Verdict.FAILED
    assert "which was deleted; an account made later under that e-mail is another" in finding.actual


@pytest.mark.parametrize(
    "policy",
    [
        {
            "role": "roles/bigquery.jobUser",
            "members": [ACCOUNT],
            "condition": {"expression": "x"},
        },
        {"role": "roles/bigquery.jobUser", "members": ["group:readers@example.com"]},
        {"role": "projects/my-project/roles/ours", "members": [ACCOUNT]},
    ],
    ids=["on a condition", "to a group", "by a custom role"],
)
def test_a_grant_that_may_or_may_not_count_is_neither_broken_nor_fine(policy: JSON) -> None:
    finding = access.jobs(CHAIN, changed(project_policy=Found(value={"bindings": [policy]})))
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.actual.startswith("only perhaps")


@pytest.mark.parametrize("answer", UNSEEN[1:], ids=repr)
def test_a_grant_that_is_not_seen_is_not_missing_while_a_policy_is_hidden(answer: Answer[JSON]) -> None:
    hidden = [("data_project_policy", answer), ("dataset", answer), ("table_policy", answer)]
    for name, value in hidden:
        empty = changed(**{"table_policy": NO_GRANT, name: value})
        assert access.rows(CHAIN, empty).verdict is Verdict.UNKNOWN
    for (one, first), (other, second) in itertools.combinations(hidden[:2], 2):
        assert access.rows(CHAIN, changed(**{one: first, other: second})).verdict is Verdict.OK


def test_a_wider_binding_suffices_and_is_shown() -> None:
    wide = f"principalSet://iam.googleapis.com/{healthy.POOL}/*"
    finding = access.binding(CHAIN, changed(account_policy=healthy.policy("roles/iam.workloadIdentityUser", wide)))
    assert finding.verdict is Verdict.OK
    assert wide in finding.actual


def test_with_direct_access_a_wrong_mapping_is_the_break_and_the_grants_follow() -> None:
    seen = healthy.seen(DIRECT)
    assert isinstance(seen.provider, Found)
    bare = {"google.subject": "assertion.arn", "attribute.aws_role": "assertion.arn.extract('assumed-role/{role}/')"}
    findings = walk(DIRECT, changed(seen, provider=Found(value={**seen.provider.value, "attributeMapping": bare})))
    assert [f.link for f in findings if f.verdict is Verdict.FAILED] == [Link.MAPPING]
    assert [f.link for f in findings if f.verdict is Verdict.FOLLOWS] == [Link.JOBS, Link.ROWS]


# The table


FOREIGN = healthy.expected(table="existing", datasetId="theirs", columns='[{"name": "id"}, {"name": "name"}]')


@pytest.mark.parametrize(
    ("list_policy", "message"),
    [
        ({"allValues": "ALLOW"}, ""),
        ({"allValues": "DENY"}, "constraints/iam.allowedPolicyMemberDomains may refuse it, and allows none only"),
        (
            {"allowedValues": ["is:C03xgje4y"]},
            "constraints/iam.allowedPolicyMemberDomains may refuse it, and allows is:C03xgje4y only",
        ),
    ],
)
def test_a_missing_grant_that_the_organisation_may_refuse_is_reported(list_policy: Any, message: str) -> None:
    seen = changed(account_policy=Found(value={}), members_policy=Found(value={"listPolicy": list_policy}))
    finding = access.binding(CHAIN, seen)
    assert finding.verdict is Verdict.FAILED
    assert ("may refuse it" in finding.actual) is bool(message)
    assert message in finding.actual


@pytest.mark.parametrize(
    ("chain", "fields", "fix"),
    [
        (CHAIN, ["USER_ID"], "pulumi up --refresh --stack dev"),
        (
            FOREIGN,
            ["id", "total"],
            "pulumi config rm columns --stack dev"
            " && pulumi config set-all --path --plaintext 'columns[0].name=id' --stack dev"
            " && pulumi up --stack dev",
        ),
        (
            dataclasses.replace(FOREIGN, reader="facts"),
            ["id", "total"],
            "bq show --format=prettyjson my-project:theirs.users",
        ),
    ],
)
def test_a_table_without_a_column_that_is_selected_is_broken(chain: Expected, fields: list[str], fix: str) -> None:
    table = {"location": "us", "schema": {"fields": [{"name": field} for field in fields]}}
    finding = access.table(chain, changed(table=Found(value=table)))
    assert finding.verdict is Verdict.FAILED
    assert finding.actual == f"{chain.table} has no column name, but {', '.join(fields)}"
    assert finding.fix == fix


def test_a_table_of_another_team_that_was_deleted_can_be_had_back_with_its_rows() -> None:
    finding = access.table(FOREIGN, changed(table=Absent()))
    assert finding.fix == "bq cp --no_clobber my-project:theirs.users@-3600000 my-project:theirs.users"


def test_a_table_of_the_stacks_own_that_was_deleted_is_had_back_before_the_engine_makes_an_empty_one() -> None:
    there: Answer[JSON] = Found(value={})
    table, dataset = (access.table(CHAIN, changed(table=Absent(), dataset=one)) for one in (there, Absent()))
    up = "pulumi up --refresh --stack dev"
    back = "bq cp --no_clobber my-project:keyless_dev.users@-3600000 my-project:keyless_dev.users"
    assert table.fix == f"{back} && {up}"
    assert f"Later `{up}` makes an empty one" in table.expected
    assert dataset.actual == "dataset my-project.keyless_dev is not there"
    undrop = "bq --location=US query --use_legacy_sql=false 'UNDROP SCHEMA `my-project.keyless_dev`'"
    assert dataset.fix == f"{undrop} && {up}"


COLUMNS = {"fields": [{"name": name} for name in ("id", "user_id", "name")]}


@pytest.mark.parametrize(
    ("chain", "link", "fix"),
    [
        (CHAIN, Link.SETTINGS, "pulumi config set bigqueryLocation EU --stack dev"),
        (FOREIGN, Link.TABLE, "pulumi config set bigqueryLocation EU --stack dev && pulumi up --stack dev"),
    ],
    ids=["own", "existing"],
)
@pytest.mark.parametrize(
    "fields",
    [
        {"dataset": Found(value={"location": "EU"})},
        {"table": Found(value={"location": "EU", "schema": COLUMNS})},
    ],
    ids=["dataset", "table"],
)
def test_in_another_location_the_settings_are_changed_and_never_the_data(
    fields: dict[str, Any], chain: Expected, link: Link, fix: str
) -> None:
    findings = walk(chain, changed(healthy.seen(chain), **{"table": Found(value={"schema": COLUMNS}), **fields}))
    (failed,) = [finding for finding in findings if finding.verdict is Verdict.FAILED]
    assert (failed.link, failed.fix) == (link, fix)
    assert " in EU" in failed.actual
    assert chain.table_is_ours == ("would replace or delete one with its rows" in failed.expected)
