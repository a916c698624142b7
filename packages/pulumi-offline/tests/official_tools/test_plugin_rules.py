"""What holds for all requests of the official plugin, and for all APIs: names, errors, members, what isn't served."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from federation_emulator.client.cloud import LocalCloud
from tests.official_tools.plugin import Plugin, connected


@pytest.fixture
def plugin(cloud: LocalCloud) -> Iterator[Plugin]:
    with connected(cloud) as connection:
        yield connection


def name() -> str:
    return f"t{secrets.token_hex(5)}"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/projects/{project}/locations/global/workloadIdentityPools/{missing}",
        "/v1/projects/{project}/locations/global/workloadIdentityPools/{missing}:listAttestationRules",
        "/v1/projects/{project}/locations/global/workloadIdentityPools/{missing}/providers/{missing}",
        "/v1/projects/{project}/locations/global/workloadIdentityPools/{missing}/operations/{missing}",
        "/v1/operations/{missing}",
        "/v1beta1/operations/{missing}",
        "/v1/projects/{project}/serviceAccounts/{missing}@{project}.iam.gserviceaccount.com",
        "/bigquery/v2/projects/{project}/datasets/{missing}",
        "/bigquery/v2/projects/{project}/datasets/{missing}/tables/{missing}",
    ],
)
def test_what_is_gone_is_404_with_a_status_by_which_it_is_dropped_from_state(plugin: Plugin, path: str) -> None:
    answer = plugin.send("GET", path.format(project=plugin.project, missing=name()))
    assert (answer.status, answer.error["status"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/projects/{project}/locations/global/workloadIdentityPools/{missing}",
        "/v1/projects/{project}/locations/global/workloadIdentityPools/{missing}/providers/{missing}",
        "/v1/projects/{project}/serviceAccounts/{missing}@{project}.iam.gserviceaccount.com",
        "/bigquery/v2/projects/{project}/datasets/{missing}",
        "/bigquery/v2/projects/{project}/datasets/{missing}/tables/{missing}",
    ],
)
def test_a_delete_of_what_is_gone_is_404_which_only_a_table_minds(plugin: Plugin, path: str) -> None:
    assert plugin.send("DELETE", path.format(project=plugin.project, missing=name())).error["status"] == "NOT_FOUND"


def test_a_policy_of_what_is_gone_is_404_so_that_its_members_are_dropped(plugin: Plugin) -> None:
    email = f"{name()}@{plugin.project}.iam.gserviceaccount.com"
    for path in (
        f"/v1/projects/{plugin.project}/serviceAccounts/{email}",
        f"/bigquery/v2/projects/{plugin.project}/datasets/{name()}/tables/a",
    ):
        assert plugin.send("POST", f"{path}:getIamPolicy").error["status"] == "NOT_FOUND"


def test_a_token_that_was_never_issued_is_401_and_says_so_in_each_apis_shape(plugin: Plugin) -> None:
    plugin.client.headers["Authorization"] = "Bearer never-issued"
    for path in (
        f"/v1/projects/{plugin.project}",
        f"/v1/projects/{plugin.project}/services",
        f"/v1/projects/{plugin.project}/locations/global/workloadIdentityPools/abcd",
        f"/bigquery/v2/projects/{plugin.project}/datasets/a",
    ):
        answer = plugin.send("GET", path)
        assert (answer.status, answer.error["status"]) == (401, "UNAUTHENTICATED")


def test_a_project_that_is_not_there_is_403_in_the_words_that_the_plugin_knows(plugin: Plugin) -> None:
    answer = plugin.send("GET", f"/v1/projects/{name()}")
    assert (answer.status, answer.error["status"]) == (403, "PERMISSION_DENIED")


def test_access_entries_come_back_in_the_form_that_the_plugin_maps(plugin: Plugin) -> None:
    dataset = name()
    path = f"/bigquery/v2/projects/{plugin.project}/datasets"
    email = plugin.done("POST", f"/v1/projects/{plugin.project}/serviceAccounts", {"accountId": dataset})["email"]
    plugin.done("POST", path, {"datasetReference": {"datasetId": dataset}}, accessPolicyVersion="3")
    role_set = (
        f"principalSet://iam.googleapis.com/projects/{plugin.number}/locations/global/workloadIdentityPools/abcd/"
        "attribute.aws_role/arn:aws:sts::210987654321:assumed-role/Mixed-Case"
    )
    sent = [
        {"role": "roles/bigquery.dataOwner", "userByEmail": "owner@local.invalid"},
        {"role": "roles/bigquery.dataEditor", "iamMember": role_set},
        {"role": "roles/bigquery.dataViewer", "iamMember": f"serviceAccount:{email}"},
    ]
    plugin.done("PATCH", f"{path}/{dataset}", {"access": sent}, accessPolicyVersion="3")
    assert plugin.done("GET", f"{path}/{dataset}", accessPolicyVersion="3")["access"] == [
        {"role": "OWNER", "userByEmail": "owner@local.invalid"},
        {"role": "WRITER", "iamMember": role_set},
        {"role": "READER", "userByEmail": email},
    ]


@pytest.mark.parametrize(
    ("path", "key", "size"),
    [
        ("/v1/projects/{project}/locations/global/workloadIdentityPools", "workloadIdentityPools", "pageSize"),
        ("/v1/projects/{project}/serviceAccounts", "accounts", "pageSize"),
        ("/v1/projects/{project}/services", "services", "pageSize"),
        ("/bigquery/v2/projects/{project}/datasets", "datasets", "maxResults"),
        ("/bigquery/v2/projects/{project}/datasets/{dataset}/tables", "tables", "maxResults"),
    ],
)
def test_pages_join_to_the_whole_and_the_last_one_has_no_token(plugin: Plugin, path: str, key: str, size: str) -> None:
    dataset = name()
    datasets = f"/bigquery/v2/projects/{plugin.project}/datasets"
    plugin.done("POST", datasets, {"datasetReference": {"datasetId": dataset}})
    for one in ("first", "second"):
        plugin.done("POST", f"{datasets}/{dataset}/tables", {"tableReference": {"tableId": one}})
        plugin.done("POST", f"/v1/projects/{plugin.project}/serviceAccounts", {"accountId": name()})
        pools = f"/v1/projects/{plugin.project}/locations/global/workloadIdentityPools"
        plugin.operation("POST", pools, {}, workloadIdentityPoolId=name())
    asked = path.format(project=plugin.project, dataset=dataset)
    whole = plugin.done("GET", asked)
    assert "nextPageToken" not in whole
    found, token = [], dict[str, str]()
    for _ in whole[key]:
        page = plugin.done("GET", asked, None, **{size: "1"}, **token)
        found += page[key]
        token = {"pageToken": page.get("nextPageToken", "")}
    assert found == whole[key]
    assert len(found) > 1
    assert "nextPageToken" not in page


@pytest.mark.usefixtures("asks_for_more")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/projects/{project}/roles/custom"),
        ("GET", "/v2/projects/{project}/policies/a"),
        ("GET", "/v3/projects/{project}"),
        ("POST", "/v1/projects/{project}:listOrgPolicies"),
        ("GET", "/bigquery/v2/projects/{project}/datasets/a/routines/b"),
        ("POST", "/bigquery/v2/projects/{project}/datasets/a:undelete"),
        ("PUT", "/v1/projects/{project}/serviceAccounts/a@b.c"),
    ],
)
def test_what_the_plugin_asks_for_and_is_not_served_is_neither_gone_nor_retried_and_is_told(
    plugin: Plugin, cloud: LocalCloud, method: str, path: str
) -> None:
    """404 would mean gone, and 500 a minute of retries."""
    asked = path.format(project=plugin.project)
    answer = plugin.send(method, asked, {} if method == "POST" else None)
    assert answer.status in {405, 501}
    assert answer.error["status"] == "UNIMPLEMENTED"
    newest = cloud.unsupported()[-1]
    assert (newest["method"], newest["path"], newest["status"]) == (method, asked, answer.status)
    assert newest["client"] == "google-api-go-client/0.5 terraform-provider-google-beta/7.45.0"
