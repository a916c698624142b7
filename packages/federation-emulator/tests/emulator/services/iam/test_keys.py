"""Keys of service accounts: they can be looked at and ended, and none can be made."""

from __future__ import annotations

from base64 import b64encode

import pytest

from tests.emulator.google_server import PROJECT, Google
from tests.emulator.services.iam.certificates import certificate

READER = f"reader@{PROJECT}.iam.gserviceaccount.com"
ACCOUNTS = f"/v1/projects/{PROJECT}/serviceAccounts"
KEYS = f"{ACCOUNTS}/{READER}/keys"
ACTIVITIES = f"/v1/projects/{PROJECT}/locations/global/activityTypes/serviceAccountKeyLastAuthentication/activities"


@pytest.fixture
def google(quiet_google: Google) -> Google:
    """A Google with the IAM API on, and two accounts."""
    quiet_google.done("POST", f"/v1/projects/{PROJECT}/services/iam.googleapis.com:enable", {})
    for name in ("reader", "another"):
        quiet_google.done("POST", ACCOUNTS, {"accountId": name})
    return quiet_google


def uploaded(google: Google) -> str:
    """The path of a key that was uploaded now."""
    return f"/v1/{google.done('POST', f'{KEYS}:upload', {'publicKeyData': certificate()})['name']}"


def test_an_uploaded_key_is_listed_as_the_users_and_googles_own_only_where_it_is_asked_for(google: Google) -> None:
    path = uploaded(google)
    key = {
        "name": path.removeprefix("/v1/"),
        "validAfterTime": "2026-01-02T03:04:05Z",
        "validBeforeTime": "2036-01-02T03:04:05Z",
        "keyAlgorithm": "KEY_ALG_RSA_2048",
        "keyOrigin": "USER_PROVIDED",
        "keyType": "USER_MANAGED",
    }
    assert google.done("GET", f"{KEYS}?keyTypes=USER_MANAGED") == {"keys": [key]}
    assert google.done("GET", path) == key
    (own,) = google.done("GET", f"{KEYS}?keyTypes=SYSTEM_MANAGED")["keys"]
    assert (own["keyType"], own["keyOrigin"]) == ("SYSTEM_MANAGED", "GOOGLE_PROVIDED")
    assert google.done("GET", KEYS) == {"keys": [key, own]}
    assert google.done("GET", f"{ACCOUNTS}/another@{PROJECT}.iam.gserviceaccount.com/keys?keyTypes=USER_MANAGED") == {}


@pytest.mark.parametrize("query", ["KEY_TYPE_UNSPECIFIED", "USER_MANAGED&keyTypes=USER_MANAGED", "MINE"])
def test_a_filter_by_no_type_of_keys_is_refused(google: Google, query: str) -> None:
    assert google.call("GET", f"{KEYS}?keyTypes={query}").status_code == 400


def test_a_key_is_disabled_enabled_and_deleted_for_good(google: Google) -> None:
    path = uploaded(google)
    google.done("POST", f"{path}:disable", {})
    disabled = google.done("GET", path)
    assert disabled["disabled"] is True
    assert disabled["disableReason"] == "SERVICE_ACCOUNT_KEY_DISABLE_REASON_USER_INITIATED"
    google.done("POST", f"{path}:enable", {})
    assert "disabled" not in google.done("GET", path)
    google.done("DELETE", path)
    for method, ending in (("GET", ""), ("DELETE", ""), ("POST", ":disable"), ("POST", ":enable")):
        refused = google.call(method, path + ending)
        assert (refused.status_code, refused.json()["error"]["status"]) == (404, "NOT_FOUND")


def test_a_key_is_found_under_its_own_account_only(google: Google) -> None:
    path = uploaded(google)
    assert google.call("GET", path.replace("/reader@", "/another@")).status_code == 404
    assert google.call("GET", path).status_code == 200


def test_no_private_key_is_made(google: Google) -> None:
    refused = google.call("POST", KEYS, {"keyAlgorithm": "KEY_ALG_RSA_2048"})
    assert refused.status_code == 501
    assert "it makes no private key" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b64encode(b"a key").decode(), "no X.509 certificate in PEM"),
        ("", "no X.509 certificate in PEM"),
        (certificate(bits=1024), "not RSA with 2048 bits"),
        (certificate(elliptic=True), "not RSA with 2048 bits"),
    ],
    ids=["text", "nothing", "short", "elliptic"],
)
def test_what_is_no_certificate_of_such_a_key_is_refused(google: Google, data: str, why: str) -> None:
    refused = google.call("POST", f"{KEYS}:upload", {"publicKeyData": data})
    assert refused.status_code == 400
    assert why in refused.json()["error"]["message"]


def test_an_account_has_ten_keys_at_most(google: Google) -> None:
    body = {"publicKeyData": certificate()}
    for _ in range(10):
        google.done("POST", f"{KEYS}:upload", body)
    assert google.call("POST", f"{KEYS}:upload", body).json()["error"]["status"] == "FAILED_PRECONDITION"


def test_when_keys_were_used_is_answered_once_the_api_is_on_and_for_keys_alone(google: Google) -> None:
    off = google.call("GET", f"{ACTIVITIES}:query")
    assert (off.status_code, "SERVICE_DISABLED" in off.text) == (403, True)
    google.done("POST", f"/v1/projects/{PROJECT}/services/policyanalyzer.googleapis.com:enable", {})
    assert google.done("GET", f"{ACTIVITIES}:query?filter=activities.fullResourceName%3D%22x%22") == {}
    assert google.call("GET", f"{ACTIVITIES.replace('Key', '')}:query").status_code == 501
