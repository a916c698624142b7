"""What is left of service account keys is listed with the commands that end it, and nothing is changed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from keyless_bigquery.components import outputs
from keyless_tools.boundary import UsageError
from keyless_tools.cli import main
from keyless_tools.doctor.answer import Found
from keyless_tools.doctor.keys.key import key_of, wait_of
from keyless_tools.doctor.keys.look import EMAIL, keys_of, project_of
from keyless_tools.doctor.keys.report import Looked, as_json, as_text, exit_code
from keyless_tools.doctor.keys.run import of_email, of_stack
from keyless_tools.doctor.stack import StackError
from tests.doctor import healthy
from tests.doctor.users import google_api
from tests.http_server import Answer as HttpAnswer
from tests.http_server import Handler, Request, json_answer, serving

ACCOUNT = "bq-reader-dev@my-project.iam.gserviceaccount.com"
ID, OTHER = "0a" * 20, "1b" * 20
KIND = "serviceAccountKeyLastAuthentication"
RESOURCE = f"projects/my-project/serviceAccounts/{ACCOUNT}"
WIRE = {
    "name": f"{RESOURCE}/keys/{ID}",
    "validAfterTime": "2026-01-02T03:04:05Z",
    "validBeforeTime": "9999-12-31T23:59:59Z",
    "keyAlgorithm": "KEY_ALG_RSA_2048",
    "keyOrigin": "GOOGLE_PROVIDED",
    "keyType": "USER_MANAGED",
}
UPLOADED = WIRE | {"name": f"{RESOURCE}/keys/{OTHER}", "keyOrigin": "USER_PROVIDED", "disabled": True}
PERIOD = {"startTime": "2026-01-01T07:00:00Z", "endTime": "2026-07-01T07:00:00Z"}


def activity(key: str, **more: str) -> dict[str, Any]:
    """What Policy Analyzer answers of a key. Source: Google, "View recent usage for service accounts and keys"."""
    name = f"//iam.googleapis.com/{RESOURCE}/keys/{key}"
    of = {"serviceAccountKey": {"fullResourceName": name, "projectNumber": "1", "serviceAccountId": "2"}, **more}
    kind = "serviceAccountKeyLastAuthentication"
    return {
        "activities": [{"fullResourceName": name, "activityType": kind, "observationPeriod": PERIOD, "activity": of}]
    }


def google(keys: Any, uses: Mapping[str, Any] | HttpAnswer) -> Handler:
    """A Google that has keys, and records of their use by id."""

    def handle(request: Request) -> HttpAnswer:
        assert request.method == "GET"
        if request.path == f"/v1/{RESOURCE}/keys":
            assert request.query == {"keyTypes": ["USER_MANAGED"]}
            return json_answer(keys)
        assert request.path == f"/v1/projects/my-project/locations/global/activityTypes/{KIND}/activities:query"
        if isinstance(uses, HttpAnswer):
            return uses
        (filter_,) = request.query["filter"]
        return json_answer(uses.get(filter_.rpartition("/")[2].removesuffix('"'), {}))

    return handle


def looked(keys: Any, uses: Mapping[str, Any] | HttpAnswer) -> Looked:
    with serving(google(keys, uses)) as server:
        return Looked(reader="", email=ACCOUNT, keys=keys_of(google_api(server.url, "token"), ACCOUNT))


def test_each_key_is_listed_with_its_dates_its_use_and_the_commands_that_end_it() -> None:
    uses = {ID: activity(ID, lastAuthenticatedTime="2026-06-20T07:00:00Z"), OTHER: activity(OTHER)}
    found = looked({"keys": [WIRE, UPLOADED]}, uses)
    assert exit_code([found]) == 1
    assert as_text([found], days=30) == (
        f"""{ACCOUNT} has 2 user-managed keys
  {ID}
    created   2026-01-02, by Google
    expires   never
    state     enabled
    last use  on 2026-06-20, by Google's records until 2026-07-01
    disable   gcloud iam service-accounts keys disable {ID} --iam-account={ACCOUNT}
    undo      gcloud iam service-accounts keys enable {ID} --iam-account={ACCOUNT}
    delete    not yet: disable it first, which can be undone
  {OTHER}
    created   2026-01-02, uploaded
    expires   never
    state     disabled
    last use  none since 2026-01-01, by Google's records until 2026-07-01
    undo      gcloud iam service-accounts keys enable {OTHER} --iam-account={ACCOUNT}
    delete    gcloud iam service-accounts keys delete {OTHER} --iam-account={ACCOUNT}
"""
    )
    (account,) = json.loads(as_json([found], days=30))["accounts"]
    assert [key["id"] for key in account["keys"]] == [ID, OTHER]
    assert "disable" not in account["keys"][1]


def test_an_account_without_keys_is_code_0() -> None:
    found = looked({}, {})
    assert exit_code([found]) == 0
    assert as_text([found], days=30) == f"{ACCOUNT} has no user-managed keys\n"


DISABLED = UPLOADED | {"name": WIRE["name"], "disableReason": "SERVICE_ACCOUNT_KEY_DISABLE_REASON_EXPOSED"}


@pytest.mark.parametrize(
    ("wire", "use", "days", "why"),
    [
        (DISABLED, activity(ID, lastAuthenticatedTime="2026-06-01T07:00:00Z"), 30, ""),
        (DISABLED, activity(ID, lastAuthenticatedTime="2026-06-02T07:00:00Z"), 30, "show 29 days without use, 30 are"),
        (DISABLED, activity(ID, lastAuthenticatedTime="2026-06-02T07:00:00Z"), 29, ""),
        (DISABLED | {"validAfterTime": "2026-06-30T00:00:00Z"}, activity(ID), 30, "show 1 days without use"),
        (DISABLED, activity(OTHER), 30, "its last use is unknown"),
        (DISABLED, {}, 30, "its last use is unknown"),
        (DISABLED, {"activities": [{"fullResourceName": 1}, None]}, 30, "its last use is unknown"),
        (WIRE, activity(ID), 30, "disable it first"),
    ],
)
def test_a_key_is_deleted_only_when_it_is_disabled_and_was_seen_unused_for_long_enough(
    wire: dict[str, Any], use: dict[str, Any], days: int, why: str
) -> None:
    found = looked({"keys": [wire]}, {ID: use}).keys
    assert isinstance(found, Found)
    waits = wait_of(found.value[0], days=days)
    assert why in waits if why else waits == ""


REFUSED = {"code": 403, "status": "PERMISSION_DENIED", "message": "Permission 'x.y' denied on resource"}
OFF = {
    "code": 403,
    "status": "PERMISSION_DENIED",
    "message": "has not been used in project 12 before or it is disabled.",
}
PAGE = HttpAnswer(body=b"<html>")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (json_answer({"error": REFUSED}, 403), "you lack the permission x.y"),
        (json_answer({"error": OFF}, 403), "`gcloud services enable policyanalyzer.googleapis.com --project=12`"),
        (json_answer({"error": {"code": 404}}, 404), "policyanalyzer answered 404"),
        (PAGE, "not Google's"),
    ],
)
def test_where_the_use_can_not_be_seen_the_keys_are_listed_all_the_same(answer: HttpAnswer, why: str) -> None:
    with serving(google({"keys": [WIRE, UPLOADED]}, answer)) as server:
        found = keys_of(google_api(server.url, "token"), ACCOUNT)
        asked = len(server.requests)
    assert isinstance(found, Found)
    assert [why in str(key.last_use) for key in found.value] == [True, True]
    assert asked == 2


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (json_answer({"error": REFUSED | {"message": "nothing"}}, 403), "nothing"),
        (json_answer({"error": REFUSED}, 403), "you lack the permission x.y"),
        (json_answer({"error": {"code": 404}}, 404), f"there is no service account {ACCOUNT}: compare the e-mail"),
        (json_answer({"keys": [WIRE | {"name": f"{RESOURCE}/keys/--all"}]}), "not Google's"),
        (json_answer({"keys": [WIRE | {"name": str(WIRE["name"]).replace("reader", "writer")}]}), "not Google's"),
        (json_answer({"keys": [WIRE | {"keyType": "SYSTEM_MANAGED"}]}), "not Google's"),
        (json_answer({"keys": [WIRE | {"validAfterTime": "soon"}]}), "not Google's"),
        (json_answer({"keys": [{}, 7]}), "not Google's"),
        (PAGE, "not Google's"),
    ],
)
def test_keys_that_can_not_be_read_are_code_2_with_the_cause(answer: HttpAnswer, why: str) -> None:
    with serving(answer) as server:
        found = Looked(reader="", email=ACCOUNT, keys=keys_of(google_api(server.url, "token"), ACCOUNT))
    assert exit_code([found]) == 2
    assert why in as_text([found], days=30)
    assert why in json.loads(as_json([found], days=30))["accounts"][0]["notSeen"]


def test_what_can_not_be_asked_is_code_2_and_a_key_that_was_found_code_1_all_the_same() -> None:
    unseen = Looked(reader="a", email=ACCOUNT, keys=keys_of("no credentials", ACCOUNT))
    found = Looked(reader="b", email=ACCOUNT, keys=Found(value=(key_of(WIRE, account=ACCOUNT),)))
    assert as_text([unseen], days=30) == f"reader a: the keys of {ACCOUNT} can't be seen: no credentials\n"
    assert exit_code([unseen]) == 2
    assert exit_code([unseen, found]) == 1


def test_what_google_says_can_neither_end_a_line_nor_a_command() -> None:
    key = key_of(WIRE | {"disabled": True, "disableReason": "a\nb\x1b[2J"}, account=ACCOUNT)
    text = as_text([Looked(reader="r\n", email=ACCOUNT, keys=Found(value=(key,)))], days=30)
    assert r"state     disabled: a\nb\x1b[2J" in text
    assert text.startswith(r"reader r\n: ")


# Whose keys


def test_a_stacks_readers_are_looked_at_each_and_direct_access_has_no_key() -> None:
    stack, direct = healthy.stack(), healthy.stack(direct=True)
    with serving(google({"keys": [WIRE]}, {})) as server:
        (found,) = of_stack(stack, google_api(server.url, "token"))
        (none,) = of_stack(direct, google_api(server.url, "token"))
    assert (found.email, exit_code([found])) == (ACCOUNT, 1)
    assert (
        as_text([none], days=30) == f"reader {none.reader}: direct access, so there is no service account, and no key\n"
    )
    assert exit_code([none]) == 0


def test_a_stack_that_is_not_deployed_is_not_taken_for_one_without_keys() -> None:
    stack = healthy.stack()
    nothing: tuple[object, ...] = ({}, None)
    for readers in nothing:
        missing = dataclasses.replace(stack, outputs={**stack.outputs, outputs.READERS: readers})
        with pytest.raises(StackError, match="has no output readers"):
            of_stack(missing, "no credentials")


@pytest.mark.parametrize(
    ("email", "project"),
    [
        (ACCOUNT, "my-project"),
        ("name@my-project.example.com.iam.gserviceaccount.com", "-"),
        ("my-project@appspot.gserviceaccount.com", "-"),
        ("123-compute@developer.gserviceaccount.com", "-"),
    ],
)
def test_an_e_mail_of_any_service_account_is_taken(email: str, project: str) -> None:
    assert EMAIL.fullmatch(email)
    assert project_of(email) == project


@pytest.mark.parametrize(
    "email",
    [
        "dev",
        "me@example.com",
        f"{ACCOUNT}/keys",
        f"{ACCOUNT}.evil.example",
        f"-{ACCOUNT}",
        f"{ACCOUNT}\n",
        "é@p.gserviceaccount.com",
    ],
)
def test_what_is_no_e_mail_of_a_service_account_is_refused(email: str) -> None:
    with pytest.raises(UsageError, match="a service account's e-mail is NAME@PROJECT"):
        of_email(email)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--keys"], "no stack is named"),
        (["--keys", "dev"], "for a stack's accounts: `keyless doctor STACK --keys`"),
        (["dev", "--keys", ACCOUNT], "the stack dev is named too: leave one of them out"),
        (["--keys", ACCOUNT, "--days", "0"], "--days is 0: it is 1 to 3650"),
        (["dev", "--days", "3"], "--days is for --keys"),
    ],
)
def test_a_command_that_names_no_account_or_two_is_wrong_usage(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_an_e_mail_needs_no_stack_and_no_project_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("keyless_tools.doctor.keys.run.google_of", lambda *_, **__: "there are no Google credentials")
    assert main(["doctor", "--keys", ACCOUNT]) == 2
    assert capsys.readouterr().out.startswith(f"the keys of {ACCOUNT} can't be seen: there are no")
