"""Each option deployed by the real engine: what it lets in, and what it goes on refusing."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pulumi import automation

from conftest import OTHER_PROJECTS
from federation_emulator.core.trace import Link
from keyless_bigquery.components import outputs
from keyless_bigquery.runtime import probe
from keyless_bigquery.trust.trust import TrustChain, attribute_condition, attribute_mapping
from keyless_tools.doctor import finding
from keyless_tools.doctor.report import PASSED, exit_code
from keyless_tools.doctor.walk import first_failed
from pulumi_offline.stack_harness import StackHarness
from tests.doctor import changes
from tests.doctor.users import examined, failed_links
from tests.failed_runs import forget_failed_runs

POOL, PROVIDER = "platform-team", "their-aws"
THEIRS = f"/v1/projects/pool-project/locations/global/workloadIdentityPools/{POOL}/providers/{PROVIDER}"
DATASETS = "/bigquery/v2/projects/data-project/datasets"
DATASET = f"{DATASETS}/theirs"
GUEST = TrustChain(
    aws_account_id="210987654321", role_name="keyless-bigquery-guest", function_name="keyless-bigquery-guest"
)
EXISTING = {
    "access": "direct",
    "pool": "existing",
    "providerName": THEIRS.removeprefix("/v1/").replace("pool-project", OTHER_PROJECTS["pool-project"]),
    "table": "existing",
    "dataProject": "data-project",
    "datasetId": "theirs",
    "tableId": "facts",
    "columns": [{"name": "fact"}],
    "tables": ["data-project.theirs.notes", "data-project.reference"],
    "subnetIds": ["subnet-0123456789abcdef0"],
    "securityGroupIds": ["sg-0123456789abcdef0"],
    "environmentKmsKeyArn": "arn:aws:kms:us-east-1:210987654321:key/1234abcd-12ab-34cd-56ef-1234567890ab",
}


@pytest.fixture(scope="module")
def theirs(deployed: StackHarness) -> StackHarness:
    """What other teams made: a pool with a provider that admits the guest's role by name, and a table with a row."""
    google, pool = deployed.google, THEIRS.partition("/providers/")[0]
    for service in ("iam", "sts", "bigquery"):
        for project in OTHER_PROJECTS:
            google("POST", f"/v1/projects/{project}/services/{service}.googleapis.com:enable", {})
    google("POST", f"{pool.rpartition('/')[0]}?workloadIdentityPoolId={POOL}", {"displayName": "theirs"})
    google(
        "POST",
        f"{pool}/providers?workloadIdentityPoolProviderId={PROVIDER}",
        {
            "aws": {"accountId": GUEST.aws_account_id},
            "attributeMapping": attribute_mapping(),
            "attributeCondition": attribute_condition([GUEST]),
        },
    )
    for dataset, tables in {"theirs": ("facts", "notes"), "reference": ("codes",)}.items():
        google("POST", DATASETS, {"datasetReference": {"datasetId": dataset}, "location": "US"})
        for table in tables:
            schema = {"fields": [{"name": "fact", "type": "STRING"}]}
            google("POST", f"{DATASETS}/{dataset}/tables", {"tableReference": {"tableId": table}, "schema": schema})
    google("POST", f"{DATASET}/tables/facts/insertAll", {"rows": [{"json": {"fact": "it works"}}]})
    return deployed


@contextmanager
def their_condition(harness: StackHarness, condition: str) -> Iterator[None]:
    """Their provider with another condition, for a while."""
    path = f"{THEIRS}?updateMask=attributeCondition"
    harness.google("PATCH", path, {"attributeCondition": condition})
    try:
        yield
    finally:
        harness.google("PATCH", path, {"attributeCondition": attribute_condition([GUEST])})


@pytest.fixture(scope="module")
def guest(theirs: StackHarness) -> Iterator[StackHarness]:
    """A stack that is admitted by their provider, reads their table, and is granted everything directly."""
    harness = theirs.beside("guest", EXISTING)
    harness.up()
    yield harness
    harness.destroy()
    assert harness.google("GET", THEIRS)["state"] == "ACTIVE", "their provider outlives the stack"
    assert harness.google("GET", f"{DATASET}/tables/facts")["numRows"], "their table outlives the stack"
    kept = harness.google("POST", f"{DATASET}/tables/facts:getIamPolicy")
    assert not kept.get("bindings"), "the stack's grant goes with it"


def test_a_guest_reads_their_table_without_an_account_and_one_round_trip_less(guest: StackHarness) -> None:
    read = guest.invoke()
    assert not read.failed, read.log
    assert "fact=it works" in read.log
    assert [decision.link for decision in read.decisions] == [Link.TOKEN_EXCHANGE, Link.JOB, Link.TABLE]
    assert [decision.link for decision in guest.invoke().decisions] == [Link.JOB, Link.TABLE]


def test_a_guest_may_read_what_it_lists_and_is_refused_one_that_is_taken_away(guest: StackHarness) -> None:
    probed = guest.invoke(probe.EVENT)
    assert [decision.link for decision in probed.decisions].count(Link.TABLE) == 3, probed.log
    reference = f"{DATASETS}/reference"
    access = guest.google("GET", reference)["access"]
    with changes.members(guest, f"{DATASET}/tables/notes", "roles/bigquery.dataViewer", None):
        without_table = guest.invoke(probe.EVENT)
    kept = [entry for entry in access if entry.get("iamMember") != guest.output(outputs.PRINCIPAL)]
    guest.google("PATCH", reference, {"access": kept})
    without_dataset = guest.invoke(probe.EVENT)
    guest.google("PATCH", reference, {"access": access})
    for refused, name in ((without_table, "notes"), (without_dataset, "reference")):
        assert refused.refusal is not None, refused.log
        assert refused.refusal.link is Link.TABLE
        assert name in refused.refusal.resource
    assert not guest.invoke(probe.EVENT).failed


def test_the_doctor_walks_a_guests_chain_and_has_a_fix_for_its_owner(guest: StackHarness) -> None:
    whole = examined(guest)
    with their_condition(guest, attribute_condition([GUEST]).replace("guest/", "visitor/")):
        (walked,) = examined(guest)
    assert exit_code(whole) == PASSED, whole
    assert failed_links(walked) == [finding.Link.CONDITION]
    failed = first_failed(walked.findings)
    assert failed is not None
    assert shlex.split(failed.fix) == [
        *("gcloud", "iam", "workload-identity-pools", "providers", "update-aws", PROVIDER),
        *(f"--workload-identity-pool={POOL}", "--location=global", f"--project={OTHER_PROJECTS['pool-project']}"),
        f"--attribute-condition={attribute_condition([GUEST])}",
    ]


def test_a_guest_in_a_role_that_their_condition_does_not_name_is_refused_at_the_exchange(guest: StackHarness) -> None:
    guest.give_another_role(f"{GUEST.role_name}2")
    refused = guest.invoke()
    assert dict(guest.up(refresh=True)).get(automation.OpType.UPDATE) == 1
    guest.delete_role(f"{GUEST.role_name}2")
    assert refused.refusal is not None, refused.log
    assert refused.refusal.link is Link.TOKEN_EXCHANGE


@pytest.mark.parametrize(
    ("resource", "role", "link"),
    [
        ("/v1/projects/local-keyless", "roles/bigquery.jobUser", Link.JOB),
        (f"{DATASET}/tables/facts", "roles/bigquery.dataViewer", Link.TABLE),
    ],
)
def test_a_guest_without_one_of_its_two_grants_is_refused_there(
    guest: StackHarness, resource: str, role: str, link: Link
) -> None:
    policy = guest.google("POST", f"{resource}:getIamPolicy", {})
    principal = guest.output(outputs.PRINCIPAL)
    kept = [
        {**binding, "members": [member for member in binding["members"] if member != principal]}
        for binding in policy["bindings"]
        if binding["role"] == role
    ] + [binding for binding in policy["bindings"] if binding["role"] != role]
    cleared = {**policy, "bindings": [binding for binding in kept if binding["members"]]}
    without = guest.google("POST", f"{resource}:setIamPolicy", {"policy": cleared})
    guest.forget_tokens()
    refused = guest.invoke()
    guest.google("POST", f"{resource}:setIamPolicy", {"policy": {**policy, "etag": without["etag"]}})
    assert refused.refusal is not None, refused.log
    assert refused.refusal.link is link
    assert not guest.invoke().failed


@pytest.mark.parametrize(
    "loosened",
    [
        "assertion.account == '210987654321'",
        attribute_condition([GUEST]).replace("/')", "')"),
    ],
    ids=["any role of the account", "a prefix of the role's name"],
)
def test_their_provider_once_it_lets_others_in_is_refused_in_the_preview(guest: StackHarness, loosened: str) -> None:
    with their_condition(guest, loosened):
        with pytest.raises(automation.CommandError) as refused:
            guest.preview()
        forget_failed_runs()
    shown = str(refused.value)
    assert "can't be used; nothing was created" in shown
    assert "Traceback" not in shown


@pytest.mark.soak
def test_their_provider_without_a_mapping_of_its_own_is_used_by_googles_own_and_needs_a_condition(
    guest: StackHarness,
) -> None:
    """What ``gcloud … providers create-aws`` makes without ``--attribute-mapping``, and without a condition."""
    google, pool = guest.google, THEIRS.partition("/providers/")[0]
    plain, condition = f"{pool}/providers/their-plain", attribute_condition([GUEST])
    body = {"aws": {"accountId": GUEST.aws_account_id}}
    google("POST", f"{pool}/providers?workloadIdentityPoolProviderId=their-plain", body)
    assert "attributeMapping" not in google("GET", plain)
    settings = EXISTING | {"providerName": str(EXISTING["providerName"]).replace(PROVIDER, "their-plain")}
    stack = guest.beside("guest", settings)
    with pytest.raises(automation.CommandError) as refused:
        stack.preview()
    forget_failed_runs()
    shown = " ".join(str(refused.value).split())
    assert "nothing was created. - the provider must have an attribute condition" in shown
    assert "mapping" not in shown
    assert "Traceback" not in shown
    google("PATCH", f"{plain}?updateMask=attributeCondition", {"attributeCondition": condition})
    assert "create" not in stack.preview().change_summary, "the same pool, and so the same principals"


@pytest.mark.soak
def test_a_provider_that_was_never_there_or_is_deleted_is_one_error_with_its_name_and_the_way_back(
    guest: StackHarness,
) -> None:
    missing = guest.beside("guest", EXISTING | {"providerName": str(EXISTING["providerName"]).replace("aws", "axs")})
    with pytest.raises(automation.CommandError) as absent:
        missing.preview()
    guest.google("DELETE", THEIRS)
    try:
        with pytest.raises(automation.CommandError) as deleted:
            guest.preview()
    finally:
        guest.google("POST", f"{THEIRS}:undelete", {})
    forget_failed_runs()
    for refused, provider in ((absent, "their-axs"), (deleted, PROVIDER)):
        shown = " ".join(str(refused.value).split())
        assert f"providers/{provider}': this provider can't be used; nothing was created. - it can't be read: " in shown
        assert f"gcloud iam workload-identity-pools providers undelete {provider} --workload-identity-pool" in shown
        assert "Traceback" not in shown
    assert set(guest.preview().change_summary) == {"same"}
