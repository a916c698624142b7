"""What a role holds, where a grant counts, and which nearest miss is reported."""

from __future__ import annotations

from datetime import UTC, datetime

from federation_emulator.core.permission_names import CREATE_JOB, GET_ACCESS_TOKEN, GET_DATA
from federation_emulator.core.permissions import ROLES, Binding, Grant, Miss, Policy, decide
from keyless_bigquery.trust.principals import Principal, federated_principal
from tests.emulator.chain import ACCOUNT, MEMBER, POOL_NAME, READER, ROLE

ARN = f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}"
FEDERATED = federated_principal(
    pool=POOL_NAME, subject=f"{ARN}/fn", attributes={"aws_role": ARN, "empty": ""}, groups=("a/b",)
)
SERVICE_ACCOUNT = Principal(member=f"serviceAccount:{READER}", unique_id="1")
HOST = "iam.googleapis.com"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_a_grant_counts_on_the_resource_or_any_parent() -> None:
    on_table, on_project = ("table", Policy()), ("projects/p", Policy())
    grant = Policy(bindings=(Binding(role="roles/bigquery.dataViewer", members=(MEMBER,)),))
    assert isinstance(decide(FEDERATED, GET_DATA, [on_table, on_project], now=NOW), Miss)
    assert isinstance(decide(FEDERATED, GET_DATA, [("table", grant), on_project], now=NOW), Grant)
    inherited = decide(FEDERATED, GET_DATA, [on_table, ("projects/p", grant)], now=NOW)
    assert isinstance(inherited, Grant)
    assert inherited.sentence() == f"roles/bigquery.dataViewer for {MEMBER} on projects/p"


def test_roles_hold_what_google_documents_and_no_more() -> None:
    assert ROLES["roles/bigquery.jobUser"] == {CREATE_JOB}
    assert ROLES["roles/iam.workloadIdentityUser"] == {GET_ACCESS_TOKEN}
    assert GET_DATA in ROLES["roles/bigquery.dataViewer"]
    assert CREATE_JOB not in ROLES["roles/bigquery.dataViewer"]
    assert "bigquery.tables.updateData" not in ROLES["roles/bigquery.dataViewer"]
    assert GET_DATA not in ROLES["roles/bigquery.metadataViewer"]
    assert GET_ACCESS_TOKEN not in ROLES["roles/owner"]


def test_the_nearest_miss_is_the_binding_with_the_same_attribute() -> None:
    near, far = f"{MEMBER}2", "user:somebody@local.invalid"
    policy = Policy(bindings=(Binding(role="roles/iam.workloadIdentityUser", members=(far, near)),))
    miss = decide(FEDERATED, GET_ACCESS_TOKEN, [("serviceAccounts/a", policy)], now=NOW)
    assert isinstance(miss, Miss)
    assert miss.actual.startswith(f"binding names attribute.aws_role = {ARN}2, principal has {ARN}")
    assert miss.expected == f"roles/iam.workloadIdentityUser for {FEDERATED.member} on serviceAccounts/a"
