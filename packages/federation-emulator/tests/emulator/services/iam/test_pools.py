"""What the official provider plugin and gcloud need of pools and providers (google-apis, section 14)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.emulator.chain import ACCOUNT, MAPPING, POOL, POOL_NAME, POOL_PATH, POOLS_PATH, PROVIDER, PROVIDER_PATH
from tests.emulator.google_server import NUMBER, PROJECT, Google


@pytest.fixture
def pooled(quiet_google: Google) -> Google:
    """A Google with the IAM API on, one pool and one provider."""
    google = quiet_google
    google.done("POST", f"/v1/projects/{PROJECT}/services/iam.googleapis.com:enable", {})
    google.done("POST", f"{POOLS_PATH}?workloadIdentityPoolId={POOL}", {"displayName": "shown", "disabled": True})
    body = {"aws": {"accountId": ACCOUNT}, "attributeMapping": MAPPING, "description": "d"}
    google.done("POST", f"{POOL_PATH}/providers?workloadIdentityPoolProviderId={PROVIDER}", body)
    return google


def test_operations_are_done_at_once_and_can_be_polled(pooled: Google) -> None:
    for path in (POOL_PATH, PROVIDER_PATH):
        operation = pooled.done("PATCH", f"{path}?updateMask=displayName", {"displayName": "new"})
        assert operation["done"] is True
        assert operation["name"].startswith(f"projects/{NUMBER}/locations/global/workloadIdentityPools/{POOL}/")
        assert operation["response"]["displayName"] == "new"
        assert pooled.done("GET", f"/v1/{operation['name']}") == operation
    assert pooled.call("GET", f"{POOL_PATH}/operations/other").status_code == 404


def test_a_masked_patch_resets_what_the_body_lacks_and_ignores_what_the_mask_lacks(pooled: Google) -> None:
    pooled.done("PATCH", f"{POOL_PATH}?updateMask=displayName%2Cdisabled", {"description": "not masked"})
    assert pooled.done("GET", POOL_PATH) == {"name": POOL_NAME, "state": "ACTIVE"}
    pooled.done("PATCH", f"{PROVIDER_PATH}?updateMask=aws", {"aws": {"accountId": "111122223333"}})
    provider = pooled.done("GET", PROVIDER_PATH)
    assert (provider["aws"], provider["attributeMapping"], provider["description"]) == (
        {"accountId": "111122223333"},
        MAPPING,
        "d",
    )


def test_attestation_rules_are_an_empty_object_for_every_pool_that_get_answers(pooled: Google) -> None:
    assert pooled.done("GET", f"{POOL_PATH}:listAttestationRules") == {}
    assert pooled.call("GET", f"{POOLS_PATH}/other-pool:listAttestationRules").status_code == 404
    pooled.done("DELETE", POOL_PATH)
    assert pooled.done("GET", f"{POOL_PATH}:listAttestationRules") == {}


def test_a_deleted_pool_stays_readable_blocks_its_id_and_comes_back(pooled: Google) -> None:
    pooled.done("DELETE", POOL_PATH)
    for path in (POOL_PATH, PROVIDER_PATH):
        found = pooled.done("GET", path)
        assert found["state"] == "DELETED"
        assert found["expireTime"].endswith("Z")
    assert pooled.done("GET", POOLS_PATH) == {}
    assert len(pooled.done("GET", f"{POOLS_PATH}?showDeleted=True")["workloadIdentityPools"]) == 1
    again = pooled.call("POST", f"{POOLS_PATH}?workloadIdentityPoolId={POOL}", {})
    assert (again.status_code, again.json()["error"]["status"]) == (409, "ALREADY_EXISTS")
    assert again.json()["error"]["message"] == "Requested entity already exists"
    assert pooled.call("PATCH", f"{POOL_PATH}?updateMask=disabled", {}).status_code == 400
    assert pooled.call("POST", f"{PROVIDER_PATH}:undelete", {}).status_code == 400
    pooled.done("POST", f"{POOL_PATH}:undelete")
    pooled.done("POST", f"{PROVIDER_PATH}:undelete", {})
    assert pooled.done("GET", PROVIDER_PATH)["state"] == "ACTIVE"


def test_thirty_days_after_a_delete_the_id_is_free_and_nothing_comes_along(pooled: Google) -> None:
    pooled.done("DELETE", POOL_PATH)
    pooled.clock.ahead = timedelta(days=29, hours=23)
    assert pooled.call("POST", f"{POOLS_PATH}?workloadIdentityPoolId={POOL}", {}).status_code == 409
    pooled.clock.ahead = timedelta(days=30, minutes=1)
    assert pooled.call("GET", POOL_PATH).status_code == 404
    pooled.done("POST", f"{POOLS_PATH}?workloadIdentityPoolId={POOL}", {})
    assert pooled.done("GET", POOL_PATH) == {"name": POOL_NAME, "state": "ACTIVE"}
    assert pooled.call("GET", PROVIDER_PATH).status_code == 404


def test_the_number_serves_in_place_of_the_id(pooled: Google) -> None:
    assert pooled.done("GET", POOL_PATH.replace(PROJECT, NUMBER)) == pooled.done("GET", POOL_PATH)
    assert pooled.call("GET", POOL_PATH.replace(PROJECT, "other-project")).status_code == 403


NO_POOL_IDS: list[str] = ["abc", "x" * 33, "Upper", "gcp-pool", "under_score", "", "slash%2Fx"]


def test_a_pool_id_outside_googles_rules_is_refused(pooled: Google) -> None:
    for pool_id in NO_POOL_IDS:
        answer = pooled.call("POST", f"{POOLS_PATH}?workloadIdentityPoolId={pool_id}", {})
        assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT"), pool_id
    assert pooled.call("POST", f"{POOLS_PATH}?workloadIdentityPoolId=pool", {}).status_code == 200


BAD_PROVIDERS: list[dict[str, Any]] = [
    {"attributeMapping": {"attribute.a": "assertion.arn"}},
    {"attributeMapping": {"google.subject": "assertion.arn", "attribute.A": "assertion.arn"}},
    {"attributeMapping": {"google.subject": "assertion.arn("}},
    {"attributeMapping": {"google.subject": "open('/etc/passwd')"}},
    {"attributeMapping": {"google.subject": "google.subject"}},
    {"attributeMapping": {"google.subject": "'" + "x" * 2048 + "'"}},
    {"attributeMapping": {"google.subject": "['a'].map(x, x)[0]"}},
    {"attributeMapping": {"google.subject": 1}},
    {"attributeCondition": "assertion.arn =="},
    {"attributeCondition": "environment.secret == 'x'"},
    {"attributeCondition": "'" + "x" * 4097 + "' == ''"},
    {"attributeMapping": {"google.subject": "assertion.arn", "google.name": "assertion.arn"}},
    {"attributeMapping": {"google.subject": "assertion.arn", f"attribute.{'a' * 101}": "assertion.arn"}},
    {"attributeMapping": {"google.subject": "assertion.arn", **{f"attribute.a{n}": "'a'" for n in range(51)}}},
    {"attributeCondition": "[1].all(x, [1].all(y, true))"},
    {"attributeConditon": "false"},
    {"AttributeCondition": "false"},
    {"attributeCondition": "true", "attribute_condition": "false"},
    {"stsUri": "https://evil.example.com"},
    {"aws": {"accountId": "12345678901"}},
    {"aws": {"accountId": ACCOUNT, "account_id": ACCOUNT}},
    {"aws": {"accountId": ACCOUNT, "roles": ["x"]}},
    {"aws": {}},
]


def test_a_bad_provider_is_refused_when_it_is_made_not_when_it_is_used(pooled: Google) -> None:
    path = f"{POOL_PATH}/providers?workloadIdentityPoolProviderId=another"
    good = {"aws": {"accountId": ACCOUNT}, "attributeMapping": MAPPING}
    for change in BAD_PROVIDERS:
        answer = pooled.call("POST", path, {**good, **change})
        assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT"), change
    assert pooled.call("POST", path, good).status_code == 200


def test_either_spelling_of_a_field_is_read_and_what_only_answers_hold_is_let_pass(pooled: Google) -> None:
    path = f"{POOL_PATH}/providers?workloadIdentityPoolProviderId=another"
    body = {"aws": {"account_id": ACCOUNT}, "attribute_condition": "false", "display_name": "d", "state": "DELETED"}
    pooled.done("POST", path, body)
    made = pooled.done("GET", f"{POOL_PATH}/providers/another")
    assert (made["attributeCondition"], made["displayName"], made["state"]) == ("false", "d", "ACTIVE")
    pooled.done("PATCH", f"{POOL_PATH}/providers/another?updateMask=attribute_condition,aws.account_id", made)
    assert pooled.done("GET", f"{POOL_PATH}/providers/another") == made


BAD_MASKS: list[str] = ["", "name", "state", "attributeMapping.google", "aws.x", "*", "display_name.x", "x"]


def test_a_mask_that_names_no_whole_field_is_refused(pooled: Google) -> None:
    for mask in BAD_MASKS:
        answer = pooled.call("PATCH", f"{PROVIDER_PATH}?updateMask={mask}", {"aws": {"accountId": ACCOUNT}})
        assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_a_deleted_provider_of_a_live_pool_comes_back_alone_and_is_gone_after_thirty_days(pooled: Google) -> None:
    pooled.done("DELETE", PROVIDER_PATH)
    again = pooled.call("DELETE", PROVIDER_PATH)
    assert (again.status_code, again.json()["error"]["status"]) == (400, "FAILED_PRECONDITION")
    assert pooled.done("GET", f"{POOL_PATH}/providers") == {}
    shown = pooled.done("GET", f"{POOL_PATH}/providers?showDeleted=true")["workloadIdentityPoolProviders"]
    assert [each["state"] for each in shown] == ["DELETED"]
    pooled.done("POST", f"{PROVIDER_PATH}:undelete", {})
    assert pooled.call("POST", f"{PROVIDER_PATH}:undelete", {}).status_code == 400
    pooled.done("DELETE", PROVIDER_PATH)
    pooled.clock.ahead = timedelta(days=30, minutes=1)
    for method, path in (("GET", PROVIDER_PATH), ("POST", f"{PROVIDER_PATH}:undelete"), ("DELETE", PROVIDER_PATH)):
        assert pooled.call(method, path).status_code == 404
    assert pooled.done("GET", f"{POOL_PATH}/providers?showDeleted=true") == {}
    body = {"aws": {"accountId": ACCOUNT}}
    pooled.done("POST", f"{POOL_PATH}/providers?workloadIdentityPoolProviderId={PROVIDER}", body)
    assert pooled.done("GET", PROVIDER_PATH)["state"] == "ACTIVE"


def test_other_kinds_of_provider_are_unimplemented(pooled: Google) -> None:
    path = f"{POOL_PATH}/providers?workloadIdentityPoolProviderId=another"
    assert pooled.call("POST", path, {"saml": {"idpMetadataXml": "<x/>"}}).status_code == 501
    trust: dict[str, Any] = {"inlineTrustConfig": {"additionalTrustBundles": {}}}
    assert pooled.call("PATCH", f"{POOL_PATH}?updateMask=displayName", trust).status_code == 501
    assert pooled.call("PATCH", f"{PROVIDER_PATH}?updateMask=aws", {"oidc": {"issuerUri": "x"}}).status_code == 400


def test_names_and_descriptions_are_as_long_as_google_lets_them_be(pooled: Google) -> None:
    account = pooled.done("POST", f"/v1/projects/{PROJECT}/serviceAccounts", {"accountId": "reader"})["name"]
    for field, of_pools, of_accounts in (("displayName", 32, 100), ("description", 256, 256)):
        for path, limit in ((POOL_PATH, of_pools), (PROVIDER_PATH, of_pools), (f"/v1/{account}", of_accounts)):
            for length, status in ((limit, 200), (limit + 1, 400)):
                body: dict[str, Any] = {field: "x" * length}
                sent = {"serviceAccount": body, "updateMask": field} if "@" in path else body
                mask = "" if "@" in path else f"?updateMask={field}"
                assert pooled.call("PATCH", path + mask, sent).status_code == status, (path, field, length)


def test_pages_end_without_an_empty_token(pooled: Google) -> None:
    for number in range(3):
        pooled.done("POST", f"{POOLS_PATH}?workloadIdentityPoolId=more-{number}", {})
    first = pooled.done("GET", f"{POOLS_PATH}?pageSize=3")
    second = pooled.done("GET", f"{POOLS_PATH}?pageSize=3&pageToken={first['nextPageToken']}")
    assert (len(first["workloadIdentityPools"]), len(second["workloadIdentityPools"])) == (3, 1)
    assert "nextPageToken" not in second
    assert pooled.call("GET", f"{POOLS_PATH}?pageToken=x").status_code == 400


def test_without_the_api_enabled_nothing_of_iam_is_served(quiet_google: Google) -> None:
    answer = quiet_google.call("GET", POOLS_PATH)
    assert answer.status_code == 403
    assert answer.json()["error"]["details"][1]["metadata"]["service"] == "iam.googleapis.com"
