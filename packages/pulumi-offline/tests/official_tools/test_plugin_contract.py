"""The official `pulumi-resource-gcp`, request by request, in the order in which it sends them.

The plugin itself is not run here. Each test is one row, or one resource's life, of what was recorded from it; the
last ones are the rules that hold for all its APIs.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from federation_emulator.client.cloud import LocalCloud
from tests.official_tools.plugin import Plugin, connected

USER = "roles/iam.workloadIdentityUser"
SOMEBODY = "user:somebody@local.invalid"


@pytest.fixture
def plugin(cloud: LocalCloud) -> Iterator[Plugin]:
    with connected(cloud) as connection:
        yield connection


@pytest.fixture
def unique() -> str:
    """A name of the test's own: the cloud is one for all tests."""
    return f"t{secrets.token_hex(5)}"


def pools(plugin: Plugin) -> str:
    return f"/v1/projects/{plugin.project}/locations/global/workloadIdentityPools"


# Cloud Resource Manager and Cloud Billing


def test_each_run_reads_the_project_and_its_billing(plugin: Plugin) -> None:
    assert plugin.done("GET", f"/v1/projects/{plugin.project}") == {
        "projectId": plugin.project, "projectNumber": plugin.number, "name": plugin.project,
        "lifecycleState": "ACTIVE",
    }  # fmt: skip
    assert plugin.done("GET", f"/v1/projects/{plugin.project}/billingInfo").get("billingAccountName", "") == ""


def test_a_project_member_is_added_seen_and_removed_with_the_plugins_mask(plugin: Plugin) -> None:
    role = "roles/bigquery.jobUser"

    def read() -> dict[str, Any]:
        asked = {"options": {"requestedPolicyVersion": 3}}
        return plugin.done("POST", f"/v1/projects/{plugin.project}:getIamPolicy", asked)

    def write(policy: dict[str, Any]) -> dict[str, Any]:
        body = {"policy": {**policy, "version": 3}, "updateMask": "bindings,etag,auditConfigs"}
        return plugin.done("POST", f"/v1/projects/{plugin.project}:setIamPolicy", body)

    before = read()
    assert before["etag"]
    write({**before, "bindings": [*before["bindings"], {"role": role, "members": [SOMEBODY]}]})
    # Three reads whose content doesn't matter, then the resource's own.
    after = [read() for _ in range(4)][-1]
    assert {"role": role, "members": [SOMEBODY]} in after["bindings"]
    write({**after, "bindings": before["bindings"]})
    assert read()["bindings"] == before["bindings"]


# Service Usage


def enabled(plugin: Plugin, **query: str) -> list[str]:
    """All pages of the list, names after the last slash, as the plugin follows them."""
    found: list[str] = []
    token: dict[str, str] = {}
    while True:
        path = f"/v1/projects/{plugin.project}/services"
        fields = {"filter": "state:ENABLED", "fields": "services/name,nextPageToken", "pageSize": "200"}
        page = plugin.done("GET", path, None, **{**fields, **query, **token})
        found += [service["name"].rpartition("/")[2] for service in page.get("services", [])]
        if "nextPageToken" not in page:
            return found
        assert page["nextPageToken"], "an empty token would be followed for ever"
        token = {"pageToken": page["nextPageToken"]}


def test_services_are_listed_enabled_alone_or_together_and_disabled(plugin: Plugin) -> None:
    services = f"/v1/projects/{plugin.project}/services"
    assert "storage.googleapis.com" not in enabled(plugin)
    plugin.operation("POST", f"{services}/storage.googleapis.com:enable", {})
    two = ["storage.googleapis.com", "logging.googleapis.com"]
    plugin.operation("POST", f"{services}:batchEnable", {"serviceIds": two})
    assert set(two) <= set(enabled(plugin))
    assert enabled(plugin, pageSize="2") == enabled(plugin)
    for service in two:
        plugin.operation("POST", f"{services}/{service}:disable", {"checkIfServiceHasUsage": "SKIP"})
    assert not set(two) & set(enabled(plugin))


def test_a_service_operation_is_found_under_both_versions(plugin: Plugin) -> None:
    for version in ("v1", "v1beta1"):
        path = f"/{version}/projects/{plugin.project}/services/iam.googleapis.com:enable"
        name = plugin.done("POST", path, {})["name"]
        for asked in ("v1", "v1beta1"):
            assert plugin.done("GET", f"/{asked}/{name}")["done"] is True


# IAM: pools and providers


def test_a_pool_is_made_read_with_its_rules_patched_by_mask_and_deleted(plugin: Plugin, unique: str) -> None:
    pool = f"{pools(plugin)}/{unique}"

    def read() -> dict[str, Any]:
        found = plugin.done("GET", pool)
        assert plugin.done("GET", f"{pool}:listAttestationRules") == {}
        return found

    body = {"displayName": "First", "description": "d", "disabled": True}
    plugin.operation("POST", pools(plugin), body, workloadIdentityPoolId=unique)
    name = f"projects/{plugin.number}/locations/global/workloadIdentityPools/{unique}"
    assert read() == {"name": name, "state": "ACTIVE", **body}
    # The body has all fields; only what the mask names changes, and what it names and the body lacks is reset.
    patch = {"displayName": "Second", "description": "not in the mask"}
    plugin.operation("PATCH", pool, patch, updateMask="displayName,disabled")
    assert read() == {"name": name, "state": "ACTIVE", "displayName": "Second", "description": "d"}
    plugin.operation("DELETE", pool)
    gone = read()
    assert (gone["state"], "expireTime" in gone) == ("DELETED", True)
    taken = plugin.send("POST", pools(plugin), body, workloadIdentityPoolId=unique)
    assert taken.error["status"] == "ALREADY_EXISTS"
    assert taken.error["message"] == "Requested entity already exists"
    assert plugin.send("PATCH", pool, patch, updateMask="displayName").status == 400
    plugin.operation("POST", f"{pool}:undelete", {})
    assert read()["state"] == "ACTIVE"


def test_a_provider_is_made_read_patched_by_mask_moved_and_deleted(plugin: Plugin, unique: str) -> None:
    plugin.operation("POST", pools(plugin), {}, workloadIdentityPoolId=unique)
    providers = f"{pools(plugin)}/{unique}/providers"
    body = {
        "aws": {"accountId": "210987654321"},
        "attributeMapping": {"google.subject": "assertion.arn"},
        "attributeCondition": "assertion.account == '210987654321'",
    }
    plugin.operation("POST", providers, body, workloadIdentityPoolProviderId="lambda")
    name = f"projects/{plugin.number}/locations/global/workloadIdentityPools/{unique}/providers/lambda"
    assert plugin.done("GET", f"{providers}/lambda") == {"name": name, "state": "ACTIVE", **body}
    moved = {"aws": {"accountId": "111122223333"}, "attributeMapping": {"google.subject": "assertion.userid"}}
    plugin.operation("PATCH", f"{providers}/lambda", moved, updateMask="attributeMapping,attributeCondition,aws")
    assert plugin.done("GET", f"{providers}/lambda") == {"name": name, "state": "ACTIVE", **moved}
    plugin.operation("DELETE", f"{providers}/lambda")
    assert plugin.done("GET", f"{providers}/lambda")["state"] == "DELETED"
    assert plugin.send("POST", providers, body, workloadIdentityPoolProviderId="lambda").status == 409
    shown = plugin.done("GET", providers, showDeleted="True")
    assert [provider["name"] for provider in shown["workloadIdentityPoolProviders"]] == [name]
    assert plugin.done("GET", providers) == {}


# IAM: service accounts


def test_a_service_account_is_made_read_patched_shared_and_deleted(plugin: Plugin, unique: str) -> None:
    accounts = f"/v1/projects/{plugin.project}/serviceAccounts"
    email = f"{unique}@{plugin.project}.iam.gserviceaccount.com"
    made = {"accountId": unique, "serviceAccount": {"displayName": "First", "description": "d"}}
    created = plugin.done("POST", accounts, made)
    again = [plugin.done("GET", f"{accounts}/{email}") for _ in range(3)]
    assert again == [created] * 3
    assert (created["email"], created["projectId"], created["displayName"]) == (email, plugin.project, "First")
    assert created["name"] == f"projects/{plugin.project}/serviceAccounts/{email}"
    twice = plugin.send("POST", accounts, made)
    assert (twice.status, twice.error["status"]) == (409, "ALREADY_EXISTS")
    assert twice.error["message"] == (
        f"Service account {unique} already exists within project projects/{plugin.project}."
    )

    patch = {"displayName": "Second", "description": "", "etag": created["etag"]}
    plugin.done("PATCH", f"{accounts}/{email}", {"serviceAccount": patch, "updateMask": "description,display_name"})
    read = plugin.done("GET", f"{accounts}/{email}")
    assert (read["displayName"], read.get("description", "")) == ("Second", "")
    for verb, disabled in (("disable", True), ("enable", False)):
        assert plugin.done("POST", f"{accounts}/{email}:{verb}", {}) == {}
        assert plugin.done("GET", f"{accounts}/{email}").get("disabled", False) is disabled

    resource = f"{accounts}/{email}"
    policy = plugin.done("POST", f"{resource}:getIamPolicy", options__requestedPolicyVersion="3")
    member = f"principalSet://iam.googleapis.com/projects/{plugin.number}/locations/global/workloadIdentityPools/a"
    member += "bcd/attribute.aws_role/arn:aws:sts::210987654321:assumed-role/Mixed-Case"
    wanted = [{"role": USER, "members": [member]}]
    plugin.done(
        "POST", f"{resource}:setIamPolicy", {"policy": {"bindings": wanted, "etag": policy["etag"], "version": 3}}
    )
    reads = [plugin.done("POST", f"{resource}:getIamPolicy", options__requestedPolicyVersion="3") for _ in range(4)]
    assert [one["bindings"] for one in reads] == [wanted] * 4
    # Without the key the policy is cleared.
    plugin.done("POST", f"{resource}:setIamPolicy", {"policy": {"etag": reads[0]["etag"], "version": 3}})
    assert "bindings" not in plugin.done("POST", f"{resource}:getIamPolicy")
    assert plugin.done("DELETE", resource) == {}
    for path in (resource, f"/v1/projects/-/serviceAccounts/{email}"):
        assert plugin.send("GET", path).error["status"] == "NOT_FOUND"


# BigQuery


def bigquery(plugin: Plugin) -> str:
    return f"/bigquery/v2/projects/{plugin.project}"


def make_dataset(plugin: Plugin, dataset: str) -> dict[str, Any]:
    body = {
        "datasetReference": {"datasetId": dataset}, "location": "US", "description": "d",
        "labels": {"goog-pulumi-provisioned": "true"},
    }  # fmt: skip
    return plugin.done("POST", f"{bigquery(plugin)}/datasets", body, accessPolicyVersion="3")


def test_a_dataset_is_made_put_without_access_patched_whole_and_deleted(plugin: Plugin, unique: str) -> None:
    path = f"{bigquery(plugin)}/datasets/{unique}"
    make_dataset(plugin, unique)
    first = plugin.done("GET", path, accessPolicyVersion="3")
    assert first["datasetReference"] == {"datasetId": unique, "projectId": plugin.project}
    assert first["labels"] == {"goog-pulumi-provisioned": "true"}
    assert {entry.get("specialGroup") for entry in first["access"]} >= {
        "projectOwners", "projectWriters", "projectReaders",
    }  # fmt: skip
    assert isinstance(first["creationTime"], str)
    assert first["creationTime"].isdigit()

    added = {"datasetId": unique, "role": "roles/bigquery.dataViewer", "userByEmail": "somebody@local.invalid"}
    plugin.done("PATCH", path, {"access": [*first["access"], added]}, accessPolicyVersion="3")
    listed = plugin.done("GET", path, accessPolicyVersion="3")["access"]
    assert {"role": "READER", "userByEmail": "somebody@local.invalid"} in listed
    put = {
        "datasetReference": {"datasetId": unique, "projectId": plugin.project}, "location": "US", "description": "",
        "friendlyName": "new", "defaultCollation": "", "labels": {"goog-pulumi-provisioned": "true"},
    }  # fmt: skip
    plugin.done("PUT", path, put, accessPolicyVersion="3")
    after = plugin.done("GET", path, accessPolicyVersion="3")
    assert (after["access"], after["friendlyName"], after.get("description", "")) == (listed, "new", "")

    twice = plugin.send("POST", f"{bigquery(plugin)}/datasets", put)
    assert (twice.status, twice.error["errors"][0]["reason"]) == (409, "duplicate")
    assert twice.error["message"] == f"Already Exists: Dataset {plugin.project}:{unique}"
    assert plugin.done("DELETE", path, deleteContents="false") == {}
    gone = plugin.send("GET", path, accessPolicyVersion="3")
    assert (gone.status, gone.error["errors"][0]["reason"]) == (404, "notFound")


def test_a_table_is_made_widened_narrowed_shared_and_deleted(plugin: Plugin, unique: str) -> None:
    make_dataset(plugin, unique)
    tables = f"{bigquery(plugin)}/datasets/{unique}/tables"
    reference = {"projectId": plugin.project, "datasetId": unique, "tableId": "people"}
    fields = [
        {"name": name, "type": kind, "mode": "NULLABLE", "policyTags": {"names": []}}
        for name, kind in (("user_id", "INTEGER"), ("name", "STRING"))
    ]
    labels = {"goog-pulumi-provisioned": "true"}
    body = {"tableReference": reference, "schema": {"fields": fields}, "labels": labels}
    assert plugin.done("POST", tables, body)["tableReference"] == reference
    table = f"{tables}/people"

    def columns() -> list[tuple[str, str]]:
        found = plugin.done("GET", table)
        assert found["labels"] == labels
        assert all(isinstance(found[key], str) for key in ("numRows", "creationTime", "lastModifiedTime"))
        return [(field["name"], field["type"]) for field in found["schema"]["fields"]]

    assert columns() == [("user_id", "INTEGER"), ("name", "STRING")]
    wider = [*fields, {"name": "extra", "type": "STRING", "mode": "NULLABLE", "policyTags": {"names": []}}]
    plugin.done("PUT", table, {**body, "schema": {"fields": wider}, "description": "d"})
    assert columns()[-1] == ("extra", "STRING")
    drop = f"ALTER TABLE `{plugin.project}.{unique}.people` DROP COLUMN `name`, DROP COLUMN `extra`"
    plugin.done("POST", f"{bigquery(plugin)}/queries", {"query": drop, "useLegacySql": False})
    plugin.done("PUT", table, {**body, "schema": {"fields": fields[:1]}})
    assert columns() == [("user_id", "INTEGER")]

    policy = plugin.done("POST", f"{table}:getIamPolicy")
    assert policy["version"] == 1
    wanted = [{"role": "roles/bigquery.dataViewer", "members": [SOMEBODY]}]
    plugin.done("POST", f"{table}:setIamPolicy", {"policy": {**policy, "bindings": wanted, "version": 1}})
    assert plugin.done("POST", f"{table}:getIamPolicy")["bindings"] == wanted

    used = plugin.send("DELETE", f"{bigquery(plugin)}/datasets/{unique}", deleteContents="false")
    assert (used.status, used.error["errors"][0]["reason"]) == (400, "resourceInUse")
    assert used.error["message"] == f"Dataset {plugin.project}:{unique} is still in use"
    assert plugin.done("DELETE", table) == {}
    missing = plugin.send("DELETE", table)
    assert (missing.status, missing.error["message"]) == (404, f"Not found: Table {plugin.project}:{unique}.people")
    assert plugin.done("DELETE", f"{bigquery(plugin)}/datasets/{unique}", deleteContents="true") == {}
