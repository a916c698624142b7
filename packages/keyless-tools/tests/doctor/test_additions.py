"""What counts as added to what the stack made, and which command removes it. `test_by_hand.py` makes each for real."""

from __future__ import annotations

import json
from typing import Any

import pytest

from keyless_bigquery.components import outputs
from keyless_tools.doctor.answer import Absent, Found
from keyless_tools.doctor.expected import expected_of
from keyless_tools.doctor.finding import Judgement, Verdict
from keyless_tools.doctor.links import additions
from keyless_tools.doctor.observed import Seen
from tests.components.recording import record
from tests.doctor import healthy
from tests.doctor.healthy import CHAIN, DIRECT, EMAIL, POOL, PROVIDER, SEEN, changed

IN_NETWORK = {"subnetIds": '["subnet-0123456789abcdef0"]', "securityGroupIds": '["sg-0123456789abcdef0"]'}
KEY = "arn:aws:kms:us-east-1:210987654321:key/1234abcd-12ab-34cd-56ef-1234567890ab"
STRANGER = "user:eve@example.com"


def policies(*inline: str, attached: tuple[str, ...] = ()) -> Seen:
    return changed(role_policies=Found(value={"inline": list(inline), "attached": list(attached)}))


def commands(finding: Judgement) -> list[str]:
    assert (finding.verdict is Verdict.WARNING) is bool(finding.fix)
    return finding.fix.split(" && ") if finding.fix else []


@pytest.mark.parametrize("settings", [{}, {**IN_NETWORK, "environmentKmsKeyArn": KEY}], ids=["least", "most"])
def test_the_policies_that_the_program_makes_are_none_that_were_added(settings: dict[str, str]) -> None:
    made = record(settings)
    inline = [one.inputs["name"] for one in made.of_type("aws:iam/rolePolicy:RolePolicy")]
    attached = [one.inputs["policyArn"] for one in made.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")]
    chain = healthy.expected(**settings)
    assert additions.policies(chain, policies(*inline, attached=tuple(attached))).verdict is Verdict.OK
    more = additions.policies(chain, policies(*inline, "by-hand", attached=(*attached, "arn:aws:iam::aws:policy/Foo")))
    assert commands(more) == [
        "aws iam delete-role-policy --role-name keyless-bigquery-dev --policy-name by-hand",
        "aws iam detach-role-policy --role-name keyless-bigquery-dev --policy-arn arn:aws:iam::aws:policy/Foo",
    ]


@pytest.mark.parametrize(
    ("inline", "added"),
    [
        ("write-own-log-0123abcd", False),
        ("write-own-log-2", True),
        ("write-own-logs", True),
        ("leave-network-to-lambda", True),
        ("read-own-environment-0123abcd", True),
    ],
)
def test_a_policy_whose_name_is_not_one_of_the_settings_was_added(inline: str, added: bool) -> None:
    assert (additions.policies(CHAIN, policies("write-own-log", inline)).verdict is Verdict.WARNING) is added


def statements(*sids: str) -> Found[dict[str, str]]:
    made = [{"Sid": sid, "Effect": "Allow", "Action": "lambda:InvokeFunction", "Principal": "*"} for sid in sids]
    return Found(value={"Policy": json.dumps({"Statement": made})})


@pytest.mark.parametrize(
    ("scheduled", "function_policies", "removed"),
    [
        (False, {"": Absent()}, []),
        (True, {"": statements("schedule")}, []),
        (False, {"": statements("schedule")}, ["--statement-id schedule"]),
        (True, {"": statements("schedule", "other")}, ["--statement-id other"]),
        (False, {"": Absent(), "live": statements("x")}, ["--statement-id x --qualifier live"]),
    ],
)
def test_a_statement_that_is_not_the_schedules_was_added(
    scheduled: bool, function_policies: dict[str, Any], removed: list[str]
) -> None:
    chain = healthy.expected(**({"schedule": "rate(1 hour)"} if scheduled else {}))
    finding = additions.callers(chain, changed(function_policies=function_policies))
    assert len(commands(finding)) == len(removed)
    assert all(part in command for part, command in zip(removed, commands(finding), strict=True))


def test_under_an_alias_the_schedules_statement_belongs_to_the_alias_alone() -> None:
    found = healthy.stack(schedule="rate(1 hour)")
    message = found.outputs[outputs.READERS]["reader"]
    message[outputs.FUNCTION_NAME] += ":live"
    (chain,) = expected_of(found)
    assert additions.callers(chain, changed(function_policies={"live": statements("schedule")})).verdict is Verdict.OK
    of_function = additions.callers(chain, changed(function_policies={"": statements("schedule"), "live": Absent()}))
    assert of_function.verdict is Verdict.WARNING


BINDING = {"role": "roles/iam.workloadIdentityUser", "members": [CHAIN.principal]}


@pytest.mark.parametrize(
    ("bindings", "removed"),
    [
        ([BINDING], []),
        ([{**BINDING, "members": [CHAIN.principal, "deleted:serviceAccount:a@b?uid=1"]}], []),
        ([{**BINDING, "members": [CHAIN.principal, STRANGER]}], [f"--member={STRANGER}"]),
        ([BINDING, {"role": "roles/owner", "members": [CHAIN.principal]}], ["--role=roles/owner --condition=None"]),
        ([BINDING, {"role": "roles/x", "members": [STRANGER], "condition": {"expression": "c"}}], ["roles/x --all"]),
    ],
)
def test_a_member_of_the_account_that_is_not_the_binding_was_added(
    bindings: list[dict[str, Any]], removed: list[str]
) -> None:
    finding = additions.account_members(CHAIN, changed(account_policy=Found(value={"bindings": bindings})))
    assert len(commands(finding)) == len(removed)
    for part, command in zip(removed, commands(finding), strict=True):
        assert command.startswith(f"gcloud iam service-accounts remove-iam-policy-binding {EMAIL} --project=my-project")
        assert part in command


def test_with_direct_access_a_grant_to_the_whole_pool_is_one_to_the_reader() -> None:
    everyone = f"principalSet://iam.googleapis.com/{POOL}/*"
    jobs = {"role": "roles/bigquery.jobUser", "members": [DIRECT.principal]}
    whole = {"bindings": [jobs, {"role": "roles/viewer", "members": [everyone, STRANGER]}]}
    seen = changed(healthy.seen(DIRECT), project_policy=Found(value=whole))
    finding = additions.reader_grants(DIRECT, seen)
    (command,) = commands(finding)
    assert command.startswith("gcloud projects remove-iam-policy-binding my-project")
    assert everyone in command
    assert additions.account_members(DIRECT, seen).verdict is Verdict.NOT_LOOKED


DEFAULT = [
    {"role": "WRITER", "specialGroup": "projectWriters"},
    {"role": "OWNER", "specialGroup": "projectOwners"},
    {"role": "OWNER", "userByEmail": "maker@example.com"},
    {"role": "READER", "specialGroup": "projectReaders"},
]


@pytest.mark.parametrize(
    ("access", "added"),
    [
        (DEFAULT, 0),
        ([*DEFAULT[:2], {"role": "OWNER", "iamMember": "principal://of/a/workflow"}, DEFAULT[3]], 0),
        ([*DEFAULT, {"role": "READER", "userByEmail": "eve@example.com"}], 1),
        ([*DEFAULT, {"role": "WRITER", "specialGroup": "projectReaders"}], 1),
        ([*DEFAULT, {"view": {"projectId": "p", "datasetId": "d", "tableId": "v"}}], 1),
        ([*DEFAULT, {"role": "OWNER", "userByEmail": "eve@example.com"}], 2),
    ],
)
def test_an_entry_that_bigquery_did_not_make_with_the_dataset_was_added(access: list[Any], added: int) -> None:
    finding = additions.dataset_access(CHAIN, changed(dataset=Found(value={"access": access})))
    assert len(finding.actual.split("; ") if commands(finding) else []) == added
    show = "bq show --format=prettyjson my-project:keyless_dev > dataset.json"
    assert commands(finding)[:1] == ([show] if added else [])


def test_a_list_of_providers_that_goes_on_is_not_called_whole() -> None:
    listed = {"workloadIdentityPoolProviders": [{"name": PROVIDER}]}
    assert additions.providers(CHAIN, SEEN).verdict is Verdict.OK
    more = changed(providers=Found(value={**listed, "nextPageToken": "x"}))
    assert additions.providers(CHAIN, more).verdict is Verdict.UNKNOWN
