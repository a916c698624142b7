"""Service accounts and allow policies as the plugin, gcloud and the clients send them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.chain import ACCOUNT_PATH, MEMBER, READER
from tests.emulator.google_server import PROJECT, Google

PROJECT_PATH = f"/v1/projects/{PROJECT}"
ROLE = "roles/iam.workloadIdentityUser"


@pytest.fixture
def peopled(quiet_google: Google) -> Google:
    """A Google with the IAM API on and one service account."""
    quiet_google.done("POST", f"{PROJECT_PATH}/services/iam.googleapis.com:enable", {})
    body = {"accountId": "reader", "serviceAccount": {"displayName": "Reader", "description": "d"}}
    quiet_google.done("POST", f"{PROJECT_PATH}/serviceAccounts", body)
    return quiet_google


def bound(*members: str, role: str = ROLE) -> list[dict[str, Any]]:
    return [{"role": role, "members": list(members)}]


def test_an_account_is_found_by_email_and_unique_id_with_a_dash_for_the_project(peopled: Google) -> None:
    account = peopled.done("GET", ACCOUNT_PATH)
    assert (account["email"], account["displayName"], account["projectId"]) == (READER, "Reader", PROJECT)
    dashed = ACCOUNT_PATH.replace(f"projects/{PROJECT}", "projects/-")
    assert peopled.done("GET", dashed) == account
    assert peopled.done("GET", ACCOUNT_PATH.replace(READER, account["uniqueId"])) == account
    assert peopled.done("GET", f"{PROJECT_PATH}/serviceAccounts?pageSize=100")["accounts"] == [account]
    assert peopled.call("GET", ACCOUNT_PATH.replace("reader", "missing")).status_code == 404


def test_an_account_patch_takes_its_snake_case_mask_from_the_body(peopled: Google) -> None:
    body = {"serviceAccount": {"displayName": "New", "description": "not masked"}, "updateMask": "display_name"}
    changed = peopled.done("PATCH", ACCOUNT_PATH, body)
    assert (changed["displayName"], changed["description"]) == ("New", "d")
    both = {"serviceAccount": {}, "updateMask": "description,display_name"}
    assert "displayName" not in peopled.done("PATCH", ACCOUNT_PATH, both)


def test_an_account_id_is_taken_while_it_lives_and_free_at_once_after(peopled: Google) -> None:
    again = peopled.call("POST", f"{PROJECT_PATH}/serviceAccounts", {"accountId": "reader"})
    assert again.status_code == 409
    expected = f"Service account reader already exists within project projects/{PROJECT}."
    assert again.json()["error"]["message"] == expected
    first = peopled.done("GET", ACCOUNT_PATH)["uniqueId"]
    peopled.done("DELETE", ACCOUNT_PATH)
    second = peopled.done("POST", f"{PROJECT_PATH}/serviceAccounts", {"accountId": "reader"})["uniqueId"]
    assert first != second
    undelete = f"{PROJECT_PATH}/serviceAccounts/{first}:undelete"
    assert peopled.call("POST", undelete, {}).status_code == 409
    peopled.done("DELETE", ACCOUNT_PATH)
    assert peopled.done("POST", undelete, {})["restoredAccount"]["uniqueId"] == first


NO_ACCOUNT_IDS: list[str] = ["short", "x" * 31, "Upper-case", "1digit-first", "ends-in-dash-", ""]


def test_an_account_id_outside_googles_rules_is_refused(peopled: Google) -> None:
    for account_id in NO_ACCOUNT_IDS:
        assert peopled.call("POST", f"{PROJECT_PATH}/serviceAccounts", {"accountId": account_id}).status_code == 400


def test_a_policy_is_read_without_a_body_and_written_with_its_etag(peopled: Google) -> None:
    read = peopled.call("POST", f"{ACCOUNT_PATH}:getIamPolicy?options.requestedPolicyVersion=3")
    assert "bindings" not in read.json()
    policy = {"bindings": bound(MEMBER), "etag": read.json()["etag"], "version": 3}
    written = peopled.done("POST", f"{ACCOUNT_PATH}:setIamPolicy", {"policy": policy})
    assert written["bindings"] == bound(MEMBER)
    assert peopled.done("POST", f"{ACCOUNT_PATH}:getIamPolicy") == written


def test_a_policy_without_bindings_is_emptied(peopled: Google) -> None:
    etag = peopled.done("POST", f"{ACCOUNT_PATH}:setIamPolicy", {"policy": {"bindings": bound(MEMBER)}})["etag"]
    emptied = peopled.done("POST", f"{ACCOUNT_PATH}:setIamPolicy", {"policy": {"etag": etag, "version": 3}})
    assert "bindings" not in emptied


def test_a_stale_etag_is_aborted_and_the_url_safe_alphabet_is_the_same_etag(peopled: Google) -> None:
    etag = peopled.done("POST", f"{ACCOUNT_PATH}:getIamPolicy")["etag"]
    for _ in range(30):  # until an etag has a character that the two alphabets write differently
        policy = {"bindings": bound(MEMBER), "etag": etag.replace("+", "-").replace("/", "_")}
        fresh = peopled.done("POST", f"{ACCOUNT_PATH}:setIamPolicy", {"policy": policy})["etag"]
        stale = peopled.call("POST", f"{ACCOUNT_PATH}:setIamPolicy", {"policy": {"etag": etag}})
        assert (stale.status_code, stale.json()["error"]["status"]) == (409, "ABORTED")
        if "+" in etag or "/" in etag:
            return
        etag = fresh
    pytest.fail("thirty random etags without + or /: is the alphabet still standard base64?")


BAD_BINDINGS: list[tuple[object, str]] = [
    (bound("principalSet://keyless-pool/attribute.aws_role/x"), "is of an unknown type"),
    (bound("reader"), "is of an unknown type"),
    (bound("allUsers"), "grants nothing to everybody"),
    (bound(MEMBER.replace("/123456789012/", f"/{PROJECT}/")), "is of an unknown type"),
    (bound(f"serviceAccount:missing@{PROJECT}.iam.gserviceaccount.com"), "does not exist."),
    (bound(MEMBER, role="roles/iam.workloadIdentityUsr"), "is not supported for this resource"),
    ([{"members": [MEMBER]}], "with a role"),
    ([{"role": ROLE, "members": "x"}], "list of strings"),
    ("x", "expected a list"),
]


def test_a_bad_binding_is_refused_and_changes_nothing(peopled: Google) -> None:
    good = peopled.done("POST", f"{ACCOUNT_PATH}:setIamPolicy", {"policy": {"bindings": bound(MEMBER)}})
    for bindings, text in BAD_BINDINGS:
        answer = peopled.call("POST", f"{ACCOUNT_PATH}:setIamPolicy", {"policy": {"bindings": bindings}})
        assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
        assert text in answer.json()["error"]["message"]
        assert peopled.done("POST", f"{ACCOUNT_PATH}:getIamPolicy") == good


CONDITION = {"title": "this year", "expression": "request.time < timestamp('2027-01-01T00:00:00Z')"}


def conditional(expression: str = CONDITION["expression"], **binding: Any) -> dict[str, Any]:
    return {"role": ROLE, "members": [MEMBER], "condition": {**CONDITION, "expression": expression}, **binding}


def test_a_condition_needs_policy_version_3_and_comes_back_whole_to_who_asks_for_it(peopled: Google) -> None:
    bindings = [*bound(MEMBER), conditional()]
    for version in (None, 1):
        refused = peopled.call(
            "POST", f"{ACCOUNT_PATH}:setIamPolicy", {"policy": {"bindings": bindings, "version": version}}
        )
        assert refused.status_code == 400
        assert "needs version 3" in refused.json()["error"]["message"]
    written = peopled.done("POST", f"{ACCOUNT_PATH}:setIamPolicy", {"policy": {"bindings": bindings, "version": 3}})
    assert (written["version"], written["bindings"]) == (3, bindings)
    asked = peopled.done("POST", f"{ACCOUNT_PATH}:getIamPolicy?options.requestedPolicyVersion=3")
    assert asked == written


def test_a_condition_is_withheld_from_who_asks_for_less_and_not_lost_by_what_they_write(peopled: Google) -> None:
    peopled.done("POST", f"{ACCOUNT_PATH}:setIamPolicy", {"policy": {"bindings": [conditional()], "version": 3}})
    policy = peopled.done("POST", f"{ACCOUNT_PATH}:getIamPolicy", {"options": {"requestedPolicyVersion": 1}})
    (binding,) = policy["bindings"]
    assert policy["version"] == 1
    assert binding["role"].startswith(f"{ROLE}_withcond_")
    assert "condition" not in binding
    for bindings in ([binding], bound(MEMBER), []):
        written = {"policy": {**policy, "bindings": bindings}}
        assert peopled.call("POST", f"{ACCOUNT_PATH}:setIamPolicy", written).status_code == 400
    # Without an etag it is overwritten, as Google warns.
    peopled.done("POST", f"{ACCOUNT_PATH}:setIamPolicy", {"policy": {"bindings": bound(MEMBER)}})


def test_two_conditions_of_one_role_are_two_bindings(peopled: Google) -> None:
    other = conditional("request.time.getFullYear() == 2026")
    bindings = [conditional(), other, conditional(members=["user:a@example.com"])]
    written = peopled.done("POST", f"{ACCOUNT_PATH}:setIamPolicy", {"policy": {"bindings": bindings, "version": 3}})
    assert [len(binding["members"]) for binding in written["bindings"]] == [2, 1]


BAD_CONDITIONS: list[tuple[object, str]] = [
    ({"expression": "true"}, "must have a title"),
    ({"title": "t"}, "must have an expression"),
    ({"title": "t", "expression": "true &&"}, "isn't CEL"),
    ({"title": "t", "expression": "[1].map(x, [1].map(y, 1)) == []"}, "macro inside a macro"),
    ("true", "expected an object"),
]


def test_a_condition_that_can_not_be_kept_is_refused(peopled: Google) -> None:
    for condition, text in BAD_CONDITIONS:
        policy = {"version": 3, "bindings": [{"role": ROLE, "members": [MEMBER], "condition": condition}]}
        refused = peopled.call("POST", f"{ACCOUNT_PATH}:setIamPolicy", {"policy": policy})
        assert refused.status_code == 400
        assert text in refused.json()["error"]["message"]


BAD_POLICIES: list[tuple[dict[str, Any], str]] = [
    ({"policy": {"bindingz": []}}, "Unknown name \"bindingz\" at 'policy'"),
    ({"policie": {}}, 'Unknown name "policie"'),
    ({"policy": {"bindings": [{"role": ROLE, "member": MEMBER}]}}, 'Unknown name "member"'),
    ({"policy": {"bindings": [conditional(condition={"title": "t", "expr": "true"})]}}, 'Unknown name "expr"'),
    ({"updateMask": "binding"}, "Invalid update_mask"),
    ({"policy": {"version": 2}}, "Valid versions are 0, 1 and 3"),
    ({"policy": {"version": "x"}}, "Invalid value at 'policy.version' (TYPE_INT32)"),
    ({"policy": {"etag": 7}}, "policy.etag"),
    ({"policy": {"bindings": bound(MEMBER, role=f"{ROLE}_withcond_2b17cc25d2cd9e2c54d8")}}, "was withheld"),
    (
        {"policy": {"version": 3, "bindings": [conditional(f"request.time.getDate() > {n}") for n in range(21)]}},
        "on 21 conditions; the limit is 20",
    ),
    (
        {
            "policy": {
                "version": 3,
                "bindings": [
                    conditional(f"request.time.getDate() > {n}", members=[f"user:u{n}@example.com"]) for n in range(101)
                ],
            }
        },
        "101 conditions; the limit is 100",
    ),
]


def test_what_a_policy_does_not_have_is_refused_and_changes_nothing(peopled: Google) -> None:
    good = peopled.done("POST", f"{ACCOUNT_PATH}:setIamPolicy", {"policy": {"bindings": bound(MEMBER)}})
    for changes, text in BAD_POLICIES:
        refused = peopled.call("POST", f"{ACCOUNT_PATH}:setIamPolicy", {"policy": {}, **changes})
        assert (refused.status_code, refused.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
        assert text in refused.json()["error"]["message"]
        assert peopled.done("POST", f"{ACCOUNT_PATH}:getIamPolicy") == good


def test_a_mask_without_bindings_leaves_them_as_they_are(peopled: Google) -> None:
    path = f"{ACCOUNT_PATH}:setIamPolicy"
    peopled.done("POST", path, {"policy": {"bindings": bound(MEMBER)}})
    kept = peopled.done("POST", path, {"policy": {"bindings": []}, "updateMask": "etag"})
    assert kept["bindings"] == bound(MEMBER)
    assert "bindings" not in peopled.done("POST", path, {"policy": {}, "updateMask": "bindings,etag"})


def test_a_conditions_description_and_location_come_back(peopled: Google) -> None:
    binding = conditional()
    binding["condition"] |= {"description": "why", "location": "a file"}
    policy = {"bindings": [binding], "version": 3}
    assert peopled.done("POST", f"{ACCOUNT_PATH}:setIamPolicy", {"policy": policy})["bindings"] == [binding]


def test_a_custom_role_is_said_to_be_missing_here(peopled: Google) -> None:
    for role in (f"projects/{PROJECT}/roles/reader", "organizations/1/roles/reader"):
        refused = peopled.call(
            "POST", f"{ACCOUNT_PATH}:setIamPolicy", {"policy": {"bindings": bound(MEMBER, role=role)}}
        )
        assert (refused.status_code, "Custom roles" in refused.json()["error"]["message"]) == (501, True)


def test_a_condition_on_a_basic_role_is_refused(quiet_google: Google) -> None:
    policy = quiet_google.done("POST", f"{PROJECT_PATH}:getIamPolicy")
    owner = {**conditional(), "role": "roles/owner", "members": ["user:a@example.com"]}
    written = {**policy, "version": 3, "bindings": [*policy["bindings"], owner]}
    refused = quiet_google.call("POST", f"{PROJECT_PATH}:setIamPolicy", {"policy": written})
    assert (refused.status_code, "basic role" in refused.json()["error"]["message"]) == (400, True)
    quiet_google.done("POST", f"{PROJECT_PATH}:setIamPolicy", {"policy": {**policy, "version": 3}})


def test_audit_configurations_are_refused_and_not_dropped(peopled: Google) -> None:
    policy = {"bindings": bound(MEMBER), "auditConfigs": [{"service": "allServices"}]}
    assert peopled.call("POST", f"{ACCOUNT_PATH}:setIamPolicy", {"policy": policy}).status_code == 501
    assert "bindings" not in peopled.done("POST", f"{ACCOUNT_PATH}:getIamPolicy")


def test_a_project_keeps_an_owner(quiet_google: Google) -> None:
    path = f"{PROJECT_PATH}:setIamPolicy"
    assert quiet_google.call("POST", path, {"policy": {"bindings": []}}).status_code == 400
    owner = bound("user:other@local.invalid", role="roles/owner")
    quiet_google.done("POST", path, {"policy": {"bindings": owner}, "updateMask": "bindings,etag,auditConfigs"})
    assert quiet_google.call("GET", PROJECT_PATH).status_code == 403
